"""Raw records in files and pasted texts: a JSON object, or a CSV of one row."""

import csv
import io
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.formatting.csv_cells import value_of
from advisor.service_client.response_models import Feature, Record, Value

CSV_ROWS = 2  # the header and one application
MOST_CHARACTERS = 2**31 - 1  # of a cell; Python's default is 131,072
BYTE_ORDER_MARK = "\ufeff"  # some programs put it before a text
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*", re.ASCII)
# Columns of the service's tables that are not features, and the row numbers that pandas adds.
OTHER_COLUMNS = re.compile(r"|SK_ID_CURR|TARGET|proba|Unnamed: \d+", re.ASCII)


class Unreadable(ValueError):
    """The text is not a raw record; the argument is the end of the explanation's key in texts."""


class Impossible(ValueError):
    """A feature cannot have the value."""


@dataclass(frozen=True)
class ReadRecord:
    """A raw record, as far as the service takes it.

    Attributes:
        values: by feature; None for a value that the record says is missing.
        unknown: names that are not of features.
        refused: values that a feature cannot have, by its name.
    """

    values: Record = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    refused: Mapping[str, Any] = field(default_factory=dict)


def read_file(name: str, content: bytes, features: Mapping[str, Feature]) -> ReadRecord:
    """The record in a file, JSON if its name ends so and else CSV.

    Raises:
        Unreadable: the file has no record.
    """
    try:
        text = content.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise Unreadable("no_text") from error
    is_json = name.lower().endswith(".json")
    return checked(from_json(text) if is_json else from_csv(text, features), features)


def read_text(text: str, features: Mapping[str, Feature]) -> ReadRecord:
    """The record in a pasted text, JSON if it begins so and else CSV.

    Raises:
        Unreadable: the text has no record.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    is_json = text.lstrip().startswith(("{", "["))
    return checked(from_json(text) if is_json else from_csv(text, features), features)


def from_json(text: str) -> dict[str, Any]:
    """Values by name from a JSON object.

    Raises:
        Unreadable: the text is not JSON, not one object, or repeats a name.
    """
    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=float)
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable("no_json") from error
    if not isinstance(found, dict):
        raise Unreadable("no_object")
    return found


def unique(pairs: Collection[tuple[str, Any]]) -> dict[str, Any]:
    """Values by name.

    Raises:
        Unreadable: a name occurs twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("twice")
    return found


def from_csv(text: str, features: Mapping[str, Feature]) -> dict[str, Any]:
    """Values by name from a CSV of a header and one row.

    Columns known not to be features are dropped. A header with semicolons and no comma is of a
    language that writes decimal commas; its numbers are read so.

    Raises:
        Unreadable: the CSV has another number of rows, its row another length than the header,
            or a feature occurs twice.
    """
    csv.field_size_limit(MOST_CHARACTERS)
    first = text.lstrip().partition("\n")[0]
    has_commas = ";" in first and "," not in first
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=";" if has_commas else ",", strict=True
        )
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise Unreadable("no_single_row") from error
    if len(rows) != CSV_ROWS:
        raise Unreadable("no_single_row")
    header, cells = rows
    if len(header) != len(cells):
        raise Unreadable("cells")
    pairs = zip(header, cells, strict=True)
    named = unique(
        [pair for pair in pairs if pair[0] in features or not OTHER_COLUMNS.fullmatch(pair[0])]
    )
    return {
        name: value_of(
            with_point(cell, features.get(name)) if has_commas else cell, features.get(name)
        )
        for name, cell in named.items()
    }


def with_point(cell: str, feature: Feature | None) -> str:
    """A number with a decimal comma, written with a point; any other cell as it is."""
    is_number = feature is not None and feature["kind"] != "text" and DECIMAL_COMMA.fullmatch(cell)
    return cell.replace(",", ".") if is_number else cell


def checked(found: Mapping[str, Any], features: Mapping[str, Feature]) -> ReadRecord:
    """The values that features can have, apart from all others."""
    values: Record = {}
    refused: dict[str, Any] = {}
    for name, feature in features.items():
        if name not in found:
            continue
        try:
            values[name] = taken(found[name], feature)
        except Impossible:
            refused[name] = found[name]
    return ReadRecord(values, tuple(name for name in found if name not in features), refused)


def taken(value: Any, feature: Feature) -> Value:
    """A value as the service takes it; a text that stands for a missing value becomes None.

    Raises:
        Impossible: the feature cannot have the value.
    """
    if value is None:
        return None
    if feature["kind"] == "text":
        if isinstance(value, str):
            return value_of(value, feature)
        raise Impossible("not a text")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Impossible("not a number")
    number = as_double(value)
    lowest, highest = feature.get("lowest"), feature.get("highest")
    if number < (-math.inf if lowest is None else lowest):
        raise Impossible("too low")
    if number > (math.inf if highest is None else highest):
        raise Impossible("too high")
    return number


def as_double(value: float) -> float:
    """A number of JSON, whose integers may have any length, as a finite double.

    Raises:
        Impossible: it is too large.
    """
    try:
        number = float(value)
    except OverflowError as error:
        raise Impossible("too large") from error
    if not math.isfinite(number):
        raise Impossible("not finite")
    return number
