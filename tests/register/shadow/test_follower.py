"""Tests of `Follower`: what it scores from when on, through restarts, swaps, faults and outages."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import delete, select, text

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer
from register.archive.stored_bundles import read_codec
from register.database import postgresql
from register.database.sqlite import SQLite
from register.evidence.compression import PLAIN
from register.reviews import lock
from register.shadow import follower as following
from register.shadow.backlog import write
from register.shadow.follower import Follower
from register.shadow.progress import Progress
from register.shadow.sample_answers import sample_answers
from register.shadow.scoring import Shadow
from register.tables import schema
from tests.register.recording import CALLER, Recorder, Scored, answer_of
from tests.register.shadow.conftest import shadows
from tests.support.bundles.folders import put
from tests.support.registers.register_command import patient_writers
from tests.support.servers.server import wait_for


@pytest.fixture
def folder(other_folder: Path, tmp_path: Path) -> Path:
    """A challenger's folder that a test may change."""
    return Path(shutil.copytree(other_folder, tmp_path / "challenger"))


class ReportedProgress(list[Progress]):
    """The progress that a follower reported."""

    @property
    def scored(self) -> int:
        return sum(progress.scored for progress in self)

    @property
    def refused(self) -> int:
        return sum(progress.refused for progress in self)


@pytest.fixture
def reported() -> ReportedProgress:
    return ReportedProgress()


@pytest.fixture
def follower(store, folder, reported) -> Follower:
    return Follower(store, folder, CALLER, reported.append)


@pytest.fixture
def decide(recorder: Recorder, scored: Scored) -> Callable[..., list]:
    """Records decisions by the champion, and gives their ids."""
    bundle = recorder.keep(scored)

    def decide(number: int = 5, at: datetime | None = None) -> list:
        return recorder.decide(scored, scored.clients(number), bundle=bundle, at=at)

    return decide


def events(database) -> list[dict]:
    """Details of the challenger's events, the oldest first."""
    event = schema.event.c
    wanted = select(event.detail).where(event.kind == "challenger").order_by(event.at, event.id)
    with database.reading() as connection:
        return [orjson.loads(detail) for detail in connection.scalars(wanted)]


def test_it_scores_from_its_beginning_on(database, follower, reported, decide, other):
    decide()
    follower.turn()
    assert (reported[-1].model, reported[-1].problem) == (other.bundle.model_sha256, None)
    assert shadows(database) == {}
    later = decide(7)
    follower.turn()
    assert shadows(database).keys() == set(later)
    assert (reported.scored, reported[-1].oldest) == (7, None)
    follower.turn()
    assert reported.scored == 7


def test_it_goes_on_where_it_was_left(database, store, folder, follower, reported, decide):
    follower.turn()
    first = decide(3)
    follower.turn()
    missed = decide(4)  # while it does not run
    again = ReportedProgress()
    Follower(store, folder, CALLER, again.append).turn()
    assert shadows(database).keys() == {*first, *missed}
    assert again.scored == 4
    assert len(events(database)) == 1  # it began once


@pytest.mark.parametrize(
    ("soon", "seconds", "is_found"),
    [(timedelta(hours=1), 1e9, True), (timedelta(0), 0.0, True), (timedelta(0), 1e9, False)],
)
def test_late_commits(database, store, follower, decide, monkeypatch, soon, seconds, is_found):
    """Commits a little late are found by each turn, others by a turn that looks back."""
    monkeypatch.setattr(following, "SOON", soon)
    monkeypatch.setattr(following, "LATE_SECONDS", seconds)
    follower.turn()
    follower.turn()  # has looked back
    begun = store.now()
    first = decide(3)
    follower.turn()
    late = decide(2, at=begun)
    follower.turn()
    assert shadows(database).keys() == {*first, *(late if is_found else ())}


