"""Each value of each shipped client, in every place that shows it: one unit, the stored number."""

from decimal import Decimal
from typing import Any

import pytest

from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import PERCENT, Words, exact_decimals
from advisor.formatting.value_texts import texts_apart
from advisor.page_elements import label_with_unit
from advisor.plots.feature_axis import axis_of
from advisor.service_client.response_models import Feature, Record
from advisor.service_client.service_api import ServiceApi
from advisor.walk_in.entry_scale import entry_scale

EN = Words("en")
SHARES = {"PAYMENT_RATE", "ANNUITY_INCOME_PERC", "INCOME_CREDIT_PERC", "DAYS_EMPLOYED_PERC"}
MULTIPLES = {"CREDIT_TO_GOODS_RATIO", "APPS_GOODS_INCOME_RATIO"}


def number_in(text: str) -> Decimal:
    """The number at the beginning of a text."""
    return Decimal(text.partition("\u00a0")[0].replace(",", "").replace("\u2212", "-"))


@pytest.fixture(scope="module")
def records(shipped_api: ServiceApi) -> list[Record]:
    return [shipped_api.record(client) for client in shipped_api.ids()]


@pytest.fixture(scope="module")
def ratios(shipped_api: ServiceApi) -> list[Feature]:
    """The features of numbers that are ratios, or have no unit of their own."""
    return [
        each
        for each in shipped_api.features()
        if each["kind"] == "number" and not scale_of(each).period
    ]


def test_shares_are_in_percent_and_multiples_are_not(ratios: list[Feature]):
    percent = {each["name"] for each in ratios if scale_of(each).is_percent}
    assert percent >= SHARES
    assert not percent & MULTIPLES


def test_every_place_shows_a_number_in_one_unit(ratios: list[Feature], records: list[Record]):
    for feature in ratios:
        scale, entry = scale_of(feature), entry_scale(feature)
        factor = 100 if scale.is_percent else 1
        assert label_with_unit(feature).endswith(f"({PERCENT})") == scale.is_percent
        values = {record[feature["name"]] for record in records} - {None}
        axis = axis_of(EN, feature, values)
        for value in values:
            shown: Any = factor * Decimal(repr(value))
            texts = [
                EN.feature_value(feature, value),
                EN.exact_value(feature, value),
                *texts_apart(EN, feature, value),
            ]
            for text in texts:
                assert text.endswith(f"\u00a0{PERCENT}") == scale.is_percent
                written = number_in(text)
                digit = Decimal(1).scaleb(-exact_decimals(written))
                assert abs(written - shown) <= digit, (feature["name"], value, text)
            assert number_in(texts[1]) == shown  # every digit
            assert float(shown) == pytest.approx(axis.at(value), rel=1e-12)
            assert float(shown) == scale.typed(value) == entry.typed(value)
            assert repr(scale.stored(scale.typed(value), value)) == repr(value)
            assert repr(entry.stored(entry.typed(value), value)) == repr(value)


def test_values_told_apart_are_in_the_order_of_the_stored_ones(
    ratios: list[Feature], records: list[Record]
):
    for feature in ratios:
        typical = feature["class0"]["quantiles"]
        assert typical is not None
        median = typical["50"]
        for value in {record[feature["name"]] for record in records} - {None}:
            own, usual = map(number_in, texts_apart(EN, feature, value, median))
            if own == usual:  # nine decimals of both are alike
                assert value == pytest.approx(median, rel=1e-3)
            else:
                assert (own > usual) == (value > median)
