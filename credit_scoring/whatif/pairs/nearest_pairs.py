"""The nearest values of each pair of features: proved for trees and linear models, else tried."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.pairs.linear_pairs import linear_pairs
from credit_scoring.whatif.pairs.planes.residual_trees import ResidualTrees
from credit_scoring.whatif.pairs.planes.tree_lines import SourceLimits, TreeLine, before_turning
from credit_scoring.whatif.pairs.planes.tree_plane import tree_plane
from credit_scoring.whatif.pairs.planes.tree_search import TreeSearch
from credit_scoring.whatif.pairs.sampled_pairs import sampled_pairs
from credit_scoring.whatif.pairs.varied_pair import Found, VariedPair


def nearest_pairs(pairs: Sequence[VariedPair], known: SourceLimits) -> list[Found]:
    """The nearest values of each pair of features that turn the decision only together.

    Args:
        pairs: of one row, with one scorer.
        known: of the scorer.
    """
    found = linear_pairs(pairs)
    trees = _residual(pairs, known)
    if trees is not None:
        lines = _lines(pairs, trees, known)
        for at, pair in enumerate(pairs):
            one, other = lines.get(pair.one.name), lines.get(pair.other.name)
            if one is None or other is None:
                continue
            plane = tree_plane((one, other), trees, known, pair.threshold)
            if plane is not None:
                found[at] = TreeSearch(plane).nearest()
    others = [at for at in range(len(pairs)) if at not in found]
    tried = sampled_pairs([pairs[at] for at in others])
    found |= {at: Found(values, is_exact=False) for at, values in zip(others, tried, strict=True)}
    return [found[at] for at in range(len(pairs))]


def _residual(pairs: Sequence[VariedPair], known: SourceLimits) -> ResidualTrees | None:
    """The trees for the row; None if they are not known, or not those of the score itself."""
    trees = known.scorer.classifier.trees
    if not pairs or trees is None or trees.derived is not None or not known.traced:
        return None
    if known.scorer.classifier.raw_output == "margin":  # a calibration stands between
        return None
    return ResidualTrees(trees, known.scorer.transform(pairs[0].row)[0])


def _lines(
    pairs: Sequence[VariedPair], trees: ResidualTrees, known: SourceLimits
) -> dict[str, TreeLine | None]:
    """The line of each feature, None without a proof."""
    axes = {axis.name: axis for pair in pairs for axis in (pair.one, pair.other)}
    varied = {
        name: VariedRow(known.scorer, pairs[0].row, name, axis.low, axis.high)
        for name, axis in axes.items()
    }
    dependent = known.outputs(
        [name for each in varied.values() for name in (each.feature, *each.recomputed)]
    )
    if dependent is None:
        return {}
    nodes = trees.nodes(_flags(dependent, len(trees.row)))
    lines = {
        name: TreeLine.of(axis, varied[name], trees, nodes, known) for name, axis in axes.items()
    }
    proved = [line for line in lines.values() if line is not None]
    ended = before_turning(proved, pairs[0].threshold)
    return {line.axis.name: end for line, end in zip(proved, ended, strict=True)}


def _flags(outputs: Iterable[int], number: int) -> NDArray[np.bool_]:
    flags = np.zeros(number, np.bool_)
    flags[list(outputs)] = True
    return flags
