"""One row with two numeric features changed together, dependent features computed from both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.features.formulas import Columns
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.row_scores import is_alike, scored
from credit_scoring.whatif.pairs.axis import Axis
from credit_scoring.whatif.sensitivity import Value

MOST_JUMPS = 200  # towards the row's own values
ALONE = 24  # shortest jumps of each feature whose rows are scored alone, and such rounds


class PairValues(NamedTuple):
    """Values of both features, and the probability of class 1 with them."""

    one: Value
    other: Value
    probability: float


class Found(NamedTuple):
    """The nearest values, and true if it is proved that none is nearer, or that there are none."""

    values: PairValues | None
    is_exact: bool


@dataclass(frozen=True, eq=False)
class VariedPair:
    """One row with all values of two numeric features.

    Attributes:
        scorer: scores the rows.
        row: the original row.
        one, other: the features.
        threshold: decision threshold, a probability; the row's own score reaches it.
    """

    scorer: RawScorer
    row: RawBatch
    one: Axis
    other: Axis
    threshold: float

    @cached_property
    def recomputed(self) -> list[str]:
        """Names of the dependent features, in the order of their formulas."""
        return self.scorer.dictionary.follow({self.one.name, self.other.name})[0]

    @cached_property
    def swapped(self) -> "VariedPair":
        """The pair with both features in the other order."""
        return replace(self, one=self.other, other=self.one)

    def columns(self, one: Matrix, other: Matrix, names: Sequence[str] | None = None) -> Columns:
        """Values of both features and of dependent ones by name.

        Args:
            one, other: values of the features, of shapes that NumPy broadcasts.
            names: the dependent features to compute; None for all.
        """
        columns = {**self.own, self.one.name: one, self.other.name: other}
        for name in self.recomputed if names is None else names:
            columns[name] = self.scorer.dictionary.formulas[name](columns)
        return columns

    @cached_property
    def own(self) -> Columns:
        """The row's values of all features in the formulas, shape (1,)."""
        formulas = [self.scorer.dictionary.formulas[name] for name in self.recomputed]
        names = {name for formula in formulas for name in formula.inputs}
        return {name: self.row.numbers[:, self.scorer.column_by_name[name]] for name in names}

    def needed(self, name: str) -> list[str]:
        """Dependent features behind one and itself, in the order of their formulas."""
        needed = {name}
        for each in reversed(self.recomputed):
            if each in needed:
                needed |= set(self.scorer.dictionary.formulas[each].inputs)
        return [each for each in self.recomputed if each in needed]

    def rows(self, one: Matrix, other: Matrix) -> RawBatch:
        """Copies of the row, one for each pair of values, with dependent features computed."""
        rows = self.row.take(np.zeros(len(one), np.intp))
        columns = self.columns(one, other)
        for name in (self.one.name, self.other.name, *self.recomputed):
            rows.numbers[:, self.scorer.column_of(name)] = np.broadcast_to(columns[name], len(one))
        return rows

    def scores(self, one: Matrix, other: Matrix, *, together: bool = False) -> Matrix:
        """Probabilities of class 1, NaN for a row that the model refuses; see `scored`."""
        return scored(self.scorer, self.rows(one, other), together=together)[0]

    def turns(self, scores: Matrix) -> NDArray[np.bool_]:
        """True for scores of the other decision."""
        return np.asarray(scores < self.threshold)

    def checked(self, one: float, other: float) -> PairValues | None:
        """Values with their score; None if they do not turn the decision, or one does so alone."""
        scores = self.scores(
            np.array([one, one, self.one.own]), np.array([other, self.other.own, other])
        )
        together, *alone = self.turns(scores).tolist()
        if not together or any(alone):
            return None
        return PairValues(one, other, float(scores[0]))

    def settled(self, one: float, other: float) -> tuple[float, float]:
        """Values moved towards the row's own ones until the next step of either undoes the turn.

        Args:
            one, other: values that turn the decision.
        """
        if is_alike(self.scorer):
            return self._settled(one, other, MOST_JUMPS)
        # A row alone takes a call of the model: only the last bits are found so.
        near = self._settled(one, other, MOST_JUMPS, together=True)
        ones, others = self.one.jumps_on(near[0], one), self.other.jumps_on(near[1], other)
        for some in (slice(1), slice(1, None)):  # mostly, the first one turns
            turns = np.flatnonzero(self.turns(self.scores(ones[some], others[some])))
            if len(turns):
                one, other = float(ones[some][turns[0]]), float(others[some][turns[0]])
                break
        return self._settled(one, other, ALONE, shortest=ALONE)

    def _settled(
        self,
        one: float,
        other: float,
        most: int,
        *,
        together: bool = False,
        shortest: int | None = None,
    ) -> tuple[float, float]:
        """Values moved by the longest jumps that keep the turn.

        Args:
            one, other: values that turn the decision.
            most: the largest number of jumps.
            together: see `scored`.
            shortest: the number of jumps of each feature to try, the shortest ones; None for all.
        """
        for _ in range(most):
            ones, others = self.one.jumps_back(one), self.other.jumps_back(other)
            if shortest is not None:
                ones, others = ones[-shortest:], others[-shortest:]
            scores = self.scores(
                np.concatenate([ones, np.full(len(others), one)]),
                np.concatenate([np.full(len(ones), other), others]),
                together=together,
            )
            turns = np.flatnonzero(self.turns(scores))
            if not len(turns):
                break
            # The longest jump, as a share of the way, of either feature.
            ways = np.repeat([self.one.own - one, self.other.own - other], [len(ones), len(others)])
            jumps = np.concatenate([ones - one, others - other]) / ways
            at = int(turns[jumps[turns].argmax()])
            if at < len(ones):
                one = float(ones[at])
            else:
                other = float(others[at - len(ones)])
        return one, other

    def along_one(self, one: float, other: float) -> VariedRow:
        """The row with one value of the other feature, varied up to a value of the first one."""
        own = np.array([self.one.own])
        row = self.rows(own, np.array([other]))
        low, high = min(self.one.own, one), max(self.one.own, one)
        return VariedRow(self.scorer, row, self.one.name, low, high)
