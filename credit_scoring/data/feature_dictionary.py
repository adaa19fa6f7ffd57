"""What `features.csv` says of the features: words, themes, formulas, and what may change."""

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

TOLERANCE = 1e-9  # how far a formula may be from its column, relative to it
COLUMNS = (
    "name", "label", "unit", "group", "kind", "formula", "depends", "change", "protected",
    "reason_high", "reason_low", "reason_missing",
)  # fmt: skip
CHANGES = ("none", "up", "down", "any")
KINDS = ("", "number", "flag", "text")

Change = Literal["none", "up", "down", "any"]
DeclaredKind = Literal["", "number", "flag", "text"]


@dataclass(frozen=True)
class Feature:
    """What is known of one feature beside its values.

    Attributes:
        name: as in the tables.
        label: in plain words.
        unit: of its values; empty where it has none.
        group: the theme under which it is given as a reason.
        formula: how it follows from others, as the file has it; empty where it does not.
        depends: names of features from which it follows in a way that cannot be computed here.
        change: how a suggestion may move it.
        protected: whether law protects this trait.
        reason_high, reason_low, reason_missing: wording of a reason where it pushed most.
        kind: of its values: numbers, 1 and 0, or texts; empty if the file does not say.
    """

    name: str
    label: str
    unit: str
    group: str
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
    """All features, in the order of the tables, and the formulas among them.

    Attributes:
        features: by name, every one of the tables.
        formulas: by the name of what they give; one that builds on another comes after it.
    """

    features: Mapping[str, Feature]
    formulas: Mapping[str, Formula] = field(default_factory=dict)

    @property
    def protected(self) -> list[Feature]:
        """The features that are traits which law protects."""
        return [feature for feature in self.features.values() if feature.protected]

    def follow(self, given: Set[str]) -> tuple[list[str], list[str]]:
        """What follows where some features are given new values.

        Args:
            given: their names.

        Returns:
            The features that are to be computed again, in that order, and those that would be
            different too, but cannot be computed: they depend on a changed one.
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
        """Check that what is declared as text, and nothing that a formula is about, is text.

        Args:
            texts: names of the features that are text.

        Raises:
            BadFile: it is not so.
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
        """Check that each formula gives its column in every row, and that flags are 0 or 1.

        Args:
            file: the table.
            columns: its values by feature, all of shape (clients,), NaN where one is missing.

        Raises:
            BadFile: one does not.
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
    """What is known of features without a file: their names."""
    return FeatureDictionary({name: Feature(name, name, "", name) for name in names})


def read_features(
    path: Path, expected: str | None, names: Sequence[str]
) -> tuple[FeatureDictionary, str | None]:
    """What the file says, and its SHA-256; by names alone, and None, where there is no file.

    Args:
        path: of the file.
        expected: the SHA-256 that it must have, where one is known.
        names: of the features of the tables, in their order.

    Raises:
        BadFile: it has another hash, cannot be read, or says what cannot be.
    """
    with foreign_code(path.name, unreadable):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            if expected is not None:  # model.json counts on it
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
    """What one row says."""

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
        unit=cells.get("unit", ""),
        group=cells.get("group") or label,
        kind=cast(DeclaredKind, kind),
        formula=cells.get("formula", ""),
        depends=depends,
        change=cast(Change, change),
        protected=protected == "1",
        reason_high=cells.get("reason_high", ""),
        reason_low=cells.get("reason_low", ""),
        reason_missing=cells.get("reason_missing", ""),
    )


def _formulas(features: Mapping[str, Feature], known: Set[str]) -> dict[str, Formula]:
    """The formulas, those on which others build first."""
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
    """Where a formula and its column are not the same, shape (clients,)."""
    same = np.abs(computed - column) <= TOLERANCE * np.abs(column)
    both_missing = np.isnan(computed) & np.isnan(column)
    return np.asarray(~(same | both_missing))
