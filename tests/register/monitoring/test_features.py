"""The stability index of every feature against `population_drift` over the raw records."""

from datetime import UTC, datetime

import numpy as np
import orjson
import pandas as pd
import pytest
from sqlalchemy import delete, select, update

from credit_scoring.data.tables import Table
from credit_scoring.decisions.application import Application
from credit_scoring.monitoring.psi import drift, population_drift
from register.archive.stored_bundles import read_codec
from register.commands.shared import feature_counting
from register.database.database import Database
from register.evidence.compression import PLAIN
from register.monitoring.features import recorded_features
from register.monitoring.monitoring import monitoring_report
from register.monitoring.query import MonitoringQuery
from register.tables import schema
from tests.register.commands.test_report_page import Page
from tests.register.recording import Scored
from tests.support.bundles.folders import another_model
from tests.support.registers.guards import unguarded

DAMAGED = [b"no zstd", PLAIN.compress(b"no JSON"), PLAIN.compress(b"[1, 2]")]
START, END = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
FIRST, SECOND = datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)


def expected(scored: Scored, applications: list[Application]) -> dict[str, tuple]:
    """The index of each feature of the applications' records, by `population_drift`."""
    bundle = scored.bundle
    rows = [bundle.client_ids.index(one.client) for one in applications]
    table = Table(bundle.raw.values[rows], bundle.raw.categories)
    scores = np.full(len(rows), 0.5)
    labels = {feature.name: feature.label for feature in bundle.dictionary.features.values()}
    found = population_drift(labels, bundle.reference, table, np.full(9, 0.5), scores)
    return {one.name: (one.label, one.index, one.expected, one.bins) for one in found.features}


def report(database: Database, **options):
    query = MonitoringQuery(start=START, end=END, features=True)
    return monitoring_report(database, query, 12, END, **options).features


def by_name(features) -> dict[str, tuple]:
    return {one.name: (one.label, one.index, one.expected, one.bins) for one in features}


def assert_equal(found: dict[str, tuple], wanted: dict[str, tuple]) -> None:
    assert found.keys() == wanted.keys()
    for name, (label, index, mean, bins) in wanted.items():
        assert found[name] == (label, pytest.approx(index, rel=1e-12), mean, bins)


def test_numbers_have_the_index_of_their_raw_values(database, recorder, scored):
    bundle, clients = recorder.keep(scored), scored.clients(60)
    recorder.decide(scored, clients[:25], bundle=bundle, at=FIRST)
    recorder.decide(scored, clients[20:], bundle=bundle, at=SECOND)
    found = report(database)
    assert [(cell.key, cell.decisions, cell.erased) for cell in found.cells] == [
        ("2026-09", 0, 0), ("2026-10", 25, 0), ("2026-11", 40, 0),
    ]  # fmt: skip
    assert_equal(by_name(found.cells[1].features), expected(scored, clients[:25]))
    assert_equal(by_name(found.cells[2].features), expected(scored, clients[20:]))
    assert_equal(by_name(found.total.features), expected(scored, clients[:25] + clients[20:]))
    indices = [one.index for one in found.total.features]
    assert indices == sorted(indices, reverse=True)
    assert found.cells[0].features == []


def test_texts_have_the_index_of_their_categories(database, recorder, case_named):
    case = case_named("lightgbm text dense")
    texts = Scored(case.folder.path, case.bundle)
    assert case.bundle.raw.categories
    recorder.decide(texts, texts.clients(10), bundle=recorder.keep(texts), at=FIRST)
    found = report(database)
    assert_equal(by_name(found.total.features), expected(texts, texts.clients(10)))


def test_several_models_have_the_mean_of_their_indices(database, recorder, scored, tmp_path):
    another_model(scored.folder, tmp_path / "ressources")
    other = Scored.of(tmp_path / "ressources")
    few, many = scored.clients(15), other.clients(45)
    recorder.decide(scored, few, bundle=recorder.keep(scored), at=FIRST)
    recorder.decide(other, many, bundle=recorder.keep(other), at=FIRST)
    found = by_name(report(database).total.features)
    first, second = expected(scored, few), expected(other, many)
    for name, (label, index, mean, bins) in found.items():
        assert label == first[name][0]
        assert index == pytest.approx(0.25 * first[name][1] + 0.75 * second[name][1])
        assert mean == pytest.approx(0.25 * first[name][2] + 0.75 * second[name][2])
        assert bins == max(first[name][3], second[name][3])


