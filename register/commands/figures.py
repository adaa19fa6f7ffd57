"""`python -m register figures`: the figures of the model at work, as JSON."""

import argparse
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from importlib import import_module
from threading import Thread
from typing import Any, get_args

import orjson

from register.commands.shared.feature_counting import add_scheduler, counter_at
from register.commands.shared.parent import add_parent, follow_parent
from register.commands.shared.period_options import add_period
from register.database.opening import register_database
from register.errors import UnusableRegister
from register.monitoring.monitoring import monitoring_report
from register.monitoring.query import By, MonitoringQuery
from register.settings import RegisterSettings
from register.tables.column_types import moment_text

HELP = "print the figures of the model at work, by month, grade, model, caller or group, as JSON"
MONTHS = 12  # before that of the end, if no start is given


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_period(parser)
    parser.add_argument(
        "--by", choices=get_args(By), default="month", help="the cells (default: month)"
    )
    parser.add_argument(
        "--group", metavar="NAME", help="with --by group: the column of audit values"
    )
    parser.add_argument(
        "--features", action="store_true", help="with the stability index of every feature"
    )
    add_scheduler(parser)
    add_parent(parser)


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Print the figures of the register of the settings; gives the exit code."""
    follow_parent(options)
    as_of = datetime.now(UTC)
    query = query_of(options, as_of)
    scheduler = options.scheduler if options.features else None
    with closing(register_database(settings)) as database, counter_at(scheduler) as counter:
        # The figures need SciPy, which is imported while the database counts.
        Thread(target=import_module, args=("register.monitoring.assembly",)).start()
        database.check()
        report = monitoring_report(database, query, settings.performance_months, as_of, counter)
    body = orjson.dumps(report, plain, orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE)
    sys.stdout.write(body.decode())
    return 0


def query_of(options: argparse.Namespace, now: datetime) -> MonitoringQuery:
    """The query of the options, by default of the months up to now.

    Raises:
        UnusableRegister: an option is missing, or the period is empty.
    """
    if options.by == "group" and not options.group:
        raise UnusableRegister("--by group needs --group NAME")
    end = (options.end or now).astimezone(UTC)
    start = (options.start or month_before(end, MONTHS)).astimezone(UTC)
    if start >= end:
        raise UnusableRegister("--from must be before --to")
    return MonitoringQuery(
        start=start, end=end, by=options.by, group=options.group, features=options.features
    )


def month_before(moment: datetime, months: int) -> datetime:
    """The beginning of the month some months before that of a time in UTC."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return datetime(max(year, 1), month + 1, 1, tzinfo=UTC)


def plain(value: object) -> Any:
    """A value that orjson does not know."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
