"""The feature dictionary of `features.csv`: labels, themes, formulas and permitted changes."""

import csv
import io
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal, cast

import numpy as np

from credit_scoring.data.artifacts import FEATURES_FILE, check_hash, unreadable
from credit_scoring.data.formulas import Columns, Formula, NotAFormula, parse
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, abridged, first_few, foreign_code

TOLERANCE = 1e-9  # of a formula, relative to its column
COLUMNS = (  # the service does not read notes
    "name", "label", "unit", "group", "kind", "formula", "depends", "change", "protected",
    "reason_high", "reason_low", "reason_missing", "note",
)  # fmt: skip
TEXTS = ("unit", "formula", "reason_high", "reason_low", "reason_missing")
CHANGES = ("none", "up", "down", "any")
KINDS = ("", "number", "flag", "text")

Change = Literal["none", "up", "down", "any"]
DeclaredKind = Literal["", "number", "flag", "text"]


@dataclass(frozen=True)
class Feature:
    """One row of the feature dictionary.

    Attributes:
        name: the column of the tables.
        label: the feature in plain words.
        unit: of its values; empty if they have none.
        theme: the features with which it is counted as one reason; the column `group`.
        formula: its arithmetic on other features, in the grammar of `formulas`; empty for none.
        depends: names of features from which it follows in a way that no formula describes.
        change: the direction in which a counterfactual may move it.
        protected: true for a trait that law protects.
        reason_high, reason_low, reason_missing: texts of a reason code, for a high, a low and a
            missing value.
        kind: numbers, flags of 1 and 0, or texts; empty if the file does not say.
    """

    name: str
    label: str
    unit: str
    theme: str
    formula: str = ""
    depends: tuple[str, ...] = ()
    change: Change = "none"
    protected: bool = False
    reason_high: str = ""
    reason_low: str = ""
    reason_missing: str = ""
    kind: DeclaredKind = ""


@dataclass(frozen=True, eq=False)
class FeatureDictionary:
    """All features of the tables and the formulas among them.

    Attributes:
        features: by name, in the order of the tables.
        formulas: by the name of the computed feature; each comes after those it builds on.
    """

    features: Mapping[str, Feature]
    formulas: Mapping[str, Formula] = field(default_factory=dict)

    @property
    def protected(self) -> list[Feature]:
        """The features that law protects."""
        return [feature for feature in self.features.values() if feature.protected]

    def follow(self, given: Set[str]) -> tuple[list[str], list[str]]:
        """The features that follow from features with new values.

        Args:
            given: names of the features that get new values.

        Returns:
            The features to compute again, in that order, and the features that depend on a changed
            one but cannot be computed.
        """
        changed = set(given)
        recomputed = []
        for name, formula in self.formulas.items():
            if name not in given and changed & set(formula.inputs):
                recomputed.append(name)
                changed.add(name)
        stale = [
            name
            for name, feature in self.features.items()
            if name not in changed and changed & set(feature.depends)
        ]
        return recomputed, stale

    def check_kinds(self, texts: Set[str]) -> None:
        """Check that the tables have the declared kinds, and that no formula has a text feature.

        Args:
            texts: names of the features that are text in the tables.

        Raises:
            BadFile: a kind differs, or a formula has a text feature.
        """
        for name, feature in self.features.items():
            if feature.kind and (feature.kind == "text") != (name in texts):
                found = "text" if name in texts else "numbers"
                raise BadFile(
                    FEATURES_FILE,
                    f"the kind of {abridged(name)} is {feature.kind}, and the model takes {found}",
                )
        for name, formula in self.formulas.items():
            if wrong := [other for other in (name, *formula.inputs) if other in texts]:
                raise BadFile(
                    FEATURES_FILE,
                    f"the formula of {abridged(name)} has text features: {first_few(wrong)}",
                )

    def check(self, file: str, columns: Columns) -> None:
        """Check that formulas reproduce their columns in every row, and that flags are 0 or 1.

        Args:
            file: the name of the table's file.
            columns: its values by feature, all of shape (clients,), NaN where one is missing.

        Raises:
            BadFile: a row differs from a formula, or a flag is neither 0 nor 1.
        """
        for name, formula in self.formulas.items():
            wrong = _differs(formula(columns), columns[name])
            if wrong.any():
                raise BadFile(
                    FEATURES_FILE,
                    f"the formula of {abridged(name)} differs in {wrong.sum()} of {len(wrong)} rows"
                    f" of {file}, first in row {wrong.argmax() + 1}",
                )
        for name, feature in self.features.items():
            if feature.kind == "flag" and name in columns:
                others = ~(np.isnan(columns[name]) | np.isin(columns[name], (0, 1)))
                if others.any():
                    raise BadFile(
                        file,
                        f"column {abridged(name)}: row {others.argmax() + 1} is neither 0 nor 1,"
                        f" and {FEATURES_FILE} calls it a flag",
                    )


def by_names(names: Sequence[str]) -> FeatureDictionary:
    """The dictionary without a file: each feature's name is its label and its theme."""
    return FeatureDictionary({name: Feature(name, name, "", name) for name in names})


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
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(enumerate(lines, 1))
    _check_columns(lines.fieldnames or ())
    known = dict.fromkeys(names)
    features: dict[str, Feature] = {}
    for number, row in rows:
        feature = _feature(number, row, known.keys())
        if feature.name in features:
            raise BadFile(path.name, f"row {number}: {abridged(feature.name)} is there twice")
        features[feature.name] = feature
    formulas = _formulas(features, known.keys())
    others = by_names(names).features
    all_features = {name: features.get(name, others[name]) for name in names}
    return FeatureDictionary(all_features, formulas), found


def _check_columns(header: Sequence[str]) -> None:
    if "name" not in header:
        raise BadFile(FEATURES_FILE, "lacks the column name")
    if twice := sorted({column for column in header if column and header.count(column) > 1}):
        raise BadFile(FEATURES_FILE, f"has a column more than once: {first_few(twice)}")
    if unknown := [column for column in header if column and column not in COLUMNS]:
        raise BadFile(
            FEATURES_FILE, f"unknown columns: {first_few(unknown)}; known: {', '.join(COLUMNS)}"
        )


def _feature(number: int, row: Mapping[str | None, str | None], known: Set[str]) -> Feature:
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
    return Feature(
        name=name,
        label=label,
        theme=cells.get("group") or label,
        kind=cast(DeclaredKind, kind),
        depends=depends,
        change=cast(Change, change),
        protected=protected == "1",
        **{column: cells.get(column, "") for column in TEXTS},
    )


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


def _differs(computed: Matrix, column: Matrix) -> Matrix:
    """True for each row in which a formula differs from its column, shape (clients,)."""
    same = np.abs(computed - column) <= TOLERANCE * np.abs(column)
    both_missing = np.isnan(computed) & np.isnan(column)
    return np.asarray(~(same | both_missing))
