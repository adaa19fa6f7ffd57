"""Transformers as teams write them: without fitted attributes, names of columns or of outputs."""

from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from tests.support.bundles.artefacts import NUMBERS


class ByName(TransformerMixin, BaseEstimator):
    """Takes columns of a DataFrame by their names, and records none."""

    def fit(self, *_: object) -> Self:
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.copy().assign(ratio=rows[NUMBERS[0]] / rows[NUMBERS[1]])


class AsArray(TransformerMixin, BaseEstimator):
    """Gives an array without names."""

    def fit(self, *_: object) -> Self:
        return self

    def transform(self, rows: pd.DataFrame) -> np.ndarray:
        return np.asarray(rows)
