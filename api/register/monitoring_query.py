"""The query of `/monitoring`: the decisions that figures are about, and their cells."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.register.requests import End, Query, Start
from credit_scoring.decisions.application import AUDIT_NAME
from register.monitoring.query import By

EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in (2000, 2100))


class FiguresQuery(Query):
    """The parameters of `/monitoring`, all of them optional."""

    start: Annotated[
        Start | None,
        Field(
            alias="from",
            description="the first day or time, in UTC unless it has an offset; by default the"
            " first day of the month twelve months before `to`",
            examples=["2026-01-01"],
        ),
    ] = None
    end: Annotated[
        End | None,
        Field(
            alias="to",
            description="the last day; or a time, which is not included; by default now, and with"
            " `by=group` at most the end of last month",
            examples=["2026-06-30"],
        ),
    ] = None
    by: Annotated[
        By,
        Field(
            description="the kind of the cells: months or weeks (from Monday, in UTC), grades,"
            " models, callers, or the groups in a column of `audit`, of whole months that are over:"
            " of two periods that differ by one decision, the difference would tell its group",
            examples=["week"],
        ),
    ] = "month"
    group: Annotated[
        str | None,
        Field(
            pattern=f"^{AUDIT_NAME}$",
            description="with `by=group`: the column of `audit` that names a client's group",
        ),
    ] = None
    features: Annotated[
        bool,
        Field(
            description="true for the stability index of every feature, which takes seconds for"
            " each 10,000 decisions"
        ),
    ] = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse a group without `by=group` and the reverse, and a time without decisions."""
        if (self.by == "group") != (self.group is not None):
            raise ValueError("group: goes with by=group, and by=group with it")
        start, end = self.start or EARLIEST, self.end or datetime.now(UTC)
        if not EARLIEST <= start < end <= LATEST:
            raise ValueError("from: must be before to, both from 2000 to 2099")
        if self.by == "group":
            self._check_months()
        return self

    @property
    def until(self) -> datetime | None:
        """The time before which decisions count; None for now.

        Groups are not counted in the month that goes on: each answer would tell those of the
        decisions since the one before.
        """
        if self.by != "group":
            return self.end
        over = this_month()
        return over if self.end is None else min(self.end, over)

    def _check_months(self) -> None:
        """Check that the period of groups has whole months.

        Raises:
            ValueError: it has not.
        """
        for name, moment in (("from", self.start), ("to", self.end)):
            if moment is not None and moment.astimezone(UTC) != month_of(moment):
                raise ValueError(f"{name}: groups are counted in whole months, in UTC")
        if self.start is not None and self.start >= this_month():
            raise ValueError("from: groups are counted in months that are over, in UTC")


def this_month() -> datetime:
    """The beginning of the present month in UTC."""
    return month_of(datetime.now(UTC))


def month_of(moment: datetime) -> datetime:
    """The beginning of the month of a time, in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
