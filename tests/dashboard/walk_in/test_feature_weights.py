"""The model's weight on what may be entered, and the short form."""

import math
from typing import Any

import pytest

from advisor.service_client.service_api import ServiceApi
from advisor.walk_in.feature_weights import ENOUGH, MOST_FIELDS, FeatureWeights


def feature(name: str, formula: str | None = None, change: str = "none") -> Any:
    """A feature as `/features` gives it, as far as weights need it."""
    return {"name": name, "formula": formula, "change": change}


def weights_of(features: list[Any], importance: dict[str, float]) -> FeatureWeights:
    """The weights of some features, by their importance."""
    listed: Any = {"features": [{"name": n, "importance": v} for n, v in importance.items()]}
    return FeatureWeights.of({each["name"]: each for each in features}, listed)


def test_a_formula_is_shared_by_its_inputs():
    features = [
        feature("a"), feature("b"), feature("odd name"), feature("ratio", "a / b"),
        feature("twice", "ratio + ratio * `odd name`"), feature("own", "1 + 1"),
    ]  # fmt: skip
    importance = {"ratio": 4.0, "twice": 3.0, "a": 1.0, "b": 0.0, "odd name": 2.0, "own": 9.0}
    weights = weights_of(features, importance)
    assert weights.share == pytest.approx({"a": 0.4, "b": 0.3, "odd name": 0.3})
    assert weights.inputs == {
        "ratio": {"a", "b"},
        "twice": {"a", "b", "odd name"},
        "own": frozenset(),
    }
    assert weights.strongest_first() == ["a", "b", "odd name"]


def test_a_model_without_importance_weighs_all_alike():
    weights = weights_of([feature("a"), feature("b"), feature("c", "a")], {"a": 0.0, "c": 0.0})
    assert weights.share == {"a": 0.5, "b": 0.5}


def test_all_features_of_a_small_model_are_in_the_short_form():
    features = [feature(f"f{at}") for at in range(MOST_FIELDS)]
    names = [each["name"] for each in features]
    by_name = {each["name"]: each for each in features}
    assert weights_of(features, {"f3": 1.0}).short_form(by_name) == names


def test_the_short_form_has_changeable_features_and_the_strongest_up_to_half_of_the_weight():
    features = [feature(f"f{at}", None, "any" if at in (0, 19) else "none") for at in range(20)]
    by_name = {each["name"]: each for each in features}
    importance = {f"f{at}": float(at) for at in range(20)}
    # 0 + 19 + 18 + 17 + 16 + 15 = 85 of 190 is less than half of the weight, 99 is more.
    chosen = weights_of(features, importance).short_form(by_name)
    assert chosen == ["f0", *[f"f{at}" for at in range(14, 20)]]


def test_the_short_form_has_at_most_fifteen_fields():
    features = [feature(f"f{at:03}", None, "any") for at in range(300)]
    by_name = {each["name"]: each for each in features}
    weights = weights_of(features, {})
    assert weights.short_form(by_name) == [f"f{at:03}" for at in range(MOST_FIELDS)]


def test_the_weights_of_the_service(api: ServiceApi):
    features = {each["name"]: each for each in api.features()}
    weights = FeatureWeights.of(features, api.importance())
    importance = {each["name"]: each["importance"] for each in api.importance()["features"]}
    formulas = {name for name, each in features.items() if each["formula"]}
    assert set(weights.share) == set(features) - formulas
    assert math.fsum(weights.share.values()) == pytest.approx(1)
    assert weights.inputs["PAYMENT_RATE"] == {"AMT_ANNUITY", "AMT_CREDIT"}
    total, name = sum(importance.values()), "DAYS_EMPLOYED"
    plain = importance[name] + sum(
        importance[other] / len(inputs)
        for other, inputs in weights.inputs.items()
        if name in inputs
    )
    assert weights.share[name] == pytest.approx(plain / total)
    chosen = weights.short_form(features)
    assert {"AMT_INCOME_TOTAL", "AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE"} < set(chosen)
    assert weights.of_all(chosen) >= ENOUGH
    assert len(chosen) <= MOST_FIELDS
