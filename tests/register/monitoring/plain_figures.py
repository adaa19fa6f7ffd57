"""The figures of a drawn register by plain loops over its rows, without SQL and arrays.

The definitions are those of the report's fields; nothing of the project counts here.
"""

import calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from tests.register.monitoring.drawn import MODELS, Drawn

DAY = timedelta(1)


def later(day: date, months: int) -> date:
    """A day some calendar months later; the last day of a month that lacks it."""
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, index + 1, min(day.day, calendar.monthrange(year, index + 1)[1]))


def months_between(day: date, end: date) -> float:
    """Whole calendar months, and the part of the next one."""
    whole = 0
    while later(day, whole + 1) <= end:
        whole += 1
    start = later(day, whole)
    return whole + (end - start).days / (later(day, whole + 1) - start).days


def recorded(outcome: dict[str, Any]) -> tuple[datetime, Any]:
    """The order in which outcomes were recorded."""
    return outcome["at"], outcome["id"]


@dataclass(eq=False)
class PlainDecision:
    """A decision with its rows, and all that follows from them."""

    row: dict[str, Any]
    window: int
    until: date  # windows that end up to this day have ended
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    steps: list[tuple[datetime, int, Any, dict[str, Any]]] = field(default_factory=list)
    audit: dict[str, str] = field(default_factory=dict)

    @cached_property
    def effective(self) -> list[dict[str, Any]]:
        """Outcomes in order, of each day and definition the one recorded last."""
        last = {}
        for one in sorted(self.outcomes, key=recorded):
            last[one["observed"], one["definition"]] = one
        return sorted(last.values(), key=lambda one: (one["observed"], *recorded(one)))

    @property
    def day(self) -> date:
        return self.row["at"].date()

    @property
    def end(self) -> date:
        return later(self.day, self.window)

    @property
    def reviews(self) -> list[dict[str, Any]]:
        return [row for _, kind, _, row in sorted(self.steps, key=lambda s: s[:3]) if kind == 1]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [row for _, kind, _, row in sorted(self.steps, key=lambda s: s[:3]) if kind == 0]

    @property
    def final(self) -> int:
        return self.reviews[-1]["prediction"] if self.reviews else self.row["prediction"]

    @property
    def pd(self) -> float:
        return self.row["probability"] if self.row["pd"] is None else self.row["pd"]

    @property
    def first_bad(self) -> date | None:
        bad = [o["observed"] for o in self.effective if o["status"] in ("defaulted", "written_off")]
        return bad[0] if bad else None

    @property
    def label(self) -> str:
        """refused, not_taken_up, immature, good, bad or unknown."""
        if self.final == 1:
            return "refused"
        if self.effective and self.effective[-1]["status"] == "not_taken_up":
            return "not_taken_up"
        if self.end > self.until:
            return "immature"
        if self.first_bad is not None and self.first_bad <= self.end:
            return "bad"
        if any(one["observed"] >= self.end for one in self.effective):
            return "good"
        if self.effective and self.effective[-1]["status"] == "repaid":
            return "good"
        return "unknown"

    @property
    def on_book(self) -> tuple[float, bool]:
        """Months on book, and true if they end with a default."""
        if self.first_bad is not None and self.first_bad <= self.end:
            return months_between(self.day, max(self.day, self.first_bad)), True
        last = self.effective[-1]["observed"] if self.effective else self.day
        if self.effective and self.effective[-1]["status"] == "repaid":
            last = max(last, self.until)
        return months_between(self.day, min(max(self.day, last), self.end)), False

    def key(self, by: str, group: str | None) -> str:
        at = self.row["at"]
        if by == "month":
            return f"{at.year}-{at.month:02}"
        if by == "week":
            year, week, _ = at.isocalendar()
            return f"{year}-W{week:02}"
        if by == "grade":
            return self.row["grade"] or "(without a grade)"
        if by == "bundle":
            return MODELS[self.row["bundle"]].hex()
        if by == "caller":
            return self.row["caller"]
        return self.audit.get(group or "", "(not known)")


def plain_decisions(
    register: Drawn, start: datetime, end: datetime, window: int, as_of: datetime
) -> list[PlainDecision]:
    """The decisions of a period."""
    rows = register.rows
    observed = [row["observed"] for row in rows["outcome"] if row["observed"] <= as_of.date()]
    until = max(observed)
    found = {
        row["id"]: PlainDecision(row, window, until)
        for row in rows["decision"]
        if start <= row["at"] < end
    }
    for row in rows["outcome"]:
        if row["decision"] in found:
            found[row["decision"]].outcomes.append(row)
    for kind, table in enumerate(("review_request", "review")):
        for row in rows[table]:
            if row["decision"] in found:
                found[row["decision"]].steps.append((row["at"], kind, row["id"], row))
    for row in rows["audit"]:
        if row["decision"] in found:
            found[row["decision"]].audit[row["name"]] = row["value"]
    return list(found.values())


def grouped(
    decisions: list[PlainDecision], by: str, group: str | None = None
) -> dict[str, list[PlainDecision]]:
    """The decisions of each cell that has some."""
    found: dict[str, list[PlainDecision]] = defaultdict(list)
    for one in decisions:
        found[one.key(by, group)].append(one)
    return dict(found)


def counts(decisions: list[PlainDecision]) -> dict[str, Any]:
    """Whole numbers of a cell."""
    labels = [one.label for one in decisions]
    model = [one.row["prediction"] for one in decisions]
    final = [one.final for one in decisions]
    return {
        "volume": len(decisions),
        "automated": sum(one.row["automated"] for one in decisions),
        "model_approval": (model.count(0), len(model)),
        "approval": (final.count(0), len(final)),
        "low_side": (sum(m > f for m, f in zip(model, final, strict=True)), model.count(1)),
        "high_side": (sum(m < f for m, f in zip(model, final, strict=True)), model.count(0)),
        "all": (sum(m != f for m, f in zip(model, final, strict=True)), len(model)),
        "not_taken_up": labels.count("not_taken_up"),
        "mature": sum(labels.count(name) for name in ("good", "bad", "unknown")),
        "good": labels.count("good"),
        "bad": labels.count("bad"),
        "immature": labels.count("immature"),
    }


def reviewing(decisions: list[PlainDecision]) -> dict[str, Any]:
    """Reviews and requests of a cell."""
    hours, still_open, changed = [], [], 0
    for one in decisions:
        for request in one.requests:
            after = [r["at"] for r in one.reviews if r["at"] >= request["at"]]
            if after:
                hours.append((min(after) - request["at"]) / timedelta(hours=1))
            else:
                still_open.append(request["at"])
        before = [one.row["prediction"], *(r["prediction"] for r in one.reviews)]
        changed += sum(a != b for a, b in pairwise(before))
    return {
        "requests": sum(len(one.requests) for one in decisions),
        "open": len(still_open),
        "oldest_open": min(still_open, default=None),
        "reviewed": sum(bool(one.reviews) for one in decisions),
        "reviews": sum(len(one.reviews) for one in decisions),
        "changed": changed,
        "hours": sorted(hours),
    }
