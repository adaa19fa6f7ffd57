"""Words of features in further languages: columns of `features.csv` such as `label_fr`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TRANSLATED = ("label", "unit", "group", "reason_high", "reason_low", "reason_missing")
COLUMN = re.compile(rf"({'|'.join(TRANSLATED)})_([a-z]{{2}})")


@dataclass(frozen=True)
class Translation:
    """A feature's words in one language; an empty one is that of the base language.

    Attributes:
        label, unit, theme, reason_high, reason_low, reason_missing: see `Feature`.
    """

    label: str = ""
    unit: str = ""
    theme: str = ""
    reason_high: str = ""
    reason_low: str = ""
    reason_missing: str = ""


def is_translated(column: str) -> bool:
    """True for a column with words in a further language."""
    return COLUMN.fullmatch(column) is not None


def languages_of(header: Iterable[str]) -> tuple[str, ...]:
    """The languages of a header's columns, sorted."""
    return tuple(sorted({found[2] for name in header if (found := COLUMN.fullmatch(name))}))


def translations_of(
    cells: Mapping[str, str], languages: Iterable[str]
) -> Mapping[str, Translation]:
    """The translations in one row, by language.

    Args:
        cells: of the row, by column.
        languages: of the file.
    """
    return {
        language: Translation(*(cells.get(f"{column}_{language}", "") for column in TRANSLATED))
        for language in languages
    }