def test_erased_and_damaged_records_are_left_out_and_counted(database, recorder, scored):
    bundle, clients = recorder.keep(scored), scored.clients(30)
    decisions = recorder.decide(scored, clients, bundle=bundle, at=FIRST)
    evidence = schema.evidence
    with database.maintenance() as connection:
        unguarded(connection)
        connection.execute(delete(evidence).where(evidence.c.decision.in_(decisions[:4])))
        for number, content in zip(decisions[4:7], DAMAGED, strict=True):
            here = evidence.c.decision == number
            connection.execute(update(evidence).where(here).values(record=content))
    found = report(database)
    assert (found.total.decisions, found.total.erased) == (23, 7)
    assert_equal(by_name(found.total.features), expected(scored, clients[7:]))
    report_of_all = monitoring_report(
        database, MonitoringQuery(start=START, end=END, features=True), 12, END
    )
    assert (
        "7 decisions have no record that can be read: the indices of the features leave them out."
        in report_of_all.notes
    )


def test_a_text_where_the_file_seems_to_have_numbers(database, recorder, scored):
    """The file's column is read as text, as the model that took it must have read it."""
    bundle, clients = recorder.keep(scored), scored.clients(6)
    decisions = recorder.decide(scored, clients, bundle=bundle, at=FIRST)
    with database.reading() as connection:
        codec = read_codec(connection, bundle)
        stored = dict(
            connection.execute(select(schema.evidence.c.decision, schema.evidence.c.record)).all()
        )
    column = scored.bundle.features.index("FLAG_WORK_PHONE")
    with database.maintenance() as connection:
        unguarded(connection)
        for number, text in zip(decisions, ["0", "0", "1", "NA", "2", None], strict=True):
            values = orjson.loads(codec.records.decompress(stored[number]))
            values[column] = text
            here = schema.evidence.c.decision == number
            record = codec.records.compress(orjson.dumps(values))
            connection.execute(update(schema.evidence).where(here).values(record=record))
    found = by_name(report(database).total.features)
    cells = pd.read_csv(scored.folder / "train_samp.csv", dtype=str)["FLAG_WORK_PHONE"]
    texts = ["0", "1", "NA", "2", None]
    counts = drift(np.array([[*(float((cells == text).sum()) for text in texts[:-1]),
                              float(cells.isna().sum())], [2, 1, 1, 1, 1]]))  # fmt: skip
    assert found["FLAG_WORK_PHONE"][1:] == (
        pytest.approx(counts.index), pytest.approx(counts.expected), counts.bins,
    )  # fmt: skip


def test_workers_of_a_cluster_count_the_same(
    database, recorder, scored, command, scheduler_address, monkeypatch
):
    monkeypatch.setattr(recorded_features, "CHUNK", 7)
    bundle, clients = recorder.keep(scored), scored.clients(60)
    recorder.decide(scored, clients[:25], bundle=bundle, at=FIRST)
    recorder.decide(scored, clients[20:], bundle=bundle, at=SECOND)
    options = ("figures", "--from", "2026-09-01", "--to", "2026-11-30", "--features")
    alone, together = command(*options), command(*options, "--scheduler", scheduler_address)
    assert (alone.code, together.code, together.err) == (0, 0, "")
    found = [orjson.loads(done.out)["features"] for done in (alone, together)]
    assert found[0] == found[1]
    assert [cell["decisions"] for cell in found[1]["cells"]] == [0, 25, 40]


def test_workers_of_a_cluster_count_for_the_report(
    recorder, scored, command, scheduler_address, monkeypatch, tmp_path
):
    bundle = recorder.keep(scored)
    recorder.decide(scored, scored.clients(30), bundle=bundle, at=FIRST)
    path, month = tmp_path / "page.html", f"{FIRST:%Y-%m}"
    options, table = ("report", month, "--out", path), "Features that shifted most in "
    alone = command(*options).code, features_of(path, table)
    monkeypatch.delattr(feature_counting, "in_this_process")  # this process does not count
    together = command(*options, "--scheduler", scheduler_address).code, features_of(path, table)
    assert alone == together
    assert alone[0] == 0
    assert len(alone[1]) > 10


def features_of(path, beginning):
    """The rows of the page's table whose name begins so."""
    tables = Page(path.read_text()).tables
    return next(rows for name, rows in tables.items() if name.startswith(beginning))
