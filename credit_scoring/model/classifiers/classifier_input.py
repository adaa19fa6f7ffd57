"""Conversion of a transformer's output to a classifier's input: columns, order and codes."""

import logging
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.tables import Categories, Matrix
from credit_scoring.errors import BadFile, describe, first_few, foreign_code, is_unicode
from credit_scoring.model.classifiers.fitted_names import fitted_names
from credit_scoring.model.classifiers.frame_model import FrameModel

log = logging.getLogger(__name__)

NAMELESS = "its transformer does not give each of its outputs a name"

Prefixes = list[dict[str, "Prefixes"]]


@dataclass(frozen=True, eq=False)
class ClassifierInput:
    """The columns that a classifier takes from a transformer's output.

    Attributes:
        names: of the columns in the order of the classifier, as the transformer names them.
        output_count: the number of columns in the output.
        chosen: indices of the columns in the output; None for all in their own order.
        categories: of each of LightGBM's categorical columns; a category's code is its index.
        texts: the texts of each column of a `FrameModel`, by the column's index; a text's code is
            its index.
        recorded: as in `FrameModel`.
        absent: the value of an entry that a sparse output does not store: 0, or NaN for XGBoost,
            which takes it for missing.
    """

    names: tuple[str, ...]
    output_count: int
    chosen: NDArray[np.intp] | None = None
    categories: Sequence[Sequence[Any]] = ()
    texts: Categories = field(default_factory=dict)
    recorded: frozenset[int] = frozenset()
    absent: float = 0.0

    def select(self, output: Any) -> Any:
        """Select the columns that the classifier takes from a transformer's output."""
        if self.chosen is None:
            return output
        if isinstance(output, pd.DataFrame):
            return output.iloc[:, self.chosen]
        return output[:, self.chosen]

    def __call__(self, output: Any, clients: int) -> Matrix:
        """Convert a transformer's output to doubles, shape (clients, names).

        Raises:
            BadFile: a value is not a number, or a text is not known.
        """
        selected = self.select(output)
        if isinstance(selected, pd.DataFrame):
            selected = self._with_codes(selected)
            for column, texts in self.texts.items():
                is_recorded = column in self.recorded
                selected = _with_text_codes(selected, column, texts, is_recorded=is_recorded)
        with foreign_code(MODEL_FILE, _no_doubles):
            return dense(selected, clients, self.absent)

    def _with_codes(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Replace categories by LightGBM's codes; an unknown category becomes missing."""
        categorical = [
            name for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)
        ]
        if len(categorical) != len(self.categories):
            return frame
        frame = frame.copy(deep=False)
        for name, known in zip(categorical, self.categories, strict=True):
            codes = frame[name].cat.set_categories(known).cat.codes
            frame[name] = codes.astype(np.float64).where(codes >= 0)
        return frame


def classifier_input(transformer: Any, fitted: Any, output: Any) -> ClassifierInput:
    """Find the columns that a classifier takes, by the names that it recorded when it was fitted.

    A classifier that was fitted on an array has names of its own and takes columns by their order.

    Args:
        transformer: fitted.
        fitted: the classifier.
        output: of the transformer, for some rows.

    Raises:
        BadFile: the output has no distinct names, or the classifier was fitted on other columns.
    """
    names = _output_names(transformer, output) or _numbered(fitted, output)
    if not names or len(set(names)) != len(names):
        raise BadFile(MODEL_FILE, NAMELESS)
    wanted = fitted_names(fitted)
    categories: Sequence[Sequence[Any]] = ()
    if isinstance(fitted, LGBMClassifier):
        categories = fitted.booster_.pandas_categorical or ()
    texts: Categories = fitted.categories if isinstance(fitted, FrameModel) else {}
    recorded = fitted.recorded if isinstance(fitted, FrameModel) else frozenset[int]()
    column_of: dict[str, int] = {}
    for spelled in (names, without_prefixes(transformer, names)):
        for at, name in enumerate(spelled):
            column_of.setdefault(name, at)
            column_of.setdefault(name.replace(" ", "_"), at)  # LightGBM's spelling
    found = [column_of.get(name) for name in wanted]
    chosen = [at for at in found if at is not None]
    is_xgboost = type(fitted).__module__.partition(".")[0] == "xgboost"
    every = ClassifierInput(
        tuple(names),
        len(names),
        None,
        categories,
        texts,
        recorded,
        absent=np.nan if is_xgboost and issparse(output) else 0.0,
    )
    if len(chosen) == len(wanted) and len(set(chosen)) == len(chosen) and chosen:
        if chosen == list(range(len(names))):
            return every
        picked = np.array(chosen, np.intp)
        return replace(every, names=tuple(names[at] for at in chosen), chosen=picked)
    if any(at is not None and at != here for here, at in enumerate(found)):
        others = [name for name, at in zip(wanted, found, strict=True) if at is None]
        raise BadFile(
            MODEL_FILE,
            "its classifier was fitted on columns that its transformer does not give:"
            f" {first_few(others or wanted)}",
        )
    return every


