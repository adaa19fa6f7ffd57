"""Probabilities of default: the calibration of scores, the grades, and their accuracy."""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

SCALE = {"points": 600, "odds": 19, "double": 50}
BELOW = (0.2, 0.4, 0.6, 0.8, 0.95)  # shares of training clients below the bound of a grade
BINS = 10

Floats = NDArray[np.float64]


def calibrate(target: NDArray[np.int64], probability: Floats) -> dict[str, float] | None:
    """Fit the line from log-odds to the log-odds of a default.

    The method is Platt's (1999), "Probabilistic outputs for support vector machines and comparisons
    to regularized likelihood methods". His targets are never 0 or 1, so that the line is not
    infinitely steep, even if the score separates the clients.

    Args:
        target: outcomes, 0 or 1, shape (clients,).
        probability: scores by a model that was fitted on other clients, between 0 and 1.

    Returns:
        The slope and the offset in log-odds, to six decimals. None if the slope is not above 0:
        such scores do not rank the clients.
    """
    bad = int(target.sum())
    good = len(target) - bad
    soft = np.where(target == 1, (bad + 1) / (bad + 2), 1 / (good + 2))
    # A target between 0 and 1 is a client counted twice, in default and solvent, with weights.
    line = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1_000).fit(
        np.tile(logit(probability), 2)[:, None],
        np.repeat([1, 0], len(target)),
        sample_weight=np.concatenate([soft, 1 - soft]),
    )
    slope, offset = (round(float(value), 6) for value in (line.coef_[0, 0], line.intercept_[0]))
    return {"slope": slope, "offset": offset} if slope > 0 else None


def calibrated(probability: Floats, calibration: Mapping[str, float]) -> Floats:
    """Convert the model's probabilities to probabilities of default of the same shape."""
    line = calibration["slope"] * logit(probability) + calibration["offset"]
    return np.asarray(expit(line), np.float64)


def grades(pd: Floats) -> list[dict[str, Any]]:
    """Grades from A: four with 20 % of the clients each, one with 15 %, one with the riskiest 5 %.

    Args:
        pd: probabilities of default of the training clients, shape (clients,).

    Returns:
        Names and upper bounds, to three digits. Equal bounds give one grade.
    """
    bounds = {float(f"{bound:.3g}") for bound in np.quantile(pd, BELOW)}
    rising: list[dict[str, Any]] = [{"pd": bound} for bound in sorted(bounds) if 0 < bound < 1]
    return [
        {"grade": name} | bound for name, bound in zip(ascii_uppercase, [*rising, {}], strict=False)
    ]


def calibration_figures(target: NDArray[np.int64], pd: Floats) -> dict[str, Any]:
    """Accuracy of probabilities of default, on clients whom the model has never seen.

    Args:
        target: outcomes, 0 or 1, shape (clients,).
        pd: their probabilities of default, shape (clients,).

    Returns:
        The Brier score (mean squared difference from the outcome; Brier 1950), the one if every
        client got the share of defaults, and ten bins with equal numbers of clients, by rising
        probability: their clients, mean probability and share of defaults. All to four decimals.
    """
    rate = target.mean()
    bins = np.array_split(np.argsort(pd, kind="stable"), BINS)
    return {
        "brier": round(float(np.mean((pd - target) ** 2)), 4),
        "brier_of_default_rate": round(float(rate * (1 - rate)), 4),
        "bins": [
            {
                "clients": len(rows),
                "mean_pd": round(float(pd[rows].mean()), 4),
                "default_rate": round(float(target[rows].mean()), 4),
            }
            for rows in bins
            if len(rows)
        ],
    }
