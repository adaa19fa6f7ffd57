"""Answers that workers share through files."""

import os
import time
from pathlib import Path

import pytest

from service.recording.monitoring import answers as module
from service.recording.monitoring.answers import FRESH_SECONDS, MOST_BYTES, SharedAnswers


def age(folder: Path, key: str, seconds: float) -> None:
    """Let an answer be so old."""
    at = time.time() - seconds
    os.utime(folder / f"answer-{key}", (at, at))


def test_another_worker_finds_the_answer(tmp_path: Path):
    first, second = SharedAnswers(tmp_path), SharedAnswers(tmp_path)
    assert second.get("a") is None
    first.keep("a", b"of a")
    second.keep("b", b"of b")
    assert (second.get("a"), first.get("b"), first.get("c")) == (b"of a", b"of b", None)
    second.keep("a", b"newer")
    assert first.get("a") == b"newer"


def test_nobody_else_may_read_a_file(tmp_path: Path):
    SharedAnswers(tmp_path).keep("a", b"of a")
    assert [(file.name, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == [
        ("answer-a", 0o600)
    ]


def test_an_answer_ends_after_ten_minutes(tmp_path: Path):
    answers = SharedAnswers(tmp_path)
    answers.keep("a", b"of a")
    age(tmp_path, "a", 590)
    assert answers.get("a") == b"of a"
    age(tmp_path, "a", 600)
    assert FRESH_SECONDS == 600
    assert answers.get("a") is None
    age(tmp_path, "a", -5)  # the clock was set back
    assert answers.get("a") is None


def test_old_answers_are_removed(tmp_path: Path):
    answers = SharedAnswers(tmp_path)
    for key in "ab":
        answers.keep(key, b"an answer")
    age(tmp_path, "a", 601)
    answers.keep("c", b"an answer")
    assert {file.name for file in tmp_path.iterdir()} == {"answer-b", "answer-c"}


def test_the_oldest_answers_make_room(tmp_path: Path):
    answers, third = SharedAnswers(tmp_path), bytes(MOST_BYTES // 3)
    for seconds, key in enumerate("cba"):  # a is the oldest of them
        answers.keep(key, third)
        age(tmp_path, key, 100 + seconds)
    answers.keep("d", third)
    assert {file.name for file in tmp_path.iterdir()} == {"answer-b", "answer-c", "answer-d"}
    answers.keep("e", bytes(MOST_BYTES))
    assert {file.name for file in tmp_path.iterdir()} == {"answer-e"}


def test_a_large_answer_is_neither_shared_nor_kept(tmp_path: Path):
    answers = SharedAnswers(tmp_path)
    answers.keep("a", b"small")
    answers.keep("b", bytes(MOST_BYTES + 1))
    assert (answers.get("a"), answers.get("b")) == (b"small", None)


@pytest.mark.parametrize("folder", [None, "gone"])
def test_without_a_folder_an_answer_is_in_memory(
    folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    answers = SharedAnswers(folder and tmp_path / folder)
    answers.keep("a", b"of a")
    assert (answers.get("a"), answers.get("b")) == (b"of a", None)
    monkeypatch.setattr(module, "FRESH_SECONDS", -1.0)
    answers.keep("a", b"of a")
    assert answers.get("a") is None
