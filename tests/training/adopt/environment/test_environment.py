"""The environment of a model: its requirements, and the errors if it cannot be made."""

import subprocess
import sys
from pathlib import Path

import pytest

from training.adopt.environment.environment import SERVICE_PYTHON, python_of, requirements
from training.adopt.problems import NotAdopted
from training.adopt.source.recorded_versions import RecordedVersions, installed_version


def test_installed_versions_need_no_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pins = {"scikit-learn": f"=={installed_version('scikit-learn')}", "numpy": ">=2"}
    assert python_of(RecordedVersions(pins, None)) == Path(sys.executable)
    assert python_of(RecordedVersions(pins, "3.11")) == Path(sys.executable)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pins", "lines"),
    [
        (
            {"scikit-learn": "==1.2.2"},
            ["joblib", "numpy<2", "pandas<2.3,<3", "scikit-learn==1.2.2", "scipy<1.13,<1.16"],
        ),
        (
            {"scikit-learn": "==1.2.2", "numpy": "==1.23.5", "pandas": "==1.5.3"},
            ["joblib", "numpy==1.23.5", "pandas==1.5.3", "scikit-learn==1.2.2",
             "scipy<1.13,<1.16"],
        ),
        ({"scikit-learn": "==1.8.0"},
         ["joblib", "numpy", "pandas", "scikit-learn==1.8.0", "scipy"]),
        (
            {"xgboost": "==1.7.6"},
            ["joblib", "numpy<2", "pandas<3", "scikit-learn<1.6,<1.7", "scipy<1.14",
             "setuptools<80", "xgboost==1.7.6"],
        ),
        (
            {"xgboost": "==2.0.3", "numpy": ">=2"},
            ["joblib", "numpy>=2", "pandas<3", "scikit-learn<1.6,<1.7", "scipy<1.14",
             "xgboost==2.0.3"],
        ),
        ({"xgboost": "==3.0.1"}, ["joblib", "numpy", "pandas<3", "scipy", "xgboost-cpu==3.0.1"]),
        (
            {"lightgbm": ">=3,<4", "scikit-learn": ""},
            ["joblib", "lightgbm>=3,<4", "numpy<2", "pandas<3", "scikit-learn<1.6", "scipy"],
        ),
    ],
)  # fmt: skip
def test_old_libraries_bound_what_is_not_recorded(pins, lines):
    assert requirements(pins) == lines


@pytest.mark.slow
def test_versions_that_do_not_exist_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NotAdopted) as refused:
        python_of(RecordedVersions({"scikit-learn": "==1.2.77"}, None))
    (problem,) = refused.value.problems
    assert problem.startswith("an environment of joblib, numpy<2, ")
    assert "scikit-learn==1.2.77" in problem
    assert problem.endswith(
        "give the right versions with --requirements, or the makers' probabilities with --proba"
    )


@pytest.mark.slow
def test_a_python_that_is_not_found_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_PYTHON_PREFERENCE", "only-managed")
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    recorded = RecordedVersions({"scikit-learn": "==0.23.2"}, None)
    with pytest.raises(NotAdopted, match=r"needs Python 3\.8, which uv neither finds nor gets"):
        python_of(recorded)


@pytest.mark.slow
def test_a_recorded_python_that_is_not_found_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    try:
        python = python_of(RecordedVersions({"numpy": "<2"}, "3.2"))
    except NotAdopted as error:
        if "ailed to fetch" in str(error) or "offline" in str(error):
            pytest.skip("no package index can be reached, and the versions are not in uv's cache")
        raise
    made = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
    assert made.stdout.startswith(f"Python {SERVICE_PYTHON}.")
