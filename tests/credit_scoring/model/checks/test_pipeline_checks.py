"""Checks of a pipeline at the start: each client has one score, or the folder is refused."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, PROBA, REFERENCE_FILE, TARGET
from credit_scoring.data.tables import Table
from credit_scoring.errors import BadFile
from credit_scoring.model.checks.pipeline_checks import telling_clients
from credit_scoring.model.loader import load
from service.served_bundle import ServedBundle
from tests.credit_scoring.damage import without
from tests.credit_scoring.foreign_model import NEW_CLIENTS, ForeignModel, cells_of, lightgbm

NUMBERS = ["EXT", "AGE", "CHILDREN"]
ONLY_ITS_OWN = ": a score must depend on the client's own values only"


def refusal(folder: Path) -> str:
    with pytest.raises(BadFile) as refused:
        load(folder)
    return str(refused.value)


def of_numbers(cells: pd.DataFrame) -> pd.DataFrame:
    """Numbers, every tenth one missing."""
    frame = cells[NUMBERS].astype(float)
    frame.loc[np.arange(len(frame)) % 10 == 4, "EXT"] = np.nan
    return frame


def with_gaps(cells: pd.DataFrame) -> pd.DataFrame:
    kept = of_numbers(cells).astype(str).replace("nan", "")
    return kept.assign(**{TARGET: cells[TARGET]}) if TARGET in cells else kept


LARGEST = of_numbers(cells_of(NEW_CLIENTS, 2))["EXT"].max()


class Sampler(TransformerMixin, BaseEstimator):
    """An imputer that draws from the values it was fitted on."""

    def fit(self, frame: pd.DataFrame, _: object = None) -> Self:
        self.values_ = frame["EXT"].dropna().to_numpy()
        self.feature_names_in_ = np.array(frame.columns)
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        drawn = np.random.default_rng().choice(self.values_, len(frame))
        return frame.assign(EXT=frame["EXT"].where(frame["EXT"].notna(), drawn))

    def get_feature_names_out(self, _: object = None) -> np.ndarray:
        return self.feature_names_in_


def forward_filled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.ffill().fillna(0)


def less_the_mean(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.fillna(0) - frame.fillna(0).mean()


def ranked_when_several(frame: pd.DataFrame) -> pd.DataFrame:
    """Double the values of a client alone."""
    return frame.fillna(0) if len(frame) > 1 else frame.fillna(0) * 2


def other_for_one(frame: pd.DataFrame) -> pd.DataFrame:
    """Transform only the client with the largest value otherwise, and only as a single row."""
    filled = frame.fillna(0)
    return filled * 0 - 9 if len(frame) == 1 and filled["EXT"].iloc[0] == LARGEST else filled


UNSTEADY: dict[str, tuple[Callable[[], Any], str]] = {
    "a sampler": (Sampler, "values each time"),
    "a forward fill": (
        lambda: FunctionTransformer(forward_filled),
        "values in another order of the table",
    ),
    "a mean of the table": (
        lambda: FunctionTransformer(less_the_mean),
        "values among other clients",
    ),
    "something else alone": (lambda: FunctionTransformer(ranked_when_several), "values alone"),
    "something else for one alone": (lambda: FunctionTransformer(other_for_one), "values alone"),
}


@pytest.mark.parametrize("kind", UNSTEADY)
def test_a_transformer_that_is_no_function_of_the_row_is_refused(tmp_path, kind):
    make, how = UNSTEADY[kind]
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(make(), lightgbm()),
        as_fitted=of_numbers,
        change_new=with_gaps,
        change_reference=with_gaps,
        expected=lambda cells: np.zeros(len(cells)),
    )
    line = refusal(foreign.path)
    row = line.partition("(row ")[2].partition(" ")[0]
    assert line == (
        f"{MODEL_FILE}: its transformer gives a client other {how}"
        f" (row {row} of {NEW_FILE}){ONLY_ITS_OWN}"
    )
    if kind == "something else for one alone":
        assert float(foreign.cells["EXT"][int(row) - 1]) == LARGEST


def test_missing_values_of_reference_clients_are_checked_too(tmp_path):
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(Sampler(), lightgbm()),
        as_fitted=of_numbers,
        change_new=lambda cells: cells[NUMBERS],
        change_reference=with_gaps,
        expected=lambda cells: np.zeros(len(cells)),
    )
    line = refusal(foreign.path)
    row = int(line.partition("(row ")[2].partition(" ")[0])
    assert line == (
        f"{MODEL_FILE}: its transformer gives a client other values each time"
        f" (row {row} of {REFERENCE_FILE}){ONLY_ITS_OWN}"
    )
    assert row % 10 == 5


def test_a_transformer_that_is_a_function_of_the_row_is_accepted(tmp_path):
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(FunctionTransformer(pd.DataFrame.fillna, kw_args={"value": -1}), lightgbm()),
        as_fitted=of_numbers,
        change_new=with_gaps,
        change_reference=with_gaps,
    )
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


def test_clients_with_extreme_missing_or_rare_values_are_checked():
    values = np.zeros((400, 3))
    values[:, 0] = np.sin(np.arange(400))
    values[123, 0], values[321, 0] = -7, 9
    values[55, 1] = np.nan
    values[:, 2] = 1
    values[[77, 78, 79, 80], 2], values[200, 2] = 2, 3
    found = telling_clients(Table(values, {2: ["a", "b", "c", "d"]}), 256)
    assert {0, 399, 123, 321, 55, 200} <= set(found.tolist())
    assert len(found) == len(set(found.tolist())) < 20
    assert telling_clients(Table(values, {}), 5).tolist() == found[:5].tolist()


@pytest.fixture
def folder_with_scores(tmp_path) -> Path:
    """A folder whose reference clients have the model's own probabilities."""
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(ColumnTransformer([("numbers", "passthrough", NUMBERS)]), lightgbm()),
        as_fitted=of_numbers,
        change_new=with_gaps,
        change_reference=with_gaps,
    )
    table = pd.read_csv(foreign.path / REFERENCE_FILE)
    table[PROBA] = foreign.pipeline.predict_proba(table[NUMBERS])[:, 1]
    table.to_csv(foreign.path / REFERENCE_FILE, index=False)
    return foreign.path


