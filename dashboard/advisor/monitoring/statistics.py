"""Shapes of statistics in the response of `GET /monitoring`."""

from typing import NotRequired, TypedDict


class Proportion(TypedDict):
    """A share with its 95 % interval; no `rate` of fewer than 30, no interval of 0."""

    count: int
    of: int
    rate: float | None
    low: float | None
    high: float | None


class Estimate(TypedDict):
    """An estimate with its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None


class Drift(TypedDict):
    """A population stability index, and its mean under chance alone."""

    index: float
    expected: float


class Discrimination(TypedDict):
    """AUC and Gini with 95 % intervals, and KS; null of fewer than 30 good or bad loans."""

    auc: float | None
    auc_low: float
    auc_high: float
    gini: float | None
    gini_low: float
    gini_high: float
    ks: float | None
    goods: int
    bads: int


class HypothesisTest(TypedDict):
    """A statistic with its p-value, and this value adjusted for the number of cells."""

    statistic: float
    p: float
    p_adjusted: NotRequired[float | None]


class BrierScore(TypedDict):
    """The Brier score and the parts that add up to it."""

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bin_variance: float
    within_bin_covariance: float


class CalibrationBin(TypedDict):
    """Loans of similar probabilities of default: their mean, and the share that defaulted."""

    mean_pd: float
    default_rate: Proportion


class Calibration(TypedDict):
    """Probabilities of default against the defaults that came."""

    mean_pd: float
    default_rate: Proportion
    brier: BrierScore | None
    log_loss: float | None
    hosmer_lemeshow: HypothesisTest | None
    spiegelhalter: HypothesisTest | None
    bins: list[CalibrationBin]


class Ratio(TypedDict):
    """The ratio of two shares with its 95 % interval."""

    ratio: float | None
    low: float | None
    high: float | None


class DiscriminationDifference(TypedDict):
    """The AUC of the challenger minus that of the model, on the same loans."""

    difference: float | None
    low: float
    high: float
    p: float | None
