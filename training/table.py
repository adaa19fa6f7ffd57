"""Read, check and split a labelled table.

It has one client per row: the id, the outcome (1 = in default, 0 = solvent) and the features,
numbers or texts, with or without missing values.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from credit_scoring.data.artifacts import ID, TARGET, is_feature
from credit_scoring.data.table_files.cells import CODE, NUMBER
from credit_scoring.data.table_files.client_ids import client_ids
from credit_scoring.data.table_files.column_types import FittedInput
from credit_scoring.data.table_files.csv_tables import read_table
from credit_scoring.data.tables import features_of
from credit_scoring.errors import BadFile, abridged

FOLDS = 5  # of the cross-validation
FEWEST_TRAINING, FEWEST_HELD_OUT = 2 * FOLDS, 2  # clients of either class
LEADING_ZERO = re.compile(rb'[,"\s]0[0-9]')
FEW_TEXTS = 0.1  # a lower share of texts among numbers looks like a mistake
MISSING_TEXT = "missing"  # the category of a missing text


def read_labelled_table(
    path: Path, audited: Sequence[str] = (), kinds: Mapping[str, FittedInput] | None = None
) -> pd.DataFrame:
    """Read a CSV file: id, outcome, features (numbers or texts), and columns that are only audited.

    True and False become 1 and 0. Columns without a name (row numbers) and the probabilities of an
    earlier model are dropped. The other columns keep their order. A column of digits with leading
    zeros is text unless its kind is given.

    Args:
        path: of the file.
        audited: names of columns that are only audited.
        kinds: the kinds of features, by name; the values decide on the others.

    Raises:
        BadFile: the file cannot be read, or a column is missing, repeated or has a wrong value.
    """
    kinds = dict(kinds or {})
    table, sha256 = read_table(path, None, kinds)
    if codes := [name for name in _codes(path, table) if name not in kinds]:
        kinds |= dict.fromkeys(codes, FittedInput("text"))
        table, _ = read_table(path, sha256, kinds)
    table = table[[name for name in table if name in (ID, TARGET) or is_feature(str(name))]]
    for name in (ID, TARGET):
        if name not in table:
            raise BadFile(path.name, f"lacks the column {name}")
    table = table.assign(**{ID: client_ids(path.name, table[ID].tolist())})
    if not table[TARGET].isin([0, 1]).all():
        raise BadFile(path.name, f"column {TARGET}: a value is missing or is neither 0 nor 1")
    if table[TARGET].nunique() == 1:
        raise BadFile(path.name, f"column {TARGET}: every value is {table[TARGET].iloc[0]:.0f}")

    flags = [name for name in table if name != ID and table[name].dtype in (bool, object)]
    table = table.astype({**dict.fromkeys(flags, float), TARGET: int})
    check_audited(path.name, table, audited)
    check_features(path.name, table.drop(columns=[ID, TARGET, *audited]))
    return table


def _codes(path: Path, table: pd.DataFrame) -> list[str]:
    """The columns of whole numbers of which one has leading zeros: they are codes."""
    if LEADING_ZERO.search(path.read_bytes()) is None:
        return []
    numbers = [name for name in features_of(table) if pd.api.types.is_numeric_dtype(table[name])]
    whole = [name for name in numbers if (table[name].dropna() % 1 == 0).all()]
    texts = pd.read_csv(path, usecols=whole, dtype="str") if whole else table
    return [name for name in whole if texts[name].str.fullmatch(CODE).any()]


def nearly_numbers(table: pd.DataFrame) -> list[str]:
    """A line for each text feature with few texts among numbers: perhaps a mistake."""
    lines = []
    for name in table.columns.difference(table.select_dtypes("number").columns):
        present = table[name].notna().to_numpy()
        texts = present & ~table[name].astype(str).str.fullmatch(NUMBER).to_numpy(bool)
        if 0 < texts.sum() < FEW_TEXTS * present.sum():
            lines.append(
                f"text       {abridged(name)}: {texts.sum():,} of {present.sum():,} values are not"
                f" numbers, first in row {texts.argmax() + 1:,}, so all are categories"
            )
    return lines


def check_audited(file: str, table: pd.DataFrame, audited: Sequence[str]) -> None:
    """Check that a table has the columns to audit, other than id and outcome.

    Raises:
        BadFile: a column is missing; the message begins with the name of the file.
    """
    for name in audited:
        if name not in table or name in (ID, TARGET):
            raise BadFile(file, f"has no column {abridged(name)} to audit")


def check_features(file: str, features: pd.DataFrame) -> None:
    """Check that a table has features, finite ones, with unique names after the transformer.

    Raises:
        BadFile: it does not; the message begins with the name of the file.
    """
    if features.columns.empty:
        raise BadFile(file, f"has no feature beside {ID} and {TARGET}")
    numbers = features.select_dtypes("number")
    if infinite := [name for name in numbers if np.isinf(numbers[name]).any()]:
        raise BadFile(file, f"column {infinite[0]}: a value is infinite")
    names = [str(name) for name in numbers]
    for text in features.columns.difference(numbers.columns):
        values = {*features[text].dropna(), MISSING_TEXT, "infrequent_sklearn"}
        names += [f"{text}_{value}" for value in values]
    if twice := repeated(names):
        raise BadFile(file, f"column {twice} has the name of a value of a text column")


def repeated(names: Iterable[str]) -> str | None:
    """The alphabetically first name, except the empty one, that occurs more than once."""
    return min((name for name, count in Counter(names).items() if name and count > 1), default=None)


class Split(NamedTuple):
    """Three tables of the same columns; the last two are held out."""

    training: pd.DataFrame
    reference: pd.DataFrame
    new: pd.DataFrame


def split(
    table: pd.DataFrame, reference_clients: int, new_clients: int, seed: int, source: str
) -> Split:
    """Shuffle the clients into three tables, each with the table's share of defaults.

    Args:
        table: one client per row.
        reference_clients: their number.
        new_clients: their number.
        seed: the same seed gives the same split.
        source: the origin of the table, for the message.

    Raises:
        BadFile: a class has too few clients for training, or to be held out.
    """
    held_out = reference_clients + new_clients
    fewest = table[TARGET].value_counts().min()
    share = held_out / len(table)
    if fewest * (1 - share) < FEWEST_TRAINING or fewest * share < FEWEST_HELD_OUT:
        raise BadFile(
            source,
            f"too few clients: {held_out} of {len(table)} are held out, and one class has {fewest}"
            f" in all; each needs {FEWEST_TRAINING} in training and {FEWEST_HELD_OUT} held out",
        )
    training, rest = train_test_split(
        table, test_size=held_out, stratify=table[TARGET], random_state=seed
    )
    return Split(training, rest[:reference_clients], rest[reference_clients:])
