"""`GivenDecision`: a decision of another system, as a line of a file gives it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from credit_scoring.data.table_files.cells import text_of as text_of_cell
from credit_scoring.decisions.application import (
    AUDIT_NAME,
    LONGEST_AUDIT_VALUE,
    LONGEST_REFERENCE,
    MOST_AUDIT_COLUMNS,
    Application,
    RawRecord,
)
from credit_scoring.errors import NEVER_MISSING, listed
from credit_scoring.float_search import LARGEST_DOUBLE
from credit_scoring.model.bundle import Bundle
from register.loading.lines import BadLine, Line, caller_of, text_of, time_of

NEEDED = ("at", "caller", "external_id", "record")
OTHERS = ("automated", "audit")


@dataclass(frozen=True, eq=False)
class GivenDecision:
    """A decision to be loaded.

    Attributes:
        line: its number in the file.
        at: its time, in UTC.
        caller: the caller's name.
        automated: false if a person decided with the score.
        reference: the lender's own number of the application.
        application: scored again by the bundle.
    """

    line: int
    at: datetime
    caller: str
    automated: bool
    reference: str
    application: Application


@dataclass(frozen=True, eq=False)
class DecisionReader:
    """Reads decisions of one bundle.

    Attributes:
        bundle: scores them.
        now: the present time.
    """

    bundle: Bundle
    now: datetime

    def read(self, line: Line) -> GivenDecision:
        """The decision of a line.

        Raises:
            BadLine: it is not a decision that the bundle can score.
        """
        values = line.of(NEEDED, OTHERS)
        automated = values.get("automated", True)
        if not isinstance(automated, bool):
            raise BadLine("automated is neither true nor false")
        reference = text_of(values, "external_id", LONGEST_REFERENCE)
        return GivenDecision(
            line=line.number,
            at=time_of(values["at"], self.now),
            caller=caller_of(values),
            automated=automated,
            reference=reference,
            application=Application(
                None,
                record=self._record(values["record"]),
                external_id=reference,
                audit=audit_of(values.get("audit")),
            ),
        )

    def _record(self, given: object) -> RawRecord:
        """The raw record of a line.

        Raises:
            BadLine: a feature is missing, unknown or has a wrong value.
        """
        if not isinstance(given, dict):
            raise BadLine("record is not an object of features and their values")
        bundle = self.bundle
        numbers = np.full(len(bundle.features), np.nan)
        texts: dict[int, str | None] = dict.fromkeys(bundle.scorer.texts)
        wrong: dict[str, list[str]] = {}
        left_out = set[str]()
        for column, name in enumerate(bundle.features):
            if name not in given:
                left_out.add(name)
                continue
            value = given[name]
            if column in texts and isinstance(value, str):
                value = text_of_cell(value, bundle.scorer.literal.get(column, frozenset()))
            if problem := self._problem(name, value, is_text=column in texts):
                wrong.setdefault(problem, []).append(name)
            elif column in texts:
                texts[column] = value
            elif value is not None:
                numbers[column] = value
        if missing := left_out - self.bundle.dictionary.formulas.keys():
            wrong["missing"] = [name for name in bundle.features if name in missing]
        if wrong:
            raise BadLine(f"record: {listed(wrong)}")
        if unknown := len(given) - len(bundle.features) + len(left_out):
            raise BadLine(f"record: {unknown} names that are not features of the model")
        return RawRecord(numbers, texts, frozenset(left_out))

    def _problem(self, name: str, value: object, *, is_text: bool) -> str | None:
        """The problem of a feature's value."""
        if value is None:
            return None if name in self.bundle.nullable else NEVER_MISSING
        if is_text:
            return None if isinstance(value, str) else "not a text"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "not a number"
        within = -LARGEST_DOUBLE <= value <= LARGEST_DOUBLE and not math.isnan(value)
        return None if within else "out of range"


def audit_of(given: Any) -> Mapping[str, str]:
    """The values of audit columns, without those that are null.

    Raises:
        BadLine: it is not an object of valid columns.
    """
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > MOST_AUDIT_COLUMNS:
        raise BadLine(f"audit is not an object of at most {MOST_AUDIT_COLUMNS} columns")
    for name in given:
        if not re.fullmatch(AUDIT_NAME, name):
            raise BadLine("audit: a name is not one of 1 to 40 letters, digits, _ and -")
    there = {name: value for name, value in given.items() if value is not None}
    for name in there:
        try:
            text_of(there, name, LONGEST_AUDIT_VALUE)
        except BadLine as problem:
            raise BadLine(f"audit: {problem}") from None
    return there
