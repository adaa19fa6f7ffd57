"""A folder whose model has a class of its makers' own, which lies in a module beside it."""

import sys
from pathlib import Path
from types import ModuleType

import joblib
import skops.io
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import MODEL_FILE, SKOPS_FILE
from tests.support.bundles.folders import without_probabilities, write_metadata

MODULE = "preprocessing"
MODULE_FILE = f"{MODULE}.py"
SOURCE = """\
from sklearn.base import BaseEstimator, TransformerMixin

SHIFT = {shift}


class Shifted(BaseEstimator, TransformerMixin):
    def __sklearn_is_fitted__(self):
        return True

    def fit(self, rows, outcome=None):
        return self

    def transform(self, rows):
        return rows + SHIFT

    def get_feature_names_out(self, names=None):
        return names
"""


def write_module(folder: Path, shift: float) -> None:
    """Write a module that shifts each value, as one file that is renamed into place."""
    new = folder / f"{MODULE_FILE}.new"
    new.write_text(SOURCE.format(shift=shift))
    new.replace(folder / MODULE_FILE)


def add_module(folder: Path, shift: float = 0) -> None:
    """Put a step of the makers' own between the two steps of a folder's model.

    `model.json` has no hashes then, and `train_samp.csv` no probabilities.
    """
    write_module(folder, shift)
    module = ModuleType(MODULE)
    sys.modules[MODULE] = module
    try:
        exec((folder / MODULE_FILE).read_text(), module.__dict__)  # noqa: S102 — written above
        transformer, classifier = joblib.load(folder / MODEL_FILE)
        steps = [("columns", transformer), ("own", module.Shifted()), ("model", classifier)]
        joblib.dump(Pipeline(steps), folder / MODEL_FILE)
    finally:
        del sys.modules[MODULE]
    without_probabilities(folder)
    write_metadata(folder, sha256={})


def add_skops(folder: Path) -> None:
    """Write the folder's model without code beside the pickle, and list both in `model.json`."""
    new = folder / f"{SKOPS_FILE}.new"
    skops.io.dump(joblib.load(folder / MODEL_FILE), new)
    new.replace(folder / SKOPS_FILE)
    write_metadata(folder)
