"""Applications at the credit desk: a client or a raw record, and changes."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import msgspec
import numpy as np

from credit_scoring.data.tables import Matrix

LEFT_OUT = msgspec.UNSET

Value = float | str | None
Values = Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class RawRecord:
    """Raw values of one that may be no client.

    Attributes:
        numbers: in the order of the features, shape (features,); NaN for one that is missing or
            left out, and for a text.
        texts: by position; None for one that is missing.
        left_out: features that are to be computed.
    """

    numbers: Matrix
    texts: Mapping[int, str | None]
    left_out: frozenset[str]

    @classmethod
    def of_values(cls, values: Sequence[Any], names: Sequence[str], texts: Sequence[int]) -> Self:
        """A record of checked values.

        Args:
            values: of all features in their order; None for a missing one, `LEFT_OUT` for one that
                is to be computed.
            names: of the features.
            texts: the positions of those that are text.
        """
        given = {at: values[at] for at in texts}
        numbers = values
        if given:
            numbers = [None if at in given else value for at, value in enumerate(values)]
        if LEFT_OUT not in given.values():
            with suppress(TypeError):  # there is no double of what is left out
                return cls(np.array(numbers, np.float64), given, frozenset())  # None becomes NaN
        pairs = zip(names, values, strict=True)
        left_out = frozenset(name for name, value in pairs if value is LEFT_OUT)
        known = [None if value is LEFT_OUT else value for value in numbers]
        return cls(np.array(known, np.float64), given, left_out)


@dataclass(frozen=True, eq=False)
class Application:
    """One application: either `client` or `record` is there.

    Attributes:
        client: a new client's id.
        record: raw values.
        changes: features and their new values.
        reference: the caller's own number.
    """

    client: int | None
    record: RawRecord | None
    changes: Values
    reference: str | None