def change_probability(folder: Path, row: int, value: object) -> float:
    """Change the stored probability of a row, and give the earlier one."""
    table = pd.read_csv(folder / REFERENCE_FILE, dtype={PROBA: object})
    before = table.loc[row - 1, PROBA]
    table.loc[row - 1, PROBA] = value
    table.to_csv(folder / REFERENCE_FILE, index=False)
    return float(before)


def test_stored_probabilities_are_those_of_the_model(folder_with_scores):
    bundle = load(folder_with_scores)
    stored = pd.read_csv(folder_with_scores / REFERENCE_FILE)[PROBA]
    assert bundle.reference.scores.tolist() == stored.tolist()
    change_probability(folder_with_scores, 3, "")  # not every client has one
    load(folder_with_scores)


@pytest.mark.parametrize("row", [1, 171, 240])
def test_another_stored_probability_is_refused_with_both_numbers(folder_with_scores, row):
    stored = pd.read_csv(folder_with_scores / REFERENCE_FILE)[PROBA]
    other = float(stored[row - 1]) + 2e-9
    before = change_probability(folder_with_scores, row, repr(other))
    assert refusal(folder_with_scores) == (
        f"{REFERENCE_FILE}: row {row}: {PROBA} is {other!r}, and {MODEL_FILE} gives {before!r}; so"
        " in 1 of 240 rows: the model or the values are not those of its makers"
    )


@pytest.mark.parametrize("value", ["1.5", "-0.1", "high", "inf"])
def test_a_stored_value_that_is_not_a_probability_is_refused(folder_with_scores, value):
    change_probability(folder_with_scores, 17, value)
    assert refusal(folder_with_scores) == (
        f"{REFERENCE_FILE}: column {PROBA}: row 17 is not a probability"
    )


def test_an_empty_column_of_probabilities_counts_as_absent(folder_with_scores):
    table = pd.read_csv(folder_with_scores / REFERENCE_FILE)
    table.assign(**{PROBA: np.nan}).to_csv(folder_with_scores / REFERENCE_FILE, index=False)
    assert load(folder_with_scores).reference.scores is None
    without(REFERENCE_FILE, PROBA)(folder_with_scores)
    assert load(folder_with_scores).reference.scores is None


@pytest.mark.parametrize("is_reversed", [True, False])
def test_reversed_classes_are_warned_of(folder_with_scores, caplog, is_reversed):
    table = pd.read_csv(folder_with_scores / REFERENCE_FILE)
    if is_reversed:
        table[TARGET] = 1 - table[TARGET]
    table.to_csv(folder_with_scores / REFERENCE_FILE, index=False)
    with caplog.at_level(logging.WARNING):
        ServedBundle.read(folder_with_scores, None, frozenset()).prepare()
    warned = [line for line in caplog.messages if "wrong way round" in line]
    assert len(warned) == is_reversed
    if is_reversed:
        scores = table[PROBA]
        pairs = [
            (one > other) + (one == other) / 2
            for one in scores[table[TARGET] == 1]
            for other in scores[table[TARGET] == 0]
        ]
        assert f"(AUC {np.mean(pairs):.3f} on their TARGET)" in warned[0]
        assert "classes reversed" in warned[0]
        assert 'if so, put "default_class": 0 into model.json' in warned[0]


def test_text_outputs_are_refused_without_a_clients_text(tmp_path):
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(FunctionTransformer(handed_on), lightgbm()),
        as_fitted=of_numbers,
        expected=lambda cells: np.zeros(len(cells)),
        change_new=lambda cells: cells[NUMBERS].replace({"CHILDREN": {"5": "secret"}}),
        change_reference=lambda cells: cells[[*NUMBERS, TARGET]].replace(
            {"CHILDREN": {"5": "secret"}}
        ),
    )
    assert refusal(foreign.path) == (
        f"{MODEL_FILE}: its transformer gives other values than numbers (ValueError): let it encode"
        " the texts; a classifier that takes texts itself is served without a transformer before it"
    )


def handed_on(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.copy()


def column_after_column(frame: pd.DataFrame) -> np.ndarray:
    """Doubles in Fortran's order, as NumPy often leaves them."""
    return np.asfortranarray(frame.fillna(-1).to_numpy())


def test_rows_are_scored_as_they_lie_in_memory(tmp_path):
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(
            FunctionTransformer(column_after_column, feature_names_out="one-to-one"), lightgbm()
        ),
        as_fitted=of_numbers,
        change_new=with_gaps,
        change_reference=with_gaps,
    )
    bundle = load(foreign.path)
    assert bundle.transformed.flags.c_contiguous
    found = [bundle.classifier.probability(row) for row in bundle.transformed]
    assert found == foreign.expected
