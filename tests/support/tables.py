"""Cells of tables, read without pandas."""

import csv
from pathlib import Path

from credit_scoring.data.artifacts import ID


def cells(path: Path) -> dict[int, dict[str, str]]:
    """The text of every cell by client and column, read without pandas."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {int(row[ID]): row for row in csv.DictReader(file)}


def value(cell: str) -> float | str | None:
    """The value of a cell; None for an empty one."""
    if cell in {"", "True", "False"}:
        return {"": None, "True": 1.0, "False": 0.0}[cell]
    try:
        return float(cell)
    except ValueError:
        return cell


def null(values: dict[str, float | str | None]) -> dict[str, float | str | None]:
    """Replace NaN by None, as in JSON."""
    return {name: None if value != value else value for name, value in values.items()}
