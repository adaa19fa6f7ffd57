"""A suggestion that goes against a reason names the figure behind both."""

import math
from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.service_client.response_models import Record
from advisor.service_client.service_api import ServiceApi
from advisor.simulation import contradictions, formulas, suggestions
from advisor.simulation.values import allowed_range
from tests.dashboard.conftest import PageOpener, text_of

EN, FR = Words("en"), Words("fr")
RECORD: Record = {"INSTALMENT": 790.0, "LOAN": 10_000.0, "RATE": 0.079, "INCOME": 20_000.0}


def feature(name: str, label: str, unit: str, typical: float, formula: str | None = None) -> Any:
    quantiles = dict.fromkeys(("0", "25", "50", "75", "100"), typical)
    values = {"present": 3, "quantiles": quantiles, "shares": None}
    return {"name": name, "label": label, "unit": unit, "base_unit": unit, "group": "Loan",
            "formula": formula, "kind": "number", "class0": values}  # fmt: skip


FEATURES = {
    "INSTALMENT": feature("INSTALMENT", "Instalment", "currency", 700.0),
    "LOAN": feature("LOAN", "Loan", "currency", 12_000.0),
    "INCOME": feature("INCOME", "Income", "currency", 20_000.0),
    "RATE": feature("RATE", "Instalment as a share of the loan", "ratio", 0.055,
                    "INSTALMENT / LOAN"),
}  # fmt: skip


def reason(text: str, *named: tuple[str, float]) -> Any:
    """A reason of some features and the medians of the peers, strongest first."""
    named_features = [
        {"name": name, "label": name, "value": RECORD[name], "unit": "", "median": median,
         "contribution": 0.1}
        for name, median in named
    ]  # fmt: skip
    return {"group": "Loan", "text": text, "contribution": 0.2, "protected": False,
            "features": named_features}  # fmt: skip


HIGH_RATE = reason("The instalments are high", ("RATE", 0.055))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (EN, "Against the reason “The instalments are high”: both depend on Instalment as a"
         " share of the loan, now 7.9\u00a0%, typically 5.5\u00a0%, then 8.5\u00a0%."),
        (FR, "Contraire à la raison «\u00a0The instalments are high\u00a0»\u00a0: les"
         " deux dépendent de"
         " Instalment as a share of the loan, maintenant 7,9\u00a0%, d\u2019habitude"
         " 5,5\u00a0%, ensuite"
         " 8,5\u00a0%."),
    ],
)  # fmt: skip
def test_a_raised_instalment_against_high_instalments(words: Words, sentence: str):
    found = contradictions.find(FEATURES, RECORD, [HIGH_RATE], {"INSTALMENT": 850.0})
    assert found is not None
    assert found.sentence(words) == sentence
    assert found.labels == ["The instalments are high", "Instalment as a share of the loan"]


@pytest.mark.parametrize(
    ("name", "value", "against"),
    [
        ("INSTALMENT", 850.0, True),
        ("INSTALMENT", 600.0, False),
        ("LOAN", 9_000.0, True),
        ("LOAN", 11_000.0, False),
        ("INCOME", 30_000.0, False),
    ],
)
def test_a_suggestion_goes_against_a_reason_if_the_figure_moves_away(
    name: str, value: float, against: bool
):
    found = contradictions.find(FEATURES, RECORD, [HIGH_RATE], {name: value})
    assert (found is not None) == against


def test_a_reason_of_the_suggested_feature_names_the_ratio_computed_from_it():
    high = reason("The instalments are high", ("INSTALMENT", 600.0), ("RATE", 0.055))
    found = contradictions.find(FEATURES, RECORD, [high], {"INSTALMENT": 850.0})
    assert found is not None
    assert found.figure.feature["name"] == "RATE"


def test_a_reason_without_a_ratio_names_the_feature_itself():
    features = {**FEATURES, "RATE": feature("RATE", "Rate", "ratio", 0.055)}
    high = reason("The instalments are high.", ("INSTALMENT", 600.0))
    found = contradictions.find(features, RECORD, [high], {"INSTALMENT": 850.0})
    assert found is not None
    assert found.sentence(EN) == (
        "Against the reason “The instalments are high”: both depend on Instalment, now"
        " 790\u00a0currency, typically 600\u00a0currency, then 850\u00a0currency."
    )


