"""Known values are kept, typical ones stand in, and each is counted."""

from statistics import median
from typing import Any

import pytest

from advisor.service_client.response_models import Record
from advisor.service_client.service_api import ServiceApi
from advisor.walk_in.completion import MOSTLY, Completion, complete, typical
from advisor.walk_in.feature_weights import FeatureWeights

QUANTILES = {"quantiles": {"50": 10.0}, "shares": None}
FLAGS = {"quantiles": None, "shares": {"0": 0.25, "1": 0.75}}
TEXTS = {"quantiles": None, "shares": {"x": 0.5, "y": 0.4}}
NOTHING: Any = {"quantiles": None, "shares": None}


def feature(name: str, missing: float = 0.0, formula: str | None = None, **more: Any) -> Any:
    """A feature as `/features` gives it, with a median of 10."""
    own = {"name": name, "label": name, "group": "All", "kind": "number", "formula": formula}
    return {
        **own,
        "missing": missing,
        "change": "none",
        "class0": QUANTILES,
        "class1": NOTHING,
    } | more


FEATURES: Any = {
    each["name"]: each
    for each in (
        feature("loan"),
        feature("instalment"),
        feature("rate", formula="instalment / loan"),
        feature("bureau", missing=0.2, group="Elsewhere"),
        feature("car", missing=0.7, group="Elsewhere"),
    )
}
IMPORTANCE: Any = {"features": [{"name": n, "importance": 1.0} for n in ("loan", "rate", "bureau")]}
WEIGHTS = FeatureWeights.of(FEATURES, IMPORTANCE)


def completed(given: Record, entered: Record, absent_themes: tuple[str, ...] = ()) -> Completion:
    return complete(FEATURES, WEIGHTS, given, entered, absent_themes)


def test_nothing_is_known():
    done = completed({}, {"loan": None})
    record = {"loan": 10.0, "instalment": 10.0, "bureau": 10.0, "car": None}
    assert done.application == {"record": record}
    assert set(done.origins.values()) == {"stand_in"}
    assert list(done.origins) == list(FEATURES)
    assert (done.stood_in, done.is_refused, done.is_decision) == (1.0, True, False)
    assert done.to_ask == ["loan", "bureau", "instalment", "car"]


def test_what_is_entered_is_known_and_a_formula_of_known_values_too():
    done = completed({}, {"loan": 500.0, "instalment": 25.0, "bureau": None})
    assert done.application["record"] == {
        "loan": 500.0, "instalment": 25.0, "bureau": 10.0, "car": None,
    }  # fmt: skip
    assert dict(done.origins) == {
        "loan": "entered", "instalment": "entered", "rate": "computed", "bureau": "stand_in",
        "car": "stand_in",
    }  # fmt: skip
    assert done.stood_in == pytest.approx(1 / 3)
    assert (done.is_refused, done.is_decision) == (False, False)
    assert done.count("entered", "computed") == 3


def test_a_formula_of_a_stand_in_is_a_stand_in():
    assert completed({}, {"loan": 500.0}).origins["rate"] == "stand_in"


def test_a_theme_without_records_is_known_to_be_missing():
    done = completed({}, {"loan": 500.0, "instalment": 25.0}, ("Elsewhere", "All"))
    assert done.application["record"]["bureau"] is None
    assert done.origins["bureau"] == done.origins["car"] == "absent"
    assert (done.stood_in, done.is_decision) == (0.0, True)


def test_a_value_that_is_never_missing_is_not_absent():
    done = completed({}, {}, ("All", "Elsewhere"))
    assert done.origins["loan"] == "stand_in"
    assert completed({"loan": None}, {}).origins["loan"] == "stand_in"
    assert completed({"loan": None}, {}).application["record"]["loan"] == 10.0


SOURCE: Record = {"loan": 500.0, "instalment": 25.0, "rate": 0.0500001, "bureau": None, "car": -0.0}


def test_a_whole_source_is_sent_as_it_is():
    done = completed(SOURCE, {"loan": 500.0, "bureau": None, "car": 0.0})
    assert repr(done.application["record"]) == repr(
        {"loan": 500.0, "instalment": 25.0, "bureau": None, "car": -0.0, "rate": 0.0500001}
    )
    assert "changes" not in done.application
    assert done.is_decision
    assert (done.count("given"), done.count("absent")) == (4, 1)


def test_a_corrected_value_is_a_change_and_its_formula_is_computed():
    done = completed(SOURCE, {"loan": 400.0})
    assert done.application["changes"] == {"loan": 400.0}
    assert done.application["record"]["loan"] == 500.0
    assert (done.origins["loan"], done.origins["rate"]) == ("entered", "computed")


def test_an_emptied_field_is_not_known():
    done = completed(SOURCE, {"loan": None, "car": None})
    assert done.application["changes"] == {"loan": 10.0, "car": None}
    assert done.origins["loan"] == done.origins["rate"] == done.origins["car"] == "stand_in"


def test_an_entered_value_replaces_the_sources_formula():
    given: Record = {"instalment": 25.0, "rate": 0.3}
    assert completed(given, {"loan": None}).application["record"]["rate"] == 0.3
    done = completed(given, {"loan": 500.0})
    assert "rate" not in done.application["record"]
    assert done.origins["rate"] == "computed"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 10.0),
        ({"missing": 0.5}, 10.0),
        ({"missing": 0.51}, None),
        ({"kind": "flag", "class0": FLAGS}, 1.0),
        ({"kind": "text", "class0": TEXTS}, "x"),
        ({"class0": NOTHING, "class1": {"quantiles": {"50": 3.0}, "shares": None}}, 3.0),
        ({"class0": NOTHING}, None),
    ],
)
def test_a_typical_value(more: dict[str, Any], expected: Any):
    assert typical(feature("x") | more) == expected


def test_typical_values_of_the_service_are_medians(api: ServiceApi):
    for each in api.features()[:20]:
        known = api.reference_values(each["name"])
        paid = [value for value in known["feat0"] if value is not None]
        if each["missing"] <= MOSTLY and each["kind"] == "number":
            assert typical(each) == pytest.approx(median(map(float, paid)), rel=1e-12)
