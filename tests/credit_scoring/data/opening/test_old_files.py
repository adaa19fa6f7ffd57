"""Model files that other versions of libraries wrote: they open, and score as where they were made.

make_old_files.py made them. Each holds a dict: for each kind the model, its features and the
probabilities that it gave there.
"""

import shutil
import warnings
from functools import cache
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes the next importable
from sklearn.impute import IterativeImputer

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.model_file import ModelFile, read_model
from credit_scoring.data.opening.compatibility import repair
from credit_scoring.errors import BadFile
from credit_scoring.model.trees.contributions import raw_outputs
from credit_scoring.model.trees.readers import ensemble_of
from tests.credit_scoring.data.opening.make_old_files import MODELS, clients

OLD_FILES = Path(__file__).with_name("old_files")
SCIKIT_LEARN = ["1.1.3", "1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.1", "1.7.2", "1.8.0"]


@cache
def opened(name: str, folder: Path) -> ModelFile:
    folder.mkdir(exist_ok=True)
    shutil.copy(OLD_FILES / f"{name}.joblib", folder / MODEL_FILE)
    return read_model(folder, {})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("old")


def largest_difference(file: ModelFile, kind: str) -> float:
    model, features, probabilities = file.model[kind]
    return np.abs(model.predict_proba(clients()[features])[:, 1] - probabilities).max()


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("release", SCIKIT_LEARN)
def test_a_file_of_another_scikit_learn_scores_as_it_did(place: Path, release: str, kind: str):
    file = opened(f"sklearn-{release}", place)
    assert largest_difference(file, kind) < 1e-12
    assert file.written_by == {"scikit-learn": release}


@pytest.mark.parametrize(
    ("library", "release", "scikit_learn", "recorded"),
    [
        ("lightgbm", "3.3.5", "1.2.2", "3"),
        ("xgboost", "1.7.6", "1.1.3", "1.7.6"),
        ("xgboost", "2.1.4", "1.5.2", "2.1.4"),
        ("xgboost", "3.0.0", "1.6.1", "3.0.0"),
        ("catboost", "1.2.2", "1.2.2", "commit ff8f073e"),
    ],
)
def test_a_file_of_another_booster_scores_as_it_did(
    place: Path, library: str, release: str, scikit_learn: str, recorded: str
):
    pytest.importorskip(library)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # XGBoost warns of a file of another version
        file = opened(f"{library}-{release}", place)
    assert largest_difference(file, library) == 0
    assert file.written_by == {library: recorded, "scikit-learn": scikit_learn}


def test_a_file_of_the_installed_versions_names_no_other(tmp_path: Path):
    joblib.dump(MODELS["forest"]().fit(clients()[["age", "income", "ratio"]], [0, 1] * 40),
                tmp_path / MODEL_FILE)  # fmt: skip
    assert read_model(tmp_path, {}).written_by == {}


def test_an_algorithm_that_is_gone_is_not_replaced_by_another(place: Path):
    """scikit-learn 1.9 would score this AdaBoost by SAMME: 0.6 off, without a word."""
    with pytest.raises(BadFile) as refused:
        opened("adaboost-1.5.2", place)
    assert str(refused.value) == (
        f"{MODEL_FILE}: its AdaBoostClassifier was fitted by SAMME.R, which scikit-learn no longer"
        ' has: fit it again with algorithm="SAMME"'
    )


@pytest.mark.parametrize("release", SCIKIT_LEARN)
def test_old_histograms_of_categories_are_read_as_trees(place: Path, release: str):
    """Before scikit-learn 1.4 the categories are their own codes."""
    pipeline, features, _ = opened(f"sklearn-{release}", place).model["histograms of categories"]
    rows = np.asarray(pipeline[:-1].transform(clients()[features]), np.float64)
    ensemble = ensemble_of(pipeline[-1])
    assert ensemble is not None
    for changed in (0, 0.5, 7, np.nan):
        rows[:3, 0] = changed or rows[:3, 0]
        np.testing.assert_allclose(
            raw_outputs(ensemble, rows), pipeline[-1].decision_function(rows), rtol=0, atol=1e-12
        )


def test_an_old_transformer_names_its_outputs(place: Path):
    """A step takes the place of "passthrough", and gives names too."""
    for release in SCIKIT_LEARN:
        pipeline, _, _ = opened(f"sklearn-{release}", place).model["forest"]
        assert list(pipeline[0].get_feature_names_out()) == [
            "ratio__ratio", "ratio__missingindicator_ratio", "remainder__age", "remainder__income",
        ]  # fmt: skip


def test_an_old_imputer_of_constants_keeps_an_empty_column(place: Path):
    pipeline, features, _ = opened("sklearn-1.2.2", place).model["logistic regression"]
    frame = clients()[features].head(3)
    frame["education"] = pd.Series([np.nan] * 3, dtype=object)
    assert np.isfinite(pipeline.predict_proba(frame)).all()


def test_an_old_tree_sends_missing_values_to_the_child_with_more_clients(place: Path):
    """As trees do that the installed scikit-learn fits without missing values."""
    for release in ("1.1.3", "1.2.2", "1.4.2"):
        pipeline, _, _ = opened(f"sklearn-{release}", place).model["tree"]
        tree = pipeline[-1].tree_
        inner = np.flatnonzero(tree.children_left >= 0)
        clients = tree.n_node_samples
        expected = clients[tree.children_left[inner]] > clients[tree.children_right[inner]]
        np.testing.assert_array_equal(tree.missing_go_to_left[inner], expected)


def test_an_old_iterative_imputer_imputes_as_before():
    """The attribute came with scikit-learn 1.6."""
    rows = clients()[["age", "income", "ratio"]]
    imputer = IterativeImputer(random_state=1).fit(rows)
    expected = imputer.transform(rows)
    del imputer._is_empty_feature
    repair(imputer, "1.5.2")
    np.testing.assert_array_equal(imputer.transform(rows), expected)
    assert np.isfinite(expected).all()