@pytest.mark.parametrize("missing", ["value", "median"])
def test_an_unknown_number_has_no_side(missing: str):
    unknown = reason("The instalments are high", ("RATE", 0.055))
    unknown["features"][0][missing] = None
    assert contradictions.find(FEATURES, RECORD, [unknown], {"LOAN": 9e3}) is None


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("A / B", 0.5),
        ("A / (B - 2)", math.nan),
        ("2 * `odd name*B` + -A - +B", 3.0),
        ("mean(A, B, C)", 1.5),
        ("median(A, B, C)", 1.5),
        ("min(A, B, C) + max(A, B, C)", 3.0),
        ("sum(A, B, C)", 3.0),
        ("var(A, B, C)", 0.25),
        ("max(C, C)", math.nan),
        ("A + C", math.nan),
    ],
)
def test_a_formula_has_its_value(formula: str, value: float):
    columns = {"A": 1.0, "B": 2.0, "C": math.nan, "odd name*B": 3.0}
    computed = formulas.computed(formula, columns.__getitem__)
    assert computed == pytest.approx(value, nan_ok=True)


def test_what_is_no_formula_is_refused():
    with pytest.raises(ValueError, match=r"open\('x'\)"):
        formulas.computed("open('x')", lambda _: 1.0)


def test_formulas_give_the_records_of_the_service(api: ServiceApi):
    computed = [each for each in api.features() if each["formula"]]
    assert computed
    for client in api.ids()[:30]:
        record = api.record(client)

        def column(name: str, record: Record = record) -> float:
            value = record[name]
            return value if isinstance(value, float) else math.nan

        for each in computed:
            own = column(each["name"])
            assert formulas.computed(each["formula"], column) == pytest.approx(
                own, rel=1e-9, nan_ok=True
            )


def test_a_change_runs_through_formulas_that_build_on_each_other():
    features = {**FEATURES, "TWICE": feature("TWICE", "Twice", "", 0.1, "2 * RATE")}
    changed = formulas.after_change(features, {**RECORD, "TWICE": 0.158}, {"LOAN": 5e3}, "TWICE")
    assert changed == pytest.approx(0.316)
    assert formulas.after_change(features, RECORD, {"LOAN": 5e3}, "INCOME") == 20_000.0


def test_the_page_names_the_figure(
    open_page: PageOpener,
    api: ServiceApi,
    score_by_client: dict[int, Any],
    monkeypatch: pytest.MonkeyPatch,
):
    """No shipped client has such a suggestion, so one is put into the service's response."""
    features = {each["name"]: each for each in api.features()}
    away = [
        (client, score["reasons"][0], further(score["reasons"][0]["features"][0]))
        for client, score in score_by_client.items()
        if score["prediction"]
    ]
    client, against, changes = next(
        (client, reason, {name: value})
        for client, reason, value in away
        for name in (reason["features"][0]["name"],)
        if value is not None and is_allowed(features[name], value)
    )
    ((name, value),) = changes.items()
    each = {
        "feature": name, "label": features[name]["label"], "direction": None,
        "value": value, "probability": 0.5, "moved": None,
    }  # fmt: skip
    found = {"prediction": 1, "alternatives": [each], "exact": True, "model": ""}
    monkeypatch.setattr(ServiceApi, "counterfactuals", lambda *_: found)
    suggestions.cached_suggestions.clear()
    expected = contradictions.find(features, api.record(client), [against], changes)
    assert expected is not None
    assert expected.sentence(EN) in text_of(open_page("simulate", client))
    suggestions.cached_suggestions.clear()


def further(strongest: Any) -> float | None:
    """A value that is further from the median of the peers; None for a text or a missing one."""
    value, median = strongest["value"], strongest["median"]
    return value + 0.2 * (value - median) if isinstance(value, float) else None


def is_allowed(feature: Any, value: float) -> bool:
    """True if an earlier client has had a value as far out."""
    low, high = allowed_range(feature, None)
    return low <= value <= high


def test_a_pair_of_changes_is_seen_as_one():
    """A smaller instalment of a much smaller loan is a larger share of it."""
    smaller = {"INSTALMENT": 700.0}
    assert contradictions.find(FEATURES, RECORD, [HIGH_RATE], smaller) is None
    found = contradictions.find(FEATURES, RECORD, [HIGH_RATE], {**smaller, "LOAN": 7_000.0})
    assert found is not None
    assert (found.figure.feature["name"], found.figure.after) == ("RATE", 0.1)
