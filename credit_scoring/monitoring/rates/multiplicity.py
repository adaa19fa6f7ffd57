"""P-values of several tests, adjusted for their number."""

from collections.abc import Sequence

import numpy as np


def benjamini_hochberg(p: Sequence[float | None]) -> list[float | None]:
    """The p-values adjusted for their number; None stays None and does not count.

    Y. Benjamini and Y. Hochberg, Controlling the False Discovery Rate, Journal of the Royal
    Statistical Society B 57, 1995: of the tests whose adjusted value is at most q, a share of at
    most q is rejected wrongly on average, if the tests are independent, or positively dependent
    (Y. Benjamini and D. Yekutieli, Annals of Statistics 29, 2001). The k-th smallest of m values is
    multiplied by m / k, and no smaller value may exceed it.

    Raises:
        ValueError: a value is not within 0 and 1.
    """
    known = np.array([one for one in p if one is not None], np.float64)
    if not ((known >= 0) & (known <= 1)).all():
        raise ValueError("a p-value lies between 0 and 1")
    order = np.argsort(known, kind="stable")
    scaled = known[order] * len(known) / np.arange(1, len(known) + 1)
    adjusted = np.empty_like(known)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    found = iter(adjusted.tolist())
    return [None if one is None else next(found) for one in p]
