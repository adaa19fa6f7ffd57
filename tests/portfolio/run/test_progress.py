"""Progress of a run."""

import re
from contextlib import closing

import pytest

from portfolio.progress import Progress, duration


def test_without_a_terminal_progress_is_lines(capsys, monkeypatch):
    monkeypatch.setattr("portfolio.progress.LINE_SECONDS", 0)
    with closing(Progress(200)) as progress:
        progress.note(50, 1_000, made=False)
        progress.note(100, 2_000, made=True)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "25%, 1,000 rows, 0 rows/s"
    assert re.fullmatch(r"75%, 3,000 rows, [\d,]+ rows/s, 0:00 left", second)


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (3723, "1:02:03")])
def test_a_duration_is_written_in_hours_minutes_and_seconds(seconds, text):
    assert duration(seconds) == text
