"""The `features.csv` of simulated clients, the skeleton, and the file given by a user."""

import csv
import io
import json
import re
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import FEATURES_FILE, ID, METADATA_FILE, TARGET
from credit_scoring.data.features.feature_file import COLUMNS
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from tests.training.bank import a_bank, refusal, run
from tests.training.conftest import FILLED_IN
from tests.training.simulation.plain_ratios import ratios
from training import model_folder
from training.features.dictionary import (
    HOME_CREDIT,
    home_credit,
    home_credit_rows,
    in_full,
    read_dictionary,
    skeleton,
)
from training.population import simulation
from training.population.simulation import derived_features, simulate


@pytest.fixture(scope="module")
def simulation_with_ratios():
    """Clients with all features, and their ratios before the simulation rounds them."""
    applications = []

    def noted(application):
        applications.append(application)
        return derived_features(application)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "derived_features", noted)
        return simulate(200, 5, wide=True), ratios(applications[0])


@pytest.fixture
def wide_clients(simulation_with_ratios):
    return simulation_with_ratios[0]


def rows_of(content):
    return {row["name"]: row for row in csv.DictReader(io.StringIO(content.decode()))}


def test_every_simulated_feature_is_described_in_plain_words(wide_clients):
    names = list(wide_clients.columns.drop([ID, TARGET]))
    rows = rows_of(HOME_CREDIT.read_bytes())
    assert list(rows) == list(rows_of(home_credit(names)))
    assert {*rows} == {*names}
    labels = [row["label"] for row in rows.values()]
    assert len({*labels}) == len(labels) == 347
    assert not [label for label in labels if "_" in label or label.isupper()]
    assert 12 <= len({row["group"] for row in rows.values()}) <= 18
    protected = [name for name, row in rows.items() if row["protected"] == "1"]
    assert protected == ["DAYS_BIRTH", "CODE_GENDER_F", "NAME_FAMILY_STATUS_Married"]
    assert {name: row["change"] for name, row in rows.items() if row["change"] != "none"} == {
        "AMT_INCOME_TOTAL": "up", "AMT_CREDIT": "down", "AMT_ANNUITY": "any",
        "AMT_GOODS_PRICE": "any",
    }  # fmt: skip


def test_every_ratio_has_its_formula_or_says_what_it_depends_on(simulation_with_ratios):
    clients, exact = simulation_with_ratios
    rows = rows_of(HOME_CREDIT.read_bytes())
    assert [name for name in exact if not rows[name]["formula"]] == [
        "INCOME_PER_PERSON", "APPS_EXT_SOURCE_STD", "APP_SCORE1_TO_FAM_CNT_RATIO",
        "APP_SCORE2_TO_REGION_RATING_RATIO",
    ]  # fmt: skip
    assert all(rows[name]["formula"] or rows[name]["depends"] for name in exact)
    full = in_full(clients)
    for name in exact:
        if rows[name]["formula"]:
            np.testing.assert_allclose(full[name], exact[name], rtol=1e-9, err_msg=name)
    assert full.dtypes.equals(clients.dtypes)
    others = [name for name in full if name not in exact]
    pd.testing.assert_frame_equal(full[others], clients[others])


def test_formulas_hold_in_every_row_to_the_last_digits(wide_clients):
    """The service's own check agrees; it refuses the seven digits of the simulation."""
    names = list(wide_clients.columns.drop([ID, TARGET]))
    content = home_credit(names)
    read = read_dictionary(content, in_full(wide_clients)[names], "clients")
    assert len(read.formulas) == 37
    with pytest.raises(BadFile, match=r"^features\.csv: the formula of .* rows of clients"):
        read_dictionary(content, wide_clients[names], "clients")


def test_without_a_feature_there_is_no_formula_with_it(wide_clients):
    names = [name for name in wide_clients.columns.drop([ID, TARGET]) if name != "EXT_SOURCE_1"]
    rows = rows_of(home_credit(names))
    assert list(rows) == names
    assert [name for name in names if "EXT_SOURCE_1" in rows[name]["formula"]] == []
    assert rows["APPS_EXT_SOURCE_STD"]["depends"] == "EXT_SOURCE_2;EXT_SOURCE_3"
    assert rows["PAYMENT_RATE"]["formula"] == "AMT_ANNUITY / AMT_CREDIT"
    read_dictionary(home_credit(names), in_full(wide_clients)[names], "clients")


