"""Tests of `python -m register shadow`."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from register.shadow.progress import Progress
from tests.register.recording import PEPPER
from tests.register.shadow.conftest import PlainScorer, shadows
from tests.register.shadow.test_follower import events
from tests.support.servers.processes import ROOT, inherited
from tests.support.servers.server import wait_for

SEPTEMBER, OCTOBER, NOVEMBER = (datetime(2026, month, 3, 12, tzinfo=UTC) for month in (9, 10, 11))


@pytest.fixture
def three_months(recorder, scored) -> list[list]:
    """Decisions of three months, by month."""
    bundle = recorder.keep(scored)
    some = scored.clients(12)
    return [
        recorder.decide(scored, some, bundle=bundle, at=at) for at in (SEPTEMBER, OCTOBER, NOVEMBER)
    ]


def test_the_decisions_of_a_period(command, database, three_months, scored, other):
    done = command("shadow", other.folder, "--from", "2026-10-01", "--to", "2026-10-31")
    rows = shadows(database)
    assert (done.code, done.err) == (0, "")
    (number,) = {row["bundle"] for row in rows.values()}
    model = other.bundle.model_sha256[:12]
    assert done.out == f"challenger {number}, model {model}: decisions scored 12, failed 0\n"
    assert rows.keys() == set(three_months[1])
    plain = PlainScorer(other)
    found = [rows[one] for one in three_months[1]]
    assert [(row["probability"], row["pd"], row["prediction"]) for row in found] == [
        plain.of(scored.bundle.raw_record(client)) for client in scored.bundle.client_ids[:12]
    ]
    assert {row["threshold"] for row in found} == {other.bundle.threshold}
    (event,) = events(database)
    assert (event["bundle"], event["from"]) == (number, "2026-10-01T00:00:00+00:00")
    assert event["to"] == "2026-11-01T00:00:00+00:00"


def test_a_second_time_scores_the_others_only(command, database, three_months, other):
    command("shadow", other.folder, "--to", "2026-10-31")
    done = command("shadow", CHALLENGER_DIR=str(other.folder))
    assert done.out.endswith("decisions scored 12, failed 0\n")
    assert shadows(database).keys() == {one for month in three_months for one in month}


def test_failures_are_counted_by_kind(command, three_months, lightgbm_folder):
    done = command("shadow", lightgbm_folder.path)
    first, second = done.out.splitlines()
    assert first.endswith("decisions scored 0, failed 36")
    assert second.startswith("  the record lacks features of the challenger: ")
    assert second.endswith(": 36")
    assert done.code == 0


def test_it_verifies(command, three_months, other):
    assert command("shadow", other.folder).code == 0
    assert command("verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "name the folder of the challenger, or set CHALLENGER_DIR"),
        (["nothing"], "model.joblib: cannot be read"),
        (["x", "--follow", "--from", "2026-10-01"], "--follow has no period"),
    ],
)
def test_what_it_cannot_do_is_one_line(command, arguments, problem):
    done = command("shadow", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert problem in done.err


def test_a_process_follows_until_its_parent_ends(register_url, database, recorder, scored, other):
    """Its lines are its progress; it gives way; it ends with its standard input."""
    bundle = recorder.keep(scored)
    settings = {
        "REGISTER_URL": register_url, "REGISTER_PEPPER": PEPPER.decode(),
        "CHALLENGER_DIR": str(other.folder),
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "register", "shadow", "--follow", "--with-parent"],
        cwd=ROOT, env=inherited() | settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        first = Progress.of_line(process.stdout.readline())
        assert first == Progress(model=other.bundle.model_sha256)
        made = recorder.decide(scored, scored.clients(4), bundle=bundle)
        lines = map(Progress.of_line, iter(process.stdout.readline, b""))
        assert next(line.scored for line in lines if line.scored) == 4
        assert shadows(database).keys() == set(made)
        assert niceness(process.pid) == 19
        assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
        process.stdin.close()
        assert process.wait(60) == 3


def niceness(pid: int) -> int:
    """The niceness of the first thread of a process."""
    stat = Path(f"/proc/{pid}/task/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[16])


def test_a_killed_process_leaves_a_whole_register(
    register_url, command, database, recorder, scored, other
):
    """A second process scores what the first one did not."""
    bundle = recorder.keep(scored)
    settings = {"REGISTER_URL": register_url, "REGISTER_PEPPER": PEPPER.decode()}
    begin = [sys.executable, "-m", "register", "shadow", str(other.folder), "--follow"]
    made = []
    for _ in range(2):
        with subprocess.Popen(
            begin, cwd=ROOT, env=inherited() | settings, stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            made += recorder.decide(scored, scored.clients(30), bundle=bundle)
            wait_for(lambda: shadows(database), seconds=900)  # it gives way to all others
            made += recorder.decide(scored, scored.clients(30), bundle=bundle)
            process.kill()
    command("shadow", other.folder)
    assert shadows(database).keys() == set(made)
    assert command("verify").code == 0
