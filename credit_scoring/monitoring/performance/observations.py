"""Arrays of scores and outcomes, checked before they are counted."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]


def checked_scores(scores: Vector) -> Vector:
    """The scores as doubles.

    Args:
        scores: shape (decisions,); a higher one means a higher risk.

    Raises:
        ValueError: a score is missing (NaN), or the array has not one axis.
    """
    values = np.asarray(scores, np.float64)
    if values.ndim != 1 or np.isnan(values).any():
        raise ValueError("scores are one axis of numbers without missing ones")
    return values


def checked_probabilities(probabilities: Vector) -> Vector:
    """The probabilities as doubles.

    Args:
        probabilities: shape (decisions,).

    Raises:
        ValueError: one is missing (NaN), below 0 or above 1, or the array has not one axis.
    """
    values = np.asarray(probabilities, np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("probabilities are one axis of numbers between 0 and 1")
    return values


def checked_flags(flags: Flags, like: Vector) -> Flags:
    """The flags as they are.

    Args:
        flags: shape (decisions,).
        like: the array whose shape they must have.

    Raises:
        ValueError: they are not boolean, or have another shape.
    """
    if flags.dtype != np.bool_ or flags.shape != like.shape:
        raise ValueError("flags are booleans, as many as there are decisions")
    return flags
