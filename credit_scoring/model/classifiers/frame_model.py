"""A classifier that takes a table with texts, called with rows of doubles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.raw_batch import RawBatch, frame_of
from credit_scoring.data.tables import Categories, Matrix


@dataclass(frozen=True, eq=False)
class FrameModel:
    """A fitted classifier that takes a DataFrame with texts.

    CatBoost takes texts, and so does a classifier that is calibrated, stacked or averaged over
    pipelines. Here a text is the index of its category.

    Attributes:
        fitted: the classifier.
        columns: the names of its columns, in its order.
        dtypes: pandas' types of the columns, by name.
        categories: of each column of texts, by its index.
        recorded: indices of the columns whose categories the classifier records. Any other text is
            missing in them, as pandas' categories have it.
    """

    fitted: Any
    columns: tuple[str, ...]
    dtypes: Mapping[str, Any]
    categories: Categories
    recorded: frozenset[int] = frozenset()

    @property
    def classes_(self) -> Sequence[Any]:
        """The two classes."""
        classes: Sequence[Any] = self.fitted.classes_
        return classes

    @property
    def feature_names_in_(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.columns

    @property
    def n_features_in_(self) -> int:
        """The number of columns."""
        return len(self.columns)

    @property
    def category_counts(self) -> dict[int, int]:
        """The number of texts of each column that has any, by its index."""
        return {at: len(texts) for at, texts in self.categories.items()}

    def predict_proba(self, rows: Matrix | pd.DataFrame) -> Matrix:
        """Probabilities of both classes, shape (m, 2).

        Args:
            rows: a DataFrame as the classifier takes it, or doubles of shape (m, n).
        """
        frame = as_levels(rows, self.dtypes) if isinstance(rows, pd.DataFrame) else self.frame(rows)
        return np.asarray(self.fitted.predict_proba(frame), np.float64)

    def frame(self, rows: Matrix) -> pd.DataFrame:
        """The DataFrame of rows of doubles, shape (m, n)."""
        batch = RawBatch.of_table(np.array(rows), self.categories)
        return frame_of(batch, {name: at for at, name in enumerate(self.columns)}, self.dtypes)


def as_levels(frame: pd.DataFrame, dtypes: Mapping[str, Any]) -> pd.DataFrame:
    """A frame with those columns as categories that have such a type."""
    levels = {name: kind for name, kind in dtypes.items() if isinstance(kind, pd.CategoricalDtype)}
    return frame.astype(levels) if levels else frame
