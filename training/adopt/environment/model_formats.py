"""Model files of all formats, opened by the libraries of the running Python.

`scoring_script.py` imports this in other environments, as old as Python 3.7.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def open_file(form: str, path: str | Path) -> Any:
    """The object in a model file of a given format."""
    path = str(path)
    if form == "CatBoost":
        from catboost import CatBoostClassifier

        return CatBoostClassifier().load_model(path)
    if form == "LightGBM":
        from lightgbm import Booster

        return Booster(model_file=path)
    if form == "XGBoost":
        import xgboost

        booster = xgboost.Booster(model_file=path)
        if booster.attr("scikit_learn") is None:  # saved by the booster itself
            return booster
        classifier = xgboost.XGBClassifier()
        classifier.load_model(path)
        return classifier
    if form == "skops":
        import skops.io

        # The caller has held its types against the list of the service.
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    import joblib

    return joblib.load(path)
