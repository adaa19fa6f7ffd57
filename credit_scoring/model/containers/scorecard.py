"""optbinning's scorecard as a transformer and a linear classifier.

A scorecard replaces each value by the weight of evidence of its bin and adds up these weights times
the coefficients of a linear classifier. Points are these products in another unit, so the
contributions of the linear classifier are the scorecard's own reasons.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.errors import BadFile


def is_scorecard(fitted: Any) -> bool:
    """True for optbinning's ``Scorecard``."""
    kind = type(fitted)
    return kind.__name__ == "Scorecard" and kind.__module__.partition(".")[0] == "optbinning"


def binning_of(transformer: Any) -> Any:
    """The optbinning process in a fitted transformer; None for other transformers."""
    if isinstance(transformer, WeightsOfEvidence):
        return transformer.scorecard.binning_process_
    kind = type(transformer)
    is_binning = (kind.__module__.partition(".")[0], kind.__name__) == (
        "optbinning",
        "BinningProcess",
    )
    return transformer if is_binning else None


def split_scorecard(scorecard: Any) -> tuple["WeightsOfEvidence", Any]:
    """The two parts of a scorecard, which give the bits of its ``predict_proba`` one after another.

    Args:
        scorecard: optbinning's, fitted to a binary target.

    Returns:
        The transformer of raw columns to weights of evidence, and the fitted linear classifier.

    Raises:
        BadFile: the scorecard is not fitted, or has no probabilities.
    """
    if scorecard.binning_process_ is None or scorecard.estimator_ is None:
        raise BadFile(MODEL_FILE, "its Scorecard is not fitted")
    if not hasattr(scorecard.estimator_, "predict_proba"):
        kind = type(scorecard.estimator_).__name__
        raise BadFile(
            MODEL_FILE,
            f"its Scorecard is one of a {kind}, which has no predict_proba: fit it with a"
            " LogisticRegression",
        )
    return WeightsOfEvidence(scorecard), scorecard.estimator_


@dataclass(frozen=True, eq=False)
class WeightsOfEvidence(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A scorecard's binning with the scorecard's treatment of missing values and special codes."""

    scorecard: Any

    @cached_property
    def feature_names_in_(self) -> list[str]:
        """The raw columns that the binning takes, in its order."""
        return [str(name) for name in self.scorecard.binning_process_.variable_names]

    @cached_property
    def n_features_in_(self) -> int:
        """The number of raw columns."""
        return len(self.feature_names_in_)

    def get_feature_names_out(self, _: Any = None) -> list[str]:
        """The variables that the binning selected, one weight of evidence for each."""
        return [str(name) for name in self.scorecard.binning_process_.get_support(names=True)]

    def fit(self, *_: Any) -> "WeightsOfEvidence":
        """Return the object itself, which is fitted."""
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Weights of evidence of raw rows, by the call that ``Scorecard.predict_proba`` makes."""
        woe: pd.DataFrame = self.scorecard._transform(
            X=rows,
            metric=None,
            metric_special=self.scorecard._metric_special,
            metric_missing=self.scorecard._metric_missing,
        )
        return woe
