"""The decision in words and figures, and the axis of the risk score."""

from types import SimpleNamespace
from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.statements import decision, risk_axis

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
        (EN, 0.0004, 0.503, "Accepted: risk score 0, limit 50"),
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


@pytest.mark.parametrize(
    ("share", "digits"), [(0.5, 0), (0.503, 1), (0.4, 0), (0.40125, 3), (1 / 3, 6), (1e-9, 6)]
)
def test_all_digits_of_a_limit(share: float, digits: int):
    assert decision.digits(share) == digits


def test_different_shares_look_different():
    assert decision.hundredths(EN, (0.31, 0.17)) == ["31", "17"]
    assert decision.hundredths(EN, (0.1704, 0.17)) == ["17.04", "17.00"]
    assert decision.hundredths(EN, (0.17, 0.17)) == ["17", "17"]
