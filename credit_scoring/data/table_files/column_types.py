"""One type for each feature in both tables: the model's, else that of `features.csv` or the files.

A model may not record its types: its transformer may be a function of the team's own. Then a
feature is text if `features.csv` says so, or if both tables have text in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import FEATURES_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.table_files.cells import MISSING_TEXTS
from credit_scoring.data.tables import Categories, Matrix, Table
from credit_scoring.errors import BadFile, abridged, first_few

MIN_CATEGORIES = 2  # of a model: a single one may stand for a missing value
MIN_CLIENTS_PER_VALUE = 3  # of a column, on average: with fewer, a model need not know any value
FittedKind = Literal["number", "flag", "text"]
Dtypes = Mapping[str, Any]  # pandas' type of each column, by name


@dataclass(frozen=True)
class FittedInput:
    """The type with which a model was fitted on a raw feature.

    Attributes:
        kind: a flag is true or false in pandas, not 1 or 0.
        categories: the texts that the model knows.
        levels: the categories of pandas' type, if the model takes a categorical column.
    """

    kind: FittedKind
    categories: frozenset[str] = frozenset()
    levels: tuple[Any, ...] = ()

    @property
    def literal(self) -> frozenset[str]:
        """The categories that are read as missing values unless a model knows them."""
        return MISSING_TEXTS & self.categories


def with_declared(
    fitted: Mapping[str, FittedInput], dictionary: FeatureDictionary
) -> dict[str, FittedInput]:
    """The types that the model records, completed by those of `features.csv`.

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
    reference: ReferencePopulation,
    new: Table,
) -> tuple[ReferencePopulation, Table]:
    """Both tables, with a column that is text in one and empty in the other made text in both.

    Args:
        features: names of all features.
        inputs: names of the features that the model takes.
        reference: the reference population.
        new: the new clients.

    Raises:
        BadFile: a feature is text in one table and numbers in the other, and the model does not
            record its type.
    """

    def lacking(
        file: str, texts: Categories, others: Categories, other_columns: Sequence[Matrix] | Matrix
    ) -> Categories:
        """Text features of a file that the other table lacks, there without a category."""
        columns = [column for column in texts if column not in others]
        if mixed := [features[at] for at in columns if not np.isnan(other_columns[at]).all()]:
            hint = ""
            if set(mixed) & set(inputs):
                hint = f"; the column kind of {FEATURES_FILE} can say what it is"
            raise BadFile(file, f"text where the other file has numbers: {first_few(mixed)}{hint}")
        return dict.fromkeys(columns, ())

    one, other = reference.categories, new.categories
    in_new = {**other, **lacking(REFERENCE_FILE, one, other, new.values.T)}
    in_reference = {**one, **lacking(NEW_FILE, other, one, reference.columns)}
    return replace(reference, categories=in_reference), replace(new, categories=in_new)


def check_categories(
    file: str,
    features: Sequence[str],
    types: Mapping[str, FittedInput],
    columns: Sequence[Matrix],
    categories: Mapping[int, Sequence[str]],
) -> None:
    """Check that each text feature has a value that the model was fitted on.

    An encoder may accept unknown categories silently. If the model knows none, although most
    clients have a value and share it with others, the file spells them differently: `1000` for
    `01000`, or words of another language.

    Args:
        file: the name of the table's file.
        features: names of all features.
        types: the known types, by feature.
        columns, categories: of the table, see `as_float_columns`.

    Raises:
        BadFile: the model knows no value of a feature.
    """
    for column, found in categories.items():
        known = types.get(features[column])
        if known is None or len(known.categories) < MIN_CATEGORIES:
            continue
        present, distinct = ~np.isnan(columns[column]), len(set(found))
        is_shared = present.mean() > 1 / 2 and present.sum() >= MIN_CLIENTS_PER_VALUE * distinct
        if is_shared and known.categories.isdisjoint(found):
            raise BadFile(
                file,
                f"column {abridged(features[column])}: {MODEL_FILE} knows none of its {distinct}"
                " values: were they written otherwise, as without leading zeros?",
            )


def is_plain(known: FittedInput) -> bool:
    """True if one file alone determines the pandas type in which the model takes a feature."""
    return not known.levels and known.kind != "flag"


def pandas_types(
    inputs: Sequence[str], types: Mapping[str, FittedInput], here: Dtypes, there: Dtypes
) -> dict[str, Any]:
    """The pandas type of each input, one for both tables.

    Args:
        inputs: names of the features that the model takes.
        types: the known types, by feature.
        here: pandas' types in one table.
        there: pandas' types in the other.
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
