"""`Values`: texts of a column, with a code each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Integer, case, cast, null

from register.monitoring.reading.column_blocks import NO_WHOLE

MOST_VALUES = 100  # the rest is one value: a report has as many cells
OTHERS, NOT_KNOWN, NO_GRADE = "(others)", "(not known)", "(without a grade)"

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Values:
    """The values of a column, and codes of them.

    A value that is the name of all other values, or of null, counts as one of these.

    Attributes:
        texts: the most frequent values in their order, `MOST_VALUES` at most.
        keys: names of the codes: the values, then all other values if there are such, and then
            null.
    """

    texts: Sequence[str]
    keys: Sequence[str]

    @classmethod
    def of(cls, counted: Counter[Any], without: str) -> "Values":
        """The codes of the values of a column.

        Args:
            counted: decisions by value, None for null.
            without: the key of null.
        """
        known = Counter({
            value: number for value, number in counted.items() if value not in (None, without)
        })  # fmt: skip
        named = Counter({value: number for value, number in known.items() if value != OTHERS})
        texts = sorted(value for value, _ in named.most_common(MOST_VALUES))
        return cls(texts, [*texts, *[OTHERS] * (len(known) > len(texts)), without])

    def code(self, column: ColumnElement[Any]) -> ColumnElement[int]:
        """The code of a column, as an expression; null for null."""
        if len(self.keys) == 1:
            return cast(null(), Integer)
        codes: dict[str, int | None] = {text: code for code, text in enumerate(self.texts)}
        codes[self.keys[-1]] = None
        other = case((column.is_not(None), len(self.texts)))
        return case(codes, value=column, else_=other)

    def by_key(self, counted: Counter[Any]) -> dict[str, int]:
        """Counts by key, from those by value, None for null."""
        found = dict.fromkeys(self.keys, 0)
        known = set(self.texts)
        for value, number in counted.items():
            null_or_other = self.keys[-1] if value in (None, self.keys[-1]) else OTHERS
            found[value if value in known else null_or_other] += number
        return found

    def codes(self, read: NDArray[np.int32]) -> Codes:
        """The codes that `code` gave, of which null is the last one."""
        return np.where(read == NO_WHOLE, len(self.keys) - 1, read).astype(np.int64)
