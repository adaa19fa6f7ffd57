"""The file `features.csv`, read row by row into a feature dictionary."""

import csv
import io
import math
from collections.abc import Mapping, Sequence, Set
from hashlib import sha256
from pathlib import Path
from typing import cast

from credit_scoring.data.artifacts import FEATURES_FILE, check_hash, unreadable
from credit_scoring.data.features.feature_dictionary import (
    Change,
    DeclaredKind,
    Feature,
    FeatureDictionary,
    by_names,
)
from credit_scoring.data.features.feature_translations import (
    is_translated,
    languages_of,
    translations_of,
)
from credit_scoring.data.features.formulas import Formula, NotAFormula, parse
from credit_scoring.errors import BadFile, abridged, first_few, foreign_code

COLUMNS = (  # the service does not read notes
    "name", "label", "unit", "group", "kind", "formula", "depends", "change", "protected",
    "lowest", "highest", "reason_high", "reason_low", "reason_missing", "note",
)  # fmt: skip
CHANGES = ("none", "up", "down", "any")
KINDS = ("", "number", "flag", "text")


def read_features(
    path: Path, expected: str | None, names: Sequence[str]
) -> tuple[FeatureDictionary, str | None]:
    """The feature dictionary and its SHA-256; `by_names` and None without a file.

    Args:
        path: the file, which may be absent.
        expected: the SHA-256 that it must have; with one the file must exist.
        names: of the features of the tables, in their order.

    Raises:
        BadFile: the file has another hash, cannot be read, or has a wrong column, cell or formula.
    """
    with foreign_code(path.name, unreadable):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            if expected is not None:
                raise
            return by_names(names), None
        found = sha256(content).hexdigest()
        check_hash(path.name, found, expected)
    return parse_features(content, names), found


def parse_features(content: bytes, names: Sequence[str]) -> FeatureDictionary:
    """The feature dictionary in the content of a file.

    Args:
        content: of a `features.csv`.
        names: of the features of the tables, in their order.

    Raises:
        BadFile: the content cannot be read, or has a wrong column, cell or formula.
    """
    with foreign_code(FEATURES_FILE, unreadable):
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(enumerate(lines, 1))
    header = lines.fieldnames or ()
    _check_columns(header)
    languages = languages_of(header)
    known = dict.fromkeys(names)
    features: dict[str, Feature] = {}
    themes: dict[tuple[str, str], str] = {}
    for number, row in rows:
        feature = _feature(number, row, known.keys(), languages)
        if feature.name in features:
            raise BadFile(FEATURES_FILE, f"row {number}: {abridged(feature.name)} is there twice")
        features[feature.name] = feature
        _check_theme(number, feature, themes)
    formulas = _formulas(features, known.keys())
    others = by_names(names).features
    all_features = {name: features.get(name, others[name]) for name in names}
    return FeatureDictionary(all_features, formulas, languages)


def _check_columns(header: Sequence[str]) -> None:
    if "name" not in header:
        raise BadFile(FEATURES_FILE, "lacks the column name")
    if twice := sorted({column for column in header if column and header.count(column) > 1}):
        raise BadFile(FEATURES_FILE, f"has a column more than once: {first_few(twice)}")
    known = [column for column in header if column in COLUMNS or is_translated(column)]
    if unknown := [column for column in header if column and column not in known]:
        raise BadFile(
            FEATURES_FILE,
            f"unknown columns: {first_few(unknown)}; known: {', '.join(COLUMNS)}, and words in"
            " another language as in label_fr",
        )


def _feature(
    number: int,
    row: Mapping[str | None, str | None],
    known: Set[str],
    languages: Sequence[str],
) -> Feature:
    """The feature that one row describes."""

    def refused(problem: str) -> BadFile:
        return BadFile(FEATURES_FILE, f"row {number}: {problem}")

    if None in row or None in row.values():
        raise refused("has another number of fields than the header")
    cells = {str(column): str(cell).strip() for column, cell in row.items()}
    name = str(row["name"])
    if name not in known:
        raise refused(f"{abridged(name)} is no feature of the tables")
    label = cells.get("label") or name
    depends = tuple(filter(None, map(str.strip, cells.get("depends", "").split(";"))))
    if unknown := [other for other in depends if other not in known]:
        raise refused(f"depends on what is no feature: {first_few(unknown)}")
    if (kind := cells.get("kind", "")) not in KINDS:
        raise refused(f"kind is {abridged(kind)}, not one of {', '.join(KINDS[1:])}")
    change, protected = cells.get("change") or "none", cells.get("protected") or "0"
    if change not in CHANGES:
        raise refused(f"change is {abridged(change)}, not one of {', '.join(CHANGES)}")
    if protected not in ("0", "1"):
        raise refused(f"protected is {abridged(protected)}, neither 0 nor 1")
    if (ends := _range(cells)) is None:
        raise refused("lowest or highest is not a number, or lowest is above highest")
    if kind == "text" and ends != (-math.inf, math.inf):
        raise refused("a text has no lowest and no highest value")
    return Feature(
        name=name,
        label=label,
        theme=cells.get("group") or label,
        kind=cast(DeclaredKind, kind),
        depends=depends,
        change=cast(Change, change),
        protected=protected == "1",
        lowest=ends[0],
        highest=ends[1],
        translations=translations_of(cells, languages),
        unit=cells.get("unit", ""),
        formula=cells.get("formula", ""),
        reason_high=cells.get("reason_high", ""),
        reason_low=cells.get("reason_low", ""),
        reason_missing=cells.get("reason_missing", ""),
    )


def _check_theme(number: int, feature: Feature, themes: dict[tuple[str, str], str]) -> None:
    """Check that a theme has one name in each language.

    Args:
        number: of the row.
        feature: that the row describes.
        themes: names so far, by language and theme; gets the row's.

    Raises:
        BadFile: an earlier row has another name.
    """
    for language, words in feature.translations.items():
        if words.theme and words.theme != themes.setdefault((language, feature.theme), words.theme):
            raise BadFile(
                FEATURES_FILE,
                f"row {number}: {abridged(feature.theme)} has another group_{language} before",
            )


def _range(cells: Mapping[str, str]) -> tuple[float, float] | None:
    """The lowest and the highest value in one row's cells; None for a wrong cell."""
    ends = [-math.inf, math.inf]
    for at, column in enumerate(("lowest", "highest")):
        if cell := cells.get(column):
            try:
                ends[at] = float(cell)
            except ValueError:
                return None
            if not math.isfinite(ends[at]):
                return None
    low, high = ends
    return (low, high) if low <= high else None


def _formulas(features: Mapping[str, Feature], known: Set[str]) -> dict[str, Formula]:
    """The formulas by feature, each after those it builds on."""
    waiting: dict[str, Formula] = {}
    for name, feature in features.items():
        if feature.formula:
            try:
                waiting[name] = parse(feature.formula)
            except NotAFormula as problem:
                raise BadFile(
                    FEATURES_FILE, f"the formula of {abridged(name)}: {problem}"
                ) from problem
            if unknown := [other for other in waiting[name].inputs if other not in known]:
                raise BadFile(
                    FEATURES_FILE,
                    f"the formula of {abridged(name)} has unknown features: {first_few(unknown)}",
                )
    ordered: dict[str, Formula] = {}
    while waiting:
        free = [n for n, formula in waiting.items() if not waiting.keys() & set(formula.inputs)]
        if not free:
            raise BadFile(
                FEATURES_FILE, f"formulas build on each other in a circle: {first_few([*waiting])}"
            )
        ordered |= {name: waiting.pop(name) for name in free}
    return ordered