def dense(output: Any, clients: int, absent: float = 0.0) -> Matrix:
    """The output of a transformer as doubles in C order, shape (clients, n).

    Args:
        output: dense or sparse.
        clients: number of rows.
        absent: the value of an entry that a sparse output does not store.
    """
    if issparse(output):
        stored = output.tocsr().tocoo()
        values = np.full(stored.shape, absent)
        values[stored.row, stored.col] = stored.data
    else:
        values = np.asarray(output, dtype=np.float64)
    return np.ascontiguousarray(values.reshape(clients, -1))


def without_prefixes(transformer: Any, full_names: Sequence[str]) -> list[str]:
    """Names without the prefixes of column transformers, if they stay unique."""
    prefixes = _prefixes(transformer)
    short = [_without_prefix(name, prefixes) for name in full_names]
    counts, taken = Counter(short), set(full_names)
    return [
        name if counts[name] == 1 and name not in taken else full
        for full, name in zip(full_names, short, strict=True)
    ]


def _output_names(transformer: Any, output: Any) -> list[str]:
    """The names of the transformed features; none if the transformer does not give them."""
    names: list[Any] = []
    with suppress(BadFile), foreign_code(MODEL_FILE, describe):
        names = list(
            output.columns if hasattr(output, "columns") else transformer.get_feature_names_out()
        )
    wrong = [name for name in names if not isinstance(name, (str, int, np.integer))]
    if wrong:
        kind = type(wrong[0]).__name__
        raise BadFile(MODEL_FILE, f"its transformer names an output by a {kind}, not by a text")
    texts = list(map(str, names))  # NumPy's own texts become Python's
    if unwritable := [text for text in texts if not is_unicode(text)]:
        raise BadFile(
            MODEL_FILE,
            f"its transformer names an output by what is no text: {first_few(unwritable)}",
        )
    return texts


def _numbered(fitted: Any, output: Any) -> list[str]:
    """Names for the outputs of a transformer that gives none: the classifier's, else numbers."""
    number = np.shape(output)[-1]
    recorded = fitted_names(fitted)
    if len(recorded) == number:
        return recorded
    log.warning("%s: its transformer names no outputs: they are numbered", MODEL_FILE)
    return [f"output_{at}" for at in range(1, number + 1)]


def _prefixes(transformer: Any) -> Prefixes:
    """The labels with which column transformers prefix names, those of the last step first.

    Each label has the prefixes of the transformer that it labels.
    """
    steps = [step for _, step in transformer.steps] if isinstance(transformer, Pipeline) else []
    return [
        {label: _prefixes(inner) for label, inner, _ in step.transformers_}
        for step in reversed(steps or [transformer])
        if isinstance(step, ColumnTransformer) and step.verbose_feature_names_out is True
    ]


def _without_prefix(name: str, prefixes: Prefixes) -> str:
    for labels in prefixes:
        ends = [found.start() for found in re.finditer("(?=__)", name)]
        if label := max((name[:end] for end in ends if name[:end] in labels), key=len, default=""):
            name = _without_prefix(name[len(label) + 2 :], labels[label])
    return name


def _with_text_codes(
    frame: pd.DataFrame, column: int, texts: Sequence[str], *, is_recorded: bool
) -> pd.DataFrame:
    """Replace the texts of a column by their codes; see `FrameModel.recorded` for the others.

    Raises:
        BadFile: a text is not known, and the classifier does not record its categories.
    """
    values = frame.iloc[:, column]
    codes = pd.Index(texts).get_indexer(pd.Index(values, dtype=object))
    missing = values.isna().to_numpy()
    if not is_recorded and ((codes < 0) & ~missing).any():
        raise BadFile(MODEL_FILE, "a text that no client of the tables has")
    frame = frame.copy(deep=False)
    frame.isetitem(column, np.where(codes < 0, np.nan, codes.astype(np.float64)))
    return frame


def _no_doubles(error: BaseException) -> str:
    return (
        f"its transformer gives other values than numbers ({type(error).__name__}): let it encode"
        " the texts; a classifier that takes texts itself is served without a transformer before it"
    )
