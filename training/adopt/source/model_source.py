"""A team's model file, recognised by its content, and what lies beside it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml  # type: ignore[import-untyped]

from credit_scoring.data.artifacts import unreadable
from credit_scoring.data.opening import formats
from credit_scoring.data.opening.formats import HEAD, format_of
from credit_scoring.errors import describe, foreign_code
from training.adopt.problems import NotAdopted
from training.adopt.source.pickle_stream import decompressed, is_pickle

Format = Literal["pickle", "skops", "CatBoost", "XGBoost", "LightGBM"]
ADOPTED: Mapping[formats.Format, Format] = {
    formats.CATBOOST: "CatBoost",
    formats.LIGHTGBM: "LightGBM",
    formats.SKOPS: "skops",
    formats.XGBOOST_BINARY: "XGBoost",
    formats.XGBOOST_JSON: "XGBoost",
    formats.XGBOOST_UBJSON: "XGBoost",
}
RUNS_CODE: tuple[Format, ...] = ("pickle",)

MLMODEL = "MLmodel"
# Where a flavour of MLflow names its file, and the package whose version it records.
FLAVOURS = {
    "sklearn": ("pickled_model", "sklearn_version", "scikit-learn"),
    "lightgbm": ("data", "lgb_version", "lightgbm"),
    "xgboost": ("data", "xgb_version", "xgboost"),
    "catboost": ("data", "catboost_version", "catboost"),
}
FORMATS = (
    "a pickle (.joblib, .pkl, .pickle), .skops, CatBoost's .cbm, XGBoost's .ubj or .json,"
    " LightGBM's .txt, or a folder of MLflow"
)


@dataclass(frozen=True, eq=False)
class ModelSource:
    """A model file.

    Attributes:
        path: of the file; of the file in it if a folder of MLflow was given.
        content: its bytes.
        sha256: of its content.
        format: what it is, by its content.
        versions: of packages that MLflow records beside it, such as "scikit-learn": "1.2.2".
        python: the version that MLflow records, such as "3.10"; None without one.
    """

    path: Path
    content: bytes
    sha256: str
    format: Format
    versions: Mapping[str, str]
    python: str | None


def read_source(path: Path) -> ModelSource:
    """Read a model file, or the one that a folder of MLflow names.

    Raises:
        NotAdopted: there is no such file, or it is of no known format.
        BadFile: the file cannot be read.
    """
    versions: dict[str, str] = {}
    python = None
    if path.is_dir():
        folder = _mlflow_folder(path)
        path, versions, python = _mlflow_model(folder)
    with foreign_code(path.name, unreadable):
        content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return ModelSource(path, content, sha256, _format(path, content), versions, python)


def _format(path: Path, content: bytes) -> Format:
    found = format_of(content[:HEAD], content)
    if found is None and is_pickle(stream := decompressed(content)):
        inner = format_of(stream[:HEAD], stream)
        if inner is None:
            return "pickle"
        found = inner
    if found is None:
        raise NotAdopted([f"{path.name}: is of no format that is known: give {FORMATS}"])
    if found in ADOPTED:
        return ADOPTED[found]
    raise NotAdopted([f"{path.name}: is {found.name}: {found.next_step}"])


def _mlflow_folder(path: Path) -> Path:
    """The folder with the file MLmodel: the given one, or the only one in it."""
    if (path / MLMODEL).is_file():
        return path
    found = sorted(file.parent for file in path.rglob(MLMODEL))
    if not found:
        raise NotAdopted([f"{path}: is a folder without the file {MLMODEL}: give the model file"])
    if len(found) > 1:
        names = ", ".join(str(folder) for folder in found[:5])
        raise NotAdopted([f"{path}: holds {len(found)} models of MLflow: give one of {names}"])
    return found[0]


def _mlflow_model(folder: Path) -> tuple[Path, dict[str, str], str | None]:
    """The model file of a folder of MLflow, with the versions that it records."""
    with foreign_code(MLMODEL, lambda error: f"is not what MLflow writes: {describe(error)}"):
        flavours: dict[str, Any] = yaml.safe_load((folder / MLMODEL).read_text("utf-8"))["flavors"]
        own: dict[str, Any] = flavours.get("python_function", {})
        python = _python_in(folder) or own.get("python_version")
    for flavour, (key, version_key, package) in FLAVOURS.items():
        if flavour in flavours:
            facts: dict[str, Any] = flavours[flavour]
            file = facts.get(key) or own.get("model_path") or own.get("data")
            versions = requirements_in(folder)
            if facts.get(version_key):
                versions[package] = str(facts[version_key])
            minor = ".".join(str(python).split(".")[:2]) if python else None
            return _model_in(folder, str(file)), versions, minor
    raise NotAdopted(
        [
            f"{folder}: is a model of MLflow's flavours {', '.join(flavours)} (loaded by"
            f" {own.get('loader_module')}), whose probabilities are computed by code of its own:"
            " log the fitted estimator with mlflow.sklearn, lightgbm, xgboost or catboost"
        ]
    )


def _model_in(folder: Path, name: str) -> Path:
    path = folder / name
    if path.is_dir():  # a flavour may keep its one file in a folder
        files = [file for file in sorted(path.iterdir()) if file.is_file()]
        if len(files) == 1:
            return files[0]
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise NotAdopted([f"{folder}: {MLMODEL} names {name}, which is not there: copy all files"])
    return path


def requirements_in(path: Path) -> dict[str, str]:
    """The versions that a requirements file pins, by package.

    Args:
        path: the file, or a folder with ``requirements.txt``.
    """
    file = path / "requirements.txt" if path.is_dir() else path
    if not file.is_file():
        return {}
    pins = {}
    for line in file.read_text("utf-8", "replace").splitlines():
        name, found, version = line.split("#")[0].split(";")[0].partition("==")
        if found and version.strip():
            package = name.split("[")[0].strip().lower().replace("_", "-")
            pins[package] = version.strip()
    return pins


def _python_in(folder: Path) -> str | None:
    file = folder / "python_env.yaml"
    if not file.is_file():
        return None
    described = yaml.safe_load(file.read_text("utf-8"))
    return str(described["python"]) if "python" in described else None
