"""The two tables of a bundle: the reference population and the new clients, read and checked."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import NEW_FILE, REFERENCE_FILE, unreadable
from credit_scoring.data.column_types import FittedInput
from credit_scoring.data.csv_tables import read_table
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import (
    Matrix,
    Table,
    as_float_columns,
    classes,
    client_ids,
    features_of,
    stored_probabilities,
)
from credit_scoring.errors import BadFile, first_few, foreign_code

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ReferenceTable:
    """The reference population as read from its file.

    Attributes:
        population: the clients, without scores.
        stored: see `stored_probabilities`.
        dtypes: pandas' types, by column.
        sha256: of the file.
    """

    population: ReferencePopulation
    stored: Matrix | None
    dtypes: dict[str, Any]
    sha256: str


@dataclass(frozen=True, eq=False)
class NewTable:
    """The new clients as read from their file.

    Attributes:
        frame: all columns, as pandas read them.
        ids: of the clients, in file order.
        table: their feature values.
        sha256: of the file.
    """

    frame: pd.DataFrame
    ids: list[int]
    table: Table
    sha256: str


def features_in(path: Path) -> list[str]:
    """The features that a header names; none if it is malformed, which `read_table` reports."""
    with foreign_code(path.name, unreadable), suppress(OSError, ValueError):
        return features_of(pd.read_csv(path, nrows=0))
    return []


def read_reference(
    path: Path,
    expected: str | None,
    features: Sequence[str],
    types: Mapping[str, FittedInput],
) -> ReferenceTable:
    """Read the reference population.

    Args:
        path: the file.
        expected: the SHA-256 that it must have; None for any.
        features: the names of the features in the header of the reference file.
        types: the known types, by feature.

    Raises:
        BadFile: the file is not a table, or an id, class, probability or value is wrong.
    """
    with foreign_code(path.name, unreadable):
        frame, sha256 = read_table(path, expected, types)
        client_ids(path.name, frame)
        labels = classes(path.name, frame)
        if features_of(frame) != list(features):
            raise BadFile(path.name, "changed while it was read")
        columns, categories = as_float_columns(path.name, frame, features)
        return ReferenceTable(
            ReferencePopulation(
                columns,
                categories,
                (np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)),
            ),
            stored_probabilities(path.name, frame),
            dict(frame.dtypes),
            sha256,
        )


def read_new(
    path: Path,
    expected: str | None,
    features: Sequence[str],
    types: Mapping[str, FittedInput],
) -> NewTable:
    """Read the new clients.

    Args:
        path: the file.
        expected: the SHA-256 that it must have; None for any.
        features: the names of the features in the header of the reference file.
        types: the known types, by feature.

    Raises:
        BadFile: the file is not a table, lacks a feature, or an id or value is wrong.
    """
    with foreign_code(path.name, unreadable):
        frame, sha256 = read_table(path, expected, types)
        ids = client_ids(path.name, frame)
        missing = [name for name in features if name not in frame]
        if missing:
            raise BadFile(path.name, f"lacks features of {REFERENCE_FILE}: {first_few(missing)}")
        columns, categories = as_float_columns(path.name, frame, features)
        values = np.empty((len(frame), len(features)))
        for number, column in enumerate(columns):
            values[:, number] = column
        return NewTable(frame, ids, Table(values, categories), sha256)


def name_ignored(new: pd.DataFrame, features: Sequence[str]) -> None:
    """Log the columns of the new clients that are ignored."""
    known = set(features)
    others = [name for name in features_of(new) if name not in known]
    if others:
        log.warning(
            "%s: columns that %s lacks are ignored: %s", NEW_FILE, REFERENCE_FILE, first_few(others)
        )
