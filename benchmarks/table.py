"""The table: one row a measure, in Markdown."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.servers import Speed

Speeds = Mapping[str, Sequence[Speed]]


@dataclass(frozen=True)
class Row:
    """One measure of the table.

    Attributes:
        measure: what is measured.
        target: the sign and the bound of the issue, such as ``("≥", 0.85)``, or none.
        values: one a round.
        by_processor: the same by the time that the servers computed, where that says something.
        unit: what stands behind a value; nothing behind a ratio.
    """

    measure: str
    target: tuple[str, float] | None
    values: Sequence[float]
    by_processor: Sequence[float] = ()
    unit: str = ""

    def cells(self) -> list[str]:
        """The row as texts."""
        median = statistics.median(self.values)
        reached = ""
        if self.target:
            sign, bound = self.target
            holds = {"≥": median >= bound, "≤": median <= bound, "<": median < bound}[sign]
            reached = "yes" if holds else "**no**"
        return [
            self.measure,
            f"{self.target[0]} {self.target[1]:g}{self.unit}" if self.target else "",
            f"{shown(median)}{self.unit}",
            f"{shown(min(self.values))} to {shown(max(self.values))}",
            shown(statistics.median(self.by_processor)) if self.by_processor else "",
            reached,
        ]


def shown(value: float) -> str:
    """A number with three digits or all those before the point."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{digits}f}"


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    head = ["measure", "target", "median", "min to max", "by processor time", "reached"]
    lines = [head, ["---"] * len(head), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratio_row(
    measure: str, target: tuple[str, float] | None, speeds: Speeds, ours: str, other: str
) -> Row:
    """How many times as fast ours is as the other, round by round."""
    pairs = list(zip(speeds[ours], speeds[other], strict=True))
    return Row(
        measure,
        target,
        [a.per_second / b.per_second for a, b in pairs],
        [a.per_processor_second / b.per_processor_second for a, b in pairs],
    )
