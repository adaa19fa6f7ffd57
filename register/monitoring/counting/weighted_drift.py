"""The stability index of the decisions of several models, each against its own reference."""

from collections.abc import Sequence

import numpy as np

from credit_scoring.monitoring.psi import Drift


def weighted_drift(parts: Sequence[tuple[int, Drift]]) -> Drift:
    """The mean of the indices of several bundles, weighted by decisions; the most of their bins.

    It is the index over all pairs of a bundle and a bin, if the reference clients of each bundle
    have the weight of its decisions.

    Args:
        parts: the decisions of each bundle and its index, at least one.
    """
    if len(parts) == 1:
        return parts[0][1]
    weights = np.array([number for number, _ in parts], np.float64)
    weights /= weights.sum()
    return Drift(
        float(weights @ [part.index for _, part in parts]),
        float(weights @ [part.expected for _, part in parts]),
        max(part.bins for _, part in parts),
    )
