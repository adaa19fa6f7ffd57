"""Applications at the credit desk, read from JSON text: a client or a raw record, and changes.

As for transformed records two ways give the same: a decoder of this model's names alone, which is
fast and refuses without a reason, and the standard library's, which finds what is wrong.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NoReturn

import msgspec
import numpy as np

from credit_scoring.classifier import LARGEST_DOUBLE
from credit_scoring.errors import InvalidApplication, first_few

MOST_APPLICATIONS = 1000
LONGEST_REFERENCE = 64  # characters
KEYS = ("client", "record", "changes", "reference")
STRUCTURE = b":,[{"  # characters without which JSON has no second value
STRUCTURE_MORE = 1000  # more of them than an application has, still read to say what is wrong

Value = float | str | None
Values = Mapping[str, Value]

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, eq=False)
class Application:
    """One application: either `client` or `record` is there.

    Attributes:
        client: a new client's id.
        record: raw values by feature; one with a formula may be left out.
        changes: features and their new values.
        reference: the caller's own number.
    """

    client: int | None
    record: Values | None
    changes: Values
    reference: str | None


@dataclass(frozen=True, eq=False)
class ApplicationReader:
    """Reads applications to one model.

    Attributes:
        features: names of the raw features.
        texts: those that are text.
        nullable: those whose value may be missing.
        computed: those that have a formula.
    """

    features: tuple[str, ...]
    texts: frozenset[str]
    nullable: frozenset[str]
    computed: frozenset[str]

    def read(self, body: bytes) -> tuple[list[Application], bool]:
        """The applications of a body, and whether it is a list.

        Raises:
            InvalidApplication: the body is no application, nor a list of 1 to 1,000; what is wrong
                with one of a list begins with its position.
        """
        text = body.strip()
        if not text.startswith(b"["):
            return [self.read_one(text)], False
        if _structure(text) > MOST_APPLICATIONS * self._most_structure:
            raise InvalidApplication(f"far more values than {MOST_APPLICATIONS} applications have")
        try:
            # A list is split without building its items: each is read alone.
            parts = _split(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidApplication(f"not JSON: {error}") from error
        if not 1 <= len(parts) <= MOST_APPLICATIONS:
            raise InvalidApplication(
                f"a list of {len(parts)} applications, where 1 to {MOST_APPLICATIONS} are accepted"
            )
        applications = []
        for position, part in enumerate(parts):
            try:
                applications.append(self.read_one(bytes(part)))
            except InvalidApplication as refused:
                raise InvalidApplication(f"applications[{position}]: {refused}") from refused
        return applications, True

    def read_one(self, text: bytes) -> Application:
        """One application.

        Raises:
            InvalidApplication: it is none.
        """
        # Of a key that comes twice msgspec keeps the last; one more colon tells.
        if b"\\" not in text:
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                decoded = self._decode(text)
                application, colons = self._application(decoded)
                if colons == text.count(b":") and self._problem(application) is None:
                    return application
        return self._read_slowly(text)

    @cached_property
    def _decode(self) -> Any:
        """A decoder of this model's applications alone: every name, each number finite."""
        number = Annotated[float, msgspec.Meta(ge=-LARGEST_DOUBLE, le=LARGEST_DOUBLE)]
        fields: list[tuple[str, Any, Any]] = []
        for position, name in enumerate(self.features):
            kind: Any = str if name in self.texts else number
            kind = kind | None if name in self.nullable else kind
            fields.append((f"f{position}", kind | msgspec.UnsetType, msgspec.UNSET))
        names = {field[0]: name for field, name in zip(fields, self.features, strict=True)}
        values = msgspec.defstruct("Values", fields, rename=names, forbid_unknown_fields=True)
        reference = Annotated[str, msgspec.Meta(max_length=LONGEST_REFERENCE)]
        application = msgspec.defstruct(
            "Application",
            [
                ("client", int | msgspec.UnsetType, msgspec.UNSET),
                ("record", values | msgspec.UnsetType, msgspec.UNSET),
                ("changes", values | msgspec.UnsetType, msgspec.UNSET),
                ("reference", reference | msgspec.UnsetType, msgspec.UNSET),
            ],
            forbid_unknown_fields=True,
        )
        return msgspec.json.Decoder(application).decode

    def _application(self, decoded: Any) -> tuple[Application, int]:
        """What was decoded, and how many colons its text has where no key comes twice."""
        client, record, changes, reference = msgspec.structs.astuple(decoded)
        colons = sum(part is not msgspec.UNSET for part in (client, record, changes, reference))
        found: list[dict[str, Value] | None] = []
        for values in (record, changes):
            if values is msgspec.UNSET:
                found.append(None)
                continue
            pairs = zip(self.features, msgspec.structs.astuple(values), strict=True)
            given = {name: value for name, value in pairs if value is not msgspec.UNSET}
            colons += len(given) + sum(map(self._colons_in_names.__getitem__, given))
            colons += sum(str(given[name]).count(":") for name in self.texts if name in given)
            found.append(given)
        if reference is not msgspec.UNSET:
            colons += reference.count(":")
        return Application(
            None if client is msgspec.UNSET else client,
            found[0],
            found[1] or {},
            None if reference is msgspec.UNSET else reference,
        ), colons

    @cached_property
    def _colons_in_names(self) -> dict[str, int]:
        return {name: name.count(":") for name in self.features}

    @cached_property
    def _most_structure(self) -> int:
        """How many characters that JSON is made of an application may have, and some more."""
        in_names = sum(_structure(name.encode()) for name in self.features)
        return 2 * (2 * len(self.features) + in_names) + STRUCTURE_MORE

    def _read_slowly(self, text: bytes) -> Application:
        parsed = self._parsed(text)
        if unknown := [name for name in parsed if name not in KEYS]:
            raise InvalidApplication(f"unknown: {first_few(unknown)}. Accepted: {', '.join(KEYS)}")
        client, reference = parsed.get("client"), parsed.get("reference")
        if "client" in parsed and not isinstance(client, Whole):
            raise InvalidApplication("client is not an integer, a client's id")
        if "reference" in parsed and not (
            isinstance(reference, str) and len(reference) <= LONGEST_REFERENCE
        ):
            raise InvalidApplication(
                f"reference is not a text of at most {LONGEST_REFERENCE} characters"
            )
        for key in ("record", "changes"):
            if key in parsed and not isinstance(parsed[key], dict):
                raise InvalidApplication(f"{key} is not an object of features and their values")
        application = Application(
            client=None if client is None else int(client),
            record=self._values(parsed["record"], "record") if "record" in parsed else None,
            changes=self._values(parsed.get("changes", {}), "changes"),
            reference=reference,
        )
        if problem := self._problem(application):
            raise InvalidApplication(problem)
        return application

    def _values(self, given: Mapping[str, object], key: str) -> dict[str, Value]:
        """Values by feature, checked; numbers as doubles."""
        known = frozenset(self.features)
        wrong: dict[str, list[str]] = {"unknown": [name for name in given if name not in known]}
        for name, value in given.items():
            if name in known and (problem := self._value_problem(name, value)):
                wrong.setdefault(problem, []).append(name)
        problems = "; ".join(
            f"{what}: {first_few(names)}" for what, names in wrong.items() if names
        )
        if problems:
            raise InvalidApplication(f"{key}: {problems}")
        return {
            name: value if value is None or isinstance(value, str) else float(value)  # type: ignore[arg-type]
            for name, value in given.items()
        }

    def _value_problem(self, name: str, value: object) -> str | None:
        if value is None:
            return None if name in self.nullable else "null, though never missing among clients"
        if name in self.texts:
            return None if isinstance(value, str) else "not a text"
        if not isinstance(value, float):
            return "not a number"
        return None if abs(value) <= LARGEST_DOUBLE else "out of range"

    def _problem(self, application: Application) -> str | None:
        """What is wrong with an application whose parts are right, each for itself."""
        record = application.record
        if (application.client is None) == (record is None):
            return "either client or record is wanted, a client's id or raw values by feature"
        if record is not None and len(record) < len(self.features):
            missing = [name for name in self._needed if name not in record]
            if missing:
                return (
                    f"record: missing: {first_few(missing)}."
                    f" Accepted: the {len(self.features)} features that /get_test gives"
                )
        return None

    @cached_property
    def _needed(self) -> Sequence[str]:
        return [name for name in self.features if name not in self.computed]

    def _parsed(self, text: bytes) -> Mapping[str, Any]:
        """The object that a JSON text is.

        By the standard library, which knows a repeated key and gives 1e999 as infinity.
        """

        def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
            parsed = dict(pairs)
            if len(parsed) < len(pairs):
                counts = Counter(name for name, _ in pairs)
                twice = [name for name, count in counts.items() if count > 1]
                raise InvalidApplication(f"more than once: {first_few(twice)}")
            return parsed

        def refused(constant: str) -> NoReturn:
            raise ValueError(f"{constant} is no number")

        if not text:
            raise InvalidApplication("empty, not a JSON object")
        # Before anything is built of it: a megabyte of values holds the process for a second.
        if (structure := _structure(text)) > self._most_structure:
            raise InvalidApplication(
                f"{structure} commas, colons and brackets, far more than an application has"
            )
        try:
            parsed = json.loads(
                text.decode(), object_pairs_hook=once, parse_constant=refused, parse_int=Whole
            )
        except (ValueError, RecursionError) as error:
            raise InvalidApplication(f"not JSON: {error}") from error
        if not isinstance(parsed, dict):
            raise InvalidApplication("JSON, but not an object")
        return parsed


class Whole(float):
    """A number that was written as a whole one: an id may be one, and so may any value.

    Python makes no text of thousands of digits an integer; a double it makes of any.
    """

    _text: str

    def __new__(cls, text: str) -> "Whole":
        """The double nearest to a text of digits."""
        whole = super().__new__(cls, text)
        whole._text = text
        return whole

    def __int__(self) -> int:
        """The number itself, where it has no more than a hundred digits."""
        return int(self._text[:100])


def _structure(text: bytes) -> int:
    """How many commas, colons and opening brackets a text has."""
    characters = np.frombuffer(text, np.uint8)
    return sum(int(np.count_nonzero(characters == character)) for character in STRUCTURE)
