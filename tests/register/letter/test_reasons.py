"""Reasons by value: the factor, the client's value, a typical one, the direction, the effect."""

import re
from pathlib import Path

import orjson
import pytest

from api.responses import score_body
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.scoring import ApplicationScorer
from credit_scoring.explain.peers import find_peers
from credit_scoring.model.loader import load
from register.errors import LetterHeld
from register.letter.languages.texts import Language
from register.letter.letter import letter_html
from tests.register.letter.recorded import (
    SCORES,
    after_reviews,
    decision,
    feature,
    lender,
    reason,
    text_of,
)

NOTHING: frozenset[str] = frozenset()
DIRECTIONS = {
    "": ("", ""),
    "higher": ("; yours is higher", "^; la vôtre est plus élevée"),
    "lower": ("; yours is lower", "^; la vôtre est plus basse"),
    "later": ("; yours is later", "^; la vôtre est postérieure"),
    "earlier": ("; yours is earlier", "^; la vôtre est antérieure"),
    "nearer": ("; yours is nearer to zero", "^; la vôtre est plus proche de zéro"),
    "farther": ("; yours is farther from zero", "^; la vôtre est plus éloignée de zéro"),
    "same": (
        "; yours is the same, but counted more against you than on average",
        "^; la vôtre est la même, mais elle a compté contre vous plus qu\u2019en moyenne",
    ),
}


def spaced(text: str) -> str:
    """A text with its spaces that do not break: ~ for the wide one, ^ for the narrow one."""
    return text.replace("~", "\u00a0").replace("^", "\u202f")


def told(
    factor: dict, language: Language = "en", text: str = "Theme", flags: frozenset[str] = NOTHING
) -> list[str]:
    """The lines on the only reason of a refusal, without its effect."""
    recorded = decision([reason("Theme", text, factor)], {"contributions_in": "margin"})
    html = letter_html(recorded, lender(labels_language=language), language, flags).html
    (item,) = re.findall("<ol>(.*?)</ol>", html, re.DOTALL)
    return text_of(f"<body>{item}").splitlines()


@pytest.mark.parametrize(
    ("value", "median", "unit", "english", "french", "direction"),
    [
        (157500.0, 24678.5, "currency", "157,500|24,678.50", "157^500|24^678,50", "higher"),
        (67500.0, 150750.0, "currency a year", "67,500~a~year|150,750~a~year",
         "67^500~par~an|150^750~par~an", "lower"),
        (-3185.0, -1753.0, "days from the application",
         "8.7~years before the application|4.8~years before the application",
         "8,7~ans avant la demande|4,8~ans avant la demande", "earlier"),
        (3185.0, 1753.0, "days before the application",
         "8.7~years before the application|4.8~years before the application",
         "8,7~ans avant la demande|4,8~ans avant la demande", "earlier"),
        (-1.0, -40.0, "days before the application",
         "1~day before the application|40~days before the application",
         "1~jour avant la demande|40~jours avant la demande", "later"),
        (2636.0, 0.0, "days from the application",
         "7.2~years after the application|on the day of the application",
         "7,2~ans après la demande|le jour de la demande", "later"),
        (-3.0, -12.5, "months from the application",
         "3~months before the application|12.5~months before the application",
         "3~mois avant la demande|12,5~mois avant la demande", "later"),
        (-3185.0, -3186.0, "days from the application",
         "3,185~days before the application|3,186~days before the application",
         "3^185~jours avant la demande|3^186~jours avant la demande", "later"),
        (8876.0, 365.25, "days", "24.3~years|1~year", "24,3~ans|1~an", "higher"),
        (-168.9, -659.7, "days", "\u2212169~days|\u22121.8~years", "\u2212169~jours|\u22121,8~an",
         "nearer"),
        (12.0, 1.0, "years", "12~years|1~year", "12~ans|1~an", "higher"),
        (1.0, 0.0, "0 or 1", "yes|no", "oui|non", ""),
        (0.0, 0.5, "0 or 1", "no|yes for half of them",
         "non|oui pour la moitié d\u2019entre eux", ""),
        (0.0, 0.0, "0 or 1", "no|no", "non|non", "same"),
        (0.19849, 0.49676, "0 to 1", "0.198 on a scale from 0 to 1|0.497",
         "0,198 sur une échelle de 0 à 1|0,497", "lower"),
        (3.0, 2.0, "1 to 3", "3 on a scale from 1 to 3|2", "3 sur une échelle de 1 à 3|2",
         "higher"),
        (0.34312, 0.16708, "ratio", "0.343|0.167", "0,343|0,167", "higher"),
        (0.34312, 0.34308, "ratio", "0.34312|0.34308", "0,34312|0,34308", "higher"),
        (2.0, 1.0, "people", "2~people|1~person", "2~personnes|1~personne", "higher"),
        (10.0, 13.66667, "instalments", "10~instalments|13.7~instalments",
         "10~échéances|13,7~échéances", "lower"),
        (-0.0000123, -0.00758, "years per day", "\u22120.0000123 (years per day)|\u22120.00758",
         "\u22120,0000123 (years per day)|\u22120,00758", "nearer"),
        (1.0, 0.0, "", "1|0", "1|0", "higher"),
        (-5.5, -2.0, "", "\u22125.5|\u22122", "\u22125,5|\u22122", "farther"),
        (1e30, 2.5e-12, "", "1.00~\u00d7~1030|2.50~\u00d7~10\u221212",
         "1,00~\u00d7~1030|2,50~\u00d7~10\u221212", "higher"),
        (12.0, 13.0, "furlongs", "12 (furlongs)|13", "12 (furlongs)|13", "lower"),
    ],
)  # fmt: skip
def test_a_value_of_each_unit_is_compared(
    value: float, median: float, unit: str, english: str, french: str, direction: str
):
    factor = feature("Factor", value, median, unit)
    own, typical = english.split("|")
    sentence = f"Your value:~{own}. Typical value:~{typical}{DIRECTIONS[direction][0]}."
    assert told(factor) == ["Factor", spaced(sentence)]
    own, typical = french.split("|")
    sentence = f"Votre valeur~:~{own}. Valeur habituelle~:~{typical}{DIRECTIONS[direction][1]}."
    assert told(factor, "fr") == ["Factor", spaced(sentence)]


