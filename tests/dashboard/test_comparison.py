"""The side on which a client lies, and the shares on the other side, agree with the numbers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from advisor.comparison import Comparison
from advisor.formats import Words
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import service_in_process
from tests.dashboard.test_display_scale import feature
from tests.support.server import RESSOURCES

EN, FR = Words("en"), Words("fr")
WRITTEN = re.compile(
    "([\u2212]?[0-9,]*[0-9](?:\\.[0-9]+)?)(?:\u00a0(years|days))?.*?( after the application)?"
)
SIDES = {"more than": "more", "earlier than": "more", "less than": "less", "later than": "less"}
OPPOSITE = {"more than": "less", "earlier than": "a later date", "less than": "more",
            "later than": "an earlier date"}  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "own", "paid", "said"),
    [
        ("days before the application", -3185.0, [-1753.0, -100.0, -4000.0],
         "8.7\u00a0years before the application, more than the median of those who paid:"
         " 66.7\u00a0% of those who paid and 0.0\u00a0% of those who did not pay have less."),
        ("days before the application", -100.0, [-1753.0, -50.0, -4000.0],
         "100\u00a0days before the application, less than the median of those who paid:"
         " 66.7\u00a0% of those who paid and 100.0\u00a0% of those who did not pay have more."),
        ("days from the application", -3185.0, [-1753.0, -100.0, 40.0],
         "8.7\u00a0years before the application, earlier than the median of those who paid:"
         " 100.0\u00a0% of those who paid and 0.0\u00a0% of those who did not pay have"
         " a later date."),
        ("days from the application", 40.0, [-1753.0, -100.0, 90.0],
         "40\u00a0days after the application, later than the median of those who paid:"
         " 66.7\u00a0% of those who paid and 100.0\u00a0% of those who did not pay have"
         " an earlier date."),
        ("months from the application", -3.0, [-2.0, -12.0, -40.0],
         "3\u00a0months before the application, later than the median of those who paid:"
         " 66.7\u00a0% of those who paid and 100.0\u00a0% of those who did not pay have"
         " an earlier date."),
        ("days", 800.0, [100.0, 400.0, 900.0],
         "2.2\u00a0years, more than the median of those who paid: 66.7\u00a0% of those who paid"
         " and 0.0\u00a0% of those who did not pay have less."),
        ("currency", 100.0, [200.0, 300.0, 50.0],
         "100\u00a0currency, less than the median of those who paid: 66.7\u00a0% of those who paid"
         " and 100.0\u00a0% of those who did not pay have more."),
        ("ratio", 0.08, [0.05, 0.06, 0.09],
         "0.0800, more than the median of those who paid: 66.7\u00a0% of those who paid"
         " and 0.0\u00a0% of those who did not pay have less."),
        ("0 to 1", 0.06, [0.05, 0.06, 0.09],
         "0.0600, the median of those who paid: 33.3\u00a0% of those who paid"
         " and 0.0\u00a0% of those who did not pay have less."),
    ],
)  # fmt: skip
def test_the_side_by_value(unit: str, own: float, paid: list[float], said: str):
    unpaid = [-5000.0] if own < 0 or "from" in unit else [5000.0]
    typical = sorted(paid)[1]
    sentence = Comparison(feature(unit, typical), [paid, unpaid]).sentence(EN, own)
    assert sentence == f"This client has {said}"


def test_the_side_in_french():
    described = feature("days before the application")
    sentence = Comparison(described, [[-1753.0], [-4000.0]]).sentence(FR, -3185.0)
    assert "plus que la médiane de ceux qui ont payé : 100,0\u00a0%" in sentence
    assert sentence.endswith(" et 0,0\u00a0% de ceux qui n\u2019ont pas payé ont moins.")


def test_equal_values_are_on_neither_side():
    comparison = Comparison(feature("currency", 5.0), [[5.0, 5.0, 1.0, 9.0], []])
    assert comparison.share(0, 5.0, above=False) == comparison.share(0, 5.0, above=True) == 0.25
    assert comparison.share(1, 5.0, above=False) is None
    assert "0\u00a0% of those who paid and not known of those who" in comparison.sentence(EN, 5.0)


def test_without_a_client_who_paid_no_side_is_said():
    comparison = Comparison(feature("currency"), [[], [5.0]])
    assert comparison.medians(EN) == ["not known", "5\u00a0currency"]
    assert comparison.sentence(EN, 6.0) == "This client has 6\u00a0currency."


@pytest.fixture(scope="module")
def shipped_api() -> Iterator[ServiceApi]:
    with service_in_process(RESSOURCES) as api:
        yield api


def written_number(text: str) -> float:
    """The number that a reader reads; time before the application in days, minus after it."""
    match = WRITTEN.fullmatch(text)
    assert match, text
    number = float(match[1].replace("\u2212", "-").replace(",", ""))
    return number * (365.25 if match[2] == "years" else 1) * (-1 if match[3] else 1)


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
            assert sentence.startswith(f"This client has {value}, ")
            verb = next((verb for verb in SIDES if f", {verb} the median" in sentence), "")
            side, number = SIDES.get(verb, "same"), written_number(value)
            compared[side] += 1
            assert (side == "more") == (number > typical), sentence
            assert (side == "less") == (number < typical), sentence
            if verb:
                assert sentence.endswith(f"have {OPPOSITE[verb]}.")
                share = comparison.share(0, own, above=side == "less")
                assert share is not None
                assert share >= 0.5
                assert f"{EN.percent(share, 1)} of those who paid" in sentence
    assert min(compared.values()) > 0
