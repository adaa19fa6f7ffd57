"""One feature of a row under a tree ensemble: the cells of its values in which no tree turns."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import LARGEST_DOUBLE, below
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.transformers.traced_output import TracedOutput
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.decision_runs import scored_values
from credit_scoring.whatif.pairs.axis import Axis
from credit_scoring.whatif.pairs.planes.crossings import crossings
from credit_scoring.whatif.pairs.planes.residual_trees import Places, ResidualTrees


@dataclass(frozen=True, eq=False)
class SourceLimits:
    """Values of raw features at which outputs pass the split points of trees.

    Attributes:
        scorer: has the trees, and a transformer whose outputs are traced.
    """

    scorer: RawScorer
    _known: dict[int, Matrix] = field(default_factory=dict)

    @cached_property
    def traced(self) -> tuple[TracedOutput, ...]:
        """The arithmetic of each output."""
        return self.scorer.transformer.traced_outputs or ()

    @cached_property
    def split_points(self) -> tuple[Matrix | None, ...]:
        """The split points of each output."""
        return self.scorer.classifier.split_points or ()

    def outputs(self, names: Sequence[str]) -> dict[int, str] | None:
        """The source of each output made from some features; None if one is not known."""
        found: dict[int, str] = {}
        for output, traced in enumerate(self.traced):
            if not traced.sources.isdisjoint(names):
                is_known = traced.steps is not None and traced.jumps is None
                if not is_known or self.split_points[output] is None:
                    return None
                (found[output],) = traced.sources
        return found

    def of(self, output: int, some: Matrix) -> Matrix:
        """The first value of an output's source that passes each of some of its split points."""
        points = self.split_points[output]
        assert points is not None  # noqa: S101 - `outputs` checks it
        if output not in self._known:
            ends = -LARGEST_DOUBLE, LARGEST_DOUBLE
            self._known[output] = crossings(self.traced[output], points, *ends)
        known = self._known[output][np.isin(points, some)]
        return known[~np.isnan(known)]


@dataclass(frozen=True, eq=False)
class TreeLine:
    """One feature of a row, in cells on which each output of the transformer keeps its branch.

    Attributes:
        axis: the feature and its allowed values.
        varied: the row.
        outputs: the source of each dependent output.
        limits: by source, its values at which an output passes a split point, rising.
        edges: by source, the first value of the feature beyond each limit.
    """

    axis: Axis
    varied: VariedRow
    outputs: dict[int, str]
    limits: dict[str, Matrix]
    edges: dict[str, Matrix]

    @classmethod
    def of(
        cls, axis: Axis, varied: VariedRow, trees: ResidualTrees, nodes: Places, known: SourceLimits
    ) -> "TreeLine | None":
        """The line of an axis; None if a feature is not proved monotone.

        Args:
            axis: the feature and its allowed values.
            varied: the row, varied over these values.
            trees: the trees for the row.
            nodes: the nodes whose split points count.
            known: of the scorer.
        """
        outputs = known.outputs([axis.name, *varied.recomputed])
        intervals = varied.intervals
        if outputs is None or not all(
            interval.is_monotone for some in intervals.values() for interval in some
        ):
            return None
        limits: dict[str, Matrix] = {}
        edges: dict[str, Matrix] = {}
        for source in dict.fromkeys(outputs.values()):
            tested = [
                known.of(output, trees.limits(nodes, output, points))
                for output, other in outputs.items()
                if other == source and (points := known.split_points[output]) is not None
            ]
            limits[source] = np.unique(np.concatenate(tested))
            if source == axis.name:
                edges[source] = np.append(axis.low, limits[source][limits[source] > axis.low])
                continue
            compute = varied.dependent(source)
            passed = [
                crossings(compute, below(limits[source]), interval.first, interval.last)
                for interval in intervals[source]
            ]
            firsts = [np.array([interval.first]) for interval in intervals[source]]
            found = np.unique(np.concatenate([*passed, *firsts]))
            edges[source] = found[~np.isnan(found)]
        return cls(axis, varied, outputs, limits, edges)

    def starts(self, sources: Sequence[str]) -> Matrix:
        """The first value of each cell in which some sources pass no limit, rising."""
        found = [self.edges[source] for source in sources if source in self.edges]
        starts = np.unique(np.concatenate([[self.axis.low], *found]))
        return np.asarray(starts[(starts >= self.axis.low) & (starts <= self.axis.high)])


def before_turning(lines: Sequence[TreeLine], threshold: float) -> list[TreeLine | None]:
    """The lines, each ended before the nearest values that turn the decision alone.

    None for a line whose outputs differ from the transformer's.
    """
    if not lines:
        return []
    starts = [line.starts(list(line.edges)) for line in lines]
    found: list[TreeLine | None] = []
    scores = scored_values([line.varied for line in lines], starts)
    for line, first, (score, transformed) in zip(lines, starts, scores, strict=True):
        known = ~np.isnan(score)
        if not line.varied.agrees(first[known], transformed[known]):
            found.append(None)
            continue
        axis = line.axis
        last = np.append(below(first[1:]), axis.high)
        turns = score < threshold
        if axis.is_whole:
            turns &= np.ceil(first) <= np.floor(last)
        up, down = first[turns & (first > axis.own)], last[turns & (last < axis.own)]
        high = below(up[0]) if len(up) else axis.high
        low = np.nextafter(down[-1], np.inf) if len(down) else axis.low
        found.append(replace(line, axis=replace(axis, low=float(low), high=float(high))))
    return found
