"""The turning points of a decision along one feature: between them, one decision holds."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from advisor.formatting.formats import decimals
from advisor.service_client.pinned_service import log_odds
from advisor.service_client.response_models import Sensitivity

MOST_MORE_DIGITS = 12  # than the usual ones, to write a number inside a narrow stretch
Knot = tuple[float, float | None]


@dataclass(frozen=True)
class Stretch:
    """Neighbouring values of a feature with the same decision.

    Attributes:
        start: the first value; minus infinity if there is none.
        end: the first value after it; infinity if there is none.
        refused: the decision; None if the model scores none of the values.
    """

    start: float
    end: float
    refused: bool | None

    def written(self) -> tuple[float | None, float | None]:
        """The first and the last value, rounded to few digits inside; None for an open end."""
        low, high = self.start, math.nextafter(self.end, -math.inf)
        for more in range(MOST_MORE_DIGITS):
            first = low if math.isinf(low) else few_digits(low, more, up=True)
            last = high if math.isinf(self.end) else few_digits(high, more, up=False)
            if low <= first <= last <= high:
                break
        else:
            first, last = low, high
        return None if math.isinf(low) else first, None if math.isinf(self.end) else last


def few_digits(number: float, more: int, up: bool) -> float:
    """A number rounded up or down to about four digits, or to some more."""
    digits = decimals(number) + more
    if number == int(number) or not math.isfinite(number * 10.0**digits):
        return number
    digit = Decimal(1).scaleb(-digits)
    exact = Decimal(number)
    steps = (exact / digit).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return float(steps * digit)


def stretches(found: Sensitivity, limit: float) -> list[Stretch]:
    """The stretches of a number or a flag, in rising order; they cover all numbers."""
    knots: list[Knot] = [(float(x), y) for x, y in found["steps"] if x is not None]
    if not knots:
        return []
    starts = [*begins(knots, limit, is_line=found["shape"] == "line")]
    changes = [
        (start, refused)
        for at, (start, refused) in enumerate(starts)
        if at == 0 or refused != starts[at - 1][1]
    ]
    ends = [*(start for start, _ in changes[1:]), math.inf]
    return [
        Stretch(start, end, refused) for (start, refused), end in zip(changes, ends, strict=True)
    ]


def begins(
    knots: Sequence[Knot], limit: float, is_line: bool
) -> Iterator[tuple[float, bool | None]]:
    """The values at which a decision begins, and the decision; neighbours may have the same."""
    yield -math.inf, decision(knots[0][1], limit)
    for (x, y), (next_x, next_y) in pairwise(knots):
        if is_line and y is not None and next_y is not None:
            if (y >= limit) != (next_y >= limit):
                yield crossing((x, y), (next_x, next_y), limit), next_y >= limit
        else:
            yield next_x, decision(next_y, limit)


def decision(probability: float | None, limit: float) -> bool | None:
    """True for a refusal; None without a probability."""
    return None if probability is None else probability >= limit


def crossing(one: tuple[float, float], other: tuple[float, float], limit: float) -> float:
    """The value between two knots at which the line of the log-odds crosses the limit."""
    (x, y), (next_x, next_y) = one, other
    if {y, next_y, limit} & {0.0, 1.0}:  # their log-odds are lost, and any line is as good
        share = (limit - y) / (next_y - y)
    else:
        share = (log_odds(limit) - log_odds(y)) / (log_odds(next_y) - log_odds(y))
    return x + (next_x - x) * share