@pytest.mark.parametrize(
    ("value", "median", "unit", "english", "french"),
    [
        (None, -1376.0, "days from the application",
         "not known. Typical value:~3.8~years before the application. The missing value counted"
         " against you",
         "non connue. Valeur habituelle~:~3,8~ans avant la demande. L\u2019absence de cette"
         " valeur a compté contre vous"),
        (None, None, "0 to 1",
         "not known. Typical value:~not known. The missing value counted against you",
         "non connue. Valeur habituelle~:~non connue. L\u2019absence de cette valeur"
         " a compté contre vous"),
        (4.0, None, "credits", "4~credits. Typical value:~not known",
         "4~crédits. Valeur habituelle~:~non connue"),
        ("Labourer", None, "", "Labourer", "Labourer"),
    ],
)  # fmt: skip
def test_a_value_without_a_median_or_without_a_number_is_told(
    value: float | str | None, median: float | None, unit: str, english: str, french: str
):
    factor = feature("Factor", value, median, unit)
    assert told(factor) == ["Factor", spaced(f"Your value:~{english}.")]
    assert told(factor, "fr") == ["Factor", spaced(f"Votre valeur~:~{french}.")]


def test_a_flag_without_a_unit_is_yes_or_no_if_the_caller_names_it():
    factor = feature("Phone", 1.0, 0.0)
    assert told(factor, flags=frozenset({"PHONE"}))[1] == spaced(
        "Your value:~yes. Typical value:~no."
    )
    amount = feature("Phone", 1.0, 0.0, "currency")
    assert told(amount, flags=frozenset({"PHONE"}))[1].startswith(
        spaced("Your value:~1. Typical value:~0")
    )


def test_a_bare_theme_is_told_by_its_factor():
    factor = feature("Kurtosis of the documents", 20.0, 16.5)
    sentence = spaced("Your value:~20. Typical value:~16.5; yours is higher.")
    assert told(factor) == ["Kurtosis of the documents", sentence]
    assert told(factor, text="Many documents") == [
        "Many documents",
        f"Factor: Kurtosis of the documents. {sentence}",
    ]


def test_a_reason_is_told_by_the_feature_that_raised_the_score_most():
    """The first feature of `SCORES` by size lowered it."""
    text = text_of(letter_html(decision([SCORES]), lender(), "en").html)
    assert spaced("Lowest external score. Your value:~0.0871 on a scale from 0 to 1.") in text
    assert "Weighted sum" not in text
    assert "Highest" not in text


