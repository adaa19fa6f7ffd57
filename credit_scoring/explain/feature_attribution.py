"""Attribution of the transformer's outputs to raw features and themes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.transformers.transformer import accept

TRIED_ROWS = 3  # clients whose values are replaced, one feature at a time
TRIED_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # quantiles that replace a number


@dataclass(frozen=True, eq=False)
class Attribution:
    """The factor and the theme of each of a transformer's n outputs.

    A factor is a raw feature with all outputs made from it alone, or one output that is made from
    several raw features or from none that is known.

    Attributes:
        factors: the factors, in the order of their first outputs.
        raw: columns of the factors in the raw tables; None for an output.
        outputs: indices of the factors' outputs; None for a raw feature.
        factor_of: the index of each output's factor, shape (n,).
        themes: the themes, in the order of their first factors.
        theme_of: the index of each factor's theme.
        members: indices of each theme's factors.
    """

    factors: tuple[Feature, ...]
    raw: tuple[int | None, ...]
    outputs: tuple[int | None, ...]
    factor_of: NDArray[np.intp]
    themes: tuple[str, ...]
    theme_of: NDArray[np.intp]
    members: tuple[tuple[int, ...], ...]

    @cached_property
    def protected(self) -> tuple[tuple[int, ...], ...]:
        """The factors of each theme that law protects."""
        return tuple(
            tuple(factor for factor in members if self.factors[factor].protected)
            for members in self.members
        )

    def by_factor(self, values: Matrix) -> Matrix:
        """Values of outputs, shape (rows, n), added up by factor."""
        return _added(values, self.factor_of, len(self.factors))

    def by_theme(self, values: Matrix) -> Matrix:
        """Values of factors, shape (rows, factors), added up by theme."""
        return _added(values, self.theme_of, len(self.themes))


def attribute(scorer: RawScorer, reference: ReferencePopulation) -> Attribution:
    """Attribute each output to the only raw feature that changes it.

    A few clients get other values of one feature at a time, so any transformer will do.

    Args:
        scorer: has the transformer.
        reference: the clients whose values are used.

    Raises:
        Exception: any exception of the transformer.
    """
    rows = reference.rows(np.unique(np.linspace(0, len(reference) - 1, TRIED_ROWS, dtype=int)))
    base = scorer.transformer.in_one_call(rows)
    moved = np.zeros((len(scorer.features), base.shape[1]), dtype=bool)
    inputs = [scorer.column_by_name[name] for name in scorer.transformer.inputs]
    for start in range(0, len(inputs), 64):  # bounds the memory
        some = inputs[start : start + 64]
        found = [_values_of(scorer, reference, column) for column in some]
        owners = np.repeat(some, [len(values) for values in found])
        for at in range(len(rows)):
            varied = rows.take(np.full(len(owners), at))
            for column, values in zip(some, found, strict=True):
                varied.replace(column, values, np.flatnonzero(owners == column))
            accepted, output = accept(scorer.transformer, varied, len(scorer.names))
            differs = (output != base[at]) & ~(np.isnan(output) & np.isnan(base[at]))
            np.logical_or.at(moved, owners[accepted], differs)
    return _attribution(scorer, moved)


def _attribution(scorer: RawScorer, moved: NDArray[np.bool_]) -> Attribution:
    factors: list[Feature] = []
    raw: list[int | None] = []
    outputs: list[int | None] = []
    factor_of, known = [], {}
    dictionary = scorer.dictionary.features
    for output, name in enumerate(scorer.names):
        owners = np.flatnonzero(moved[:, output])
        key: tuple[str, int] = ("raw", int(owners[0])) if len(owners) == 1 else ("output", output)
        if not len(owners) and name in dictionary:  # constant for all values tried
            key = ("raw", scorer.column_by_name[name])
        if key not in known:
            known[key] = len(factors)
            is_raw = key[0] == "raw"
            factors.append(
                dictionary[scorer.features[key[1]]] if is_raw else Feature(name, name, "", name)
            )
            raw.append(key[1] if is_raw else None)
            outputs.append(None if is_raw else output)
        factor_of.append(known[key])
    members: dict[str, list[int]] = {}
    for at, factor in enumerate(factors):
        members.setdefault(factor.theme, []).append(at)
    themes = list(members)
    return Attribution(
        tuple(factors),
        tuple(raw),
        tuple(outputs),
        np.array(factor_of, np.intp),
        tuple(themes),
        np.array([themes.index(factor.theme) for factor in factors], np.intp),
        tuple(map(tuple, members.values())),
    )


def _values_of(
    scorer: RawScorer, reference: ReferencePopulation, column: int
) -> Sequence[float | str | None] | Matrix:
    """Values to try: some quantiles or each category, and missing if any client's value is."""
    values = reference.columns[column]
    if column in scorer.texts:
        known = scorer.texts[column] - {None}
        return [*sorted(map(str, known)), *([None] if np.isnan(values).any() else [])]
    present = np.sort(values[~np.isnan(values)])
    missing = [np.nan] if len(present) < len(values) else []
    if not len(present):
        return np.array(missing)
    at = np.round(np.array(TRIED_SHARES) * (len(present) - 1)).astype(int)
    return np.array([*np.unique(present[at]), *missing])


def _added(values: Matrix, target: NDArray[np.intp], length: int) -> Matrix:
    """Columns of values added up into `length` columns, by the target of each."""
    total = np.zeros((len(values), length))
    np.add.at(total.T, target, values.T)
    return total
