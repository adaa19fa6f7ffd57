"""Bodies for `/score` of every kind, and the probabilities that the contract wants for them."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from credit_scoring.data.artifacts import ID, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.model.loader import load
from tests.service.limits.hostile_requests import JSON, LARGEST, TOKENS, strict_json

KEYS = {"client", "record", "changes", "reference"}
MOST = 1000  # applications
Json = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class PlainModel:
    """A model read by pandas and joblib: the applications that it scores, and their scores.

    Attributes:
        features: names of the raw features.
        texts: those that are text.
        nullable: those whose value may be missing.
        new: the new clients' features by id.
        pipeline: as it was unpickled.
        dictionary: the product's own feature dictionary, for the formulas.
    """

    features: list[str]
    texts: frozenset[str]
    nullable: frozenset[str]
    new: pd.DataFrame
    pipeline: Any
    dictionary: FeatureDictionary

    @classmethod
    def of_folder(cls, folder: Path) -> "PlainModel":
        bundle = load(folder)
        features = list(bundle.features)
        reference = pd.read_csv(folder / REFERENCE_FILE, low_memory=False)[features]
        new = pd.read_csv(folder / NEW_FILE, low_memory=False).set_index(ID)[features]
        missing = reference.isna().any() | new.isna().any()
        texts = [name for name in features if not pd.api.types.is_numeric_dtype(new[name])]
        return cls(
            features,
            frozenset(texts),
            frozenset(missing.index[missing]),
            new,
            joblib.load(folder / MODEL_FILE),
            bundle.dictionary,
        )

    def record(self, client: int) -> dict[str, Any]:
        """A client's raw record, as `/get_test` gives it."""
        row = self.new.loc[client]
        return {
            name: value if isinstance(value, str) else None if pd.isna(value) else float(value)
            for name, value in row.items()
        }

    def probabilities(self, body: bytes) -> list[float] | None:
        """The probability of each application in a body; None if the body is to be refused."""
        try:
            sent = strict_json(body, _Int)
        except (ValueError, RecursionError):
            return None
        several = sent if isinstance(sent, list) else [sent]
        if not 1 <= len(several) <= MOST or not all(map(self._is_application, several)):
            return None
        found = [self._probability(application) for application in several]
        return None if None in found else found  # type: ignore[return-value]

    def _is_application(self, sent: object) -> bool:
        if not isinstance(sent, dict) or not sent.keys() <= KEYS:
            return False
        reference = sent.get("reference", "")
        if not isinstance(reference, str) or len(reference) > 64 or "\ud83d" in reference:
            return False
        if ("client" in sent) == ("record" in sent) or not self._are_values(
            sent.get("changes", {})
        ):
            return False
        if "client" in sent:
            client = sent["client"]
            return isinstance(client, _Int) and client.number in self.new.index
        record, computed = sent["record"], self.dictionary.formulas.keys()
        return self._are_values(record) and set(self.features) - record.keys() <= computed

    def _are_values(self, values: object) -> bool:
        return isinstance(values, dict) and all(
            name in self.features and self._is_value(name, value) for name, value in values.items()
        )

    def _is_value(self, name: str, value: object) -> bool:
        if value is None:
            return name in self.nullable
        if name in self.texts:
            return isinstance(value, str)
        return isinstance(value, float) and abs(value) <= LARGEST

    def _probability(self, application: Json) -> float | None:
        """The probability; None if a computed value is out of range or a value is refused."""
        changes = application.get("changes", {})
        values = application.get("record") or self.record(application["client"].number)
        left_out = [name for name in self.dictionary.formulas if name not in values]
        computed = self._computed(dict(values), left_out)
        if computed is not None and changes:
            computed = self._computed(computed | changes, self.dictionary.follow(changes.keys())[0])
        if computed is None:
            return None
        frame = pd.DataFrame([computed])[self.features]
        frame = frame.astype(
            {name: self.new[name].dtype if name in self.texts else float for name in self.features}
        )
        frame = frame[list(getattr(self.pipeline[0], "feature_names_in_", self.features))]
        try:
            transformed = np.asarray(self.pipeline[0].transform(frame), float)
            if np.isinf(transformed).any():
                return None
            return float(self.pipeline.predict_proba(frame)[0, 1])
        except ValueError:  # an unknown category
            return None

    def _computed(self, values: dict[str, Any], names: Sequence[str]) -> dict[str, Any] | None:
        """The values with some computed by their formulas; None if one is infinite."""
        for name in names:
            formula = self.dictionary.formulas[name]
            inputs = {
                other: np.array([np.nan if values[other] is None else values[other]], float)
                for other in formula.inputs
            }
            values[name] = float(formula(inputs)[0])
            if math.isinf(values[name]):
                return None
        return values