def test_many_pages(database, follower, reported, decide, scored):
    follower.turn()
    number = 1_030  # more than one page
    for _ in range(number // len(scored.bundle.client_ids) + 1):
        decide(len(scored.bundle.client_ids))
    follower.turn()
    assert len(shadows(database)) == reported.scored > 1_000
    assert [progress.oldest is None for progress in reported[-3:]] == [False, True, True]
    assert reported[-3].scored == 1_000


def test_erased_evidence_is_left_out(database, store, follower, reported, decide):
    follower.turn()
    kept, gone = decide(2), decide(1)
    with database.maintenance() as connection:
        connection.execute(delete(schema.evidence).where(schema.evidence.c.decision == gone[0]))
    follower.turn()
    assert shadows(database).keys() == set(kept)
    assert reported[-1].oldest is None


def test_evidence_that_goes_meanwhile(database, store, folder, decide, other):
    """Erased or retired between reading and writing: no row stays behind."""
    kept, gone = decide(2), decide(1)
    shadow = Shadow.of(store, other.bundle, folder)
    with database.reading() as connection:
        times = dict(
            connection.execute(select(schema.decision.c.id, schema.decision.c.at)).all()  # type: ignore[arg-type]
        )
    row = dict.fromkeys(schema.shadow.c.keys()) | {"bundle": shadow.challenger.id}
    rows = [row | {"decision": one, "at": times[one]} for one in (*kept, *gone)]
    with database.maintenance() as connection:
        connection.execute(delete(schema.evidence).where(schema.evidence.c.decision == gone[0]))
    write(store, rows)
    assert shadows(database).keys() == set(kept)
    write(store, rows)  # a second time changes nothing
    assert shadows(database).keys() == set(kept)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets a writer that is opened later wait for a busy machine."""
    monkeypatch.setattr(postgresql, "WRITER_SETTINGS", "SET synchronous_commit = on")
    with patient_writers():
        yield


@pytest.mark.parametrize("register_url", ["postgresql"], indirect=True)
def test_scores_wait_for_a_retirement(patience, database, store, folder, decide, other):
    """Rows of decisions that are deleted beside them would be orphans; SQLite has one writer."""
    shadow = Shadow.of(store, other.bundle, folder)
    (gone,) = decide(1)
    with database.reading() as connection:
        at = connection.scalar(select(schema.decision.c.at).where(schema.decision.c.id == gone))
    row = dict.fromkeys(schema.shadow.c.keys()) | {"bundle": shadow.challenger.id}

    def waits() -> bool:
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        with database.reading() as connection:
            return connection.scalar(waiting) == 1

    with ThreadPoolExecutor(1) as threads:
        with database.maintenance() as connection:
            lock(connection)
            written = threads.submit(write, store, [row | {"decision": gone, "at": at}])
            wait_for(waits)
            connection.execute(delete(schema.evidence).where(schema.evidence.c.decision == gone))
        written.result()
    assert shadows(database) == {}


def test_other_files_take_over(database, folder, follower, reported, decide, scored, other):
    follower.turn()
    first = decide(2)
    follower.turn()
    put(scored.folder, folder)
    follower.turn()  # sees the change
    follower.turn()  # and that the files lie still
    assert reported[-1].model == scored.bundle.model_sha256
    second = decide(3)
    follower.turn()
    rows = shadows(database)
    assert len({rows[one]["bundle"] for one in first}) == 1
    assert {rows[one]["bundle"] for one in second}.isdisjoint(rows[one]["bundle"] for one in first)
    assert [event["bundle"] for event in events(database)] == [
        rows[first[0]]["bundle"], rows[second[0]]["bundle"],
    ]  # fmt: skip


def test_a_promoted_challenger_agrees_with_itself(database, store, scored, reported, decide):
    follower = Follower(store, scored.folder, CALLER, reported.append)
    follower.turn()
    made = decide(20)
    follower.turn()
    decision = schema.decision.c
    wanted = select(
        decision.id, decision.bundle, decision.probability, decision.pd, decision.prediction,
        decision.threshold,
    )  # fmt: skip
    with database.reading() as connection:
        decided = {row.id: tuple(row)[1:] for row in connection.execute(wanted)}
    found = {
        one: tuple(row[name] for name in ("bundle", "probability", "pd", "prediction", "threshold"))
        for one, row in shadows(database).items()
    }
    assert found == decided
    assert len(found) == len(made)


def test_a_broken_folder_is_tried_again_when_it_changes(
    folder, follower, reported, decide, database
):
    model = (folder / MODEL_FILE).read_bytes()
    (folder / MODEL_FILE).write_bytes(b"no model")
    follower.turn()  # sees the change
    follower.turn()
    assert (reported[-1].model, reported.refused) == (None, 1)
    assert reported[-1].problem.startswith(MODEL_FILE)
    waiting = decide(1)
    follower.turn()
    assert (reported.refused, shadows(database)) == (1, {})  # no attempt without a change
    (at,) = times(database, waiting)
    assert reported[-1].oldest == at
    (folder / MODEL_FILE).write_bytes(model)
    follower.turn()
    follower.turn()
    assert (reported[-1].problem, reported[-1].oldest) == (None, None)
    assert reported[-1].model is not None


def times(database, decisions: list) -> list[datetime]:
    """The times of decisions."""
    table = schema.decision.c
    with database.reading() as connection:
        return list(connection.scalars(select(table.at).where(table.id.in_(decisions))))


def test_bad_new_files_leave_the_challenger_in_use(folder, follower, reported, decide, database):
    follower.turn()
    used = reported[-1].model
    (folder / MODEL_FILE).write_bytes(b"no model")
    follower.turn()
    follower.turn()
    assert (reported[-1].model, reported.refused) == (used, 1)
    assert reported[-1].problem
    made = decide(2)
    follower.turn()
    assert shadows(database).keys() == set(made)


def test_a_missing_folder(store, reported, tmp_path):
    follower = Follower(store, tmp_path / "nothing", CALLER, reported.append)
    follower.turn()
    assert (reported[-1].model, reported.refused) == (None, 1)
    assert reported[-1].problem


@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
def test_the_file_of_the_register_is_away(database, follower, reported, decide):
    assert isinstance(database, SQLite)
    follower.turn()
    made = decide(2)
    aside = database.path.with_suffix(".aside")
    database.path.rename(aside)
    follower.turn()
    assert reported[-1].problem
    assert reported[-1].oldest is not None
    aside.rename(database.path)

    def is_back() -> bool:
        follower.turn()
        return reported[-1].problem is None

    wait_for(is_back)
    assert shadows(database).keys() == set(made)


def test_the_oldest_one_left_is_told(store, follower, reported, decide):
    """The lag is that of decisions, not of the follower's own clock."""
    before = datetime.now(UTC)
    follower.turn()
    assert reported[-1].oldest is None
    decide(1, at=before - timedelta(days=1))  # before the beginning
    follower.turn()
    assert (reported.scored, reported[-1].oldest) == (0, None)


def test_answers_of_a_promoted_challenger_are_compressed_as_those_of_others(
    database, store, folder, other
):
    """It is in the register with a dictionary of its own answers, which halves them at least."""
    shadow = Shadow.of(store, other.bundle, folder)
    with database.reading() as connection:
        codec = read_codec(connection, shadow.challenger.id)
    scorer = ApplicationScorer(other.bundle, other.peers, 4, "near")
    (scored,) = scorer.score(Applications([Application(None, other.record(50))]))
    answer = answer_of(scored)
    assert len(codec.answers.compress(answer)) < len(PLAIN.compress(answer)) / 2
    assert codec.answers.decompress(codec.answers.compress(answer)) == answer


def test_a_model_that_cannot_explain_gives_no_answers(other):
    assert len(sample_answers(other.bundle)) == len(other.bundle.client_ids)
    assert sample_answers(replace(other.bundle, classifier=None)) == []
