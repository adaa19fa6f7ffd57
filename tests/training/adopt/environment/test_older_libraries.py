"""Files that older libraries wrote, adopted with the probabilities of their own environment.

The environments are made by uv, from the package index or from uv's cache, and are kept for the
next run.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.model.loader import load
from tests.training.adopt.team import PROBA, adopt, reference, team_table
from training.adopt.environment.environment import python_of
from training.adopt.problems import NotAdopted
from training.adopt.source.recorded_versions import RecordedVersions

pytestmark = pytest.mark.slow

FIT = Path(__file__).with_name("fit_old.py")
KINDS = ("logistic", "forest", "boosting", "histogram", "calibrated")


def python_with(pins):
    """The Python of an environment with these versions."""
    try:
        return python_of(RecordedVersions(pins, None))
    except NotAdopted as error:
        if "connect" in str(error) or "network" in str(error) or "fetch" in str(error):
            pytest.skip("no package index can be reached, and the versions are not in uv's cache")
        raise


def assert_adopted(folder, probability):
    """Check that a folder's probabilities are these, of `team_table`, to the last bit."""
    held = reference(folder)
    np.testing.assert_array_equal(held[PROBA], probability[held.index - 5_000])
    return load(folder)


@pytest.mark.parametrize("version", ["1.2.2", "1.5.2", "1.8.0"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_of_an_older_scikit_learn(version, kind, team_folder, risk_options, tmp_path):
    python = python_with({"scikit-learn": f"=={version}"})
    model, stored = tmp_path / "old.joblib", tmp_path / "proba.npy"
    subprocess.run([python, FIT, kind, team_folder / "clients.csv", model, stored], check=True)
    adopt(model, *risk_options, "--trust", "--joblib")
    bundle = assert_adopted(tmp_path / "out", np.load(stored))
    assert (tmp_path / "out" / MODEL_FILE).read_bytes() == model.read_bytes()
    assert bundle.metadata["versions"]["sklearn"] == version
    new = team_table().set_index("client").loc[list(bundle.client_ids)]
    scores = bundle.classifier.probabilities(bundle.transformed)
    expected = np.load(stored)[new.index - 5_000]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=bundle.classifier.tolerance)


SAVE_XGBOOST = """
import sys, numpy as np, pandas as pd, xgboost
rows = pd.read_csv(sys.argv[1])
numbers = rows[["income", "age", "duration"]]
model = xgboost.XGBClassifier(n_estimators=7).fit(numbers, (rows["Risk"] == "bad").astype(int))
model.save_model(sys.argv[2])
np.save(sys.argv[3], model.predict_proba(numbers)[:, 1].astype(float))
"""


def test_an_older_xgboost(team_folder, risk_options, tmp_path):
    pytest.importorskip("xgboost")
    python = python_with({"xgboost": "==2.1.4", "scikit-learn": ""})
    model, stored = tmp_path / "old.json", tmp_path / "proba.npy"
    subprocess.run(
        [python, "-c", SAVE_XGBOOST, team_folder / "clients.csv", model, stored], check=True
    )
    assert json.loads(model.read_text())["version"] == [2, 1, 4]
    adopt(model, *risk_options)
    bundle = assert_adopted(tmp_path / "out", np.load(stored))
    assert bundle.metadata["versions"]["xgboost"] == "2.1.4"
