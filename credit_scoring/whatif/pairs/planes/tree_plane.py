"""The score of a tree ensemble over two features of a row, in cells on which it is constant.

An output of the transformer follows from the first feature, from the second one, or from a feature
computed from both, such as a ratio. The trees' split points cut the first two into cells, and the
last one, the mixed feature, into bins. Beside a cell of each feature and a bin, no tree turns, so
that their raw output is one number. A mixed feature that rises or falls along both features takes
every value between its corners.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.model.scorecard import log_odds
from credit_scoring.whatif.pairs.planes.plane_directions import Directions, PlaneDirections
from credit_scoring.whatif.pairs.planes.residual_trees import Flags, Leaves, ResidualTrees
from credit_scoring.whatif.pairs.planes.tree_lines import SourceLimits, TreeLine
from credit_scoring.whatif.pairs.varied_pair import VariedPair

Mixed = Callable[[Matrix, Matrix], Matrix]  # of values of both features, broadcast
MOST_CELLS = 4_000_000  # of one plane
ROUNDING = 2  # tolerances of a classifier: raw outputs are added up in another order than its own


@dataclass(frozen=True, eq=False)
class TreePlane:
    """Cells of two features of a row, and those in which the trees turn the decision.

    Attributes:
        pair: the features, within the values that do not turn the decision alone.
        starts: the first value of each cell of both features, rising.
        directions: of the mixed feature along both features; 0 without one.
        mixed: the mixed feature for values of both, of shapes that NumPy broadcasts.
        limits: the first value of each bin of the mixed feature but the lowest, rising.
        turns: true where the decision turns, as far as raw outputs show, shape (cells of the first
            feature, cells of the second one, bins).
    """

    pair: VariedPair
    starts: tuple[Matrix, Matrix]
    directions: Directions
    mixed: Mixed
    limits: Matrix
    turns: Flags

    def bins(self, one: Matrix, other: Matrix) -> NDArray[np.intp]:
        """The bin of the mixed feature for values of both features."""
        return np.asarray(np.searchsorted(self.limits, self.mixed(one, other), "right"))


def tree_plane(
    lines: tuple[TreeLine, TreeLine], trees: ResidualTrees, known: SourceLimits, threshold: float
) -> TreePlane | None:
    """The plane of two features; None if it is not proved where the trees turn.

    Args:
        lines: of both features, ended before the values that turn the decision alone.
        trees: the trees for the row.
        known: of the scorer.
        threshold: decision threshold, a probability; the row's own score reaches it.
    """
    one, other = lines
    pair = VariedPair(known.scorer, one.varied.row, one.axis, other.axis, threshold)
    outputs = one.outputs | other.outputs
    varied = np.zeros(len(trees.row), np.bool_)
    varied[list(outputs)] = True
    nodes = trees.nodes(varied)
    tested = np.unique(trees.ensemble.feature[nodes]).tolist()
    shared = one.edges.keys() & other.edges.keys()
    mixed = sorted({outputs[output] for output in tested} & shared)
    directions = _directions(pair, mixed)
    if directions is None:
        return None
    cells: list[Matrix] = []
    axes: list[Mapping[int, Matrix]] = []
    for line in lines:
        alone = {
            output: source
            for output in tested
            if (source := line.outputs.get(output)) is not None and source not in shared
        }
        starts = line.starts(list(alone.values()))
        cells.append(starts)
        axes.append(
            {
                output: known.traced[output](line.varied.dependent(source)(starts))
                for output, source in alone.items()
            }
        )
    limits: Matrix = np.empty(0)
    compute: Mixed = _zero
    if mixed:
        (name,) = mixed
        limits, compute = one.limits[name], _column(pair, name)
        axes.append(_of_bins(limits, [o for o in tested if outputs[o] == name], known))
    leaves = trees.leaves(axes)
    merged = [_merged(*each) for each in zip(cells, leaves.reached, strict=False)]
    reached = [*(each for _, each in merged), *leaves.reached[2:]]
    if not mixed:
        reached.append(np.ones((len(leaves.values), 1), np.bool_))
    if np.prod([each.shape[1] for each in reached], dtype=np.float64) > MOST_CELLS:
        return None
    limit = _raw_limit(known, threshold)
    return TreePlane(
        pair,
        (merged[0][0], merged[1][0]),
        directions,
        compute,
        limits,
        _raw_outputs(leaves, reached) < limit,
    )


def _directions(pair: VariedPair, mixed: list[str]) -> Directions | None:
    """The directions of the only mixed feature; None without a proof or for several."""
    if len(mixed) > 1:
        return None
    ranges = {axis.name: (axis.low, axis.high) for axis in (pair.one, pair.other)}
    formulas = pair.scorer.dictionary.formulas
    trees = {name: formulas[name].tree for name in pair.recomputed}
    proved = PlaneDirections(ranges, trees, pair.own)
    return proved.of(mixed[0]) if mixed else (0, 0)


def _column(pair: VariedPair, name: str) -> Mixed:
    needed = pair.needed(name)
    return lambda one, other: pair.columns(one, other, needed)[name]


def _zero(one: Matrix, other: Matrix) -> Matrix:
    return np.zeros(np.broadcast_shapes(one.shape, other.shape))


def _of_bins(limits: Matrix, outputs: list[int], known: SourceLimits) -> Mapping[int, Matrix]:
    """The values of outputs in each bin of their source."""
    lowest = below(limits[:1]) if len(limits) else np.zeros(1)
    inside = np.append(lowest, limits)
    return {output: known.traced[output](inside) for output in outputs}


def _merged(starts: Matrix, reached: Flags) -> tuple[Matrix, Flags]:
    """Neighbouring cells in which the same leaves are reached, as one cell."""
    if reached.shape[1] != len(starts):
        return starts[:1], reached[:, :1]
    new = np.append(True, (reached[:, 1:] != reached[:, :-1]).any(axis=0))
    return starts[new], reached[:, new]


def _raw_outputs(leaves: Leaves, reached: list[Flags]) -> Matrix:
    """The raw output beside each cell of both features and each bin."""
    one, other, bins = (each.astype(np.float64) for each in reached)
    found = np.empty((one.shape[1], other.shape[1], bins.shape[1]))
    for at in range(bins.shape[1]):
        found[:, :, at] = leaves.base + (one.T * (leaves.values * bins[:, at])) @ other
    return found


def _raw_limit(known: SourceLimits, threshold: float) -> float:
    """The raw output from which a row is refused for certain."""
    classifier = known.scorer.classifier
    error = ROUNDING * classifier.tolerance
    if classifier.raw_output == "log-odds":
        return log_odds(threshold) + error / max(threshold * (1 - threshold), error)
    return threshold + error
