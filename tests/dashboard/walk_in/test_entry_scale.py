"""Typed numbers and stored ones: times in years stand for days, exactly."""

from typing import Any

import pytest

from advisor.walk_in.entry_scale import EntryScale, entry_scale


def dated(unit: str, low: float, median: float, high: float) -> Any:
    """A number with a unit and reference values."""
    quantiles = {"0": low, "25": median, "50": median, "75": median, "100": high}
    return {
        "name": "x", "label": "X", "unit": unit, "base_unit": unit, "kind": "number",
        "class0": {"quantiles": quantiles}, "class1": {"quantiles": None},
    }  # fmt: skip


BEFORE, FROM = "days before the application", "days from the application"
AGE = dated(BEFORE, -25_000, -15_000.5, -7_500)


def test_an_age_is_typed_in_years():
    scale = entry_scale(AGE)
    assert scale == EntryScale("years", False, 365.25, True, True)
    assert scale.typed(-12_017.0) == 32.901
    assert scale.stored(32.9) == -12_017.0
    assert scale.stored(32.901) == -12_017.0


def test_every_whole_day_survives_the_years():
    scale = entry_scale(AGE)
    days = [float(-day) for day in range(30_000)]
    assert [scale.stored(scale.typed(day)) for day in days] == days


def test_the_sources_own_value_survives_bit_for_bit():
    scale, own = entry_scale(dated(FROM, -2_922.123, -900.5, 12.7)), -1_234.567890123
    assert scale == EntryScale("years", True, 365.25, True, False)
    assert scale.stored(scale.typed(own), own) == own
    assert scale.stored(3.4, own) == -1_241.85


def test_a_date_after_the_application_is_a_minus():
    assert entry_scale(dated(FROM, -3_000, -900, 700)).stored(-2.0) == 730.0  # 730.5, a whole day


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (dated(FROM, -700, -200, -1), EntryScale("unit_days", True, is_turned=True)),
        (
            dated("months before the application", -90, -40, -1),
            EntryScale("unit_months", is_turned=True),
        ),
        (dated("currency", 1, 2, 3), EntryScale()),
        (dated("days", 400, 500, 600), EntryScale()),
        (dated("ratio", 0.5, 1.5, 2.5), EntryScale()),
    ],
)
def test_other_numbers_are_typed_as_stored_or_with_the_other_sign(
    feature: Any, expected: EntryScale
):
    scale = entry_scale(feature)
    assert scale == expected
    sign = -1 if expected.is_turned else 1
    assert (scale.typed(-7.25), scale.stored(7.25)) == (sign * -7.25, sign * 7.25)


def test_without_reference_values_the_stored_number_is_typed():
    feature = {**AGE, "class0": {"quantiles": None}}
    assert entry_scale(feature) == EntryScale()


def test_a_share_is_typed_in_percent():
    scale, own = entry_scale(dated("ratio", 0.01, 0.06, 0.12)), 0.12345678901234567
    assert scale == EntryScale(is_percent=True)
    assert (scale.typed(0.0793), scale.stored(7.93)) == (7.93, 0.0793)
    assert scale.stored(scale.typed(own), own) == own
