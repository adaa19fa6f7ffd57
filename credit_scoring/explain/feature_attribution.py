"""Which raw feature an output of the transformer was made from, and so in which theme it counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.feature_dictionary import Feature
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.transformers.transformer import accept

TRIED_ROWS = 3  # clients whose values are replaced, one feature at a time
TRIED_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # quantiles of the values tried


@dataclass(frozen=True, eq=False)
class Attribution:
    """To what each of the n outputs of a transformer belongs.

    Attributes:
        factors: raw features, and outputs that are made from several of them or from none known.
        raw: the position of each factor's raw feature; None for an output of its own.
        outputs: the position of each factor's output; None for a raw feature.
        factor_of: the position of each output's factor, shape (n,).
        themes: the themes, in the order of their first factors.
        theme_of: the position of each factor's theme.
        members: the positions of each theme's factors.
    """

    factors: tuple[Feature, ...]
    raw: tuple[int | None, ...]
    outputs: tuple[int | None, ...]
    factor_of: NDArray[np.intp]
    themes: tuple[str, ...]
    theme_of: NDArray[np.intp]
    members: tuple[tuple[int, ...], ...]

    def by_factor(self, values: Matrix) -> Matrix:
        """Values of outputs, shape (rows, n), added up by factor."""
        return _added(values, self.factor_of, len(self.factors))

    def by_theme(self, values: Matrix) -> Matrix:
        """Values of factors, shape (rows, factors), added up by theme."""
        return _added(values, self.theme_of, len(self.themes))


def attribute(scorer: RawScorer, reference: ReferencePopulation) -> Attribution:
    """Find out by trying: an output belongs to the feature whose values alone move it.

    Whatever the transformer is: a few clients get other values of one feature at a time, and what
    changes is seen.

    Args:
        desk: has the transformer.
        reference: the clients whose values are used.

    Raises:
        Exception: whatever the transformer raises.
    """
    rows = reference.rows(np.unique(np.linspace(0, len(reference) - 1, TRIED_ROWS, dtype=int)))
    base = scorer.transformer.together(rows)
    moved = np.zeros((len(scorer.features), base.shape[1]), dtype=bool)
    inputs = [scorer.column_by_name[name] for name in scorer.transformer.inputs]
    for start in range(0, len(inputs), 64):  # bounds the memory
        some = inputs[start : start + 64]
        found = [_values_of(scorer, reference, position) for position in some]
        owners = np.repeat(some, [len(values) for values in found])
        for at in range(len(rows)):
            varied = rows.take(np.full(len(owners), at))
            for position, values in zip(some, found, strict=True):
                varied.replace(position, values, np.flatnonzero(owners == position))
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
        if not len(owners) and name in dictionary:  # constant wherever it was tried
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
        members.setdefault(factor.group, []).append(at)
    themes = list(members)
    return Attribution(
        tuple(factors),
        tuple(raw),
        tuple(outputs),
        np.array(factor_of, np.intp),
        tuple(themes),
        np.array([themes.index(factor.group) for factor in factors], np.intp),
        tuple(map(tuple, members.values())),
    )


def _values_of(
    scorer: RawScorer, reference: ReferencePopulation, position: int
) -> Sequence[float | str | None] | Matrix:
    """Values to try: some quantiles and missing, or each category, where clients have them."""
    values = reference.columns[position]
    if position in scorer.texts:
        known = scorer.texts[position] - {None}
        return [*sorted(map(str, known)), *([None] if np.isnan(values).any() else [])]
    present = np.sort(values[~np.isnan(values)])
    missing = [np.nan] if len(present) < len(values) else []
    if not len(present):
        return np.array(missing)
    at = np.round(np.array(TRIED_SHARES) * (len(present) - 1)).astype(int)
    return np.array([*np.unique(present[at]), *missing])


def _added(values: Matrix, position: NDArray[np.intp], length: int) -> Matrix:
    total = np.zeros((len(values), length))
    np.add.at(total.T, position, values.T)
    return total
