"""Small `ressources` folders, trained in seconds: their clients, pipelines and files."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from credit_scoring.data.artifacts import ID, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.model_file import read_model
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from tests.support.bundles.folders import write_metadata

AWKWARD = [
    "previous_CHANNEL_TYPE_AP+ (Cash loan)_mean",
    "APP_EXT_SOURCE_1*EXT_SOURCE_2",
    "a:b, {c} [d]",
    """say "hi" or 'bye'""",
    "Âge 🙂 \\n \u2028",
]
PLAIN = ["AMT_CREDIT", "DAYS_BIRTH", "OWN_CAR_AGE"]
NUMBERS = [*PLAIN, *AWKWARD]
TEXTS = ["NAME_EDUCATION_TYPE", "OCCUPATION_TYPE"]
EDUCATION = ["Secondary / secondary special", 'Higher, "with honours"', "two\nlines\r\nand a third"]
OCCUPATION = ["Laborers", "Größe\u2028\x85 + 7", " spaces "]
FLAGS = ["FLAG_WORK_PHONE", "FLAG_EMAIL"]


def clients(rows: int, first_id: int = 100_001, seed: int = 1) -> pd.DataFrame:
    """Clients with a known outcome, every column in a scale of its own, 30 % of values missing."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({ID: random.permutation(np.arange(first_id, first_id + rows))})
    frame["AMT_CREDIT"] = random.lognormal(13, 0.5, rows)
    frame["DAYS_BIRTH"] = random.integers(-25_000, -7_000, rows)
    frame["OWN_CAR_AGE"] = random.integers(0, 40, rows).astype(float)
    for position, name in enumerate(AWKWARD):
        frame[name] = random.normal(position, 10.0**-position, rows)
    education = random.integers(0, 3, rows)
    frame[TEXTS[0]] = np.array(EDUCATION, dtype=object)[education]
    frame[TEXTS[1]] = random.choice(np.array(OCCUPATION, dtype=object), rows)
    for name in FLAGS:
        frame[name] = random.random(rows) < 0.5
    risk = frame[AWKWARD[0]] - education + random.normal(0, 1, rows)
    frame["TARGET"] = (risk > risk.median()).astype(int)
    for name in ["OWN_CAR_AGE", *AWKWARD[1:], TEXTS[1]]:
        frame.loc[random.random(rows) < 0.3, name] = None
    frame["FLAG_EMAIL"] = frame["FLAG_EMAIL"].astype(object).mask(random.random(rows) < 0.3)
    return frame


def lightgbm() -> LGBMClassifier:
    return LGBMClassifier(n_estimators=20, min_child_samples=5, verbose=-1, n_jobs=1)


def imputed_and_scaled(columns: list[str] = NUMBERS) -> ColumnTransformer:
    steps = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([("numbers", steps, columns)], verbose_feature_names_out=False)


@dataclass(frozen=True, eq=False)
class Folder:
    """The folder of one model."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def read(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self / name)

    def pipeline(self) -> Pipeline:
        return read_model(self.path, {}).model

    def load(self) -> Bundle:
        return load(self.path)

    def copy(self, path: Path) -> "Folder":
        """A copy that a test may change."""
        return Folder(Path(shutil.copytree(self.path, path / "copied")))


def make_folder(
    path: Path,
    pipeline: Pipeline,
    features: list[str],
    prepare: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame,
    fit_columns: list[str] | None = None,
    dtype: dict[str, type] | None = None,
    new_clients: int = 20,
) -> Folder:
    """Write 300 reference and some new clients, fit the pipeline on the former, write it.

    Args:
        path: a folder that does not exist yet.
        pipeline: not fitted.
        features: the columns of both files, in that order.
        prepare: changes either table before it is written.
        fit_columns: the columns that the pipeline is fitted on, in that order; all features.
        dtype: types of the reference file's columns when the pipeline is fitted.
        new_clients: how many.
    """
    path.mkdir()
    reference = prepare(clients(300)[[ID, *features, "TARGET"]])
    reference.to_csv(path / REFERENCE_FILE)
    prepare(clients(new_clients, first_id=200_001, seed=2)[[ID, *features]]).to_csv(path / NEW_FILE)
    folder = Folder(path)
    known = pd.read_csv(path / REFERENCE_FILE, dtype=dtype)
    pipeline.fit(known[fit_columns or features], known["TARGET"])
    joblib.dump(pipeline, folder / MODEL_FILE)
    if hasattr(pipeline, "predict_proba"):
        reference["proba"] = pipeline.predict_proba(known[fit_columns or features])[:, 1]
        reference.to_csv(path / REFERENCE_FILE)
    write_metadata(folder)
    return folder
