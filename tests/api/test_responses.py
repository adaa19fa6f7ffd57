"""The bodies of `/features` and `/drift`."""

import math
from dataclasses import asdict, replace

import numpy as np
import orjson
import pytest
from pydantic import TypeAdapter

from api.response_models import DriftAnswer, FeaturesAnswer
from api.responses import drift_body, features_body
from credit_scoring.data.features.feature_dictionary import Feature, FeatureDictionary, by_names
from credit_scoring.monitoring.feature_summaries import distributions
from credit_scoring.monitoring.psi import population_drift
from tests.credit_scoring.monitoring.awkward_tables import FEATURES, REFERENCE, awkward_tables

DESCRIBED = [
    Feature("AMT_CREDIT", "Amount of the loan", "euro", "This loan", change="down", lowest=0.0),
    Feature("DAYS_BIRTH", "Age", "days", "Age", depends=("few values",), protected=True),
    Feature("OWN_CAR_AGE", "Age of the car", "years", "Car", formula="AMT_CREDIT / DAYS_BIRTH"),
]
SCORES = np.linspace(0, 1, 410), np.linspace(0, 0.5, 130)


@pytest.fixture(scope="module")
def bundle(lightgbm_case):
    """A bundle with the awkward tables instead of its own."""
    said = {feature.name: feature for feature in DESCRIBED}
    reference, new = awkward_tables()
    return replace(
        lightgbm_case.bundle,
        features=tuple(FEATURES),
        reference=reference,
        raw=new,
        scorer=replace(
            lightgbm_case.bundle.scorer,
            dictionary=FeatureDictionary(by_names(FEATURES).features | said),
        ),
    )


def test_the_body_of_features_has_dictionary_and_distributions(bundle):
    body = orjson.loads(features_body(bundle, bundle.dictionary))
    TypeAdapter(FeaturesAnswer).validate_python(body, extra="forbid")
    assert list(body) == ["protected", "features"]
    assert body["protected"] == 1
    assert [feature["name"] for feature in body["features"]] == FEATURES
    said = {feature["name"]: feature for feature in body["features"]}
    credit = REFERENCE[REFERENCE["TARGET"] == 1]["AMT_CREDIT"]
    quantiles = said["AMT_CREDIT"]["class1"].pop("quantiles")
    assert quantiles["50"] == pytest.approx(credit.median())
    assert (quantiles["0"], quantiles["100"]) == (credit.min(), credit.max())
    del said["AMT_CREDIT"]["class0"]
    assert said["AMT_CREDIT"] == {
        "name": "AMT_CREDIT",
        "label": "Amount of the loan",
        "unit": "euro",
        "base_unit": "euro",
        "group": "This loan",
        "formula": None,
        "depends": [],
        "change": "down",
        "protected": False,
        "lowest": 0.0,
        "highest": None,
        "kind": "number",
        "missing": 0.0,
        "class1": {"present": len(credit), "shares": None},
    }
    assert said["OWN_CAR_AGE"]["formula"] == "AMT_CREDIT / DAYS_BIRTH"
    assert (said["DAYS_BIRTH"]["depends"], said["DAYS_BIRTH"]["protected"]) == (
        ["few values"],
        True,
    )
    nobody = {"present": 0, "quantiles": None, "shares": None}
    assert (said["never known"]["class0"], said["never known"]["class1"]) == (nobody, nobody)
    assert said["text known later"]["kind"] == "text"


def test_numbers_of_features_are_those_of_the_distributions(bundle):
    body = orjson.loads(features_body(bundle, bundle.dictionary))
    found = distributions(bundle.reference, bundle.raw, [""] * len(bundle.features))
    for said, expected in zip(body["features"], found, strict=True):
        assert (said["kind"], said["missing"]) == (expected.kind, expected.missing)
        for label, one in enumerate((expected.class0, expected.class1)):
            quantiles = one.quantiles and {str(key): at for key, at in one.quantiles.items()}
            assert said[f"class{label}"] == asdict(one) | {"quantiles": quantiles}


def test_the_body_of_drift_has_the_largest_index_first(bundle):
    body = orjson.loads(drift_body(bundle, bundle.dictionary, *SCORES))
    TypeAdapter(DriftAnswer).validate_python(body, extra="forbid")
    said = bundle.dictionary.features
    labels = {name: said[name].label for name in FEATURES}
    found = population_drift(labels, bundle.reference, bundle.raw, *SCORES)
    assert body == {
        "reference": 410,
        "new": 130,
        "score": asdict(found.score),
        "features": list(map(asdict, found.features)),
    }
    assert list(body["features"][0]) == ["name", "label", "index", "expected", "bins"]
    indices = [feature["index"] for feature in body["features"]]
    assert indices == sorted(indices, reverse=True)
    assert all(map(math.isfinite, indices))
    assert math.isfinite(body["score"]["index"])
