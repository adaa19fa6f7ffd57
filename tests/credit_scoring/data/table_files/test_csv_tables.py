"""Tables of clients: every kind of damage is refused, and large numbers are kept."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from credit_scoring.data.artifacts import ID, NEW_FILE, PROBA, REFERENCE_FILE
from credit_scoring.model import model_definition
from tests.credit_scoring.damage import (
    IS_FOLDER,
    NO_FILE,
    TABLES,
    Damage,
    a_folder,
    both,
    cell,
    changed,
    holding,
    longer,
    refusal,
    removed,
    rows_changed,
    shorter,
    without,
)
from tests.support.bundles.artefacts import (
    NUMBERS,
)

NO_TABLE = "is not a CSV table"


TABLE_PROBLEMS: dict[str, tuple[Callable[[str], Damage], str]] = {
    "missing": (removed, NO_FILE),
    "a folder": (a_folder, IS_FOLDER),
    "empty": (lambda name: holding(name, b""), f"{NO_TABLE}: No columns to parse from file"),
    "empty lines": (
        lambda name: holding(name, b"\n\n"),
        f"{NO_TABLE}: No columns to parse from file",
    ),
    "header only": (
        lambda name: rows_changed(name, lambda rows: rows.__delitem__(slice(1, None))),
        "holds no client",
    ),
    "text": (lambda name: holding(name, b"not a table\n"), "holds no client"),
    "not UTF-8": (
        lambda name: changed(name, lambda text: text.replace("Â".encode(), b"\xc2")),
        f"{NO_TABLE}: 'utf-8' codec can't decode byte 0xc2 in position 156:"
        " invalid continuation byte",
    ),
    "random bytes": (
        lambda name: holding(name, np.random.default_rng(1).bytes(10_000)),
        f"{NO_TABLE}: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    ),
    "zeros": (lambda name: holding(name, bytes(1_000)), "holds no client"),
    "a pickle": (
        lambda name: holding(name, pickle.dumps({})),
        f"{NO_TABLE}: 'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte",
    ),
    "no id": (lambda name: without(name, ID), f"lacks the column {ID}"),
    "an id twice": (
        lambda name: rows_changed(name, lambda rows: rows[9].__setitem__(1, rows[3][1])),
        f"column {ID}: rows 3 and 9 have the same id",
    ),
    "an id missing": (lambda name: cell(name, 4, ID, ""), f"column {ID}: row 4 is empty"),
    "an id blank": (lambda name: cell(name, 4, ID, " "), f"column {ID}: row 4 is empty"),
    "an id NA among numbers": (
        lambda name: cell(name, 4, ID, "NA"),
        f"column {ID}: row 4 is missing",
    ),
    "an id of 101 characters": (
        lambda name: cell(name, 4, ID, "x" * 101),
        f"column {ID}: row 4 is longer than 100 characters",
    ),
    "a text id twice": (
        lambda name: both(cell(name, 4, ID, "secret"), cell(name, 6, ID, "secret")),
        f"column {ID}: rows 4 and 6 have the same id",
    ),
    "a column twice": (
        lambda name: rows_changed(name, lambda rows: [row.append(row[3]) for row in rows]),
        "has a column more than once: DAYS_BIRTH",
    ),
    "cut in a row": (
        lambda name: changed(name, lambda text: text[: text.rindex(b",", 0, -1) - 1] + b"\n"),
        "row {rows} has {less} fields, the header {width}",
    ),
    "cut in quotes": (
        lambda name: changed(name, lambda text: text + b'1,"a'),
        f"{NO_TABLE}: Error tokenizing data. C error: EOF inside string starting at row {{next}}",
    ),
    "longer first row": (
        lambda name: longer(name, 1),
        "row 1 has {more} fields, the header {width}",
    ),
    "longer row": (
        lambda name: longer(name, 12),
        f"{NO_TABLE}: Error tokenizing data. C error: Expected {{width}} fields in line 13,"
        " saw {more}",
    ),
    "longer rows": (longer, "row 1 has {more} fields, the header {width}"),
    "shorter first row": (
        lambda name: shorter(name, 1),
        "row 1 has {less} fields, the header {width}",
    ),
    "shorter row": (lambda name: shorter(name, 12), "row 12 has {less} fields, the header {width}"),
    "shorter rows": (shorter, "row 1 has {less} fields, the header {width}"),
    "longer first row, shorter second": (
        lambda name: both(longer(name, 1), shorter(name, 2)),
        "row 1 has {more} fields, the header {width}",
    ),
    "shorter row, and a comma in quotes": (
        lambda name: both(shorter(name, 12), cell(name, 5, "AMT_CREDIT", "1,5")),
        "row 12 has {less} fields, the header {width}",
    ),
    "text in a number": (
        lambda name: cell(name, 4, "AMT_CREDIT", "secret"),
        "column AMT_CREDIT: row 4 is not a number, and the model takes numbers",
    ),
    "text in numbers": (
        lambda name: both(*(cell(name, 4, feature, "secret") for feature in NUMBERS)),
        "column AMT_CREDIT: row 4 is not a number, and the model takes numbers",
    ),
    "infinite": (
        lambda name: cell(name, 4, "AMT_CREDIT", "-inf"),
        "infinite or too large values in AMT_CREDIT",
    ),
    "a whole number that no double holds": (
        lambda name: cell(name, 4, "DAYS_BIRTH", "9007199254740993"),
        "column DAYS_BIRTH: row 4 is a whole number that no double holds exactly",
    ),
    "a negative one": (
        lambda name: cell(name, 4, "DAYS_BIRTH", "-9007199254740993"),
        "column DAYS_BIRTH: row 4 is a whole number that no double holds exactly",
    ),
    "one beyond 64 bits": (
        lambda name: cell(name, 4, "AMT_CREDIT", "36893488147419103233"),
        "column AMT_CREDIT: row 4 is a whole number that no double holds exactly",
    ),
    "one among missing values": (
        lambda name: cell(name, 4, "OWN_CAR_AGE", "9007199254740993"),
        "column OWN_CAR_AGE: row 4 is a whole number that no double holds exactly",
    ),
    "one with a point": (
        lambda name: cell(name, 4, "OWN_CAR_AGE", "+9007199254740993.0"),
        "column OWN_CAR_AGE: row 4 is a whole number that no double holds exactly",
    ),
    "beyond doubles": (
        lambda name: cell(name, 4, "AMT_CREDIT", "1e999"),
        "infinite or too large values in AMT_CREDIT",
    ),
}


@pytest.mark.parametrize(("name", "width", "rows"), [(REFERENCE_FILE, 12, 300), (NEW_FILE, 10, 20)])
@pytest.mark.parametrize(("damage", "problem"), TABLE_PROBLEMS.values(), ids=TABLE_PROBLEMS)
def test_a_bad_table_is_refused(folder, name, width, rows, damage, problem):
    damage(name)(folder)
    expected = problem.format(width=width, more=width + 1, less=width - 1, rows=rows, next=rows + 1)
    assert refusal(folder) == f"{name}: {expected}"


RAGGED = {
    key: problem for key, problem in TABLE_PROBLEMS.items() if key.startswith(("long", "short"))
}


@pytest.mark.parametrize(("name", "width"), [(REFERENCE_FILE, 7), (NEW_FILE, 5)])
@pytest.mark.parametrize(("damage", "problem"), RAGGED.values(), ids=RAGGED)
def test_a_ragged_table_without_quotes_is_refused(
    unquoted_folder, tmp_path, name, width, damage, problem
):
    """Without quotes commas are counted first, and rows are checked only if the number is wrong."""
    folder = unquoted_folder.copy(tmp_path)
    damage(name)(folder)
    assert refusal(folder) == f"{name}: " + problem.format(
        width=width, more=width + 1, less=width - 1
    )


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740994", "1e300", "2e16"])
def test_a_large_number_that_a_double_holds_is_served_as_it_is(folder, number):
    columns = ["DAYS_BIRTH", "OWN_CAR_AGE"]  # whole numbers, and with gaps
    both(*(cell(name, 4, column, number) for name in TABLES for column in columns))(folder)
    without(REFERENCE_FILE, PROBA)(folder)  # that of another value
    bundle = folder.load()
    for column in columns:
        assert bundle.raw_record(bundle.client_ids[3])[column] == float(number)
        assert float(number) in np.concatenate(bundle.reference_values(column))


def test_a_header_that_changes_while_it_is_read_is_refused(folder, monkeypatch):
    header_of = model_definition.features_in

    def read_and_replaced(path: Path, **options: bool) -> list[str]:
        features = header_of(path, **options)
        without(REFERENCE_FILE, "AMT_CREDIT")(folder)
        return features

    monkeypatch.setattr(model_definition, "features_in", read_and_replaced)
    assert refusal(folder) == f"{REFERENCE_FILE}: changed while it was read"


def test_a_reference_file_without_features_is_refused(folder):
    for feature in NUMBERS:
        without(REFERENCE_FILE, feature)(folder)
    message = refusal(folder)
    assert message.startswith(f"{REFERENCE_FILE}: ")
    assert NUMBERS[0] in message


@pytest.mark.parametrize("damage", [removed(REFERENCE_FILE), holding(REFERENCE_FILE, b"")])
def test_a_bad_reference_file_says_nothing_of_the_new_clients(folder, damage, caplog):
    damage(folder)
    assert refusal(folder).startswith(f"{REFERENCE_FILE}: ")
    assert caplog.messages == []
