"""Options that name a period of time."""

import argparse
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from register.reading.periods import Period

DATE = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(rf"{DATE.pattern}[T ].+")


def add_period(parser: argparse.ArgumentParser) -> None:
    """Add the options `--from` and `--to`."""
    parser.add_argument(
        "--from", dest="start", type=moment(), metavar="TIME",
        help="decisions from this date or time on, in UTC if it has no offset",
    )  # fmt: skip
    parser.add_argument(
        "--to", dest="end", type=moment(days=1), metavar="TIME",
        help="decisions before this time, or up to the end of this date",
    )  # fmt: skip


def period(options: argparse.Namespace) -> Period:
    """The period of the options."""
    return Period(options.start, options.end)


def moment(days: int = 0) -> Callable[[str], datetime]:
    """The type of an option that is a date or a time.

    Args:
        days: to add to a date without a time.
    """

    def read(text: str) -> datetime:
        try:
            if DATE.fullmatch(text):
                return midnight(date.fromisoformat(text), days)
            if TIME.fullmatch(text):
                found = datetime.fromisoformat(text)
                return found.replace(tzinfo=found.tzinfo or UTC)
        except ValueError:
            pass
        problem = f"{text} is neither a date nor a time such as 2026-11-28T13:05:00Z"
        raise argparse.ArgumentTypeError(problem)

    return read


def midnight(day: date, later: int) -> datetime:
    """The beginning of a day in UTC, some days later; the last possible time after the last day."""
    if later and day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    day += timedelta(later)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
