"""One type for each feature in both tables: the model's, else that of `features.csv` or the files.

A model may not record what it was fitted on, as one whose transformer is a function of a team's
own. Then a feature is text if `features.csv` says so, or if the files do and agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import FEATURES_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.cells import MISSING_TEXTS
from credit_scoring.data.feature_dictionary import FeatureDictionary
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, abridged, first_few

FEW = 2  # categories of a model: one alone may stand for a missing value
EACH = 3  # clients for each value of a column, on average, whose values the model should know
FittedKind = Literal["number", "flag", "text"]
Dtypes = Mapping[str, Any]  # pandas' type of each column, by name


@dataclass(frozen=True)
class FittedInput:
    """The type of a raw feature that a model was fitted on.

    Attributes:
        kind: a flag is true or false in pandas, and not 1 or 0.
        categories: of text, those that the model knows.
        levels: the categories of pandas' type, if the model takes the column itself as categories.
    """

    kind: FittedKind
    categories: frozenset[str] = frozenset()
    levels: tuple[Any, ...] = ()

    @property
    def literal(self) -> frozenset[str]:
        """The categories that would be missing values in a file of another model."""
        return MISSING_TEXTS & self.categories


def with_declared(
    fitted: Mapping[str, FittedInput], dictionary: FeatureDictionary
) -> dict[str, FittedInput]:
    """The types that the model records, and of other features those of `features.csv`.

    Raises:
        BadFile: the two contradict each other.
    """
    types = dict(fitted)
    for name, feature in dictionary.features.items():
        if not feature.kind:
            continue
        declared = FittedInput("text" if feature.kind == "text" else "number")
        known = types.setdefault(name, declared)
        if (known.kind == "text") != (declared.kind == "text"):
            raise BadFile(
                FEATURES_FILE,
                f"the kind of {name} is {feature.kind}, and {MODEL_FILE} was fitted on"
                f" {'text' if known.kind == 'text' else 'numbers'}",
            )
    return types


def unify_texts(
    features: Sequence[str],
    inputs: Sequence[str],
    reference: tuple[Sequence[Matrix], dict[int, Sequence[str]]],
    new: tuple[Sequence[Matrix], dict[int, Sequence[str]]],
) -> None:
    """Make a feature text in both tables, in place, if it is text in one and nothing in the other.

    Args:
        features: names.
        inputs: those that the model takes.
        reference: columns and categories of that file, as of `as_float_columns`.
        new: the same of the other file.

    Raises:
        BadFile: a feature is text here and numbers there, and the model does not record its type.
    """
    for file, (_, here), (columns_there, there) in (
        (REFERENCE_FILE, reference, new),
        (NEW_FILE, new, reference),
    ):
        only_here = [position for position in here if position not in there]
        mixed = [at for at in only_here if not np.isnan(columns_there[at]).all()]
        if mixed:
            names = [features[position] for position in mixed]
            hint = ""
            if set(names) & set(inputs):
                hint = f"; the column kind of {FEATURES_FILE} can say what it is"
            raise BadFile(file, f"text where the other file has numbers: {first_few(names)}{hint}")
        there.update(dict.fromkeys(only_here, ()))


def check_categories(
    file: str,
    features: Sequence[str],
    types: Mapping[str, FittedInput],
    columns: Sequence[Matrix],
    categories: Mapping[int, Sequence[str]],
) -> None:
    """Check that a text feature has values that the model was fitted on.

    An encoder may take an unknown category without a word. If most clients have a value and none is
    known, although clients share values, the file has other ones: `1000` for `01000`, or words of
    another language.

    Args:
        file: the table.
        features: names.
        types: those that are known.
        columns, categories: of the table, as of `as_float_columns`.

    Raises:
        BadFile: no value of a feature is known.
    """
    for position, found in categories.items():
        known = types.get(features[position])
        if known is None or len(known.categories) < FEW or not known.categories.isdisjoint(found):
            continue
        present, distinct = ~np.isnan(columns[position]), len(set(found))
        if present.mean() > 1 / 2 and present.sum() >= EACH * distinct:
            raise BadFile(
                file,
                f"column {abridged(features[position])}: {MODEL_FILE} knows none of its {distinct}"
                " values: were they written otherwise, as without leading zeros?",
            )


def is_plain(known: FittedInput) -> bool:
    """True if a feature comes out of a file as the model takes it, whatever the other file has."""
    return not known.levels and known.kind != "flag"


def pandas_types(
    inputs: Sequence[str], types: Mapping[str, FittedInput], here: Dtypes, there: Dtypes
) -> dict[str, Any]:
    """The type that each input has in pandas, the same for clients of either table.

    Args:
        inputs: names of the features that the model takes.
        types: those that are known.
        here: as pandas read one table.
        there: as pandas read the other one.
    """
    return {name: _pandas_type(types.get(name), here[name], there[name]) for name in inputs}


def _pandas_type(known: FittedInput | None, here: Any, there: Any) -> Any:
    if known is not None and known.levels:
        return pd.CategoricalDtype(list(known.levels))
    if known is not None and known.kind == "text":
        return pd.StringDtype(na_value=np.nan)
    if known is not None and known.kind == "flag":
        return here if here == there == np.bool_ else np.dtype(object)
    if here == there:
        return here
    texts = [dtype for dtype in (here, there) if isinstance(dtype, pd.StringDtype)]
    if texts:
        return texts[0]
    if {here, there} == {np.dtype(bool), np.dtype(object)}:
        return np.dtype(object)
    return np.dtype(np.float64)
