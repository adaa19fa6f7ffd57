"""Model files are recognised by their content; folders of MLflow by the file MLmodel."""

import gzip
import json
import pickle
import zlib
from pathlib import Path

import joblib
import pytest
import skops.io

from tests.training.adopt.team import default_of, team_pipeline, team_table
from training.adopt.problems import NotAdopted
from training.adopt.source.model_source import read_source, requirements_in
from training.adopt.source.recorded_versions import RecordedVersions, recorded_versions

NUMBERS = ["age", "duration"]
MLMODEL = """\
flavors:
  python_function:
    env: {{conda: conda.yaml, virtualenv: python_env.yaml}}
    loader_module: mlflow.sklearn
    model_path: model.pkl
    python_version: 3.9.13
  sklearn:
    pickled_model: {file}
    serialization_format: cloudpickle
    sklearn_version: 1.2.2
"""


def boosters(folder):
    """Files of boosters in their own formats, by format."""
    xgboost = pytest.importorskip("xgboost")
    catboost = pytest.importorskip("catboost")
    import lightgbm

    table = team_table()
    rows, target = table[NUMBERS], default_of(table)
    xgb = xgboost.XGBClassifier(n_estimators=3).fit(rows, target)
    xgb.save_model(folder / "a.ubj")
    xgb.save_model(folder / "a.json")
    cat = catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False)
    cat.fit(rows, target).save_model(folder / "a.cbm")
    lgb = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(rows, target)
    lgb.booster_.save_model(folder / "a.txt")
    versions = {"XGBoost": xgboost.__version__, "CatBoost": catboost.__version__}
    files = [("a.ubj", "XGBoost"), ("a.json", "XGBoost"), ("a.cbm", "CatBoost")]
    return [*files, ("a.txt", "LightGBM")], versions


def test_boosters_in_their_own_formats(tmp_path):
    files, versions = boosters(tmp_path)
    for file, form in files:
        (tmp_path / file).rename(tmp_path / "model.bin")  # the name does not matter
        source = read_source(tmp_path / "model.bin")
        assert source.format == form
        recorded = recorded_versions(source, None, {})
        pin = f"=={versions[form]}" if form in versions else ">=4,<5"
        assert recorded.pins[form.lower()] == pin
        assert recorded.differing == {}


def test_pickles_and_skops(tmp_path):
    model = team_pipeline(team_table())
    contents = {
        "pickle": pickle.dumps(model),
        "old": pickle.dumps(model, 0),
        "gzip": gzip.compress(pickle.dumps(model)),
        "zlib": zlib.compress(pickle.dumps(model)),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert read_source(tmp_path / name).format == "pickle"
    joblib.dump(model, tmp_path / "model.cbm", compress=3)
    assert read_source(tmp_path / "model.cbm").format == "pickle"
    skops.io.dump(model, tmp_path / "model.joblib")
    source = read_source(tmp_path / "model.joblib")
    assert source.format == "skops"
    import sklearn

    assert recorded_versions(source, None, {}).pins["scikit-learn"] == f"=={sklearn.__version__}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "model.pkl: is an empty file: copy or download it again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:2b\nsize 49689\n",
         "model.pkl: is a pointer of Git LFS, not the model itself: fetch the model by"
         " `git lfs pull`"),
        (b"a,b\n1,2\n", "model.pkl: is a text, perhaps a CSV table: put the model's file in its"
         " place"),
        (bytes(range(200, 256)), "model.pkl: is of no format that is known: give a pickle"),
    ],
)  # fmt: skip
def test_other_files_are_named(tmp_path, content, problem):
    (tmp_path / "model.pkl").write_bytes(content)
    with pytest.raises(NotAdopted) as refused:
        read_source(tmp_path / "model.pkl")
    assert refused.value.problems[0].startswith(problem)


def test_a_folder_of_mlflow(tmp_path):
    folder = tmp_path / "run" / "artifacts" / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text(MLMODEL.format(file="model.pkl"))
    (folder / "model.pkl").write_bytes(pickle.dumps(0))
    (folder / "requirements.txt").write_text("numpy==1.23.5\nscikit-learn==1.2.1\nscipy\n")
    (folder / "python_env.yaml").write_text("python: 3.10.4\ndependencies: []\n")
    for given in (folder, tmp_path / "run"):
        source = read_source(given)
        assert (source.path, source.format, source.python) == (
            folder / "model.pkl",
            "pickle",
            "3.10",
        )
        assert source.versions == {"numpy": "1.23.5", "scikit-learn": "1.2.2"}


def problem_of(folder: Path) -> str:
    """The first problem for which a folder is refused."""
    with pytest.raises(NotAdopted) as refused:
        read_source(folder)
    return refused.value.problems[0]


def test_a_folder_without_a_file_of_mlflow_is_refused(tmp_path):
    assert problem_of(tmp_path) == (
        f"{tmp_path}: is a folder without the file MLmodel: give the model file"
    )


def test_a_folder_of_mlflow_without_its_model_is_refused(tmp_path):
    (tmp_path / "MLmodel").write_text(MLMODEL.format(file="model.pkl"))
    assert problem_of(tmp_path) == (
        f"{tmp_path}: MLmodel names model.pkl, which is not there: copy all files"
    )


def test_a_folder_of_mlflow_names_nothing_outside(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "MLmodel").write_text(MLMODEL.format(file="../model.pkl"))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(0))
    assert "which is not there" in problem_of(folder)


def test_a_model_of_mlflow_that_is_code_of_its_own_is_refused(tmp_path):
    own = {"flavors": {"python_function": {"loader_module": "mlflow.pyfunc.model"}}}
    (tmp_path / "MLmodel").write_text(json.dumps(own))
    assert "whose probabilities are computed by code of its own" in problem_of(tmp_path)


def test_a_folder_of_two_models_of_mlflow_is_refused(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "MLmodel").write_text("flavors: {}")
    assert problem_of(tmp_path) == (
        f"{tmp_path}: holds 2 models of MLflow: give one of {tmp_path}/a, {tmp_path}/b"
    )


def test_pins_of_a_requirements_file(tmp_path):
    (tmp_path / "r.txt").write_text(
        "# made\nScikit_Learn==1.2.2 ; python_version > '3'\nxgboost-cpu==3.0.1 # small\n"
        "pandas>=2\nlightgbm[dask]==4.1.0\n\n"
    )
    pins = {"scikit-learn": "1.2.2", "xgboost-cpu": "3.0.1", "lightgbm": "4.1.0"}
    assert requirements_in(tmp_path / "r.txt") == pins


def test_what_is_recorded_in_the_file_comes_before_what_lies_beside(tmp_path):
    joblib.dump(team_pipeline(team_table()), tmp_path / "model.joblib")
    source = read_source(tmp_path / "model.joblib")
    from training.adopt.source.pickle_listing import list_pickle

    listing = list_pickle("model.joblib", source.content)
    recorded = recorded_versions(source, listing, {"scikit-learn": "1.0", "pandas": "2.1.0"})
    import sklearn

    assert recorded.pins["scikit-learn"] == f"=={sklearn.__version__}"
    assert recorded.differing == {"pandas": "==2.1.0"}


def test_versions_in_words():
    pins = {"scikit-learn": "==1.2.2", "numpy": "<2", "catboost": ""}
    assert RecordedVersions(pins, None).spelled == "scikit-learn 1.2.2, numpy <2"
    assert RecordedVersions({}, None).spelled == "no versions"
