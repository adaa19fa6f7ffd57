"""Reader of applications from JSON text, slow, with a message for each error."""

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from typing import Any, Self

import msgspec
import numpy as np

from api.strict_json import (
    STRUCTURE_MORE,
    NotObject,
    WholeNumber,
    count_structure,
    number_problem,
    parse_object,
)
from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.data.table_files.cells import text_of
from credit_scoring.decisions.application import (
    AUDIT_NAME,
    LONGEST_AUDIT_VALUE,
    LONGEST_REFERENCE,
    MOST_AUDIT_COLUMNS,
    Application,
    RawRecord,
    Value,
)
from credit_scoring.errors import (
    NEVER_MISSING,
    InvalidApplication,
    first_few,
    is_unicode,
    listed,
)
from credit_scoring.float_search import LARGEST_DOUBLE
from credit_scoring.model.bundle import Bundle

KEYS = ("client", "record", "changes", "reference")
AUDIT = "audit"  # one more key, of applications that are recorded
# Characters of audit columns that may be structure: each value's, its colon and its comma.
AUDIT_STRUCTURE = MOST_AUDIT_COLUMNS * (LONGEST_AUDIT_VALUE + 2)
LEFT_OUT = msgspec.UNSET  # in place of a feature's value
MOST_DIGITS = 100  # digits of an id; more are ignored


def raw_record(values: Sequence[Any], features: Sequence[str], texts: Sequence[int]) -> RawRecord:
    """A raw record of checked values.

    Args:
        values: values by column; None for a missing one, `LEFT_OUT` for one to be computed.
        features: names of the raw features.
        texts: columns of the text features.
    """
    given = {column: values[column] for column in texts}
    numbers = values
    if given:
        numbers = [None if column in given else value for column, value in enumerate(values)]
    if LEFT_OUT not in given.values():
        with suppress(TypeError):  # `LEFT_OUT` is not a number
            return RawRecord(np.array(numbers, np.float64), given, frozenset())  # None becomes NaN
    pairs = zip(features, values, strict=True)
    left_out = frozenset(name for name, value in pairs if value is LEFT_OUT)
    known = [None if value is LEFT_OUT else value for value in numbers]
    return RawRecord(np.array(known, np.float64), given, left_out)


