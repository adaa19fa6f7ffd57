"""Ranges of values, the sentences that refuse others, and the scales of sliders."""

import math
from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.simulation.slider_scale import SliderScale, power_of_ten, slider_scale
from advisor.simulation.values import allowed_range, refusal

EN, FR = Words("en"), Words("fr")


def feature(paid: Any = (10, 400), unpaid: Any = (5, 300), unit: str = "currency", **more: Any):
    classes = {
        name: {
            "present": 3,
            "shares": None,
            "quantiles": ends and {"0": ends[0], "50": sum(ends) / 2, "100": ends[1]},
        }
        for name, ends in (("class0", paid), ("class1", unpaid))
    }
    names = {"name": "X", "label": "Loan", "unit": unit, "base_unit": unit, "kind": "number"}
    return {**names, "missing": 0.0, "lowest": None, "highest": None, **classes, **more}


@pytest.mark.parametrize(
    ("given", "own", "expected"),
    [
        (feature(), 20.0, (5, 400)),
        (feature(), None, (5, 400)),
        (feature(), 2.0, (2, 400)),
        (feature(), 900.0, (5, 900)),
        (feature(lowest=8.0, highest=350.0), 20.0, (8, 350)),
        (feature(lowest=1.0, highest=500.0), 20.0, (5, 400)),
        (feature(paid=None), 20.0, (5, 300)),
        (feature(paid=None, unpaid=None), 20.0, (-math.inf, math.inf)),
        (feature(paid=None, unpaid=None, lowest=0.0), None, (0, math.inf)),
    ],
)
def test_the_range_is_that_of_earlier_clients(
    given: Any, own: float | None, expected: tuple[float, float]
):
    assert allowed_range(given, own) == expected


DATED = feature((-7305, -365.25), (-7305, -365.25), unit="days from the application")
OPEN = feature(None, None)
AT_LEAST = feature(None, None, lowest=0.0)
AT_MOST = feature(None, None, highest=7.5)
RANGE = "Loan: enter a number from 5 to 400\u00a0currency"


@pytest.mark.parametrize(
    ("words", "given", "value", "own", "sentence"),
    [
        (EN, feature(), 5.0, 20.0, None),
        (EN, feature(), 400.0, None, None),
        (EN, feature(), -5.0, 20.0, RANGE),
        (EN, feature(), 1e30, 20.0, RANGE),
        (EN, feature(), "many", 20.0, RANGE),
        (EN, feature(), math.nan, 20.0, RANGE),
        (FR, feature(), -5.0, 20.0, "Loan\u00a0: saisissez un nombre de 5 à 400\u00a0currency"),
        (EN, feature((4.26, 9.87654), None), 4.25, 5.0,
         "Loan: enter a number from 4.26 to 9.876\u00a0currency"),
        (EN, feature(highest=300.0), 350.0, 350.0, None),
        (EN, feature(highest=300.0), 360.0, 350.0,
         "Loan: enter a number from 5 to 300\u00a0currency"),
        (EN, feature(), None, 20.0, "Enter a value: Loan"),
        (EN, feature(), None, None, None),
        (EN, feature(missing=0.1), None, 20.0, None),
        (EN, feature(kind="text"), "new", "old", None),
        (EN, OPEN, math.inf, 1.0, None),
        (EN, OPEN, "many", 1.0, "Loan: enter a number"),
        (EN, AT_LEAST, -1.0, 1.0, "Loan: enter a number from 0\u00a0currency on"),
        (EN, AT_MOST, 8.0, 1.0, "Loan: enter a number up to 7.5\u00a0currency"),
        (EN, DATED, 1.0, -4000.0,
         "Loan: enter a number from 1.0\u00a0years before the application (typed as \u2212365.25)"
         " to 20.0\u00a0years before the application (typed as \u22127,305)"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_range(
    words: Words, given: Any, value: Any, own: Any, sentence: str | None
):
    assert refusal(words, given, value, own) == sentence


@pytest.mark.parametrize(
    ("low", "high", "own", "expected"),
    [
        (1234.5, 98_765.4, 5_000.0, SliderScale(1300.0, 98_700.0, 100.0, 49_999.95)),
        (0.05, 0.95, 0.5, SliderScale(0.05, 0.95, 0.001, 0.5)),
        (0.0, 20.0, 3.0, SliderScale(0.0, 20.0, 1.0, 10.0)),
        (0.0, 20.0, 3.5, SliderScale(0.0, 20.0, 0.1, 10.0)),
        (7.0, 7.0, 7.0, None),
        (0.0, 0.4, 40.0, SliderScale(0.0, 40.0, 0.1, 0.2)),
    ],
)
def test_a_slider_has_round_steps_inside_the_range(
    low: float, high: float, own: float, expected: SliderScale | None
):
    assert slider_scale(feature((low, high), (low, high)), own) == expected


def test_a_feature_without_a_range_has_no_slider():
    assert slider_scale(OPEN, 5.0) is None


def test_the_number_at_a_place():
    scale = SliderScale(0.05, 0.95, 0.001, 0.5)
    assert scale.rounded(0.05 + 0.001 * 3 + 1e-12) == 0.053
    assert scale.format == "%.3f"
    assert [scale.nearest(value) for value in (0.2, -1.0, 7.0, None)] == [0.2, 0.05, 0.95, 0.5]


@pytest.mark.parametrize(("size", "power"), [(1000.0, 1000.0), (999.9, 100.0), (0.0123, 0.01)])
def test_a_power_of_ten_is_not_above(size: float, power: float):
    assert power_of_ten(size) == power
