"""The two tables of a bundle: the reference population and the new clients, read and checked."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import ID, NEW_FILE, REFERENCE_FILE, unreadable
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.table_files.cells import NUMBER
from credit_scoring.data.table_files.client_ids import ClientIds, client_ids, first_text
from credit_scoring.data.table_files.column_types import FittedInput
from credit_scoring.data.table_files.csv_tables import numbers_in, read_table
from credit_scoring.data.tables import (
    Matrix,
    Table,
    as_float_columns,
    classes,
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
    ids: ClientIds
    table: Table
    sha256: str


def features_in(path: Path, *, with_id: bool = False) -> list[str]:
    """The features that a header names; none if it is malformed, which `read_table` reports.

    Args:
        path: the file.
        with_id: true if the id is a feature, because the model takes it.
    """
    with foreign_code(path.name, unreadable), suppress(OSError, ValueError):
        return features_of(pd.read_csv(path, nrows=0), with_id=with_id)
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
        frame, _ = _with_ids(path.name, frame, features, types)
        labels = classes(path.name, frame)
        if features_of(frame, with_id=ID in features) != list(features):
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
        frame, ids = _with_ids(path.name, frame, features, types)
        _name_text_ids(path.name, ids)
        missing = [name for name in features if name not in frame]
        if missing:
            raise BadFile(path.name, f"lacks features of {REFERENCE_FILE}: {first_few(missing)}")
        columns, categories = as_float_columns(path.name, frame, features)
        values = np.empty((len(frame), len(features)))
        for number, column in enumerate(columns):
            values[:, number] = column
        return NewTable(frame, ids, Table(values, categories), sha256)


def _with_ids(
    file: str, frame: pd.DataFrame, features: Sequence[str], types: Mapping[str, FittedInput]
) -> tuple[pd.DataFrame, ClientIds]:
    """The table with the ids as values of a feature if they are one, and the ids.

    Raises:
        BadFile: the column is missing, or an id is invalid, or cannot be a value of the feature.
    """
    if ID not in frame:
        raise BadFile(file, f"lacks the column {ID}")
    cells = frame[ID]
    ids = client_ids(file, cells.tolist())
    if ID not in features:
        return frame, ids
    known = types.get(ID)
    is_text = isinstance(ids[0], str) if known is None else known.kind == "text"
    if not is_text:
        numbers = numbers_in(file, ID, cells)  # refuses texts, and what no double holds
        frame = frame.assign(**{ID: numbers if isinstance(ids[0], str) else ids})
    return frame, ids


def _name_text_ids(file: str, ids: ClientIds) -> None:
    """Log why ids are texts if some of them look like numbers."""
    texts = [client for client in ids if isinstance(client, str)]
    if any(map(NUMBER.fullmatch, texts)):
        log.warning(
            "%s: all ids are texts, because that in row %d is not a whole number without leading"
            " zeros",
            file,
            first_text(texts),
        )


def name_ignored(new: pd.DataFrame, features: Sequence[str]) -> None:
    """Log the columns of the new clients that are ignored."""
    known = set(features)
    others = [name for name in features_of(new) if name not in known]
    if others:
        log.warning(
            "%s: columns that %s lacks are ignored: %s", NEW_FILE, REFERENCE_FILE, first_few(others)
        )