class _Int(float):
    """A number that is written as an integer."""

    def __new__(cls, text: str) -> "_Int":
        made = super().__new__(cls, text)
        made.number = int(text) if len(text) < 1000 else None
        return made

    number: int | None


def written(members: Sequence[tuple[str, str]]) -> str:
    """A JSON object of names and values, which are JSON text; a name may come twice."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"


WRONG_IDS = ["1", "-1", "-0", "true", "null", "1e5", "1e999", "9" * 400, "9" * 5000, "[]", "{}"]
REFERENCES = [
    *('"A-17"', '""', '":,[{"', '"\\u00e9"', f'"{"x" * 64}"'),
    *(f'"{"x" * 65}"', "null", "3", '"\\ud83d"'),
]
QUERIES = {
    "": True,
    "?reasons=0": True,
    "?reasons=10&compare=all": True,
    "?compare=near": True,
    "?reasons=11": False,
    "?reasons=-1": False,
    "?reasons=": False,
    "?reasons=NaN": False,
    "?reasons=4&compare=none": False,
    "?compare=": False,
    f"?reasons={'9' * 5000}": False,
}


@dataclass(frozen=True, eq=False)
class ApplicationBodies:
    """Strategies of bodies for a model."""

    model: PlainModel

    def any(self) -> st.SearchStrategy[bytes]:
        """Applications and lists of some, right and wrong; spoilt ones; and anything."""
        one = st.composite(_application)(self.model)
        several = st.lists(one, max_size=4).map(lambda found: f"[{','.join(found)}]")
        right = (one | one | several).map(lambda text: text.encode("utf-8", "surrogatepass"))
        spoilt = st.composite(_spoilt)(right)
        other = JSON.map(lambda value: json.dumps(value).encode())
        return right | right | right | spoilt | other | st.binary(max_size=300)


def _application(draw: st.DrawFn, model: PlainModel) -> str:
    """One application, mostly right, else with one mistake or two."""
    ids = model.new.index[:50].tolist()
    client = draw(st.sampled_from(ids))
    wrong = [*WRONG_IDS, f'"{client}"', f"{client}.0", f"{client}e0", f"{client}" * 2]
    id_text = str(client) if draw(_right()) else draw(st.sampled_from(wrong))
    members = []
    match draw(st.sampled_from(["client"] * 9 + ["record"] * 9 + ["both", "neither", "twice"])):
        case "client":
            members.append(("client", id_text))
        case "record":
            members.append(("record", draw(_records(model, client))))
        case "both":
            members += [("client", id_text), ("record", draw(_records(model, client)))]
        case "twice":
            members += [("client", id_text), ("client", str(draw(st.sampled_from(ids))))]
    if draw(st.booleans()):
        members.append(("changes", draw(_changes(model))))
    if draw(st.booleans()):
        known = REFERENCES[:5] if draw(_right()) else REFERENCES
        members.append(("reference", draw(st.sampled_from(known))))
    if not draw(_right()):
        members.append((draw(st.text(max_size=12)), json.dumps(draw(JSON))))
    return written(draw(st.permutations(members)))


def _right() -> st.SearchStrategy[bool]:
    """True, and false once in twelve."""
    return st.sampled_from([True] * 11 + [False])


def _values(model: PlainModel, name: str) -> st.SearchStrategy[str]:
    """Right values of a feature as JSON text, and some that may be wrong."""
    known = model.new[name].dropna().unique()[:20].tolist() or [0.0]
    right = st.sampled_from(known).map(json.dumps)
    numbers = st.floats(allow_nan=False, allow_infinity=False).map(json.dumps)
    integers = st.integers(-(10**6), 10**6).map(str)
    unseen = st.text(max_size=9).map(json.dumps)
    usual = unseen if name in model.texts else integers | numbers
    return _right().flatmap(
        lambda is_right: right | usual if is_right else st.just("null") | TOKENS
    )


def _records(model: PlainModel, client: int) -> st.SearchStrategy[str]:
    """A client's raw record, mostly with something that is different."""

    @st.composite
    def record(draw: st.DrawFn) -> str:
        members = {name: json.dumps(value) for name, value in model.record(client).items()}
        if draw(st.booleans()):
            for name in model.dictionary.formulas:
                members.pop(name, None)
        twice: list[tuple[str, str]] = []
        for _ in range(draw(st.integers(0, 2))):
            name = draw(st.sampled_from(model.features))
            match draw(st.sampled_from(["value"] * 9 + ["remove", "add", "rename", "twice"])):
                case "value":
                    members[name] = draw(_values(model, name))
                case "remove":
                    members.pop(name, None)
                case "add":
                    members[draw(st.text(max_size=12))] = json.dumps(draw(JSON))
                case "rename":
                    members[f"num__{name}"] = members.pop(name, "0")
                case "twice":
                    twice.append((name, draw(_values(model, name))))
        listed = [*members.items(), *twice]
        return written(listed[::-1] if draw(st.booleans()) else listed)

    wrong = st.sampled_from(["{}", "[]", "null", "3", '{"a":{}}'])
    return _right().flatmap(lambda is_right: record() if is_right else wrong)


