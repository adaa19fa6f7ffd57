"""Breakpoints of one feature of a row: where a tree may take another branch, or a bin begin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.features.formulas import Columns
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import LARGEST_DOUBLE, below, first_true
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.transformers.traced_output import TracedOutput
from credit_scoring.whatif.curves.monotonicity import Interval, Monotonicity

INFINITE = np.array([-np.inf, LARGEST_DOUBLE])  # limits: -inf is at the first, inf above the second
CELLS = 64  # equal parts of an interval on which no feature is proved monotone


@dataclass(frozen=True, eq=False)
class VariedRow:
    """One row with every value of one numeric feature, dependent features computed from it.

    Attributes:
        scorer: scores the rows.
        row: the original row.
        feature: the name of the varied feature.
        low, high: the range of its values.
    """

    scorer: RawScorer
    row: RawBatch
    feature: str
    low: float
    high: float

    @property
    def own(self) -> float:
        """The row's own value, NaN if it is missing."""
        return float(self.row.numbers[0, self.scorer.column_of(self.feature)])

    @cached_property
    def recomputed(self) -> list[str]:
        """Names of the dependent features, in the order of their formulas."""
        return self.scorer.dictionary.follow({self.feature})[0]

    def rows(self, values: Matrix) -> RawBatch:
        """Copies of the row, one for each value, with dependent features computed."""
        rows = self.row.take(np.zeros(len(values), np.intp))
        columns = self.columns(values)
        for name in (self.feature, *self.recomputed):
            rows.numbers[:, self.scorer.column_of(name)] = columns[name]
        return rows

    def columns(self, values: Matrix, names: Sequence[str] | None = None) -> Columns:
        """Values of the features by name, shape (m,); shape (1,) of those that do not depend.

        Args:
            values: values of the varied feature, shape (m,).
            names: the dependent features to compute; None for all.
        """
        columns = {**self._own, self.feature: values}
        for name in self.recomputed if names is None else names:
            columns[name] = self.scorer.dictionary.formulas[name](columns)
        return columns

    @cached_property
    def _own(self) -> Columns:
        formulas = [self.scorer.dictionary.formulas[name] for name in self.recomputed]
        names = {name for formula in formulas for name in formula.inputs}
        return {name: self.row.numbers[:, self.scorer.column_by_name[name]] for name in names}

    @cached_property
    def sources(self) -> dict[int, str] | None:
        """The one feature behind each dependent output of the transformer, by output.

        None if an output is not known. For a classifier that has neither split points nor
        coefficients, each must be binned.
        """
        dependent, found = {self.feature, *self.recomputed}, {}
        classifier, traced = self.scorer.classifier, self.scorer.transformer.traced_outputs
        points = classifier.split_points
        if traced is None:
            return None
        for index, output in enumerate(traced):
            if output.sources & dependent:
                is_known = classifier.coefficients is not None
                is_known |= points is not None and points[index] is not None
                if output.steps is None or not (is_known or output.jumps is not None):
                    return None
                (found[index],) = output.sources
        return found

    @cached_property
    def jumps(self) -> dict[int, Matrix]:
        """The jumps of each dependent output of which only a function of its bin is known."""
        traced = self.scorer.transformer.traced_outputs or ()
        found = {output: traced[output].jumps for output in self.sources or {}}
        return {output: jumps for output, jumps in found.items() if jumps is not None}

    @property
    def has_steps(self) -> bool:
        """True if the score is a step function: that of trees, or of bins alone."""
        if self.scorer.classifier.split_points is not None:
            return True
        return self.sources is not None and self.jumps.keys() == self.sources.keys()

    @cached_property
    def intervals(self) -> dict[str, list[Interval]]:
        """Intervals of the range on which each feature is monotone, by name of the feature."""
        formulas = self.scorer.dictionary.formulas
        trees = {name: formulas[name].tree for name in self.recomputed}
        cuts_bends = self.scorer.classifier.coefficients is not None
        monotonicity = Monotonicity(self.feature, trees, self._own, self.columns, cuts_bends)
        return {
            name: monotonicity.intervals(name, self.low, self.high)
            for name in (self.feature, *self.recomputed)
        }

    @property
    def is_proved(self) -> bool:
        """True if the score changes only at `breakpoints`."""
        return (
            self.sources is not None
            and self.has_steps
            and all(
                interval.is_monotone
                for intervals in self.intervals.values()
                for interval in intervals
            )
        )

    def breakpoints(self) -> Matrix:
        """Values at which the score may change, rising, the first one `low`.

        Without split points, those at which it may jump or be refused, or a direction may change.
        With bins, also the last values before these and `high`, for `agrees`.
        """
        found = [np.array([self.low])]
        if self.sources is None:
            found += [cells(self.low, self.high)]
        for intervals in self.intervals.values():
            for interval in intervals:
                found += [
                    np.array([interval.first])
                    if interval.is_monotone
                    else cells(interval.first, interval.last)
                ]
        for output, source in self._without_repeats(self.sources or {}).items():
            found += [self._crossings(source, self._output(output, source), self._limits(output))]
        for name in self.recomputed:  # an infinite value is refused
            found += [self._crossings(name, self.dependent(name), INFINITE)]
        edges = np.unique(np.concatenate(found))
        return np.unique([*edges, *below(edges[1:]), self.high]) if self.jumps else edges

    def _crossings(
        self, source: str, compute: Callable[[Matrix], Matrix], limits: Matrix
    ) -> Matrix:
        """The first double at which a function of the source passes each limit."""
        ends = [
            np.array([interval.first, interval.last])
            if interval.is_monotone
            else np.append(cells(interval.first, interval.last), interval.last)
            for interval in self.intervals[source]
        ]
        first = np.concatenate([values[:-1] for values in ends])
        last = np.concatenate([values[1:] for values in ends])
        one, other = compute(first), compute(last)
        from_, to = (np.searchsorted(limits, bound(one, other)) for bound in (np.fmin, np.fmax))
        number = np.where(np.isnan(one) | np.isnan(other), 0, to - from_)
        interval = np.repeat(np.arange(len(number)), number)
        passed = limits[np.concatenate([np.arange(0), *map(np.arange, from_, from_ + number)])]
        rises = (one < other)[interval]

        def is_beyond(values: Matrix, index: NDArray[np.intp]) -> NDArray[np.bool_]:
            return np.asarray((compute(values) > passed[index]) == rises[index])

        return first_true(is_beyond, first[interval], last[interval])

    def _without_repeats(self, sources: Mapping[int, str]) -> dict[int, str]:
        """The sources of some outputs, of those made from the same bins only one."""
        traced = self.scorer.transformer.traced_outputs or ()
        one = {traced[output] if output in self.jumps else output: output for output in sources}
        return {output: sources[output] for output in one.values()}

    def crossings_of(self, source: str, steps: TracedOutput, limits: Matrix) -> Matrix:
        """The first double at which some steps of a source's arithmetic pass each limit."""
        dependent = self.dependent(source)
        return self._crossings(source, lambda values: steps(dependent(values)), limits)

    def _output(self, output: int, source: str) -> Callable[[Matrix], Matrix]:
        """An output of the transformer as a function of the varied feature, shapes (m,)."""
        assert self.scorer.transformer.traced_outputs is not None  # noqa: S101 - `sources` checks it
        apply, dependent = self.scorer.transformer.traced_outputs[output], self.dependent(source)
        return lambda values: apply(dependent(values))

    def dependent(self, name: str) -> Callable[[Matrix], Matrix]:
        """A dependent feature as a function of the varied feature, shapes (m,)."""
        needed = self._needed(name)
        return lambda values: np.broadcast_to(self.columns(values, needed)[name], values.shape)

    def _needed(self, name: str) -> list[str]:
        """Dependent features that a feature is computed from, in the order of their formulas."""
        needed = {name}
        for name in reversed(self.recomputed):
            if name in needed:
                needed |= set(self.scorer.dictionary.formulas[name].inputs)
        return [name for name in self.recomputed if name in needed]

    def _limits(self, output: int) -> Matrix:
        """Split points of an output, between the limits of the classifier's range.

        Of a binned one, the numbers of all bins but the last.
        """
        if output in self.jumps:
            return np.arange(len(self.jumps[output]), dtype=np.float64)
        split_points, largest = self.scorer.classifier.split_points, self.scorer.classifier.largest
        points = None if split_points is None else split_points[output]
        known = np.empty(0) if points is None else points
        inside = known[np.abs(known) <= largest]
        with np.errstate(over="ignore"):
            return np.array([below(-largest), *inside, largest])

    def agrees(self, values: Matrix, transformed: Matrix) -> bool:
        """True if the transformer's outputs equal those computed here, bit by bit.

        Binned outputs must be equal for all values in one bin.

        Args:
            values: values of the varied feature, shape (m,).
            transformed: the transformer's rows for these values, shape (m, n).
        """
        others = np.ones(transformed.shape[1], np.bool_)
        for output, source in (self.sources or {}).items():
            computed = self._output(output, source)(values)
            if output in self.jumps:
                _, first, bins = np.unique(computed, return_index=True, return_inverse=True)
                computed = transformed[first, output][bins]
            if not np.array_equal(computed, transformed[:, output], equal_nan=True):
                return False
            others[output] = False
        same = transformed[:, others]
        return np.array_equal(same, np.broadcast_to(same[:1], same.shape), equal_nan=True)


def cells(first: float, last: float, number: int = CELLS) -> Matrix:
    """First values of some equal parts of an interval, up to rounding."""
    steps = np.linspace(0, 1, number, endpoint=False)
    return np.unique(first * (1 - steps) + last * steps)
