"""Options that name a period of time."""

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from register.reading.periods import Period


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
            if len(text) == len("2026-11-28"):
                day = date.fromisoformat(text) + timedelta(days)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            found = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            problem = f"{text} is neither a date nor a time such as 2026-11-28T13:05:00Z"
            raise argparse.ArgumentTypeError(problem) from None
        return found.replace(tzinfo=found.tzinfo or UTC)

    return read
