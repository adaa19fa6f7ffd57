"""Cells of a CSV file: the text of one field to a number, a text or a missing value.

The service reads its tables by these rules. The dashboard imports nothing of the service and has a
copy of them.
"""

import math
import re
from contextlib import suppress
from types import MappingProxyType

from advisor.answers import Feature, Value

# The texts that pandas takes for a missing value.
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
    """The categories of a text feature, or "0" and "1" of a flag, that earlier clients have."""
    shares = [each["shares"] or {} for each in (feature["class0"], feature["class1"])]
    return frozenset(category for each in shares for category in each if each[category])


def value_of(cell: str, feature: Feature | None) -> Value:
    """The value in a cell.

    Args:
        cell: its text.
        feature: of the cell's column; None for a column that is not a feature.

    Returns:
        None for a missing value. The text itself for a text feature, and for a number that cannot
        be read or is not finite: the service refuses it and says so.
    """
    if feature is not None and feature["kind"] == "text":
        return None if cell in MISSING_TEXTS - known_categories(feature) else cell
    if cell in MISSING_TEXTS:
        return None
    if cell in FLAGS:
        return FLAGS[cell]
    with suppress(ValueError):  # float refuses a long text at once, the pattern takes minutes
        number = float(cell)
        if math.isfinite(number) and NUMBER.fullmatch(cell):
            return number
    return cell
