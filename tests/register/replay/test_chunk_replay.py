"""The vectorised replay against the plain way: `ApplicationScorer`, one record after the other."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from credit_scoring.decisions.application import Application, Applications, RawRecord
from credit_scoring.decisions.scoring import ApplicationScorer
from credit_scoring.explain.peers import Compare, find_peers
from credit_scoring.explain.tree_kernel.acceleration import accelerate
from credit_scoring.model.loader import load
from register.archive.description import Description, environment
from register.evidence.compression import WITHOUT_DICTIONARIES
from register.evidence.records import Evidence, evidence_rows, new_salt, record_texts, rows_of
from register.ids import Ids
from register.replay.chunk import Chunk, Recorded
from register.replay.chunk_replay import DAMAGED, REFUSED, ChunkReplay
from register.replay.kept_files import ANSWERS, DESCRIPTION, FILES, RECORDS, KeptFiles
from register.replay.replay_bundle import ReplayBundle
from tests.register.recording import Scored, answer_of

IDS = Ids()
# Fields that a caller decides, or that another route than the replay's gives.
LEFT_OUT = {"client", "reference", "before", "recomputed", "stale"}


def kept(folder: Path, out: Path) -> KeptFiles:
    """The files of a folder as the register writes them."""
    bundle = load(folder)
    description = Description(
        model=bundle.model_file, files=bundle.files, versions=environment(),
        features=bundle.features, fast_explanations=True,
    )  # fmt: skip
    path = out / description.sha256.hex()
    shutil.copytree(folder, path / FILES)
    (path / DESCRIPTION).write_text(description.text)
    (path / RECORDS).touch()
    (path / ANSWERS).touch()
    return KeptFiles(path)


def recorded(scorer: ApplicationScorer, applications: Sequence[Application]) -> list[Recorded]:
    """Decisions as the service records them, in one call."""
    evaluation = scorer.evaluate(Applications(applications))
    explained = evaluation.explain()
    return [
        made(answer_of(scored), text, scorer, explained.quick)
        for scored, text in zip(explained.scored, record_texts(evaluation.rows), strict=True)
    ]


def made(answer: bytes, record: bytes, scorer: ApplicationScorer, quick: bool | None) -> Recorded:
    evidence = Evidence(record, answer, None, None, scorer.most_reasons, quick, new_salt())
    (columns,) = evidence_rows({IDS.new(): evidence}, datetime.now(UTC), WITHOUT_DICTIONARIES)
    stored = {name: columns[name] for name in ("record", "answer", "reasons", "quick")}
    return Recorded(IDS.new(), scorer.compare, **stored)


def chunk_of(rows: Sequence[Recorded]) -> Chunk:
    chunk = Chunk(1)
    for row in rows:
        chunk.add(row)
    return chunk


def plain_differing(scorer: ApplicationScorer, row: Recorded) -> set[str]:
    """The fields that differ, each record scored as an application of its own."""
    codec = WITHOUT_DICTIONARIES
    record = codec.records.decompress(row.record)
    raw = rows_of([record], list(scorer.bundle.scorer.texts))
    texts = {column: values[0] for column, values in raw.texts.items()}
    application = Application(None, RawRecord(raw.numbers[0], texts, frozenset()))
    (scored,) = scorer.score(Applications([application]))
    expected, given = (
        orjson.loads(answer_of(scored)),
        orjson.loads(codec.answers.decompress(row.answer)),
    )
    names = (expected.keys() | given.keys()) - LEFT_OUT - {"id", "at"}
    return {
        name for name in names if orjson.dumps(expected.get(name)) != orjson.dumps(given.get(name))
    }


def assert_equal(replay: ReplayBundle, scorer: ApplicationScorer, rows: Sequence[Recorded]) -> None:
    """Both ways find that all decisions are equal to the last bit."""
    assert [plain_differing(scorer, row) for row in rows] == [set()] * len(rows)
    assert ChunkReplay(replay, chunk_of(rows)).differing() == [()] * len(rows)


@pytest.mark.parametrize(("reasons", "compare"), [(0, "near"), (4, "near"), (2, "all")])
def test_clients_of_every_kind_replay(case, tmp_path, reasons: int, compare: Compare):
    """Clients by their ids, together and alone: their transformed rows were stored."""
    bundle = case.bundle
    peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
    scorer = ApplicationScorer(bundle, peers, reasons, compare)
    replay = ReplayBundle.load(kept(case.folder.path, tmp_path))
    applications = [Application(client) for client in bundle.client_ids]
    rows = recorded(scorer, applications)
    for application in applications[:3]:
        rows += recorded(scorer, [application])
    assert_equal(replay, scorer, rows)


@pytest.fixture(scope="module")
def scored(small_bundle_folder: Path) -> Scored:
    return Scored.of(small_bundle_folder)


@pytest.fixture(scope="module")
def kept_files(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> KeptFiles:
    return kept(small_bundle_folder, tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def replay(kept_files: KeptFiles) -> ReplayBundle:
    return ReplayBundle.load(kept_files)


def scorer_of(scored: Scored, reasons: int, compare: Compare = "near") -> ApplicationScorer:
    return ApplicationScorer(scored.bundle, scored.peers, reasons, compare)


def test_records_and_changes_replay(scored, replay):
    """The record has the features that were computed again: no formula is needed."""
    income = {"AMT_INCOME_TOTAL": 50_000.0}
    applications = scored.clients(5, changes=income)
    applications += [Application(None, scored.record(row)) for row in range(20)]
    applications += [Application(None, scored.record(0), income, "R-1")]
    for reasons in (0, 3):
        scorer = scorer_of(scored, reasons)
        assert_equal(replay, scorer, recorded(scorer, applications))


def test_a_chunk_of_mixed_requests_replays(scored, replay):
    rows = []
    for at, application in enumerate(scored.clients(40)):
        scorer = scorer_of(scored, at % 4, "all" if at % 3 else "near")
        rows += recorded(scorer, [application])
    assert ChunkReplay(replay, chunk_of(rows)).differing() == [()] * 40


SCORE_FIELDS = (
    "probability", "prediction", "threshold", "margin", "pd", "points", "grade", "position",
    "contributions_in", "explained_by", "model", "compare", "reasons", "other",
)  # fmt: skip


@pytest.mark.parametrize("reasons", [0, 2])
@pytest.mark.parametrize("name", SCORE_FIELDS)
def test_a_change_of_one_field_in_its_last_bit_is_found(scored, replay, name, reasons):
    scorer = scorer_of(scored, reasons)
    rows = recorded(scorer, scored.clients(6))
    codec = WITHOUT_DICTIONARIES
    answer = orjson.loads(codec.answers.decompress(rows[4].answer))
    assert set(SCORE_FIELDS) <= answer.keys()
    answer[name] = changed(answer[name])
    rows[4] = made(
        orjson.dumps(answer), codec.records.decompress(rows[4].record), scorer, rows[4].quick
    )
    found = ChunkReplay(replay, chunk_of(rows)).differing()
    assert found == [(), (), (), (), (name,), ()]
    assert plain_differing(scorer, rows[4]) == {name}


def changed(value: Any) -> Any:
    """A value that differs as little as possible."""
    if isinstance(value, float):
        return float(np.nextafter(value, 1))
    if isinstance(value, dict):
        return value | {"class1": changed(value["class1"])}
    if isinstance(value, list) and value:
        return [value[0] | {"contribution": changed(value[0]["contribution"])}, *value[1:]]
    if isinstance(value, list):
        return [{}]
    if value is None:
        return 0.0
    return value + 1 if isinstance(value, int) else value + "x"


def test_a_field_that_became_null_is_found(scored, replay):
    scorer = scorer_of(scored, 0)
    codec = WITHOUT_DICTIONARIES
    rows, names = [], ("margin", "pd", "points", "grade")
    for name in names:
        (row,) = recorded(scorer, scored.clients(1))
        answer = orjson.loads(codec.answers.decompress(row.answer)) | {name: None}
        record = codec.records.decompress(row.record)
        rows.append(made(orjson.dumps(answer), record, scorer, None))
    found = ChunkReplay(replay, chunk_of(rows)).differing()
    assert found == [(name,) for name in names]


def test_a_changed_record_is_found(scored, replay):
    scorer = scorer_of(scored, 2)
    rows = recorded(scorer, scored.clients(3))
    codec = WITHOUT_DICTIONARIES
    values = orjson.loads(codec.records.decompress(rows[1].record))
    at = scored.bundle.features.index("EXT_SOURCE_2")
    values[at] = 0.01
    answer = codec.answers.decompress(rows[1].answer)
    rows[1] = made(answer, orjson.dumps(values), scorer, rows[1].quick)
    found = ChunkReplay(replay, chunk_of(rows)).differing()
    assert found[0] == found[2] == ()
    assert {"probability", "margin", "pd", "reasons"} <= set(found[1])
    assert set(found[1]) == plain_differing(scorer, rows[1])


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        (b"[1]", None),
        (b"{}", None),
        (b"7", None),
        (b"[", None),
        (None, b"{}"),
        (None, b'{"probability":"high"}'),
        (None, b"["),
    ],
)
def test_damaged_evidence_is_told_apart(scored, replay, record, answer):
    scorer = scorer_of(scored, 0)
    rows = recorded(scorer, scored.clients(5))
    codec = WITHOUT_DICTIONARIES
    rows[2] = made(
        answer or codec.answers.decompress(rows[2].answer),
        record or codec.records.decompress(rows[2].record),
        scorer,
        None,
    )
    assert ChunkReplay(replay, chunk_of(rows)).differing() == [(), (), DAMAGED, (), ()]


def test_damaged_bytes_are_told_apart(scored, replay):
    rows = recorded(scorer_of(scored, 0), scored.clients(3))
    rows[0] = rows[0]._replace(record=b"x")
    rows[2] = rows[2]._replace(answer=b"")
    assert ChunkReplay(replay, chunk_of(rows)).differing() == [DAMAGED, (), DAMAGED]


def test_a_record_that_the_model_refuses_is_told_apart(case_named, tmp_path):
    """1e300 is beyond single precision, in which scikit-learn's trees compare."""
    folder = case_named("no imputation, forest").folder.path
    scored, replay = Scored.of(folder), ReplayBundle.load(kept(folder, tmp_path))
    scorer = scorer_of(scored, 0)
    rows = recorded(scorer, scored.clients(3))
    codec = WITHOUT_DICTIONARIES
    values = orjson.loads(codec.records.decompress(rows[1].record))
    values = [1e300 for _ in values]
    rows[1] = made(codec.answers.decompress(rows[1].answer), orjson.dumps(values), scorer, None)
    assert ChunkReplay(replay, chunk_of(rows)).differing() == [(), REFUSED, ()]