def test_peers_are_named():
    near = text_of(letter_html(decision(), lender(), "en").html)
    everybody = text_of(letter_html(decision(answer={"compare": "all"}), lender(), "en").html)
    assert "the middle one (the median) among applicants whom we only just accept." in near
    assert "(the median) among all applicants with whom we compare." in everybody


def effects(recorded) -> list[str]:
    """The sentences that have a score."""
    text = text_of(letter_html(recorded, lender(), "en").html)
    return re.findall(r"(?:your score is|about|would have been) [^;]*?\.(?:\n| A lower)", text)


def scored(probability: float, contributions: list[float], **answer: object):
    reasons = [
        reason(f"Theme {size}", "High", feature("Factor", 2.0, 1.0, "", size))
        for size in contributions
    ]
    return decision(reasons, {"probability": probability, **answer})


def test_effects_are_the_scores_without_a_reason():
    """The log-odds are log(4): less log(4) they are 0, less log(6) they are log(2 / 3)."""
    log4, log6 = 1.3862943611198906, 1.791759469228055
    assert effects(scored(0.8, [log6, log4], threshold=0.45)) == [
        "your score is 80. A lower",
        "about 40, below the limit.\n",
        "about 50, not below the limit.\n",
        "about 14, below the limit.\n",
    ]


def test_effects_in_probability_stay_between_0_and_100():
    assert effects(scored(0.75, [0.5, 0.25, 0.125], contributions_in="probability")) == [
        "your score is 75. A lower",
        "about 25, below the limit.\n",
        "about 50, not below the limit.\n",
        "about 62, not below the limit.\n",
        "about 0, below the limit.\n",
    ]


@pytest.mark.parametrize("probability", [0.8, 1.0])
def test_contributions_on_another_scale_have_no_effect(probability: float):
    scale = "margin" if probability < 1 else "log-odds"
    recorded = scored(probability, [1.0, 0.5], contributions_in=scale)
    assert effects(recorded) == [f"your score is {100 * probability:.0f}. A lower"]
    assert "After each reason" not in letter_html(recorded, lender(), "en").html


def test_a_score_never_looks_like_the_limit():
    close = scored(0.4000004, [1e-6], contributions_in="probability")
    assert effects(close) == [
        "your score is 40.00004. A lower",
        "about 39.99994, below the limit.\n",
    ]
    equal = scored(0.503, [0.1], threshold=0.503, contributions_in="probability")
    assert effects(equal) == ["your score is 50.3. A lower", "about 40.3, below the limit.\n"]


def test_the_score_before_changes_is_told():
    recorded = scored(0.5, [1.0], contributions_in="margin", before={"probability": 0.625})
    assert effects(recorded)[1:] == ["would have been 62, not below the limit.\n"]
    assert effects(scored(0.5, [1.0], contributions_in="margin", before=None))[1:] == []


def test_reasons_of_the_service_are_specific_or_held(small_bundle_folder: Path):
    """Every refusal of a real bundle: a protected trait is never printed, the others are specific.

    It holds the letter until a person has reviewed the decision.
    """
    bundle = load(small_bundle_folder)
    peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
    clients = Applications([Application(client) for client in bundle.client_ids], is_list=True)
    answers = orjson.loads(score_body(ApplicationScorer(bundle, peers, 6, "near"), clients))
    refused = [answer for answer in answers if answer["prediction"]]
    held, valued = 0, 0
    for answer in refused:
        reasons = answer["reasons"][:4]
        recorded = decision(answer=answer | {"reference": None}, reasons=answer["reasons"])
        if any(each["protected"] for each in reasons):
            held += 1
            with pytest.raises(LetterHeld):
                letter_html(recorded, lender(), "en")
            reviewed = after_reviews(recorded, 1)
            reasons = [each for each in answer["reasons"] if not each["protected"]][:4]
        else:
            reviewed = recorded
        titles = re.findall(
            "<strong><bdi>(.*?)</bdi></strong>", letter_html(reviewed, lender(), "en").html
        )
        strongest = [max(r["features"], key=lambda f: f["contribution"]) for r in reasons]
        for title, each, factor in zip(titles, reasons, strongest, strict=True):
            assert each["text"] != each["group"]
            is_of_value = each["text"].startswith(factor["label"] + ": ")
            valued += is_of_value
            assert title == (factor["label"] if is_of_value else each["text"])
    assert len(refused) > held > 0
    assert valued > 0
