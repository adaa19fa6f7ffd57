"""The columns of a table that a model takes."""

import difflib
from collections.abc import Mapping, Sequence

import pandas as pd

from credit_scoring.data.artifacts import ID, is_feature
from credit_scoring.data.table_files.cells import NOT_A_NUMBER, number_of
from credit_scoring.data.table_files.column_types import FittedInput
from credit_scoring.errors import abridged, first_few
from training.adopt.environment.foreign_model import ModelFacts
from training.adopt.problems import NotAdopted, Problems
from training.adopt.table.labelled_cells import LabelledCells

ALIKE = 0.8  # similarity of a misspelt name


def columns_for(name: str, facts: ModelFacts, table: LabelledCells) -> list[str]:
    """The columns of the table that the model takes, in its order.

    Args:
        name: of the model file.
        facts: of the model.
        table: has them.

    Raises:
        NotAdopted: a column is missing, or it is not clear which ones the model takes.
    """
    if not facts.names:
        return _all_columns(name, facts.width, table)
    if reserved := [found for found in facts.names if not is_feature(found) and found != ID]:
        raise NotAdopted(
            [f"{name}: takes the column {reserved[0]}, which the service keeps for itself: fit the"
             " model without it"]
        )  # fmt: skip
    spelled = {column.replace(" ", "_"): column for column in map(str, table.cells)}
    found = [column if column in table.cells else spelled.get(column, column)
             for column in facts.names]  # fmt: skip
    missing = [column for column in found if column not in table.cells and column != ID]
    if missing:
        raise NotAdopted(
            [f"{table.name}: lacks {len(missing)} of {len(found)} columns that {name} takes:"
             f" {first_few(missing)}{_hint(missing, list(map(str, table.cells)))}"]
        )  # fmt: skip
    if ID in found and ID in table.cells and not table.cells[ID].equals(table.ids):
        raise NotAdopted(
            [f"{name}: takes the column {ID}, which the service keeps for the ids: give --id {ID},"
             " or fit the model without it"]
        )  # fmt: skip
    return found


def text_columns(
    model: str,
    table: LabelledCells,
    columns: Sequence[str],
    types: Mapping[str, FittedInput],
    problems: Problems,
) -> set[str]:
    """The columns that are text: by the model, else by a value, or codes with leading zeros.

    Args:
        model: name of the model file.
        table: has the columns.
        columns: that the model takes.
        types: the types that the model records, by column.
        problems: gets a line for each column of numbers with one that is infinite or not exact, or
            with a text.
    """
    texts = {name for name in table.codes if name in columns}
    for name in columns:
        if name in texts or name not in table.cells:
            continue
        cells = table.cells[name]
        wrong = {cell: problem for cell in cells.unique() if (problem := number_of(cell)[1])}
        if NOT_A_NUMBER in wrong.values():
            texts.add(name)
            if name in types and types[name].kind != "text":
                at = [cell for cell, problem in wrong.items() if problem == NOT_A_NUMBER]
                is_blank = not any(cell.strip() for cell in at)
                found = "blank, not empty" if is_blank else "text"
                step = "leave such cells empty" if is_blank else "encode it as the training did"
                problems.add(
                    f"{table.name}: column {abridged(name)}: row {_first_row(cells, at)} is"
                    f" {found}, and {model} was fitted on numbers there: {step}"
                )
        elif wrong:
            row = _first_row(cells, list(wrong))
            problems.add(
                f"{table.name}: column {abridged(name)}: row {row} is"
                f" {wrong[cells.iloc[row - 1]]}: leave the cell empty, or remove the row"
            )
    known = {name: types[name].kind == "text" for name in columns if name in types}
    return {name for name in columns if known.get(name, name in texts)}


def _first_row(cells: "pd.Series[str]", wanted: Sequence[str]) -> int:
    """The number of the first row with one of some cells, counted from 1."""
    return int(cells.isin(wanted).to_numpy().argmax()) + 1


def _all_columns(name: str, width: int | None, table: LabelledCells) -> list[str]:
    features = table.features
    if width is not None and width != len(features):
        raise NotAdopted(
            [f"{name}: takes {width} columns and records no names, and {table.name} has"
             f" {len(features)} beside id and outcome ({first_few(features)}): keep its columns"
             " only, in the order of the training"]
        )  # fmt: skip
    return features


def _hint(missing: Sequence[str], columns: Sequence[str]) -> str:
    """The likely cause, and the next step."""
    encoded = [
        (name, column)
        for name in missing
        for column in columns
        if name.startswith((f"{column}_", f"{column}="))
    ]
    if encoded:
        name, column = encoded[0]
        return (
            f"; {abridged(name)} looks like a value of {abridged(column)}, encoded before the"
            " model: give the table as the model takes it, or store a Pipeline that encodes"
        )
    lower = {column.casefold(): column for column in columns}
    for name in missing:
        if name.casefold() in lower:
            return f"; it has {abridged(lower[name.casefold()])}: rename it"
        if close := difflib.get_close_matches(name, columns, 1, ALIKE):
            return f"; it has {abridged(close[0])}, is that {abridged(name)}? rename it"
    return ": give the table that the model was trained on, with these columns"
