"""Applications read from JSON text, one or a list.

As for transformed records two ways give the same: a decoder of this model's names alone, which is
fast and refuses without a reason, and the standard library's, which finds what is wrong.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

import msgspec
import numpy as np

from api.application_decoder import LONGEST_REFERENCE, ApplicationDecoder
from api.strict_json import (
    MISSING,
    SPACE,
    STRUCTURE_MORE,
    NoObject,
    Whole,
    count_structure,
    listed,
    number_problem,
    parse_object,
)
from credit_scoring.data.cells import MISSING_TEXTS, text_of
from credit_scoring.decisions.application import LEFT_OUT, Application, RawRecord, Value
from credit_scoring.errors import InvalidApplication, first_few, is_unicode
from credit_scoring.float_search import LARGEST_DOUBLE

MOST_APPLICATIONS = 1000
KEYS = ("client", "record", "changes", "reference")

MOST_DIGITS = 100  # of an id that are read

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, eq=False)
class ApplicationReader:
    """Reads applications to one model.

    Attributes:
        features: names of the raw features.
        texts: see `cells.text_of`, by the name of a feature that is text.
        nullable: those whose value may be missing.
        computed: those that have a formula.
        corrected: what is said of a name that only the transformer has.
    """

    features: tuple[str, ...]
    texts: Mapping[str, frozenset[str]]
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
        text = body.strip(SPACE)
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
        application = self._decode(text)
        if (
            application is None
            or self._problem(application) is not None
            or not MISSING_TEXTS.isdisjoint(self._texts_in(application))
        ):
            return self._read_slowly(text)
        return application

    def _texts_in(self, application: Application) -> list[Any]:
        """The texts of an application, and None for missing ones."""
        if not self.texts:
            return []
        record = application.record.texts.values() if application.record else ()
        return [*record, *map(application.changes.get, self.texts)]

    @cached_property
    def _decode(self) -> ApplicationDecoder:
        return ApplicationDecoder(self.features, self._text_positions, self.nullable)

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
            type(reference) is str and len(reference) <= LONGEST_REFERENCE and is_unicode(reference)
        ):
            raise InvalidApplication(
                f"reference is not a text of at most {LONGEST_REFERENCE} characters"
            )
        for key in ("record", "changes"):
            if key in parsed and not isinstance(parsed[key], dict):
                raise InvalidApplication(f"{key} is not an object of features and their values")
        raw: RawRecord | None = None
        if "record" in parsed:
            record = self._values(parsed["record"], "record")
            values = tuple(map(record.get, self.features, repeat(LEFT_OUT)))
            raw = RawRecord.of_values(values, self.features, self._text_positions)
        application = Application(
            client=None if client is None else int(client[:MOST_DIGITS]),
            record=raw,
            changes=self._values(parsed.get("changes", {}), "changes"),
            reference=reference,
        )
        if problem := self._problem(application):
            raise InvalidApplication(problem)
        return application

    def _values(self, given: Mapping[str, object], key: str) -> dict[str, Value]:
        """Values by feature, checked; numbers as doubles."""
        values: dict[str, Any] = {
            name: float(value) if type(value) is Whole else value for name, value in given.items()
        }
        for name, literal in self.texts.items():  # a text is read as in a table
            if isinstance(value := values.get(name), str):
                values[name] = text_of(value, literal)
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
        if application.record and (missing := application.record.left_out - self.computed):
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
