"""A suggestion that goes against a reason names the figure behind both."""

import math
from typing import Any

import pytest

from advisor import contradictions, formulas
from advisor.formats import Words
from advisor.response_models import Record
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of

EN, FR = Words("en"), Words("fr")
RECORD: Record = {"INSTALMENT": 790.0, "LOAN": 10_000.0, "RATE": 0.079, "INCOME": 20_000.0}


def feature(name: str, label: str, unit: str, typical: float, formula: str | None = None) -> Any:
    values = {"present": 3, "quantiles": {"50": typical}, "shares": None}
    return {"name": name, "label": label, "unit": unit, "group": "Loan", "formula": formula,
            "kind": "number", "class0": values}  # fmt: skip


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


def suggestion(name: str, value: float) -> Any:
    return {"feature": name, "label": name, "value": value,
            "direction": "up" if value > RECORD[name] else "down"}  # fmt: skip


HIGH_RATE = reason("The instalments are high", ("RATE", 0.055))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (EN, "It goes against the reason “The instalments are high”. Behind both stands one"
         " figure, Instalment as a share of the loan: 7.9\u00a0%; typical 5.5\u00a0%; after the"
         " change 8.5\u00a0%."),
        (FR, "Cela va contre la raison « The instalments are high ». Derrière les deux se trouve"
         " un même chiffre, Instalment as a share of the loan : 7,9\u00a0% ; valeur habituelle"
         " 5,5\u00a0% ; après le changement 8,5\u00a0%."),
    ],
)  # fmt: skip
def test_a_raised_instalment_against_high_instalments(words: Words, sentence: str):
    found = contradictions.find(FEATURES, RECORD, [HIGH_RATE], suggestion("INSTALMENT", 850.0))
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
    found = contradictions.find(FEATURES, RECORD, [HIGH_RATE], suggestion(name, value))
    assert (found is not None) == against


def test_a_reason_of_the_suggested_feature_names_the_ratio_computed_from_it():
    high = reason("The instalments are high", ("INSTALMENT", 600.0), ("RATE", 0.055))
    found = contradictions.find(FEATURES, RECORD, [high], suggestion("INSTALMENT", 850.0))
    assert found is not None
    assert found.figure.feature["name"] == "RATE"


def test_a_reason_without_a_ratio_names_the_feature_itself():
    features = {**FEATURES, "RATE": feature("RATE", "Rate", "ratio", 0.055)}
    high = reason("The instalments are high.", ("INSTALMENT", 600.0))
    found = contradictions.find(features, RECORD, [high], suggestion("INSTALMENT", 850.0))
    assert found is not None
    assert found.sentence(EN) == (
        "It goes against the reason “The instalments are high”. Behind both stands one figure,"
        " Instalment: 790\u00a0currency; typical 700\u00a0currency; after the change"
        " 850\u00a0currency."
    )


@pytest.mark.parametrize("missing", ["value", "median"])
def test_an_unknown_number_has_no_side(missing: str):
    unknown = reason("The instalments are high", ("RATE", 0.055))
    unknown["features"][0][missing] = None
    assert contradictions.find(FEATURES, RECORD, [unknown], suggestion("LOAN", 9e3)) is None


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
    client, against = next(
        (client, strongest)
        for client, score in score_by_client.items()
        if score["prediction"]
        for strongest in (score["reasons"][0],)
        if isinstance(strongest["features"][0]["value"], float)
    )
    named = against["features"][0]
    away = 1.2 if (named["value"] > named["median"]) == (named["value"] > 0) else 0.8
    each = {
        "feature": named["name"], "label": named["label"], "direction": None,
        "value": named["value"] * away, "probability": 0.5, "moved": None,
    }  # fmt: skip
    found = {"prediction": 1, "alternatives": [each], "exact": True, "model": ""}
    monkeypatch.setattr(ServiceApi, "counterfactuals", lambda *_: found)
    expected = contradictions.find(features, api.record(client), [against], each)
    assert expected is not None
    assert expected.sentence(EN) in text_of(open_page("what_if", client))
