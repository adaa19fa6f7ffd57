"""model.skops: opened without running code, and refused with the type that is not trusted."""

import os
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.base
import skops.io
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, SKOPS_FILE
from credit_scoring.data.model_file import read_model
from credit_scoring.errors import BadFile
from tests.support.servers.server import ROOT

ROWS = np.random.default_rng(1).random((80, 3))
OUTCOME = (ROWS[:, 0] > 0.5).astype(int)


def put(folder: Path, model: object) -> Path:
    skops.io.dump(model, folder / SKOPS_FILE)
    return folder


def refusal(folder: Path, hashes: dict[str, str] | None = None) -> str:
    with pytest.raises(BadFile) as refused:
        read_model(folder, hashes or {})
    return str(refused.value)


def xgboost() -> object:
    return pytest.importorskip("xgboost").XGBClassifier(n_estimators=3)


def catboost() -> object:
    library = pytest.importorskip("catboost")
    return library.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False)


@pytest.mark.parametrize(
    "make",
    [
        partial(LGBMClassifier, n_estimators=3, verbose=-1, n_jobs=1),
        LogisticRegression,
        partial(CalibratedClassifierCV, LogisticRegression(), cv=2),
        partial(MLPClassifier, (2,), max_iter=500, tol=0.01),
        xgboost,
        catboost,
    ],
    ids=["LightGBM", "linear", "calibrated", "neural net", "XGBoost", "CatBoost"],
)
def test_a_model_of_trusted_types_is_opened(tmp_path: Path, make):
    pipeline = make_pipeline(SimpleImputer(), make()).fit(ROWS, OUTCOME)
    file = read_model(put(tmp_path, pipeline), {})
    assert (file.name, file.written_by, file.modules) == (SKOPS_FILE, {}, {})
    np.testing.assert_array_equal(file.model.predict_proba(ROWS), pipeline.predict_proba(ROWS))


def test_the_shipped_model_is_the_same_as_skops_file(tmp_path: Path):
    pipeline = joblib.load(ROOT / "ressources" / MODEL_FILE)
    new = pd.read_csv(ROOT / "ressources/test_samp.csv")
    file = read_model(put(tmp_path, pipeline), {})
    np.testing.assert_array_equal(file.model.predict_proba(new), pipeline.predict_proba(new))


REFUSED = {
    "a function": (FunctionTransformer(pd.isna), "pandas.isna"),
    "a function of the system": (FunctionTransformer(os.system), "posix.system"),
    "a bound argument": (FunctionTransformer(partial(np.add, 1)), "functools.partial"),
    "trees that are followed without a check": (
        RandomForestClassifier(2).fit(ROWS, OUTCOME),
        "sklearn.tree._tree.Tree",
    ),
}


@pytest.mark.parametrize(("model", "name"), REFUSED.values(), ids=REFUSED)
def test_a_type_that_is_not_trusted_is_refused_by_name(tmp_path: Path, model: object, name: str):
    assert refusal(put(tmp_path, model)) == (
        f"{SKOPS_FILE}: holds types that are not on the list of trusted ones: {name}:"
        f" use {MODEL_FILE}, if you trust whoever made it"
    )


def test_a_file_of_another_scikit_learn_names_it(tmp_path: Path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sklearn.base, "__version__", "1.5.2")
        put(tmp_path, SimpleImputer().fit(ROWS))
    assert read_model(tmp_path, {}).written_by == {"scikit-learn": "1.5.2"}


def test_a_file_of_another_xgboost_names_it(tmp_path: Path):
    model = xgboost().fit(ROWS, OUTCOME)
    put(tmp_path, model)
    with zipfile.ZipFile(tmp_path / SKOPS_FILE) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / SKOPS_FILE, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b"\x03i\x03i\x02i\x00", b"\x03i\x03i\x01i\x04"))
    assert read_model(tmp_path, {}).written_by == {"xgboost": "3.1.4"}


def test_it_is_among_the_hashes_of_model_json(tmp_path: Path):
    """Otherwise a file that is put in the place of model.joblib would pass, whatever the hashes."""
    put(tmp_path, SimpleImputer())
    assert refusal(tmp_path, {MODEL_FILE: "0" * 64}) == (
        f"{SKOPS_FILE}: {METADATA_FILE} has hashes of other files and none of this one"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is an empty file: copy or download it again"),
        (b"PK\x03\x04", "is a zip archive whose end is missing: copy or download it again"),
        (b"\x80\x04N.", "is not a skops file: copy or download it again"),
        (b"CBM1", "is a CatBoost model (.cbm): `./startup.sh python -m training adopt FILE --table"
         " TABLE` makes a folder from it"),
    ],
)  # fmt: skip
def test_a_file_of_another_format_is_refused(tmp_path: Path, content: bytes, problem: str):
    (tmp_path / SKOPS_FILE).write_bytes(content)
    assert refusal(tmp_path) == f"{SKOPS_FILE}: {problem}"


def test_a_damaged_file_is_refused(tmp_path: Path):
    put(tmp_path, SimpleImputer())
    with zipfile.ZipFile(tmp_path / SKOPS_FILE, "w") as archive:
        archive.writestr("schema.json", "{}")
    assert refusal(tmp_path).startswith(f"{SKOPS_FILE}: cannot be opened: ")


def test_skops_is_imported_only_for_such_a_file():
    """It takes a second and 30 MB."""
    program = "import sys, credit_scoring.model.loader as l, pathlib\n"
    program += "l.load(pathlib.Path('ressources'))\nprint('skops' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
