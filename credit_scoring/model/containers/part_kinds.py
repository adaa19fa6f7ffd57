"""Parts of a stored model: classifiers, transformers, lists of column names, thresholds.

`training/adopt` imports this in other environments, as old as Python 3.7, and so nothing of ours
is imported here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

THRESHOLDS = frozenset(  # keys of a dict
    ["threshold", "best_threshold", "optimal_threshold", "decision_threshold", "cutoff", "cut_off"]
)
OF_OUTCOMES = frozenset(["LabelEncoder", "LabelBinarizer"])  # they encode an outcome, not columns


def is_booster(part: Any) -> bool:
    """True for a booster of LightGBM or XGBoost, whose `predict` gives probabilities."""
    library = type(part).__module__.partition(".")[0]
    return type(part).__name__ == "Booster" and library in ("lightgbm", "xgboost")


def is_classifier(part: Any) -> bool:
    """True for an object that gives probabilities, or that may hold one that does."""
    return not isinstance(part, type) and (is_booster(part) or hasattr(part, "predict_proba"))


def is_transformer(part: Any) -> bool:
    """True for an object that prepares columns; tables of pandas have a method of that name."""
    is_other = isinstance(part, (type, pd.DataFrame, pd.Series)) or is_classifier(part)
    return hasattr(part, "transform") and not is_other and type(part).__name__ not in OF_OUTCOMES


def are_texts(part: Any) -> bool:
    """True for a list of texts."""
    is_list = isinstance(part, (list, tuple, np.ndarray, pd.Index)) and len(part) > 0
    return is_list and all(isinstance(text, str) for text in part)
