"""Cells of tables for figures that belong together; a figure that does not exist is a dash."""

from credit_scoring.monitoring.performance.calibration import Calibration
from credit_scoring.monitoring.performance.discrimination import Discrimination
from credit_scoring.monitoring.psi import Drift
from credit_scoring.monitoring.rates.hypothesis_test import HypothesisTest
from credit_scoring.monitoring.rates.proportion import Proportion
from register.commands.monthly_report.elements.numbers import (
    NONE,
    count,
    decimal,
    interval,
    percent,
    probability,
    share_interval,
)


def rate(found: Proportion | None) -> list[str]:
    """A share and its interval."""
    return [percent(found.rate if found else None), share_interval(found)]


def counted_rate(found: Proportion) -> list[str]:
    """The count, the number that it is a part of, the share and its interval."""
    return [count(found.count), count(found.of), *rate(found)]


def auc(found: Discrimination | None) -> list[str]:
    """AUC and its interval."""
    if found is None:
        return [NONE] * 2
    return [decimal(found.auc), interval(found.auc_low, found.auc_high)]


def ranks(found: Discrimination | None) -> list[str]:
    """Gini coefficient and Kolmogorov-Smirnov statistic."""
    return [NONE] * 2 if found is None else [decimal(found.gini), decimal(found.ks)]


def stability(found: Drift | None) -> list[str]:
    """Stability index, its mean by chance and the number of bins."""
    if found is None:
        return [NONE] * 3
    return [decimal(found.index), decimal(found.expected), count(found.bins)]


def mean_pd(found: Calibration | None) -> str:
    """Mean probability of default of labelled loans."""
    return percent(found.mean_pd if found else None)


def brier(found: Calibration | None) -> list[str]:
    """Brier score, its four parts, which add up to it, and log loss."""
    if found is None or found.brier is None:
        return [NONE] * 6
    score = found.brier
    within = score.within_bin_variance - score.within_bin_covariance
    parts = (score.score, score.reliability, score.resolution, score.uncertainty, within)
    return [*(decimal(part, 4) for part in parts), decimal(found.log_loss, 4)]


def hypothesis(found: HypothesisTest | None) -> list[str]:
    """Statistic, p-value and the p-value that allows for the number of tests."""
    if found is None:
        return [NONE] * 3
    return [decimal(found.statistic, 2), probability(found.p), probability(found.p_adjusted)]


def degrees(found: HypothesisTest | None) -> str:
    """Degrees of freedom of a test."""
    return NONE if found is None or found.degrees is None else count(found.degrees)
