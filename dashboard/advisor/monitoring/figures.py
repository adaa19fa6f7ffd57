"""Figures in words: shares and numbers with their intervals, p-values, hashes and durations."""

from collections.abc import Iterable, Sequence

from advisor.formatting.formats import Words
from advisor.monitoring.response_models import ModelInUse, ModelShare
from advisor.monitoring.statistics import Estimate, HypothesisTest, Proportion, Ratio

HASH_LENGTH = 8  # of a model's hash in a table or picture
NOTHING = "\u2013"
SMALLEST_P = 0.001  # a smaller p-value is written as below it
HOURS_A_DAY = 24


def short_hash(model: str) -> str:
    """The beginning of a model's hash."""
    return model[:HASH_LENGTH]


def model_after(model: ModelInUse, models: Sequence[ModelInUse]) -> ModelInUse | None:
    """The earlier model that still decided after the last decision of this one, None without one.

    Args:
        model: one of the models.
        models: in the order of their first decisions.
    """
    last = max(models[: models.index(model) + 1], key=lambda each: each["last"])
    return None if last is model else last


def hashes(models: Iterable[ModelShare]) -> str:
    """The beginnings of the hashes of some models."""
    return ", ".join(short_hash(each["model"]) for each in models) or NOTHING


def share(words: Words, proportion: Proportion | None) -> str:
    """A share with its interval; of fewer than 30 only the interval."""
    if proportion is None or proportion["low"] is None or proportion["high"] is None:
        return NOTHING
    return percents(words, proportion["rate"], proportion["low"], proportion["high"])


def percents(words: Words, rate: float | None, low: float, high: float) -> str:
    """A share in percent with its interval; without the share only the interval."""
    found = None if rate is None else words.percent(rate, 1)
    return with_interval(words, found, words.percent(low, 1), words.percent(high, 1))


def of_all(words: Words, proportion: Proportion) -> str:
    """The counts behind a share."""
    counts = words.number(proportion["count"]), words.number(proportion["of"])
    return words("count_of", count=counts[0], of=counts[1])


def number(
    words: Words, value: float | None, low: float | None, high: float | None, digits: int = 3
) -> str:
    """A number with its interval; without the number only the interval."""
    if low is None or high is None:
        return NOTHING if value is None else words.number(value, digits)
    found = None if value is None else words.number(value, digits)
    return with_interval(words, found, words.number(low, digits), words.number(high, digits))


def estimate(words: Words, given: Estimate, *, is_share: bool = False) -> str:
    """An estimate with its interval."""
    if not is_share:
        return number(words, given["value"], given["low"], given["high"])
    if given["low"] is None or given["high"] is None:
        return words.percent_or_unknown(given["value"])
    return percents(words, given["value"], given["low"], given["high"])


def ratio(words: Words, given: Ratio | None) -> str:
    """A ratio with its interval."""
    return NOTHING if given is None else number(words, given["ratio"], given["low"], given["high"])


def with_interval(words: Words, value: str | None, low: str, high: str) -> str:
    """A written figure with its written interval."""
    if value is None:
        return words("interval_only", low=low, high=high)
    return words("with_interval", value=value, low=low, high=high)


def p_value(words: Words, p: float | None) -> str:
    """A p-value with three decimals."""
    if p is None:
        return NOTHING
    if p < SMALLEST_P:
        return f"< {words.number(SMALLEST_P, 3)}"
    return words.number(p, 3)


def adjusted_p(words: Words, p: float | None, adjusted: float | None) -> str:
    """A p-value, with the one adjusted for the number of tests if there is one."""
    if adjusted is None:
        return p_value(words, p)
    return words("p_adjusted", p=p_value(words, p), adjusted=p_value(words, adjusted))


def test_p(words: Words, test: HypothesisTest | None) -> str:
    """The p-value of a test, with the adjusted one if there is one."""
    return NOTHING if test is None else adjusted_p(words, test["p"], test.get("p_adjusted"))


def hours(words: Words, duration: float | None) -> str:
    """A duration in hours, or in days from two days on."""
    if duration is None:
        return NOTHING
    if duration >= 2 * HOURS_A_DAY:
        return words("duration_days", number=words.number(duration / HOURS_A_DAY, 1))
    return words("duration_hours", number=words.number(duration, 1))
