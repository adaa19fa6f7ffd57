"""Reasons as they may be told: a factor, the client's value, a typical one and an effect."""

from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.statements import reasons
from advisor.statements.effects import EffectScale

EN, FR = Words("en"), Words("fr")
IMPORTANCE: Any = {"groups": [{"group": "A", "importance": 0.6}, {"group": "B", "importance": 0.2}]}


def named(name: str, value: Any, median: float | None, contribution: float) -> Any:
    return {
        "name": name,
        "label": FEATURES[name]["label"] if name in FEATURES else name,
        "value": value,
        "unit": "",
        "median": median,
        "contribution": contribution,
    }


def feature(label: str, unit: str, kind: str = "number", **shares: float) -> Any:
    quantiles = dict.fromkeys(("0", "25", "50", "75", "100"), 0.5)
    values = {"quantiles": None if shares else quantiles, "shares": shares or None}
    return {
        "label": label,
        "unit": unit,
        "base_unit": unit,
        "kind": kind,
        "class0": values,
    }


FEATURES: dict[str, Any] = {
    "RATE": feature("Instalment as a share of the loan", "ratio"),
    "KURTOSIS": feature("New doc kurt", ""),
    "EDUCATION": feature("Education", "", "text", Secondary=0.7, Higher=0.3),
    "CAR": feature("The client owns a car", "0 or 1", "flag", **{"0": 0.3, "1": 0.7}),
}


def reason(text: str, *features: Any, protected: bool = False) -> Any:
    return {
        "group": "Theme",
        "text": text,
        "contribution": sum(each["contribution"] for each in features),
        "protected": protected,
        "features": [*features],
    }


@pytest.mark.parametrize(
    ("words", "told", "sentence"),
    [
        (
            EN,
            reason("The instalments are high.", named("RATE", 0.0793, 0.055, 0.4)),
            "The instalments are high: Instalment as a share of the loan: 7.9\u00a0%;"
            " typical 5.5\u00a0%",
        ),
        (
            FR,
            reason("Les mensualités sont élevées", named("RATE", 0.0793, 0.055, 0.4)),
            "Les mensualités sont élevées\u00a0: Instalment as a share of the"
            " loan\u00a0: 7,9\u00a0%\u00a0;"
            " habituellement 5,5\u00a0%",
        ),
        (
            EN,
            reason("New doc kurt: 20 (typical 19.99)", named("KURTOSIS", 20.0, 19.9948, 0.1)),
            "New doc kurt: 20; typical 19.99",
        ),
        (
            FR,
            reason(
                "New doc kurt : 20 (valeur habituelle 19,99)",
                named("KURTOSIS", 20.0, 19.9948, 0.1),
            ),
            "New doc kurt\u00a0: 20\u00a0; habituellement 19,99",
        ),
        (
            EN,
            reason("A car is owned", named("CAR", 1.0, None, 0.1)),
            "A car is owned: The client owns a car: yes, as is typical",
        ),
        (
            EN,
            reason("Education: Lower (typical Higher)", named("EDUCATION", "Lower", None, 0.1)),
            "Education: Lower (typical Higher)",
        ),
        (
            EN,
            reason("The education is not known", named("EDUCATION", None, None, 0.1)),
            "The education is not known: Education: not known; typical Secondary",
        ),
        (
            EN,
            reason("No car", named("CAR", 0.0, None, 0.1)),
            "No car: The client owns a car: no; typical yes",
        ),
        (
            EN,
            reason("New doc kurt: not known (typical 20)", named("KURTOSIS", None, 20.0, 0.1)),
            "New doc kurt: not known; typical 20",
        ),
        (
            EN,
            reason("pca0: 0.5 (typical 0.1)", named("pca0", 0.5, 0.1, 0.2)),
            "pca0: 0.5 (typical 0.1)",
        ),
    ],
)  # fmt: skip
def test_a_reason_has_its_value_and_a_typical_one(words: Words, told: Any, sentence: str):
    assert reasons.told(words, told, FEATURES).sentence(words) == sentence


@pytest.mark.parametrize(
    ("text", "value", "lines"),
    [
        ("The client owns a car: no", 0.0, ("The client owns a car: no", "typical: yes")),
        ("The client owns a car: yes", 1.0, ("The client owns a car: yes", "as is typical")),
        ("No car", 0.0, ("No car", "The client owns a car: no; typical yes")),
    ],
)  # fmt: skip
def test_the_title_of_a_flag_has_its_value(text: str, value: float, lines: tuple[str, str]):
    found = reasons.told(EN, reason(text, named("CAR", value, None, 0.1)), FEATURES)
    assert found.lines(EN) == lines


def test_a_reason_is_told_by_the_feature_that_pushes_most_in_its_direction():
    other = named("KURTOSIS", 20.0, 19.0, -0.3)
    against = reason("Instalments", other, named("RATE", 0.08, 0.05, 0.4))
    found = reasons.strongest_feature(against)
    assert found is not None
    assert found["name"] == "RATE"
    strength = reason("Document", named("RATE", 0.08, 0.05, 0.2), other)
    found = reasons.strongest_feature(strength)
    assert found is not None
    assert found["name"] == "KURTOSIS"


def test_a_reason_of_features_that_are_not_named_is_told_by_its_text():
    unnamed = {**reason("Many things", named("RATE", 0.08, 0.05, -0.1)), "contribution": 0.2}
    assert reasons.strongest_feature(unnamed) is None
    assert reasons.told(EN, unnamed, FEATURES).sentence(EN) == "Many things"


@pytest.mark.parametrize(
    ("contribution", "strength"),
    [(0.3, "strong"), (-0.3, "strong"), (0.299, "medium"), (-0.1, "medium"), (0.099, "weak")],
)
def test_an_effect_is_measured_by_the_most_important_theme(contribution: float, strength: str):
    assert EffectScale.of(IMPORTANCE, [contribution]).strength(contribution) == strength


def test_the_longest_bar_is_of_the_largest_effect():
    assert EffectScale.of(IMPORTANCE, [0.3, -0.1]).share(-0.3) == 0.5
    assert EffectScale.of(IMPORTANCE, [0.3, -1.2]).share(0.3) == 0.25
    assert EffectScale.of({**IMPORTANCE, "groups": []}, []).share(0.0) == 0.0


def test_the_protected_themes_are_those_a_letter_would_name():
    named_one = named("RATE", 0.08, 0.05, 0.4)
    found = [reason(f"{at}", named_one, protected=at in (1, 4)) for at in range(5)]
    found = [{**each, "group": f"Theme {at}"} for at, each in enumerate(found)]
    score: Any = {"prediction": 1, "reasons": found}
    assert reasons.protected_themes(score) == ["Theme 1"]
    assert reasons.protected_themes({**score, "prediction": 0}) == []
