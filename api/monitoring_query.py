"""The query of `/monitoring`: the decisions that figures are about, and their cells."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.register_requests import End, Query, Start
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
            description="the last day; or a time, which is not included; by default now",
            examples=["2026-06-30"],
        ),
    ] = None
    by: Annotated[
        By,
        Field(
            description="the kind of the cells: months or weeks (from Monday, in UTC), grades,"
            " models, callers, or the groups in a column of `audit`",
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
        return self
