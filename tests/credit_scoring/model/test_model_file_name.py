"""Whatever is wrong with a `model.skops`, the line calls it by its name."""

import logging
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
import skops.io
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression

from credit_scoring.data.artifacts import (
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    SKOPS_FILE,
)
from credit_scoring.errors import BadFile, naming
from tests.credit_scoring.damage import (
    Damage,
    cell,
    fitted,
    model,
    outcomes,
    refusal,
    without,
)
from tests.support.bundles.artefacts import Folder, lightgbm
from tests.support.bundles.folders import without_probabilities, write_metadata


def as_skops(folder: Folder, release: str = sklearn.__version__) -> None:
    """Write the model without code, in the place of the pickle, as a scikit-learn does it."""
    opened = joblib.load(folder / MODEL_FILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sklearn.base.__version__", release)
        skops.io.dump(opened, folder / SKOPS_FILE)
    (folder / MODEL_FILE).unlink()
    write_metadata(folder)


DAMAGED: dict[str, tuple[Damage, str]] = {
    "not a model": (model(lambda: {"note": 1}), f"{SKOPS_FILE}: is a dict with no classifier; "),
    "three classes": (outcomes([0, 1, 2]), f"{SKOPS_FILE}: its classifier knows 3 classes"),
    "not fitted": (model(lightgbm), f"{SKOPS_FILE}: is not fitted: "),
    "its columns": (
        without(REFERENCE_FILE, "AMT_CREDIT"),
        f"{REFERENCE_FILE}: lacks columns that {SKOPS_FILE} needs: AMT_CREDIT",
    ),
    "a text": (cell(NEW_FILE, 1, "AMT_CREDIT", "much"), f"{NEW_FILE}: "),
    "another model's probabilities": (
        fitted(LogisticRegression()),
        f"{REFERENCE_FILE}: row 1: {PROBA} is ",
    ),
}


@pytest.mark.parametrize(("damage", "beginning"), DAMAGED.values(), ids=DAMAGED)
def test_a_refusal_names_the_file_that_was_opened(folder, damage, beginning):
    damage(folder)
    as_skops(folder)
    said = refusal(folder)
    assert said.startswith(beginning)
    assert MODEL_FILE not in said


def test_a_type_that_is_not_trusted_still_names_the_alternative(folder):
    fitted(RandomForestRegressor(2))(folder)
    as_skops(folder)
    said = refusal(folder)
    assert said.startswith(f"{SKOPS_FILE}: holds types that are not on the list of trusted ones: ")
    assert said.endswith(f"use {MODEL_FILE}, if you trust whoever made it")


def test_it_scores_as_the_pickle_does_and_its_hash_is_the_models(folder):
    before = folder.load()
    as_skops(folder)
    bundle = folder.load()
    assert (before.model_file, bundle.model_file) == (MODEL_FILE, SKOPS_FILE)
    assert MODEL_FILE not in bundle.sha256
    assert bundle.model_sha256 == bundle.sha256[SKOPS_FILE] != before.model_sha256
    np.testing.assert_array_equal(
        bundle.classifier.probabilities(bundle.transformed),
        before.classifier.probabilities(before.transformed),
    )


def test_a_refusal_of_another_version_names_it_too(folder):
    as_skops(folder, "1.2.0")
    without_probabilities(folder.path)
    write_metadata(folder)
    assert refusal(folder).startswith(f"{SKOPS_FILE}: was written by scikit-learn 1.2.0 ")


def test_a_warning_of_another_version_names_it_too(folder, caplog):
    as_skops(folder, "1.2.0")
    with caplog.at_level(logging.WARNING):
        folder.load()
    (said,) = [text for text in caplog.messages if "written by" in text]
    assert said.startswith(f"{SKOPS_FILE}: written by scikit-learn 1.2.0 ")


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("model.joblib lacks it", "model.skops lacks it"),
        ("of (model.joblib), model.joblib.", "of (model.skops), model.skops."),
        ("/a/model.joblib, my-model.joblib", "/a/model.joblib, my-model.joblib"),
        ("model.joblibs", "model.joblibs"),
    ],
)
def test_only_whole_names_are_replaced(text: str, renamed: str):
    cause = ValueError()
    with pytest.raises(BadFile) as raised, naming(MODEL_FILE, SKOPS_FILE):
        raise BadFile(MODEL_FILE, text) from cause
    assert str(raised.value) == f"{SKOPS_FILE}: {renamed}"
    assert raised.value.__cause__ is cause
    assert (raised.value.file, raised.value.problem) == (SKOPS_FILE, renamed)


def test_an_error_of_the_usual_file_is_raised_as_it_is(tmp_path: Path):
    error = BadFile(MODEL_FILE, "why")
    with pytest.raises(BadFile) as raised, naming(MODEL_FILE, MODEL_FILE):
        raise error
    assert raised.value is error
