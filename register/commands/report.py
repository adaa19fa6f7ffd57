"""`python -m register report`: the figures of a month as one page for a risk committee."""

import argparse
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from portfolio.output.atomic_file import replacing
from register.commands.monthly_report.figures import HISTORY, MonthlyFigures
from register.commands.monthly_report.month import Month
from register.commands.monthly_report.page import report_page
from register.commands.shared.feature_counting import add_scheduler, counter_at
from register.database.opening import register_database
from register.errors import UnusableRegister
from register.monitoring.document.report import MonitoringReport
from register.monitoring.features.feature_counts import FeatureCounter
from register.monitoring.monitoring import one_state, report_of
from register.monitoring.query import By, MonitoringQuery
from register.settings import RegisterSettings

HELP = "write the figures of a month, beside those of the two years before it, as a page"
PERIODS: tuple[By, ...] = ("month", "week")  # the others are cells beside the months
OTHERS: tuple[By, ...] = ("grade", "bundle", "caller")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("month", type=Month.read, metavar="MONTH", help="such as 2026-10, in UTC")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="of the page (default: report-MONTH.html)"
    )
    parser.add_argument(
        "--by", choices=(*PERIODS, *OTHERS), default="month",
        help="show weeks in place of months, or add a section by grade, bundle or caller"
        " (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--group", metavar="NAME", help="add a section by the values of this audit column"
    )
    add_scheduler(parser)


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Write the report of a month from the register of the settings; gives the exit code."""
    month, as_of = options.month, datetime.now(UTC)
    if month.start > as_of:
        raise UnusableRegister(f"{month} has not begun: there is nothing to report")
    path = options.out or Path(f"report-{month}.html")
    with (
        closing(register_database(settings)) as database,
        counter_at(options.scheduler) as counter,
    ):
        database.check()
        with one_state(database) as connection:
            figures = monthly_figures(
                connection, month, as_of, settings.performance_months, options.by, options.group,
                counter,
            )  # fmt: skip
    with replacing(path) as aside:
        aside.write_text(report_page(figures), encoding="utf-8")
    sys.stdout.write(f"{path}: {month.name}, {figures.current.total.volume:,} decisions\n")
    return 0


def monthly_figures(
    connection: Connection,
    month: Month,
    as_of: datetime,
    window: int,
    by: By,
    group: str | None,
    counter: FeatureCounter,
) -> MonthlyFigures:
    """The figures of a month.

    Args:
        connection: of `one_state`: all readings show the same decisions, reviews and outcomes.
        month: of the report.
        as_of: time of the report.
        window: months of the performance window.
        by: the kind of cells: a period in place of months, or others beside the months.
        group: the audit column of groups; None for none.
        counter: counts the records for the features' indices.
    """

    def figures(start: Month, cells: By, *, features: bool = False) -> MonitoringReport:
        query = MonitoringQuery(
            start=start.start, end=month.end, by=cells, features=features,
            group=group if cells == "group" else None,
        )  # fmt: skip
        return report_of(connection, query, window, as_of, counter)

    first = month.later(-HISTORY)
    return MonthlyFigures(
        month,
        history=figures(first, by if by in PERIODS else "month"),
        current=figures(month, "month", features=True),
        breakdown=figures(first, by) if by in OTHERS else None,
        groups=figures(first, "group") if group else None,
    )