def test_each_text_has_one_french_text():
    """An empty cell has none; two features share a French text only if they share the text."""
    rows = home_credit_rows()
    for column in ("label", "unit", "group", "reason_high", "reason_low", "reason_missing"):
        pairs = set(zip(rows[column], rows[f"{column}_fr"], strict=True))
        texts, french = zip(*pairs, strict=True)
        assert len(set(texts)) == len(pairs), column
        assert {text: word == "" for text, word in pairs} == {text: text == "" for text in texts}
        if column in ("label", "group"):
            assert len(set(french)) == len(pairs), column
        for word in french:
            assert word == word.strip()
            assert not re.search(r"\w'\w| [;:!?]|\b(the|of|loan|client's)\b", word), word


def test_amounts_of_the_loan_and_income_have_a_range():
    rows = home_credit_rows()
    ranged = rows[(rows["lowest"] != "") | (rows["highest"] != "")]
    assert ranged[["lowest", "highest"]].to_numpy().tolist() == [
        ["0", "10000000"], ["0", "10000000"], ["0", "1000000"], ["0", "10000000"],
    ]  # fmt: skip
    assert list(ranged.index) == [
        "AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE",
    ]  # fmt: skip


def test_a_table_of_ones_own_gets_a_skeleton(second_training):
    folder, _ = second_training
    written = (folder / FEATURES_FILE).read_bytes()
    rows = list(csv.reader(io.StringIO(written.decode())))
    features = a_bank().columns.drop([ID, TARGET])
    texts = {"housing", "town"}
    kinds = ["text" if name in texts else "number" for name in features]
    notes = ["guess: change up" if name == "income" else "" for name in features]
    assert rows == [
        [name for name in COLUMNS if name not in ("lowest", "highest")],
        *(
            [name, name, "", "", kind, *[""] * 7, note]
            for name, kind, note in zip(features, kinds, notes, strict=True)
        ),
    ]
    assert written == skeleton(list(features), texts)
    dictionary = load(folder).dictionary
    assert [*dictionary.features] == list(features)
    assert {feature.change for feature in dictionary.features.values()} == {"none"}
    metadata = json.loads((folder / METADATA_FILE).read_text())
    assert metadata["sha256"][FEATURES_FILE] == sha256(written).hexdigest()
    assert metadata["quality"]["groups"] == {}


def test_one_that_was_filled_in_is_taken_over(bank_folder):
    assert (bank_folder / FEATURES_FILE).read_text() == FILLED_IN
    assert load(bank_folder).dictionary.features["housing"].label == "Home"


@pytest.fixture
def table_file(tmp_path, monkeypatch):
    """A table, while the trainer fails if it begins to train."""
    monkeypatch.setattr(model_folder, "cross_validate", None)
    table = a_bank()
    table.assign(tenth=table["income"] / 10).to_csv(tmp_path / "clients.csv")
    return tmp_path / "clients.csv"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,label\nage,Age\n", "row 1: age is no feature of the tables"),
        ("label\nAge\n", "lacks the column name"),
        (
            "name,formula\ntenth,income / 20\n",
            "the formula of tenth differs in 900 of 900 rows of clients.csv, first in row 1",
        ),
        ("name,formula\ntenth,town / 2\n", "the formula of tenth has text features: town"),
        ("name,formula\ntenth,income ** 2\n", "the formula of tenth: "),
    ],
)
def test_a_bad_one_is_refused_before_the_training(table_file, capsys, text, problem):
    (table_file.parent / "mine.csv").write_text(text)
    options = ("--features", table_file.parent / "mine.csv", "--out", table_file.parent / "out")
    line = refusal(capsys, "--data", table_file, *options)
    assert line.startswith(f"training: features.csv: {problem}")
    assert not (table_file.parent / "out").exists()


def test_one_that_is_not_there_is_refused(table_file, capsys):
    line = refusal(capsys, "--data", table_file, "--features", table_file.parent / "absent.csv")
    assert "No such file" in line
    assert "absent.csv" in line


@pytest.mark.parametrize("text", ["name,label\nincome,Income\n", "name,change\nincome,sideways\n"])
def test_a_skeleton_takes_the_place_of_nobodys_work(table_file, capsys, text):
    """A file with a mistake in it is somebody's work too."""
    filled_in = table_file.parent / FEATURES_FILE
    filled_in.write_text(text)
    assert refusal(capsys, "--data", table_file, "--out", table_file.parent) == (
        f"training: features.csv: {table_file.parent} has one that was filled in: give it as"
        " --features, or remove it"
    )
    assert filled_in.read_text() == text


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff,\n\xff,",
        b"name,label\nage,Of another table\n",
        skeleton(["income", "town"]),
    ],
)
def test_a_skeleton_takes_the_place_of_what_is_nobodys_work(table_file, content):
    if content is not None:
        (table_file.parent / FEATURES_FILE).write_bytes(content)
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        run("--data", table_file, "--out", table_file.parent)  # it comes to the training