def _changes(model: PlainModel) -> st.SearchStrategy[str]:
    """Some features and values."""

    @st.composite
    def changes(draw: st.DrawFn) -> str:
        names = draw(st.lists(st.sampled_from(model.features), max_size=3))
        members = [(name, draw(_values(model, name))) for name in names]
        if not draw(_right()):
            unknown = st.sampled_from(["NOPE", f"num__{model.features[0]}", ID]) | st.text()
            members.append((draw(unknown), "1"))
        return written(members)

    wrong = st.sampled_from(["[]", "null", "3", "{}", '"a"'])
    return _right().flatmap(lambda is_right: changes() if is_right else wrong)


def _spoilt(draw: st.DrawFn, bodies: st.SearchStrategy[bytes]) -> bytes:
    """A body with some bytes replaced, or without its end."""
    body = draw(bodies)
    start = draw(st.integers(0, len(body)))
    if draw(st.booleans()):
        return body[:start]
    return body[:start] + draw(st.binary(max_size=8)) + body[start + draw(st.integers(0, 8)) :]


def large_bodies(model: PlainModel) -> dict[str, bytes]:
    """Large and deep bodies by name. `a right list` is the first; all others are to be refused."""
    ids = model.new.index.tolist()
    one, other = (written([("record", json.dumps(model.record(ids[n])))]) for n in (0, -1))
    name = next(name for name in model.features if name not in model.texts)
    numbers = [feature for feature in model.features if feature not in model.texts]

    def many(last: str, number: int = MOST) -> bytes:
        return f"[{','.join([one] * (number - 1))},{last}]".encode()

    def changed(value: str, feature: str = name) -> str:
        return written([("client", str(ids[0])), ("changes", written([(feature, value)]))])

    def valued(value: str) -> str:
        record = model.record(ids[0]) | {name: "HERE"}
        return written([("record", json.dumps(record).replace('"HERE"', value))])

    largest = 19_000_000 // MOST  # bytes of an application, such that a list of 1,000 is read
    long_id = written([("client", "9" * (largest - 99))])
    return {
        "a right list": many(other),
        "1,001 records": many(other, MOST + 1),
        "1,001 clients": json.dumps([{"client": ids[0]}] * (MOST + 1)).encode(),
        "no applications": b"[]",
        "the last value a text": many(valued('"3"')),
        "the last value true": many(valued("true")),
        "the last value 1e999": many(valued("1e999")),
        "the last value NaN": many(valued("NaN")),
        "the last value of 5,000 digits": many(valued("9" * 5000)),
        "the last one unknown": many('{"client":-1}'),
        "the last one twice": many(f'{{"client":{ids[0]},"client":{ids[0]}}}'),
        "the last one deep": many('{"record":' * 300 + "1" + "}" * 300),
        "the last one cut": many(other[:-9]),
        "the last change unknown": many(changed("1", "NOPE")),
        "the last change 1e999": many(changed("1e999")),
        "a wrong value each": f"[{','.join([valued('true')] * MOST)}]".encode(),
        "an escape each, the last value true": many(valued("true")).replace(
            f'"{name}"'.encode(), f'"\\u{ord(name[0]):04x}{name[1:]}"'.encode()
        ),
        "a record of 20 MB of blanks": one[:-1].encode() + b" " * 19_900_000 + b"x",
        "a record of 20 MB of one text": valued(f'"{"x" * 19_900_000}"').encode(),
        "a record of 20 MB of one number": valued("1" * 19_900_000).encode(),
        "a record of 20 MB of keys": written(
            [("record", written([(f"{at:x}", "0") for at in range(1_800_000)]))]
        ).encode(),
        "more than 20 MB": b" " * 20_000_001,
        "a reference of 19 MB": written([("reference", f'"{"x" * 19_000_000}"')]).encode(),
        "changes of all to 1e999": written(
            [("client", str(ids[0])), ("changes", written([(at, "1e999") for at in numbers]))]
        ).encode(),
        "lists 1,000,000 deep": b"[" * 1_000_000,
        "records 1,000,000 deep": b'{"record":' * 1_000_000,
        "19 MB of empty lists": b"[" + b"[]," * 6_300_000 + b"[]]",
        "19 MB of empty objects": b"[" + b"{}," * 6_300_000 + b"{}]",
        "1,000 long names": (
            f"[{','.join([written([('x' * largest, '1')])] * (MOST - 1))}]".encode()
        ),
        "1,000 long references": json.dumps(
            [{"client": ids[0], "reference": "x" * (largest - 99)}] * MOST
        ).encode(),
        "1,000 long ids": f"[{','.join([long_id] * MOST)}]".encode(),
    }
