"""A team's labelled table: its cells as they are written, with ids and outcomes found."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID, PROBA, TARGET, UNNAMED, unreadable
from credit_scoring.data.table_files.cells import CODE, MISSING_TEXTS
from credit_scoring.data.table_files.csv_tables import check_distinct
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import abridged, first_few, foreign_code
from training.adopt.problems import Problems
from training.adopt.table.labels import spelled

FIRST_ID = 100_001  # of clients without ids
SEPARATORS = (",", ";", "\t", "|")
WITH_COMMA = re.compile(r"-?\d+,\d+")
FEWEST = 2  # clients of either class, in the reference population
MOST_LABELS = 10  # that are listed


@dataclass(frozen=True, eq=False)
class LabelledCells:
    """A labelled table.

    Attributes:
        name: of the file.
        cells: all columns as texts; an empty text is a missing value.
        ids: of the clients, as written.
        is_default: true for each client in default.
        default_label: the label of the outcome that means default.
        labels: both labels.
        stored: the makers' probabilities of default, shape (clients,); None without them.
        reserved: names of the columns that are features only if the model takes them by name.
        notes: lines about what was done to the table.
    """

    name: str
    cells: pd.DataFrame
    ids: pd.Series
    is_default: NDArray[np.bool_]
    default_label: str
    labels: tuple[str, str]
    stored: Matrix | None
    reserved: Sequence[str]
    notes: Sequence[str]

    @property
    def features(self) -> list[str]:
        """The columns that may be features."""
        return [name for name in map(str, self.cells) if name not in self.reserved]

    @property
    def codes(self) -> list[str]:
        """The columns of whole numbers of which one has leading zeros: they are codes."""
        return [name for name in self.features if self.cells[name].str.fullmatch(CODE).any()]


@dataclass(frozen=True)
class ColumnOptions:
    """Which columns of a table are what; None is to be found.

    Attributes:
        id_column: has the ids.
        target: has the outcomes.
        default: the value of the outcome that means default.
        proba: has the makers' probabilities of default.
    """

    id_column: str | None
    target: str
    default: str | None
    proba: str | None


def read_cells(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Read a table (CSV of any usual separator, or Parquet) as texts.

    Returns:
        The cells, and lines about what was done to them.

    Raises:
        BadFile: the file cannot be read.
    """
    notes: list[str] = []
    with foreign_code(path.name, unreadable):
        if path.suffix.lower() in (".parquet", ".pq"):
            text = pd.read_parquet(path).to_csv(index=False)
        else:
            text, encoding = _decoded(path.read_bytes())
            if encoding != "utf-8-sig":
                notes.append(f"{path.name}: is not UTF-8, and was read as {encoding}")
        header = text.partition("\n")[0]
        separator = max(SEPARATORS, key=header.count)
        names = next(csv.reader(io.StringIO(header), delimiter=separator), [])
        check_distinct(path.name, names)
        cells = pd.read_csv(
            io.StringIO(text), sep=separator, dtype="str", keep_default_na=False, index_col=False
        )
        cells = cells.astype(object).copy()  # in one piece: pandas warns of hundreds
        if separator == ";":
            notes += _with_points(path.name, cells)
    return cells, notes


def label_cells(path: Path, options: ColumnOptions, problems: Problems) -> LabelledCells | None:
    """Read a table, and find ids and outcomes; None if these are not found, which is noted.

    Raises:
        BadFile: the file cannot be read.
    """
    cells, notes = read_cells(path)
    if cells.empty:
        problems.add(f"{path.name}: holds no client: give a table with some")
        return None
    ids, id_column = _ids(path.name, cells, options.id_column, problems, notes)
    outcome = _outcome(path.name, cells, options, problems)
    stored = _stored(path.name, cells, options.proba, problems)
    if ids is None or outcome is None:
        return None
    is_default, default_label, labels = outcome
    unnamed = [name for name in map(str, cells) if UNNAMED.fullmatch(name)]
    reserved = {ID, TARGET, PROBA, options.target, *unnamed}
    reserved |= {name for name in (id_column, options.proba) if name}
    return LabelledCells(
        path.name, cells, ids, is_default, default_label, labels, stored, sorted(reserved), notes
    )


def _decoded(content: bytes) -> tuple[str, str]:
    try:
        return content.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), "cp1252"


