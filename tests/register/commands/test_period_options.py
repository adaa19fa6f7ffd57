"""Dates and times of `--from` and `--to`."""

import argparse
from datetime import UTC, datetime

import pytest

from register.commands.shared.period_options import add_period, period
from register.reading.periods import Period


def read(*given: str) -> Period:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_period(parser)
    return period(parser.parse_args(given))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([], Period()),
        (
            ["--from", "2026-11-01", "--to", "2026-11-30"],
            Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        ),
        (["--to", "2026-11-30T12:30:00"], Period(end=datetime(2026, 11, 30, 12, 30, tzinfo=UTC))),
        (["--to", "2026-11-30T09:30+02:00"], Period(end=datetime(2026, 11, 30, 7, 30, tzinfo=UTC))),
        (["--to", "9999-12-31"], Period(end=datetime.max.replace(tzinfo=UTC))),
    ],
)  # fmt: skip
def test_a_period(given: list[str], found: Period):
    assert read(*given) == found


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday", "20261130", ""])
def test_neither_a_date_nor_a_time(text: str):
    with pytest.raises(argparse.ArgumentError, match="neither a date nor a time such as"):
        read("--to", text)
