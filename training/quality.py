"""What decisions cost, the threshold of least cost, and what a model is worth."""

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from credit_scoring.files import TARGET

COST_MISSED_DEFAULT, COST_REFUSED_CLIENT = 10, 1
THRESHOLDS = np.arange(1001) / 1000

Array: TypeAlias = NDArray[Any]


def costs(
    target: Array, probability: Array, thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean cost per client at each threshold, in refused good clients.

    A client is refused where ``probability >= threshold``. Shapes: (clients,), (clients,), (k,).
    """
    bad, good = (np.sort(probability[target == value]) for value in (1, 0))
    missed = np.searchsorted(bad, thresholds)
    refused = len(good) - np.searchsorted(good, thresholds)
    return (COST_MISSED_DEFAULT * missed + COST_REFUSED_CLIENT * refused) / len(target)


def cheapest_threshold(target: Array, probability: Array) -> float:
    """The threshold of least mean cost, to three decimals; the lowest of several."""
    return float(THRESHOLDS[costs(target, probability, THRESHOLDS).argmin()])


def auc_interval(target: Array, probability: Array) -> tuple[float, float, float]:
    """Area under the ROC curve and its 95 % interval, after DeLong et al. (1988).

    The variance is that of the placement values, which come from mid-ranks as in Sun and Xu (2014),
    "Fast implementation of DeLong's algorithm", IEEE Signal Processing Letters 21(11).
    """
    bad, good = probability[target == 1], probability[target == 0]
    ranks = rankdata(np.concatenate([bad, good]))
    above = (ranks[: len(bad)] - rankdata(bad)) / len(good)  # share of good clients ranked below
    below = 1 - (ranks[len(bad) :] - rankdata(good)) / len(bad)  # share of bad clients above
    auc = above.mean()
    margin = norm.ppf(0.975) * np.sqrt(above.var(ddof=1) / len(bad) + below.var(ddof=1) / len(good))
    return float(auc), float(max(auc - margin, 0)), float(min(auc + margin, 1))


def quality(held_out: pd.DataFrame, probability: Array, threshold: float) -> dict[str, float]:
    """What the model is worth on clients whom it has never seen; costs per client."""
    target = held_out[TARGET].to_numpy()
    auc, low, high = auc_interval(target, probability)
    chosen, half, accept_all = costs(target, probability, np.array([threshold, 0.5, np.inf]))
    figures = {
        "auc": auc,
        "auc_95_low": low,
        "auc_95_high": high,
        "default_rate": target.mean(),
        "cost_per_client": chosen,
        "cost_per_client_at_0.5": half,
        "cost_per_client_accepting_all": accept_all,
    }
    rounded = {name: round(float(value), 4) for name, value in figures.items()}
    return {"held_out_clients": len(target), **rounded}