def _with_points(file: str, cells: pd.DataFrame) -> list[str]:
    """Write numbers with a decimal comma with a point, in columns that have nothing else."""
    changed = []
    for name in cells:
        column = cells[name]
        whole = column.str.fullmatch(r"-?\d*") | column.isin(MISSING_TEXTS)
        commas = column.str.fullmatch(WITH_COMMA)
        if commas.any() and (whole | commas).all():
            cells[name] = column.str.replace(",", ".", regex=False)
            changed.append(name)
    return [f"{file}: decimal commas were read as points: {first_few(changed)}"] if changed else []


def _ids(
    file: str, cells: pd.DataFrame, wanted: str | None, problems: Problems, notes: list[str]
) -> tuple[pd.Series | None, str | None]:
    column = wanted or (ID if ID in cells else None)
    if column is None:
        notes.append(
            f"{file}: no column {ID} and no --id: clients are numbered from {FIRST_ID:,} on"
        )
        return pd.Series(np.arange(FIRST_ID, FIRST_ID + len(cells)).astype(str)), None
    if column not in cells:
        problems.add(f"{file}: has no column {abridged(column)}: give another one as --id, or none"
                     f" to number the clients; it has {first_few(list(cells))}")  # fmt: skip
        return None, None
    ids = cells[column]
    missing, again = ids.str.strip() == "", ids.duplicated(keep=False)
    if missing.any():
        problems.add(f"{file}: column {abridged(column)}: row {_first(missing)} has no id: fill it"
                     " in, or give another column as --id")  # fmt: skip
    elif again.any():
        first = ids[again].iloc[0]
        rows = np.flatnonzero(ids == first)
        problems.add(f"{file}: column {abridged(column)}: rows {rows[0] + 1} and {rows[1] + 1} have"
                     " the same id: remove one, or give another column as --id")  # fmt: skip
    return ids, column


def _outcome(
    file: str, cells: pd.DataFrame, options: ColumnOptions, problems: Problems
) -> tuple[NDArray[np.bool_], str, tuple[str, str]] | None:
    column = options.target
    if column not in cells:
        problems.add(f"{file}: has no column {abridged(column)}: say with --target which column has"
                     f" the outcome; it has {first_few(list(cells))}")  # fmt: skip
        return None
    labels = cells[column].map(spelled)
    missing = labels == ""
    if missing.any():
        problems.add(f"{file}: column {abridged(column)}: {missing.sum():,} rows have no outcome,"
                     f" the first is row {_first(missing)}: remove them")  # fmt: skip
    counts = labels[~missing].value_counts()
    found = ", ".join(f"{abridged(label)} ({number:,})" for label, number in
                      counts.head(MOST_LABELS).items())  # fmt: skip
    if len(counts) != len(("default", "solvent")):
        problems.add(f"{file}: column {abridged(column)}: has {len(counts):,} values, and an"
                     f" outcome has two: {found}: give another one as --target")  # fmt: skip
        return None
    default = _default_label(options.default, sorted(counts.index))
    if default is None:
        given = options.default
        wrong = "" if given is None else f"{abridged(given)} is none of its values; "
        problems.add(f"{file}: column {abridged(column)}: {wrong}say which value means default,"
                     f" {found}: --default {abridged(counts.index[-1])}, for example")  # fmt: skip
        return None
    if counts.min() < 2 * FEWEST:
        problems.add(f"{file}: column {abridged(column)}: too few clients of one class, {found}:"
                     f" each needs {2 * FEWEST}")  # fmt: skip
    a, b = sorted(counts.index)
    return (labels == default).to_numpy(bool), default, (a, b)


def _default_label(wanted: str | None, labels: Sequence[str]) -> str | None:
    if wanted is None:
        return "1" if list(labels) == ["0", "1"] else None
    exact = [label for label in labels if label == spelled(wanted)]
    alike = [label for label in labels if label.casefold() == spelled(wanted).casefold()]
    return next(iter(exact + alike), None)


def _stored(
    file: str, cells: pd.DataFrame, column: str | None, problems: Problems
) -> Matrix | None:
    if column is None:
        return None
    if column not in cells:
        problems.add(f"{file}: has no column {abridged(column)}: --proba is one of its columns")
        return None
    values = pd.to_numeric(cells[column], errors="coerce").to_numpy(np.float64)
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        row = int(wrong.argmax()) + 1
        problems.add(f"{file}: column {abridged(column)}: row {row} is no probability: --proba is"
                     " the column of the makers' probabilities of default")  # fmt: skip
        return None
    return values


def _first(condition: pd.Series) -> int:
    return int(condition.to_numpy().argmax()) + 1
