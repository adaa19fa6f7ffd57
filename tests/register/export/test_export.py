"""`python -m register export` of registers in both databases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from credit_scoring.decisions.application import Application
from register.errors import RegisterAway
from register.export.export_record import ExportRecord
from register.reading import periods
from register.tables import schema
from register.verification.verification import verify
from tests.register.recording import Recorder, Scored
from tests.support.commands import CommandResult
from tests.support.registers.guards import lifted_guards, unguarded
from tests.support.registers.register_command import run_register

FIRST = datetime(2026, 10, 1, 8, 30, 15, 123456, UTC)
SECOND = datetime(2026, 11, 1, 12, tzinfo=UTC)
TYPES = {
    "id": "string", "at": "timestamp[us, tz=UTC]", "caller": "string", "request_id": "string",
    "subject": "string", "reference": "string", "bundle": "int32", "probability": "double",
    "margin": "double", "pd": "double", "points": "int32", "grade": "string",
    "prediction": "int8", "threshold": "double", "compare": "string", "automated": "bool",
    "commitment": "string", "audit_commitment": "string", "block": "int64", "model": "string",
    "final": "int8",
    "reviews": "int32", "reviewed_at": "timestamp[us, tz=UTC]", "reviewer": "string",
    "review_reason": "string", "outcome": "string", "outcome_observed": "date32[day]",
    "outcome_definition": "string",
}  # fmt: skip
EVIDENCE = {
    "client": "string", "external_id": "string", "reasons": "int16", "quick": "bool",
    "record": "string", "answer": "string",
}  # fmt: skip


@dataclass(eq=False)
class Reviewed:
    """A register of five decisions, of which the first is reviewed twice and has two outcomes."""

    database: object
    scored: Scored
    decisions: list[UUID]

    def rows(self) -> list[dict]:
        """The rows of `decision`, in the order of their times."""
        decision = schema.decision
        with self.database.reading() as connection:
            found = connection.execute(select(decision).order_by(decision.c.at, decision.c.id))
            return [dict(row) for row in found.mappings()]


@pytest.fixture
def reviewed(database, scored) -> Reviewed:
    recorder = Recorder(database)
    bundle = recorder.keep(scored)
    decisions = recorder.decide(scored, scored.clients(3), bundle=bundle, reasons=2, at=FIRST)
    records = [Application(None, scored.record(row), external_id=f"R-{row}") for row in (7, 8)]
    decisions += recorder.decide(scored, records, bundle=bundle, at=SECOND)
    recorder.review(decisions[0], 1, "first look")
    recorder.review(decisions[0], 0)
    recorder.outcome(decisions[0], "late", 20)
    recorder.outcome(decisions[0], "repaid", 19)
    return Reviewed(database, scored, decisions)


@pytest.fixture
def export(capsys, register_url: str) -> Callable[..., CommandResult]:
    """The command on the register."""
    return partial(run_register, capsys, register_url, "export")


def moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_no_file_has_audit_values(reviewed, scored, recorder, export, tmp_path):
    with reviewed.database.reading() as connection:
        bundle = connection.scalar(select(schema.bundle.c.id))
    (client,) = scored.clients(1, audit={"canary_name": "canary value"})
    recorder.decide(scored, [client], bundle=bundle, at=SECOND)
    for name in ("x.ndjson", "y.ndjson"):
        more = ["--with-evidence"] if name[0] == "y" else []
        assert export(tmp_path / name, "--format", "ndjson", *more).code == 0
        text = (tmp_path / name).read_text()
        assert text.count("\n") == 6
        assert "canary" not in text


def test_parquet_has_exact_types(reviewed, export, tmp_path):
    out = tmp_path / "decisions.parquet"
    assert export(out) == (0, f"{out}: 5 decisions\n", "")
    table = pq.read_table(out)
    assert {field.name: str(field.type) for field in table.schema} == TYPES


@pytest.fixture
def exported_rows(reviewed, export, tmp_path) -> list[dict[str, Any]]:
    """The rows of an exported Parquet file."""
    assert export(tmp_path / "decisions.parquet").code == 0
    return pq.read_table(tmp_path / "decisions.parquet").to_pylist()


def test_parquet_has_exact_values(reviewed, exported_rows):
    rows = exported_rows
    assert [UUID(row["id"]) for row in rows] == reviewed.decisions
    for row, stored in zip(rows, reviewed.rows(), strict=True):
        same = ("at", "caller", "request_id", "probability", "margin", "pd", "points", "grade",
                "prediction", "threshold", "compare", "automated", "block", "bundle")  # fmt: skip
        assert {name: row[name] for name in same} == {name: stored[name] for name in same}
        for name in ("subject", "reference", "commitment", "audit_commitment"):
            assert row[name] == (stored[name] and stored[name].hex())
        assert row["model"] == reviewed.scored.bundle.model_sha256


def test_what_followed_a_decision_is_in_its_row(exported_rows):
    first, second = exported_rows[:2]
    assert (first["final"], first["reviews"], first["reviewer"]) == (0, 2, "ann")
    assert first["review_reason"] == "INCOME"
    assert first["reviewed_at"].tzinfo is not None
    assert first["reviewed_at"] > first["at"]
    assert (first["outcome"], first["outcome_observed"]) == ("late", date(2026, 11, 20))
    assert first["outcome_definition"] == "90dpd"
    assert (second["final"], second["reviews"]) == (second["prediction"], 0)
    assert second["reviewer"] is second["outcome"] is second["reviewed_at"] is None


def test_lines_of_json_equal_the_rows_of_parquet(reviewed, export, tmp_path):
    parquet, lines = tmp_path / "x.parquet", tmp_path / "x.ndjson"
    assert export(parquet, "--with-evidence").code == 0
    result = export(lines, "--format", "ndjson", "--with-evidence")
    assert (result.code, result.out) == (0, f"{lines}: 5 decisions\n")
    table = pq.read_table(parquet)
    assert {field.name: str(field.type) for field in table.schema} == TYPES | EVIDENCE
    found = [orjson.loads(line) for line in lines.read_bytes().splitlines()]
    assert list(found[0]) == [*TYPES, *EVIDENCE]
    for row, line in zip(table.to_pylist(), found, strict=True):
        for name in ("at", "reviewed_at"):
            row[name] = row[name] and moment(row[name])
        row["outcome_observed"] = row["outcome_observed"] and str(row["outcome_observed"])
        for name in ("client", "record", "answer"):
            row[name] = row[name] and orjson.loads(row[name])
        assert line == row
    assert found[0]["at"] == "2026-10-01T08:30:15.123456Z"


def test_evidence_is_the_record_by_feature_and_the_answer(reviewed, export, tmp_path):
    out = tmp_path / "x.ndjson"
    assert export(out, "--format", "ndjson", "--with-evidence").code == 0
    bundle = reviewed.scored.bundle
    rows = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    for row, client in zip(rows[:3], bundle.client_ids, strict=False):
        raw = bundle.raw_record(client)
        expected = {name: None if value != value else value for name, value in raw.items()}
        assert row["record"] == expected
        assert list(row["record"]) == list(bundle.features)
        assert (row["client"], row["external_id"], row["reasons"]) == (client, None, 2)
        assert row["quick"] is False
        assert row["answer"]["id"] == row["id"]
        assert row["answer"]["probability"] == row["probability"]
        assert len(row["answer"]["reasons"]) <= 2
    assert [(row["client"], row["external_id"]) for row in rows[3:]] == [
        (None, "R-7"),
        (None, "R-8"),
    ]
    assert [(row["reasons"], row["quick"]) for row in rows[3:]] == [(0, None)] * 2


def test_erased_evidence_is_null(reviewed, export, tmp_path):
    out = tmp_path / "x.parquet"
    evidence = schema.evidence
    with reviewed.database.maintenance() as connection:
        unguarded(connection)
        connection.execute(evidence.delete().where(evidence.c.decision == reviewed.decisions[1]))
    assert export(out, "--with-evidence").code == 0
    rows = pq.read_table(out).to_pylist()
    assert [row["record"] is None for row in rows] == [False, True, False, False, False]
    assert all(rows[1][name] is None for name in EVIDENCE)
    assert rows[1]["probability"] == reviewed.rows()[1]["probability"]


@pytest.mark.parametrize(
    ("options", "number"),
    [(["--from", "2026-10-02"], 2), (["--to", "2026-10-01"], 3), (["--from", "2027-01-01"], 0)],
)
def test_a_period_is_exported(reviewed, export, tmp_path, options, number):
    out = tmp_path / "x.parquet"
    assert export(out, *options).out == f"{out}: {number} decisions\n"
    table = pq.read_table(out)
    assert table.num_rows == number
    assert table.schema.names == list(TYPES)


def test_pages_are_row_groups(reviewed, export, tmp_path, monkeypatch):
    """Three decisions have the same time, across two pages."""
    monkeypatch.setattr(periods, "PAGE", 2)
    out = tmp_path / "x.parquet"
    assert export(out).code == 0
    file = pq.ParquetFile(out)
    assert file.num_row_groups == 3
    assert [UUID(value) for value in file.read().column("id").to_pylist()] == reviewed.decisions


def test_an_infinite_margin_is_null(database, scored, export, tmp_path):
    recorder = Recorder(database)
    bundle = recorder.keep(scored)
    (of,) = recorder.decide(scored, scored.clients(1), bundle=bundle)
    with database.maintenance() as connection:
        unguarded(connection)
        connection.execute(schema.decision.update().values(margin=None, pd=None, grade=None))
    out = tmp_path / "x.parquet"
    assert export(out).code == 0
    (row,) = pq.read_table(out).to_pylist()
    assert (row["id"], row["margin"], row["pd"], row["grade"]) == (str(of), None, None, None)


def test_damaged_evidence_ends_the_export_and_leaves_no_file(reviewed, export, tmp_path):
    evidence = schema.evidence
    with reviewed.database.maintenance() as connection:
        unguarded(connection)
        here = evidence.c.decision == reviewed.decisions[2]
        connection.execute(evidence.update().where(here).values(record=b"x"))
    out = tmp_path / "x.parquet"
    out.write_text("of yesterday")
    result = export(out, "--with-evidence")
    assert (result.code, result.out) == (2, "")
    problem = "its evidence is damaged; verify names all such decisions"
    assert result.err == f"register: decision {reviewed.decisions[2]}: {problem}\n"
    assert [file.name for file in tmp_path.iterdir() if "register.db" not in file.name] == [
        out.name
    ]
    assert out.read_text() == "of yesterday"


@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_written_is_named(reviewed, export):
    result = export("/nowhere/x.parquet")
    assert result.code == 2
    assert (
        result.err == "register: /nowhere/x.parquet: cannot be written: No such file or directory\n"
    )


def test_types_cover_all_columns():
    """A column that is added to the table is exported."""
    assert set(schema.decision.columns.keys()) <= set(TYPES)


def exports(database) -> list[tuple[str, dict]]:
    """Callers and details of the events of exports, the first one first."""
    event = schema.event.c
    wanted = select(event.caller, event.detail, event.decision, event.subject)
    with database.reading() as connection:
        rows = connection.execute(wanted.where(event.kind == "export").order_by(event.id)).all()
    assert all(row.decision is row.subject is None for row in rows)
    return [(row.caller, orjson.loads(row.detail)) for row in rows]


def test_an_export_is_recorded_in_a_block_without_personal_data(reviewed, export, tmp_path):
    assert export(tmp_path / "of R-7.parquet").code == 0
    lines = ["--format", "ndjson", "--with-evidence"]
    bounds = ["--from", "2026-10-02T02:00:00+02:00", "--to", "2026-11-01"]
    assert export(tmp_path / "x.ndjson", *lines, *bounds).code == 0
    assert exports(reviewed.database) == [
        ("(command)", {
            "start": None, "end": None, "format": "parquet", "with_evidence": False,
            "decisions": 5,
        }),
        ("(command)", {
            "start": "2026-10-02T00:00:00.000000Z", "end": "2026-11-02T00:00:00.000000Z",
            "format": "ndjson", "with_evidence": True, "decisions": 2,
        }),
    ]  # fmt: skip
    assert verify(reviewed.database).problems.lines == []


def test_an_export_that_fails_is_not_recorded(reviewed, export, tmp_path):
    assert export("/nowhere/x.parquet").code == 2
    with reviewed.database.maintenance() as connection, lifted_guards(connection):
        connection.execute(schema.evidence.update().values(record=b"x"))
    assert export(tmp_path / "x.parquet", "--with-evidence").code == 2
    assert exports(reviewed.database) == []


def test_an_export_that_cannot_be_recorded_leaves_no_file(reviewed, export, tmp_path, monkeypatch):
    def away(*_: object, **__: object) -> None:
        raise RegisterAway("the register's database does not answer")

    monkeypatch.setattr(ExportRecord, "write", away)
    result = export(tmp_path / "x.parquet")
    assert (result.code, result.out) == (2, "")
    assert result.err == "register: the register's database does not answer\n"
    assert not list(tmp_path.glob("*x.parquet*"))


@pytest.mark.parametrize("register_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("reviewed")
def test_a_role_that_only_reads_may_not_export(command_as, tmp_path):
    assert command_as("reader", "verify").code == 0
    result = command_as("reader", "export", tmp_path / "x.parquet")
    assert (result.code, result.out) == (2, "")
    role = "the role may not do that: see migrate --help for its grants"
    assert result.err == f"register: the register's database: {role}\n"
    assert not list(tmp_path.glob("*x.parquet*"))
