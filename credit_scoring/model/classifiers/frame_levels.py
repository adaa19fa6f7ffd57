"""The values of a `FrameModel`'s rows that stand for the categories of its classifier."""

from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.fitted_categories import fitted_categories
from credit_scoring.model.classifiers.frame_model import FrameModel


def levels_of(model: FrameModel, recording: Any) -> dict[int, Matrix] | None:
    """The value in rows of each category, in the order of the library's codes, by column.

    It is the code of a text, or the category itself if that is a number; NaN for a category that
    no row has. None if the categories of a column are not known.

    Args:
        model: has the texts of the rows.
        recording: the classifier or booster that recorded its categories.
    """
    recorded = fitted_categories(recording)
    if recorded is None:
        return None
    columns = {*recorded.columns, *model.categories}
    if not columns <= recorded.known.keys():
        return None
    levels = {}
    for column in columns:
        texts = model.categories.get(column, ())
        codes: dict[Any, float] = {text: float(code) for code, text in enumerate(texts)}
        levels[column] = np.array(
            [
                codes.get(one, np.nan) if one is None or isinstance(one, str) else float(one)
                for one in recorded.known[column]
            ]
        )
    return levels
