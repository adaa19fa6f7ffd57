"""`python -m register outcomes FILE`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from register.tables import schema

HEADER = "decision,status,observed,definition"
COLUMNS = "the columns must be status, observed, definition, and decision or reference"
STATUSES = "repaid, current, late, defaulted, written_off, not_taken_up"


@pytest.fixture
def decisions(recorder, scored) -> Sequence[UUID]:
    """Three decisions with the references 0, 1, 2."""
    bundle = recorder.keep(scored)
    return [
        recorder.decide(scored, scored.clients(1, external_id=str(number)), bundle=bundle)[0]
        for number in range(3)
    ]


@pytest.fixture
def file(tmp_path) -> Callable[..., Path]:
    """Writes a file of lines."""

    def write(*lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "outcomes.csv"
        path.write_text("\n".join(lines) + "\n", encoding)
        return path

    return write


def number_of(database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(schema.outcome)).scalar_one()


def test_outcomes_are_recorded_once(command, database, decisions, file):
    lines = [f"{decision},late,2026-11-28,90dpd" for decision in decisions]
    path = file(HEADER, *lines)
    assert command("outcomes", path) == (
        0,
        "3 outcomes are recorded, 3 of them new; rows with an unknown decision: 0; bad rows: 0\n",
        "",
    )
    assert command("outcomes", path).out.startswith("3 outcomes are recorded, 0 of them new;")
    assert number_of(database) == 3
    assert command("verify").code == 0


def test_columns_stand_in_any_order_and_a_reference_names_a_decision(
    command, database, decisions, file
):
    path = file(
        '"definition",observed,reference,status', "", '"ninety, or so",2026-11-28,2,repaid',
        encoding="utf-8-sig",
    )  # fmt: skip
    assert command("outcomes", path).code == 0
    with database.reading() as connection:
        (row,) = connection.execute(select(schema.outcome)).all()
    assert (row.decision, row.status, row.definition) == (decisions[2], "repaid", "ninety, or so")
    assert (str(row.observed), row.caller) == ("2026-11-28", "(command)")


def test_bad_rows_and_unknown_decisions_are_named_by_number(command, database, decisions, file):
    good, unknown = decisions[0], uuid4()
    path = file(
        HEADER,
        "7,late,2026-11-28,90dpd",
        f"{good},late,2026-11-28,90dpd",
        f"{unknown},late,2026-11-28,90dpd",
        f"{good},gone,2026-11-28,90dpd",
        "",
        f"{good},late,2026-02-30,90dpd",
        f"{good},late,20261128,90dpd",
        f"{good},late,2026-11-28,",
        f"{good},late,2026-11-28,{'x' * 41}",
        f"{good},late,2026-11-28",
        f"{good},repaid,2026-11-27,90dpd",
        f"{good},late,2062-11-28,90dpd",
    )
    done = command("outcomes", path)
    assert (done.code, done.err) == (1, "")
    assert sorted(done.out.splitlines()[:-1]) == [
        "row 10: has 3 fields, the header 4",
        "row 12: observed is in the future",
        "row 1: decision is not the id of a decision",
        "row 3: no decision has this id",
        f"row 4: status is not one of {STATUSES}",
        "row 6: observed is not a date, such as 2026-11-28",
        "row 7: observed is not a date, such as 2026-11-28",
        "row 8: definition must have 1 to 40 characters",
        "row 9: definition must have 1 to 40 characters",
    ]
    assert done.out.splitlines()[-1] == (
        "2 outcomes are recorded, 2 of them new; rows with an unknown decision: 1; bad rows: 8"
    )
    assert number_of(database) == 2


def test_an_empty_reference_is_bad(command, decisions, file):
    assert decisions
    done = command("outcomes", file("reference,status,observed,definition", ",late,2026-11-28,x"))
    assert (done.code, done.out.splitlines()[0]) == (1, "row 1: reference is empty")


def test_a_file_of_many_chunks(command, database, decisions, file):
    days = [f"20{year:02}-{month:02}-{day:02}" for year in range(10, 16)
            for month in range(1, 13) for day in range(1, 29)]  # fmt: skip
    lines = [f"{decisions[0]},late,{day},90dpd" for day in days]
    done = command("outcomes", file(HEADER, *lines, f"{uuid4()},late,2026-11-28,90dpd"))
    assert done.code == 1
    assert done.out.splitlines() == [
        f"row {len(days) + 1}: no decision has this id",
        f"{len(days)} outcomes are recorded, {len(days)} of them new; rows with an"
        " unknown decision: 1; bad rows: 0",
    ]
    assert number_of(database) == len(days) == 2016


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", COLUMNS),
        (b"decision,status,observed\n", COLUMNS),
        (b"decision,reference,status,observed,definition\n", COLUMNS),
        (b"status,observed,definition\n", COLUMNS),
        (b"decision,decision,status,observed,definition\n", COLUMNS),
        (b"decision,status,observed,definition,more\n", COLUMNS),
        (b"decision,status,observed,definition\n\xff,late,2026-11-28,x\n", "is not a CSV table: "),
        (b'decision,status,observed,definition\n"a"b,late,2026-11-28,x\n', "is not a CSV table: "),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_is_no_table_of_outcomes_is_refused(command, tmp_path, content, problem):
    path = tmp_path / "outcomes.csv"
    if content is not None:
        path.write_bytes(content)
    done = command("outcomes", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"register: outcomes.csv: {problem}")
    assert done.err.count("\n") == 1


def test_a_pepper_is_required(command, file):
    done = command("outcomes", file(HEADER), REGISTER_PEPPER="")
    assert done == (
        2,
        "",
        "register: REGISTER_URL needs REGISTER_PEPPER, a secret of 16 characters\n",
    )
