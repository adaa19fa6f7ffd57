"""Models in every format that a team may have: the folder has the probabilities of the model."""

import json
import pickle
import sys
import types
from contextlib import contextmanager

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from credit_scoring.data.artifacts import MODEL_FILE, SKOPS_FILE
from credit_scoring.model.loader import load
from tests.training.adopt.team import (
    FEATURES,
    NUMBERS,
    PROBA,
    TARGET,
    adopt,
    default_of,
    reference,
    refusals,
    team_pipeline,
    team_table,
    unfitted,
)

CODE = """
import numpy as np

class Logarithm:
    def fit(self, rows, target=None):
        return self

    def transform(self, rows):
        return np.log1p(rows[["age", "duration"]].to_numpy())

    def get_feature_names_out(self, names=None):
        return np.array(["log age", "log duration"], dtype=object)
"""
MLMODEL = """\
flavors:
  python_function: {loader_module: mlflow.sklearn, model_path: model.pkl, python_version: 3.11.2}
  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle, sklearn_version: VERSION}
"""


def assert_adopted(folder, probability, tolerance=0.0):
    """Check a folder's probabilities against those of `team_table`, by row."""
    table = team_table().set_index("client")
    held = reference(folder)
    expected = probability[table.index.get_indexer(held.index)]
    np.testing.assert_allclose(held[PROBA], expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(held[TARGET], default_of(table).loc[held.index])
    return load(folder)


@pytest.mark.parametrize(
    "dump", [joblib.dump, lambda model, path: path.write_bytes(pickle.dumps(model))]
)
def test_a_pickle_becomes_a_file_that_runs_no_code(tmp_path, risk_options, dump):
    model = team_pipeline(team_table())
    dump(model, tmp_path / "model.pkl")
    adopt(tmp_path / "model.pkl", *risk_options, "--trust")
    probability = model.predict_proba(team_table()[FEATURES])[:, 1]
    bundle = assert_adopted(tmp_path / "out", probability)
    assert bundle.features == tuple(FEATURES)
    assert (tmp_path / "out" / SKOPS_FILE).is_file()
    assert not (tmp_path / "out" / MODEL_FILE).exists()


def test_a_pickle_stays_the_same_bytes_if_asked(tmp_path, team_folder, risk_options):
    adopt(team_folder / MODEL_FILE, *risk_options, "--trust", "--joblib")
    content = (team_folder / MODEL_FILE).read_bytes()
    assert (tmp_path / "out" / MODEL_FILE).read_bytes() == content
    assert not (tmp_path / "out" / SKOPS_FILE).exists()


def test_skops_needs_no_trust(tmp_path, risk_options):
    model = team_pipeline(team_table())
    skops.io.dump(model, tmp_path / "model.skops")
    adopt(tmp_path / "model.skops", *risk_options)
    assert_adopted(tmp_path / "out", model.predict_proba(team_table()[FEATURES])[:, 1])


def test_types_of_skops_that_are_not_trusted_are_refused(tmp_path, risk_options, capsys):
    skops.io.dump({"model": np.add, "run": json.loads}, tmp_path / "model.skops")
    (problem, *_), _ = refusals(capsys, tmp_path / "model.skops", *risk_options)
    assert problem.startswith("model.skops: holds types that are not on the list of trusted ones")
    assert problem.endswith("; joblib.dump writes it, where the model was made")


@pytest.mark.parametrize("name", ["model.ubj", "model.json"])
def test_xgboost(tmp_path, risk_options, name):
    xgboost = pytest.importorskip("xgboost")
    table = team_table()
    model = xgboost.XGBClassifier(n_estimators=7).fit(table[NUMBERS], default_of(table))
    model.save_model(tmp_path / name)
    adopt(tmp_path / name, *risk_options)
    probability = model.predict_proba(table[NUMBERS])[:, 1].astype(float)
    bundle = assert_adopted(tmp_path / "out", probability)
    assert bundle.features == tuple(NUMBERS)
    pin = f"xgboost-cpu=={xgboost.__version__}\n"
    assert (tmp_path / "out" / "requirements.txt").read_text() == pin


def test_xgboost_on_categories(tmp_path, risk_options):
    xgboost = pytest.importorskip("xgboost")
    table = team_table()
    rows = table[FEATURES].astype({"home": pd.CategoricalDtype(["rent", "free", "own"])})
    model = xgboost.XGBClassifier(n_estimators=7, enable_categorical=True)
    joblib.dump(model.fit(rows, default_of(table)), tmp_path / "model.pkl")
    adopt(tmp_path / "model.pkl", *risk_options, "--trust")
    assert_adopted(tmp_path / "out", model.predict_proba(rows)[:, 1].astype(float))


def test_catboost(tmp_path, risk_options):
    catboost = pytest.importorskip("catboost")
    table = team_table()
    model = catboost.CatBoostClassifier(iterations=7, verbose=0, allow_writing_files=False)
    model.fit(table[NUMBERS], default_of(table)).save_model(tmp_path / "model.cbm")
    adopt(tmp_path / "model.cbm", *risk_options)
    assert_adopted(tmp_path / "out", model.predict_proba(table[NUMBERS])[:, 1])
    pin = f"catboost=={catboost.__version__}\n"
    assert (tmp_path / "out" / "requirements.txt").read_text() == pin


def test_lightgbm(tmp_path, risk_options):
    import lightgbm

    table = team_table()
    model = lightgbm.LGBMClassifier(n_estimators=7, verbose=-1)
    model.fit(table[NUMBERS], default_of(table)).booster_.save_model(tmp_path / "model.txt")
    adopt(tmp_path / "model.txt", *risk_options)
    assert_adopted(tmp_path / "out", model.predict_proba(table[NUMBERS])[:, 1])
    assert not (tmp_path / "out" / "requirements.txt").exists()


def test_a_folder_of_mlflow(tmp_path, risk_options):
    import sklearn

    model = team_pipeline(team_table())
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.pkl").write_bytes(pickle.dumps(model))
    (tmp_path / "run" / "MLmodel").write_text(MLMODEL.replace("VERSION", sklearn.__version__))
    adopt(tmp_path / "run", *risk_options, "--trust")
    assert_adopted(tmp_path / "out", model.predict_proba(team_table()[FEATURES])[:, 1])


@pytest.mark.filterwarnings("ignore:X has feature names")  # it was fitted on an array
def test_a_dict_of_a_model_its_columns_and_its_threshold(tmp_path, risk_options):
    table = team_table()
    model = LogisticRegression(max_iter=1000)
    model.fit(table[["age", "duration"]].to_numpy(), default_of(table))
    stored = {"model": model, "features": ["age", "duration"], "threshold": 0.37}
    joblib.dump(stored, tmp_path / "model.pkl")
    adopt(tmp_path / "model.pkl", *risk_options, "--trust")
    bundle = assert_adopted(
        tmp_path / "out", model.predict_proba(table[["age", "duration"]].to_numpy())[:, 1]
    )
    assert bundle.threshold == 0.37
    assert "threshold" not in json.loads((tmp_path / "out" / "model.json").read_text())


def test_classes_that_are_texts(tmp_path, risk_options):
    table = team_table()
    model = unfitted(LogisticRegression()).fit(table[FEATURES], table["Risk"])
    assert model.classes_.tolist() == ["bad", "good"]
    joblib.dump(model, tmp_path / "model.pkl")
    adopt(tmp_path / "model.pkl", *risk_options, "--trust")
    bundle = assert_adopted(tmp_path / "out", model.predict_proba(table[FEATURES])[:, 0])
    assert bundle.metadata["default_class"] == "bad"
    assert bundle.metadata["quality_on_table"]["auc"] > 0.8


@contextmanager
def step_of(path):
    """The class that a file of the team's own defines, importable while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        module = types.ModuleType(path.stem)
        exec(path.read_text(), module.__dict__)  # noqa: S102 - the text above
        if path.stem == "__main__":
            patch.setattr(sys.modules["__main__"], "Logarithm", module.Logarithm, raising=False)
        else:
            patch.setitem(sys.modules, path.stem, module)
        yield module.Logarithm


def store_own(path, model_file):
    """Store a model with a class of a module of the team; its probabilities."""
    path.write_text(CODE)
    with step_of(path) as step:
        table = team_table()
        model = unfitted(LogisticRegression())
        model.steps[0] = ("logarithm", step())
        model.fit(table[FEATURES], default_of(table))
        joblib.dump(model, model_file)
        return model.predict_proba(table[FEATURES])[:, 1]


def test_own_classes_come_along(tmp_path, risk_options):
    probability = store_own(tmp_path / "team_steps.py", tmp_path / "model.pkl")
    adopt(tmp_path / "model.pkl", *risk_options, "--trust")
    bundle = assert_adopted(tmp_path / "out", probability)
    assert (tmp_path / "out" / "team_steps.py").read_text() == CODE
    assert "team_steps.py" in bundle.metadata["sha256"]


def test_own_classes_that_are_missing_are_named(tmp_path, risk_options, capsys):
    store_own(tmp_path / "team_steps.py", tmp_path / "model.pkl")
    (tmp_path / "team_steps.py").rename(tmp_path / "elsewhere.py")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: needs team_steps.Logarithm, and there is no team_steps.py beside it: copy it"
        " there, or give it as --module team_steps.py; if it is a package's, ./startup.sh pip"
        " install that"
    ]


def test_classes_of_a_notebook_come_as_a_module(tmp_path, risk_options, capsys):
    probability = store_own(tmp_path / "__main__.py", tmp_path / "model.pkl")
    (problem,), _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problem == (
        "model.pkl: needs __main__.Logarithm, and a notebook or script defined it: write its code"
        " to a file, and give that as --module __main__.py"
    )
    module = ("--module", tmp_path / "__main__.py")
    adopt(tmp_path / "model.pkl", *risk_options, "--trust", *module)
    assert_adopted(tmp_path / "out", probability)


def test_numbers_that_the_model_knows_as_texts_stay_texts(tmp_path, risk_options):
    table = team_table()
    texts = table[FEATURES].assign(home=table["branch"].astype(str))
    model = unfitted(LogisticRegression()).fit(texts, default_of(table))
    joblib.dump(model, tmp_path / "model.pkl")
    table.assign(home=table["branch"]).to_csv(tmp_path / "codes.csv", index=False)
    adopt(tmp_path / "model.pkl", *risk_options, "--trust", "--table", tmp_path / "codes.csv")
    assert_adopted(tmp_path / "out", model.predict_proba(texts)[:, 1])
    assert "home,home,,,text" in (tmp_path / "out" / "features.csv").read_text()