# Explanations by this project's own code, whose last bits differ from LightGBM's


@pytest.fixture(scope="module")
def accelerated(small_bundle_folder: Path) -> Scored:
    """A bundle whose explanations were accelerated before its peers were explained."""
    scored = Scored.of(small_bundle_folder)
    accelerate(scored.bundle.classifier, scored.bundle.transformed[:16])
    assert scored.bundle.classifier.is_quick
    return scored


def test_each_way_of_explaining_replays(scored, accelerated, replay):
    """By LightGBM, by treeshap, and by treeshap with peers that LightGBM explained."""
    late = Scored(accelerated.folder, accelerated.bundle)
    late.__dict__["peers"] = scored.peers
    rows, texts = [], []
    for one in (scored, accelerated, late):
        scorer = scorer_of(one, 4)
        given = recorded(scorer, one.clients(30))
        assert {row.quick for row in given} == {one is not scored}
        assert all(plain_differing(scorer, row) == set() for row in given)
        texts.append([WITHOUT_DICTIONARIES.answers.decompress(row.answer) for row in given])
        rows += given
    assert texts[0] != texts[1] != texts[2] != texts[0]
    assert ChunkReplay(replay, chunk_of(rows)).differing() == [()] * 90


def test_the_way_of_explaining_is_not_guessed(scored, replay):
    """An answer by LightGBM does not pass for one by treeshap."""
    rows = recorded(scorer_of(scored, 4), scored.clients(10))
    quick = [row._replace(quick=True) for row in rows]
    found = ChunkReplay(replay, chunk_of(quick)).differing()
    assert {field for fields in found for field in fields} <= {"reasons", "other"}
    assert any(found)
