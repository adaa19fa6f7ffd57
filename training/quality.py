"""Quality of a model: costs, the area under the ROC curve, the figures of `model.json`."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.data.artifacts import TARGET
from credit_scoring.monitoring.performance.discrimination import auc_and_variance
from credit_scoring.monitoring.rates.proportion import Z

COST_MISSED_DEFAULT, COST_REFUSED_CLIENT = 10, 1


def costs(
    target: NDArray[np.int64],
    probability: NDArray[np.float64],
    thresholds: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Mean cost per client at each threshold. The unit is the cost of one refused good client.

    A client is refused if ``probability >= threshold``.

    Args:
        target: outcomes, 0 or 1, shape (clients,).
        probability: probabilities of class 1, shape (clients,).
        thresholds: shape (k,).

    Returns:
        Costs, shape (k,).
    """
    bad, good = (np.sort(probability[target == value]) for value in (1, 0))
    missed = np.searchsorted(bad, thresholds)
    refused = len(good) - np.searchsorted(good, thresholds)
    return (COST_MISSED_DEFAULT * missed + COST_REFUSED_CLIENT * refused) / len(target)


def auc_interval(
    target: NDArray[np.int64], probability: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Area under the ROC curve, and the lower and upper end of its 95 % interval, in [0, 1].

    DeLong, DeLong and Clarke-Pearson (1988), "Comparing the areas under two or more correlated
    receiver operating characteristic curves", Biometrics 44(3).

    Args:
        target: outcomes, 0 or 1, at least two of each, shape (clients,).
        probability: probabilities of class 1, shape (clients,).
    """
    bad, good = (np.sort(probability[target == value]) for value in (1, 0))
    auc, variance = auc_and_variance(bad, good)
    margin = Z * np.sqrt(variance)
    return auc, float(max(auc - margin, 0)), float(min(auc + margin, 1))


def quality(
    held_out: pd.DataFrame, probability: NDArray[np.float64], threshold: float
) -> dict[str, float]:
    """The figures that `model.json` reports, on clients whom the model has never seen.

    Args:
        held_out: the table of these clients; only the outcome is read.
        probability: their probabilities of class 1, shape (clients,).
        threshold: the decision threshold, a probability.

    Returns:
        The number of clients, the area under the ROC curve with its interval, the share of
        defaults, and the mean costs per client (see `costs`), all to four decimals.
    """
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
