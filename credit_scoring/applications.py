"""Applications at the credit desk, read from JSON text: a client or a raw record, and changes.

As for transformed records two ways give the same: a decoder of this model's names alone, which is
fast and refuses without a reason, and the standard library's, which finds what is wrong.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
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
    count_structure,
    listed,
    number_problem,
    parse_object,
    struct,
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
        record: raw values in the order of the features; `LEFT_OUT` for one that is to be computed.
        changes: features and their new values.
        reference: the caller's own number.
    """

    client: int | None
    record: tuple[Any, ...] | None
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
        self._colons((LEFT_OUT,) * len(self.features))
        self._colons((None,) * len(self.features))

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
        if b"\\u003a" not in text and b"\\u003A" not in text:
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
        values = struct("Values", fields, self.features)
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
        colons = sum(part is not LEFT_OUT for part in parts)
        found: list[tuple[Any, ...]] = []
        for values in (record, changes):
            found.append(() if values is None else msgspec.structs.astuple(values))
            colons += self._colons(found[-1])
        given = {
            name: value
            for name, value in zip(self.features, found[1], strict=False)
            if value is not LEFT_OUT
        }
        colons += 0 if reference is None else reference.count(":")
        return Application(client, found[0] or None, given, reference), colons

    def _colons(self, values: tuple[Any, ...]) -> int:
        """How many colons the text of some values has, every key being there once."""
        if not values:
            return 0
        if LEFT_OUT in values:
            given = [at for at, value in enumerate(values) if value is not LEFT_OUT]
            colons = len(given) + sum(self._colons_in_names[at] for at in given)
        else:
            colons = len(values) + self._colons_in_all_names
        return colons + sum(str(values[at]).count(":") for at in self._text_positions)

    @cached_property
    def _colons_in_names(self) -> list[int]:
        return [name.count(":") for name in self.features]

    @cached_property
    def _colons_in_all_names(self) -> int:
        return sum(self._colons_in_names)

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
        application = Application(
            client=None if client is None else int(client[:MOST_DIGITS]),
            record=self._record(parsed["record"]) if "record" in parsed else None,
            changes=self._values(parsed.get("changes", {}), "changes"),
            reference=reference,
        )
        if problem := self._problem(application):
            raise InvalidApplication(problem)
        return application

    def _record(self, given: Mapping[str, object]) -> tuple[Any, ...]:
        values = self._values(given, "record")
        return tuple(map(values.get, self.features, repeat(LEFT_OUT)))

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
        record = application.record
        if (application.client is None) == (record is None):
            return "either client or record is wanted, a client's id or raw values by feature"
        if record is not None and LEFT_OUT in record:
            missing = [
                name
                for name, value in zip(self.features, record, strict=True)
                if value is LEFT_OUT and name not in self.computed
            ]
            if missing:
                return (
                    f"record: missing: {first_few(missing)}."
                    f" Accepted: the {len(self.features)} features that /get_test gives"
                )
        return None

    def _parsed(self, text: bytes) -> Mapping[str, Any]:
        try:
            return parse_object(text, self._most_structure, "an application", Whole)
        except NoObject as problem:
            raise InvalidApplication(str(problem)) from problem