@dataclass(frozen=True, eq=False)
class ApplicationReader:
    """Reads applications for one model, slowly, with a message for each error.

    Attributes:
        features: names of the raw features.
        texts: literal texts by the name of a text feature, see `cells.text_of`.
        nullable: names of the features that may be missing.
        computed: names of the features with a formula.
        corrected: the raw feature and a hint, by names that only the transformer knows.
        has_text_ids: true if the clients' ids are texts.
        takes_audit: true if an application may have audit columns.
        ranged: the features that have a range, by name.
    """

    features: tuple[str, ...]
    texts: Mapping[str, frozenset[str]]
    nullable: frozenset[str]
    computed: frozenset[str]
    corrected: Mapping[str, str]
    has_text_ids: bool = False
    takes_audit: bool = False
    ranged: Mapping[str, Feature] = field(default_factory=dict)

    @classmethod
    def of(cls, bundle: Bundle, *, takes_audit: bool = False) -> Self:
        """The reader for a bundle's model."""
        literal = bundle.scorer.literal.items()
        return cls(
            bundle.features,
            {bundle.features[column]: kept for column, kept in literal},
            bundle.nullable,
            frozenset(bundle.dictionary.formulas),
            bundle.corrected,
            bundle.has_text_ids,
            takes_audit,
            {feature.name: feature for feature in bundle.dictionary.ranged},
        )

    @cached_property
    def text_columns(self) -> list[int]:
        """Columns of the text features."""
        return [column for column, name in enumerate(self.features) if name in self.texts]

    @cached_property
    def most_structure(self) -> int:
        """An upper bound of an application's structure characters, see `count_structure`."""
        in_names = sum(count_structure(name.encode()) for name in self.features)
        more = STRUCTURE_MORE + (AUDIT_STRUCTURE if self.takes_audit else 0)
        return 2 * (2 * len(self.features) + in_names) + more

    def read(self, text: bytes) -> Application:
        """Read one application.

        Raises:
            InvalidApplication: the text is not an application; the message names features, but
                quotes no values.
        """
        parsed = self._parsed(text)
        keys = (*KEYS, AUDIT) if self.takes_audit else KEYS
        if unknown := [name for name in parsed if name not in keys]:
            raise InvalidApplication(f"unknown: {first_few(unknown)}. Accepted: {', '.join(keys)}")
        client, reference = parsed.get("client"), parsed.get("reference")
        if "client" in parsed and type(client) is not (str if self.has_text_ids else WholeNumber):
            wanted = "a text" if self.has_text_ids else "an integer"
            raise InvalidApplication(f"client is not {wanted}, a client's id")
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
            raw = raw_record(values, self.features, self.text_columns)
        application = Application(
            client=int(client[:MOST_DIGITS]) if type(client) is WholeNumber else client,
            record=raw,
            changes=self._values(parsed.get("changes", {}), "changes"),
            external_id=reference,
            audit=read_audit(parsed[AUDIT]) if AUDIT in parsed else {},
        )
        if problem := self.problem(application):
            raise InvalidApplication(problem)
        return application

    def _values(self, given: Mapping[str, object], key: str) -> dict[str, Value]:
        """Checked values by feature, numbers as doubles."""
        values: dict[str, Any] = {
            name: float(value) if type(value) is WholeNumber else value
            for name, value in given.items()
        }
        for name, literal in self.texts.items():  # reads a text as a cell of a table
            if isinstance(value := values.get(name), str):
                values[name] = text_of(value, literal)
        if not self._are_sound(values):
            self._refuse(values, key)
        return values

    def _are_sound(self, given: Mapping[str, Any]) -> bool:
        """True if all values are valid, checked without a call for each: a list has very many."""
        texts, there = self.texts, [name for name, value in given.items() if value is not None]
        numbers = [given[name] for name in there if name not in texts]
        return (
            self._known.issuperset(given)
            and self.nullable.issuperset(given.keys() - set(there))
            and {str}.issuperset([type(given[name]) for name in there if name in texts])
            and {float}.issuperset(map(type, numbers))
            and bool(np.isfinite(np.array(numbers)).all())
            and all(
                feature.lowest <= given[name] <= feature.highest
                for name, feature in self.ranged.items()
                if given.get(name) is not None
            )
        )

    def _refuse(self, given: Mapping[str, object], key: str) -> None:
        """Raise an error that lists the invalid features by problem.

        Raises:
            InvalidApplication: a value is invalid.
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
            problem = number_problem(value, may_miss, LARGEST_DOUBLE)
            feature = self.ranged.get(name)
            if problem or feature is None or not isinstance(value, float) or math.isnan(value):
                return problem
            return None if feature.lowest <= value <= feature.highest else feature.out_of_range
        if value is None:
            return None if may_miss else NEVER_MISSING
        return None if isinstance(value, str) else "not a text"

    def problem(self, application: Application) -> str | None:
        """A conflict between the valid parts of an application; None without one."""
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
            return parse_object(text, self.most_structure, "an application", WholeNumber)
        except NotObject as problem:
            raise InvalidApplication(str(problem)) from problem

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.features)


def read_audit(given: object) -> dict[str, str]:
    """The values of audit columns, without those that are null.

    Args:
        given: parsed JSON.

    Raises:
        InvalidApplication: it is not an object of valid columns; the message names columns, but
            quotes no values.
    """
    if not isinstance(given, dict) or not 1 <= len(given) <= MOST_AUDIT_COLUMNS:
        raise InvalidApplication(
            f"{AUDIT} is not an object of 1 to {MOST_AUDIT_COLUMNS} columns and their texts"
        )
    wrong: dict[str, list[str]] = {}
    for name, value in given.items():
        if problem := _audit_problem(name, value):
            wrong.setdefault(problem, []).append(name)
    if wrong:
        raise InvalidApplication(f"{AUDIT}: {listed(wrong)}")
    return {name: value for name, value in given.items() if value is not None}


def _audit_problem(name: str, value: object) -> str | None:
    if not re.fullmatch(AUDIT_NAME, name):
        return "not a name of 1 to 40 letters, digits, _ and -"
    if value is None:
        return None
    if type(value) is not str or not 1 <= len(value) <= LONGEST_AUDIT_VALUE:
        return f"not a text of 1 to {LONGEST_AUDIT_VALUE} characters"
    if "\0" in value or not is_unicode(value):
        return "a character that cannot be recorded"
    return None
