"""Cells of a CSV file, read as numbers, texts or missing values.

The rules are those by which the service reads its tables; a test compares the two.
"""

import math
import re
from contextlib import suppress
from types import MappingProxyType

from advisor.service_client.response_models import Feature, Value

# Texts that pandas reads as a missing value.
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


def known_categories(feature: Feature) -> frozenset[str]:
    """The categories of a text feature, or "0" and "1" of a flag, that reference clients have."""
    shares = [each["shares"] or {} for each in (feature["class0"], feature["class1"])]
    return frozenset(category for each in shares for category in each if each[category])


def value_of(cell: str, feature: Feature | None) -> Value:
    """The value in a cell.

    Args:
        cell: the cell's text.
        feature: the feature in the cell's column; None if the column is not a feature.

    Returns:
        None for a missing value. The cell's text for a text feature, and for a number that is
        unreadable or not finite: the service then refuses the application with a message.
    """
    if feature is not None and feature["kind"] == "text":
        return None if cell in MISSING_TEXTS - known_categories(feature) else cell
    if cell in MISSING_TEXTS:
        return None
    if cell in FLAGS:
        return FLAGS[cell]
    with suppress(ValueError):  # float refuses a long text at once; the pattern alone takes minutes
        number = float(cell)
        if math.isfinite(number) and NUMBER.fullmatch(cell):
            return number
    return cell
