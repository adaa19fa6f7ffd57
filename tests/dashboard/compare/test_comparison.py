"""The side on which a client lies, and the shares on the other side, agree with the numbers."""

import re
from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.service_client.service_api import ServiceApi
from advisor.statements.comparison import Comparison
from tests.dashboard.values.test_display_scale import feature

EN, FR = Words("en"), Words("fr")
WRITTEN = re.compile(
    "([\u2212]?[0-9,]*[0-9](?:\\.[0-9]+)?)(?:\u00a0(years|days|%))?.*?( after the application)?"
)
SIDES = {"More than": "more", "Earlier than": "more", "Less than": "less", "Later than": "less"}


@pytest.mark.parametrize(
    ("unit", "own", "paid", "said"),
    [
        ("days before the application", -3185.0, [-1753.0, -100.0, -4000.0],
         "8.7\u00a0years. More than 66.7\u00a0% of clients who repaid and 0.0\u00a0% of"),
        ("days before the application", -100.0, [-1753.0, -50.0, -4000.0],
         "100\u00a0days. Less than 66.7\u00a0% of clients who repaid and 100.0\u00a0% of"),
        ("days from the application", -3185.0, [-1753.0, -100.0, 40.0],
         "8.7\u00a0years before the application. Earlier than 100.0\u00a0% of clients who repaid"
         " and 0.0\u00a0% of"),
        ("days from the application", 40.0, [-1753.0, -100.0, 90.0],
         "40\u00a0days after the application. Later than 66.7\u00a0% of clients who repaid and"
         " 100.0\u00a0% of"),
        ("months from the application", -3.0, [-2.0, -12.0, -40.0],
         "3\u00a0months before the application. Later than 66.7\u00a0% of clients who repaid and"
         " 100.0\u00a0% of"),
        ("months before the application", -15.0, [-2.0, -12.0, -40.0],
         "15\u00a0months. More than 66.7\u00a0% of clients who repaid and 0.0\u00a0% of"),
        ("days", 800.0, [100.0, 400.0, 900.0],
         "2.2\u00a0years. More than 66.7\u00a0% of clients who repaid and 0.0\u00a0% of"),
        ("months", 8.0, [1.0, 4.0, 9.0],
         "8\u00a0months. More than 66.7\u00a0% of clients who repaid and 0.0\u00a0% of"),
        ("currency", 100.0, [200.0, 300.0, 50.0],
         "100\u00a0currency. Less than 66.7\u00a0% of clients who repaid and 100.0\u00a0% of"),
        ("currency a year", -100.0, [-200.0, -300.0, 50.0],
         "\u2212100\u00a0currency a year. More than 66.7\u00a0% of clients who repaid and"
         " 100.0\u00a0% of"),
        ("ratio", 0.08, [0.05, 0.06, 0.09],
         "8.00\u00a0%. More than 66.7\u00a0% of clients who repaid and 0.0\u00a0% of"),
        ("0 to 1", 0.2, [0.05, 0.06, 0.09],
         "0.2000. More than 100.0\u00a0% of clients who repaid and 0.0\u00a0% of"),
        ("years per day", -0.2, [-0.05, -0.06, -0.09],
         "\u22120.2000\u00a0years per day. Less than 100.0\u00a0% of clients who repaid and"
         " 0.0\u00a0% of"),
        ("", 7.0, [5.0, 6.0, 9.0],
         "7. More than 66.7\u00a0% of clients who repaid and 0.0\u00a0% of"),
    ],
)  # fmt: skip
def test_the_side_by_value(unit: str, own: float, paid: list[float], said: str):
    unpaid = [-5000.0] if own < 0 or "from" in unit else [5000.0]
    typical = sorted(paid)[1]
    sentence = Comparison(feature(unit, typical), [paid, unpaid]).sentence(EN, own)
    assert sentence == f"This client: {said} clients who did not."


def test_the_side_in_french():
    described = feature("days before the application")
    sentence = Comparison(described, [[-1753.0], [-4000.0]]).sentence(FR, -3185.0)
    assert sentence == (
        "Ce client\u00a0: 8,7\u00a0ans. Plus que 100,0\u00a0% des clients ayant"
        " remboursé et 0,0\u00a0%"
        " des autres."
    )


def test_equal_values_are_on_neither_side():
    comparison = Comparison(feature("currency", 5.0), [[5.0, 5.0, 1.0, 9.0], []])
    assert comparison.share(0, 5.0, above=False) == comparison.share(0, 5.0, above=True) == 0.25
    assert comparison.share(1, 5.0, above=False) is None
    assert comparison.sentence(EN, 5.0) == (
        "This client: 5\u00a0currency, the middle value of clients who repaid. 25.0\u00a0% of them"
        " and not known of clients who did not repay have less."
    )


@pytest.mark.parametrize("words", [EN, FR])
def test_values_that_are_read_alike_are_on_neither_side(words: Words):
    """A whole number is written without decimals, and one beside it with a zero."""
    comparison = Comparison(feature("months", 33.0), [[33.0, 40.0, 1.0], [2.0]])
    assert words.feature_value(feature("months"), 33.0001) != words.feature_value(
        feature("months"), 33.0
    )
    assert comparison.side(words, 33.0001) == "same"
    assert comparison.side(words, 33.1) == "more"
    assert comparison.side(words, 330.0) == "more"


def test_without_a_client_who_paid_no_side_is_said():
    comparison = Comparison(feature("currency"), [[], [5.0]])
    assert comparison.medians(EN) == ["not known", "5\u00a0currency"]
    assert comparison.sentence(EN, 6.0) == "This client: 6\u00a0currency."


def written_number(text: str) -> float:
    """The number that a reader reads; time in days, minus after the application."""
    match = WRITTEN.fullmatch(text)
    assert match, text
    number = float(match[1].replace("\u2212", "-").replace(",", ""))
    factor = {"years": 365.25, "%": 0.01}.get(match[2], 1.0)
    return number * factor * (-1 if match[3] else 1)


def test_every_side_agrees_with_the_written_numbers(shipped_api: ServiceApi):
    """Every number of every shipped client, against the written median."""
    records = [shipped_api.record(client) for client in shipped_api.ids()]
    compared = {"more": 0, "less": 0, "same": 0}
    for described in shipped_api.features():
        if described["kind"] != "number":
            continue
        found: Any = shipped_api.reference_values(described["name"])
        by_class = found["feat0"], found["feat1"]
        comparison = Comparison(described, by_class)
        typical = written_number(comparison.medians(EN)[0])
        for own in {record[described["name"]] for record in records} - {None}:
            sentence, value = comparison.sentence(EN, own), EN.feature_value(described, own)
            assert sentence.startswith(f"This client: {value}")
            verb = next((verb for verb in SIDES if f". {verb} " in sentence), "")
            side, number = SIDES.get(verb, "same"), written_number(value)
            compared[side] += 1
            assert (side == "more") == (number > typical), sentence
            assert (side == "less") == (number < typical), sentence
            if verb:
                share = comparison.share(0, own, above=side == "less")
                assert share is not None
                assert share >= 0.5
                assert f"{verb} {EN.percent(share, 1)} of clients who repaid" in sentence
    assert min(compared.values()) > 0
