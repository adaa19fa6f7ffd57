"""Applications at the credit desk, read from JSON text: a client or a raw record, and changes.

As for transformed records two ways give the same: a decoder of this model's names alone, which is
fast and refuses without a reason, and the standard library's, which finds what is wrong.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import msgspec
import numpy as np

from credit_scoring.classifier import LARGEST_DOUBLE
from credit_scoring.errors import InvalidApplication, first_few
from credit_scoring.json_objects import (
    MISSING,
    STRUCTURE_MORE,
    NoObject,
    Whole,
    count,
    count_structure,
    listed,
    number_problem,
    parse_object,
    record_type,
)

MOST_APPLICATIONS = 1000
LONGEST_REFERENCE = 64  # characters
KEYS = ("client", "record", "changes", "reference")

MOST_DIGITS = 100  # of an id that are read

LEFT_OUT = msgspec.UNSET

Value = float | str | None
Values = Mapping[str, Value]

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, eq=False)
class Application:
    """One application: either `client` or `record` is there.

    Attributes:
        client: a new client's id.
        record: raw values in the order of the features; None for one that is missing or left out.
        changes: features and their new values.
        reference: the caller's own number.
        left_out: features that the record leaves to be computed.
    """

    client: int | None
    record: tuple[Value, ...] | None
    changes: Values
    reference: str | None
    left_out: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class ApplicationReader:
    """Reads applications to one model.

    Attributes:
        features: names of the raw features.
        texts: those that are text.
        nullable: those whose value may be missing.
        computed: those that have a formula.
        corrected: what is said of a name that only the transformer has.
    """

    features: tuple[str, ...]
    texts: frozenset[str]
    nullable: frozenset[str]
    computed: frozenset[str]
    corrected: Mapping[str, str]

    def rehearse(self) -> None:
        """Make what is made once, before anybody asks."""
        self.read_one(b'{"client":0,"changes":{},"reference":"\\u003a"}')  # slowly, for its escape
        self.read_one(b'{"client":0}')
        with suppress(InvalidApplication):
            self.read_one(b'{"record":{}}')

    def read(self, body: bytes) -> tuple[list[Application], bool]:
        """The applications of a body, and whether it is a list.

        Raises:
            InvalidApplication: the body is no application, nor a list of 1 to 1,000; what is wrong
                with one of a list begins with its position.
        """
        text = body.strip()
        if not text.startswith(b"["):
            return [self.read_one(text)], False
        if count_structure(text) > MOST_APPLICATIONS * self._most_structure:
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
        # Of a key that comes twice msgspec keeps the last; one more colon tells, where none is
        # written as an escape.
        if b"\\" not in text or (b"\\u003a" not in text and b"\\u003A" not in text):
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                decoded = self._decode(text)
                application, colons = self._application(decoded)
                if colons == count(text, ":") and self._problem(application) is None:
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
        values = record_type("Values", fields, self.features)
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
        parts = msgspec.structs.astuple(decoded)
        client, record, changes, reference = (None if part is LEFT_OUT else part for part in parts)
        colons = len(parts) - parts.count(LEFT_OUT)
        values: tuple[Any, ...] | None = None
        left_out: frozenset[str] = frozenset()
        given: Values = {}
        if record is not None:
            values = msgspec.structs.astuple(record)
            if LEFT_OUT in values:
                pairs = zip(self.features, values, strict=True)
                left_out = frozenset(name for name, value in pairs if value is LEFT_OUT)
                values = tuple(None if value is LEFT_OUT else value for value in values)
            colons += len(values) + self._colons_in_names + self._colons_in_texts(values)
            colons -= len(left_out) + "".join(left_out).count(":")
        if changes is not None:
            changed = msgspec.structs.astuple(changes)
            pairs = zip(self.features, changed, strict=True)
            given = {name: value for name, value in pairs if value is not LEFT_OUT}
            colons += len(given) + "".join(given).count(":") + self._colons_in_texts(changed)
        colons += 0 if reference is None else reference.count(":")
        return Application(client, values, given, reference, left_out), colons

    def _colons_in_texts(self, values: tuple[Any, ...]) -> int:
        return sum(str(values[at]).count(":") for at in self._text_positions)

    @cached_property
    def _colons_in_names(self) -> int:
        return sum(name.count(":") for name in self.features)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.features)

    @cached_property
    def _text_positions(self) -> list[int]:
        return [at for at, name in enumerate(self.features) if name in self.texts]

    @cached_property
    def _most_structure(self) -> int:
        """How many characters that JSON is made of an application may have, and some more."""
        in_names = sum(count_structure(name.encode()) for name in self.features)
        return 2 * (2 * len(self.features) + in_names) + STRUCTURE_MORE

    def _read_slowly(self, text: bytes) -> Application:
        parsed = self._parsed(text)
        if unknown := [name for name in parsed if name not in KEYS]:
            raise InvalidApplication(f"unknown: {first_few(unknown)}. Accepted: {', '.join(KEYS)}")
        client, reference = parsed.get("client"), parsed.get("reference")
        if "client" in parsed and type(client) is not Whole:
            raise InvalidApplication("client is not an integer, a client's id")
        if "reference" in parsed and not (
            type(reference) is str and len(reference) <= LONGEST_REFERENCE
        ):
            raise InvalidApplication(
                f"reference is not a text of at most {LONGEST_REFERENCE} characters"
            )
        for key in ("record", "changes"):
            if key in parsed and not isinstance(parsed[key], dict):
                raise InvalidApplication(f"{key} is not an object of features and their values")
        record = self._values(parsed["record"], "record") if "record" in parsed else None
        application = Application(
            client=None if client is None else int(client[:MOST_DIGITS]),
            record=None if record is None else tuple(map(record.get, self.features)),
            changes=self._values(parsed.get("changes", {}), "changes"),
            reference=reference,
            left_out=frozenset() if record is None else self._known - record.keys(),
        )
        if problem := self._problem(application):
            raise InvalidApplication(problem)
        return application

    def _values(self, given: Mapping[str, object], key: str) -> dict[str, Value]:
        """Values by feature, checked; numbers as doubles."""
        values: dict[str, Any] = {
            name: float(value) if type(value) is Whole else value for name, value in given.items()
        }
        if not self._are_sound(values):
            self._refuse(values, key)
        return values

    def _are_sound(self, given: Mapping[str, Any]) -> bool:
        """Whether no value is wrong, without a call for each: in a list there are very many."""
        texts, there = self.texts, [name for name, value in given.items() if value is not None]
        numbers = [given[name] for name in there if name not in texts]
        return (
            self._known.issuperset(given)
            and self.nullable.issuperset(given.keys() - set(there))
            and {str}.issuperset([type(given[name]) for name in there if name in texts])
            and {float}.issuperset(map(type, numbers))
            and bool(np.isfinite(np.array(numbers)).all())
        )

    def _refuse(self, given: Mapping[str, object], key: str) -> None:
        """Say what is wrong with values, by feature.

        Raises:
            InvalidApplication: something is.
        """
        unknown = [self.corrected.get(name, name) for name in given if name not in self._known]
        wrong: dict[str, list[str]] = {"unknown": unknown}
        for name, value in given.items():
            if name in self._known and (problem := self._value_problem(name, value)):
                wrong.setdefault(problem, []).append(name)
        if problems := listed(wrong):
            raise InvalidApplication(f"{key}: {problems}")

    def _value_problem(self, name: str, value: object) -> str | None:
        may_miss = name in self.nullable
        if name not in self.texts:
            return number_problem(value, may_miss, LARGEST_DOUBLE)
        if value is None:
            return None if may_miss else MISSING
        return None if isinstance(value, str) else "not a text"

    def _problem(self, application: Application) -> str | None:
        """What is wrong with an application whose parts are right, each for itself."""
        if (application.client is None) == (application.record is None):
            return "either client or record is wanted, a client's id or raw values by feature"
        if missing := application.left_out - self.computed:
            return (
                f"record: missing: {first_few([*filter(missing.__contains__, self.features)])}."
                f" Accepted: the {len(self.features)} features that /get_test gives"
            )
        return None

    def _parsed(self, text: bytes) -> Mapping[str, Any]:
        try:
            return parse_object(text, self._most_structure, "an application", Whole)
        except NoObject as problem:
            raise InvalidApplication(str(problem)) from problem
