"""The decision in words and figures, and the axis of the risk score."""

import math
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.service_client.response_models import Application
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision, risk_axis
from register.letter.figures import Figures

EN, FR = Words("en"), Words("fr")


def score(probability: float, threshold: float, **more: Any) -> Any:
    return {
        "probability": probability,
        "threshold": threshold,
        "prediction": int(probability >= threshold),
        **more,
    }


@pytest.mark.parametrize(
    ("words", "probability", "threshold", "sentence"),
    [
        (EN, 0.573, 0.4, "Refused: risk score 57, limit 40"),
        (FR, 0.573, 0.4, "Refusé\u00a0: score de risque 57, limite 40"),
        (EN, 0.396, 0.4, "Accepted: risk score 39.6, limit 40.0"),
        (FR, 0.396, 0.4, "Accepté\u00a0: score de risque 39,6, limite 40,0"),
        (EN, 0.39996, 0.4, "Accepted: risk score 39.996, limit 40.000"),
        (EN, 0.4, 0.4, "Refused: risk score 40, limit 40"),
        (EN, 0.0004, 0.503, "Accepted: risk score 0.0, limit 50.3"),
        (EN, 0.501, 0.503, "Accepted: risk score 50.1, limit 50.3"),
        (EN, 0.5034, 0.503, "Refused: risk score 50.34, limit 50.30"),
        (EN, 0.4011, 0.40125, "Accepted: risk score 40.11, limit 40.12"),
        (
            EN,
            math.nextafter(0.503, 0),
            0.503,
            "Accepted: risk score 50.29999999999999, limit 50.30000000000000",
        ),
    ],
)
def test_the_verdict_has_the_fewest_digits_that_differ(
    words: Words, probability: float, threshold: float, sentence: str
):
    assert decision.verdict(words, score(probability, threshold)) == sentence


def test_the_risk_score_has_a_line_of_its_own():
    assert decision.risk(EN, score(0.573, 0.4)) == "Risk score 57; limit 40"
    assert decision.risk(FR, score(0.573, 0.4)) == "Score de risque 57\u00a0; limite 40"


@pytest.mark.parametrize(
    ("words", "pd", "sentence"),
    [
        (EN, 0.1, "10.0 in 100 similar clients do not repay; limit 9.3"),
        (FR, 0.1, "10,0 clients semblables sur 100 ne remboursent pas\u00a0; limite 9,3"),
        (EN, 0.0932, "9.32 in 100 similar clients do not repay; limit 9.30"),
        (EN, None, "The risk score is a rank, not a probability"),
        (FR, None, "Le score de risque est un rang, pas une probabilité"),
    ],
)
def test_the_meaning_of_the_risk_score(words: Words, pd: float | None, sentence: str):
    service: Any = SimpleNamespace(pd_limit=lambda: 0.093)
    assert decision.repayment(words, service, score(0.5, 0.4, pd=pd)) == sentence


def test_the_figures_are_those_that_are_known():
    service: Any = SimpleNamespace(pd_limit=lambda: 0.093)
    full = score(0.573, 0.4, pd=0.1, points=512, grade="C")
    assert decision.figures(EN, service, full) == {
        "decision": "refused",
        "risk_score": "57",
        "risk_limit": "40",
        "defaults_of_100": "10.0",
        "points": "512",
        "grade": "C",
    }
    bare = score(0.2, 0.4)
    assert decision.figures(FR, service, bare) == {
        "decision": "accepté",
        "risk_score": "20",
        "risk_limit": "40",
    }


@pytest.mark.parametrize(("probability", "sign"), [(0.5, "✖"), (0.3, "✔")])
def test_the_decision_has_a_sign(probability: float, sign: str):
    assert decision.icon(score(probability, 0.4)) == sign


@pytest.mark.parametrize(
    ("probability", "threshold", "colour"), [(0.573, 0.4, "against"), (0.031, 0.503, "favour")]
)
def test_the_axis_reaches_from_0_to_100(probability: float, threshold: float, colour: str):
    html = risk_axis.html(score(probability, threshold), "own", "limit", "In words & numbers")
    assert f"width:{100 * probability:.3f}%;border-top:.7rem solid var(--desk-{colour})" in html
    assert f"height:1.6rem;left:{100 * threshold:.3f}%" in html
    assert 'role="img" aria-label="In words &amp; numbers"' in html
    assert html.index(">0</span>") < html.index(">own<") < html.index(">100</span>")


def test_no_client_reads_a_score_on_the_wrong_side_of_a_limit(api: ServiceApi):
    """For all clients and all limits of thousandths; a letter of the register has these digits."""
    clients: list[Application] = [{"client": client} for client in api.ids()]
    probabilities = [api.score(each, reasons=0)["probability"] for each in clients]
    limits = [part / 1000 for part in range(1, 1000)]
    for limit in limits:
        alone = decision.risk_texts(EN, limit)[0]
        assert Decimal(alone) == Decimal(repr(limit)).scaleb(2)
        for probability in (*probabilities, limit, limit - 0.0009, limit + 0.0004):
            own, written = decision.risk_texts(EN, limit, probability)
            assert Decimal(written) == Decimal(alone)
            assert (Decimal(own) >= Decimal(written)) == (probability >= limit)
            figures = Figures(probability, limit, (), None, None)
            assert len(own.partition(".")[2]) == figures.decimals


def test_different_shares_look_different():
    assert decision.hundredths(EN, (0.31, 0.17)) == ["31", "17"]
    assert decision.hundredths(EN, (0.1704, 0.17)) == ["17.04", "17.00"]
    assert decision.hundredths(EN, (0.17, 0.17)) == ["17", "17"]
