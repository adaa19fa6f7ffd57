"""The scale on which numbers are shown: the sign of dates is turned, in every unit."""

from typing import Any

import pytest

from advisor.formatting.display_scale import DisplayScale, scale_of
from advisor.formatting.formats import Words
from advisor.plots.feature_axis import axis_of

EN, FR = Words("en"), Words("fr")


def feature(unit: str, typical: float = -1.0, kind: str = "number") -> Any:
    """A feature of which all clients who paid have the value `typical`."""
    quantiles = dict.fromkeys(("0", "5", "25", "50", "75", "95", "100"), typical)
    values = {"present": 3, "quantiles": quantiles, "shares": None}
    return {
        "name": "X", "label": "X", "unit": unit, "base_unit": unit, "kind": kind, "class0": values,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "typical", "value", "shown", "text"),
    [
        ("days from the application", -1.0, -3185.0, 3185.0,
         "8.7\u00a0years before the application"),
        ("days from the application", -1.0, 40.0, -40.0, "40\u00a0days after the application"),
        ("days from the application", 900.0, 40.0, -40.0, "40\u00a0days after the application"),
        ("days before the application", -1.0, -3185.0, 3185.0, "8.7\u00a0years"),
        ("days before the application", -1.0, 12.0, -12.0, "12\u00a0days after the application"),
        ("days before the application", 900.0, 3185.0, 3185.0, "8.7\u00a0years"),
        ("months from the application", -1.0, -3.0, 3.0, "3\u00a0months before the application"),
        ("months before the application", 5.0, 3.0, 3.0, "3\u00a0months"),
        ("days", -1.0, -3652.5, -3652.5, "\u221210.0\u00a0years"),
        ("months", 5.0, -3.0, -3.0, "\u22123\u00a0months"),
        ("currency", 5.0, -3.0, -3.0, "\u22123\u00a0currency"),
        ("ratio", 0.5, -0.25, -0.25, "\u221225.00\u00a0%"),
        ("ratio", 0.5, 0.0793, 0.0793, "7.93\u00a0%"),
        ("ratio", 0.5, 1.337, 1.337, "133.7\u00a0%"),
        ("ratio", -0.5, 0.0, 0.0, "0\u00a0%"),
        ("ratio", 1.2, 0.25, 0.25, "0.2500"),
        ("ratio", 0.001, 0.00025, 0.00025, "0.000250"),
        ("0 to 1", 0.5, 0.25, 0.25, "0.2500"),
        ("years per day", 0.5, -0.25, -0.25, "\u22120.2500\u00a0years per day"),
        ("", 0.5, 7.0, 7.0, "7"),
    ],
)  # fmt: skip
def test_a_number_and_its_text_have_one_sign(
    unit: str, typical: float, value: float, shown: float, text: str
):
    described = feature(unit, typical)
    assert scale_of(described).shown(value) == shown
    assert EN.feature_value(described, value) == text


def test_months_in_french():
    described = feature("months from the application")
    assert FR.feature_value(described, -12.5) == "12,5\u00a0mois avant la demande"


@pytest.mark.parametrize(("kind", "value"), [("flag", -1.0), ("text", "Working")])
def test_no_sign_of_a_flag_or_a_text_is_turned(kind: str, value: Any):
    described = feature("days from the application", kind=kind)
    assert not scale_of(described).is_turned


@pytest.mark.parametrize(
    ("unit", "values", "title", "places"),
    [
        ("days from the application", [-3652.5, -731.0], "X (years before the application)",
         [10.0, 731 / 365.25]),
        ("days from the application", [-300.0, -20.0], "X (days before the application)",
         [300.0, 20.0]),
        ("days from the application", [-3652.5, 365.25],
         "X (years before the application; a minus: after it)", [10.0, -1.0]),
        ("months from the application", [-40.0, -3.0], "X (months before the application)",
         [40.0, 3.0]),
        ("days", [-3652.5, 365.25], "X (years)", [-10.0, 1.0]),
        ("currency", [-1.0, 5000.0], "X (currency)", [-1.0, 5000.0]),
        ("", [1.0, 2.0], "X", [1.0, 2.0]),
        ("ratio", [0.25, 0.5], "X (ratio)", [0.25, 0.5]),
    ],
)  # fmt: skip
def test_an_axis_has_the_shown_numbers(
    unit: str, values: list[float], title: str, places: list[float]
):
    axis = axis_of(EN, feature(unit), values)
    assert axis.title == title
    assert [axis.at(value) for value in values] == places


def test_the_axis_of_a_share_is_in_percent():
    axis = axis_of(FR, feature("ratio", 0.06), [0.0793])
    assert (axis.title, axis.at(0.0793)) == ("X (%)", pytest.approx(7.93))


@pytest.mark.parametrize(
    ("low", "quarter", "three_quarters", "high", "is_percent"),
    [
        (0.02, 0.05, 0.08, 0.12, True),
        (-0.4, -0.2, -0.1, 3.0, True),
        (0.1, 0.3, 1.0, 3.0, False),
        (-3.0, -1.0, 0.3, 0.5, False),
        (0.0, 0.0, 0.0, 0.01, True),
        (-0.009, 0.0, 0.0, 0.009, False),
    ],
)
def test_a_ratio_is_a_share_if_most_clients_have_less_than_one(
    low: float, quarter: float, three_quarters: float, high: float, is_percent: bool
):
    described = feature("ratio")
    quantiles = zip(("0", "25", "75", "100"), (low, quarter, three_quarters, high), strict=True)
    described["class0"]["quantiles"] |= dict(quantiles)
    assert scale_of(described).is_percent == is_percent
    assert not scale_of({**described, "base_unit": "0 to 1"}).is_percent


@pytest.mark.parametrize("value", [0.0793, 0.07, 1 / 3, 0.12345678901234567, -0.0, 1e-300, 5e-324])
def test_a_typed_percentage_is_the_shown_one_and_comes_back_exactly(value: float):
    scale = DisplayScale(is_percent=True)
    assert repr(scale.stored(scale.typed(value), 1.0, value)) == repr(value)
    assert scale.stored(scale.typed(value)) == pytest.approx(value, rel=1e-15)
    assert (scale.typed(0.0793), scale.typed(0.07)) == (7.93, 7.0)
    assert (scale.stored(7.93), scale.stored(7.0)) == (0.0793, 0.07)
