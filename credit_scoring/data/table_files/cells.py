"""Cells of a table: the text of one field to a number, a text or a missing value.

The tables of a bundle, training tables, portfolios and texts in an application all follow these
rules.
"""

import csv
import re
from collections.abc import Hashable, Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any

import numpy as np

# The texts that pandas reads as a missing value.
MISSING_TEXTS = frozenset(
    {
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
    }
)  # fmt: skip
FLAGS = MappingProxyType(
    {"True": 1.0, "TRUE": 1.0, "true": 1.0, "False": 0.0, "FALSE": 0.0, "false": 0.0}
)
NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]+(\.0*)?\s*")
CODE = re.compile(r"\s*0[0-9]+\s*")  # a number would lose its leading zeros
EXACT_INTEGERS = 2**53  # a double holds each whole number up to here
NOT_A_NUMBER = "not a number"
NOT_EXACT = "a whole number that no double holds exactly"

# Python's reader refuses fields of more than 131,072 characters, and files may have longer ones.
csv.field_size_limit(2**31 - 1)


def number_of(text: str) -> tuple[float, str]:
    """The number in a cell, NaN for a missing one, and the problem with it or an empty text."""
    if text in MISSING_TEXTS:
        return np.nan, ""
    if text in FLAGS:
        return FLAGS[text], ""
    if not NUMBER.fullmatch(text):
        infinite = text.strip().lstrip("+-").lower() in ("inf", "infinity")
        return np.nan, "out of range" if infinite else NOT_A_NUMBER
    value = float(text)
    if abs(value) >= EXACT_INTEGERS and is_altered(text, value):
        return value, NOT_EXACT
    return value, ""


def text_of(text: str, literal: Set[str] = frozenset()) -> str | None:
    """The text in a cell, None for a missing one.

    Args:
        text: the cell.
        literal: texts among `MISSING_TEXTS` that are categories of the model, and so not missing.
    """
    return None if text in MISSING_TEXTS and text not in literal else text


def missing_options(columns: Iterable[Hashable], literal: Mapping[Any, Set[str]]) -> dict[str, Any]:
    """Options with which pandas reads missing values as `text_of` does.

    Args:
        columns: all columns of the file, by the names that pandas gives them.
        literal: literal texts as in `text_of`, by column; columns without such texts may be absent.
    """
    if not any(literal.values()):
        return {}
    missing = {name: sorted(MISSING_TEXTS - literal.get(name, frozenset())) for name in columns}
    return {"keep_default_na": False, "na_values": missing}


def is_altered(text: str, value: float) -> bool:
    """True if a text is a whole number and its double is another number."""
    if WHOLE_NUMBER.fullmatch(text) is None or not np.isfinite(value):
        return False
    digits = text.partition(".")[0].strip().lstrip("+-").lstrip("0")  # 309 at most
    return abs(value) != int(digits or "0")
