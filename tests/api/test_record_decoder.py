"""Transformed records: accepted values, and refusals that name the features."""

import math

import pandas as pd
import pytest

from credit_scoring.errors import InvalidRecord
from tests.support.bundles.artefacts import (
    AWKWARD,
    NUMBERS,
)
from tests.support.bundles.cases import Case


def test_null_is_accepted_only_for_features_that_are_sometimes_missing(case):
    rows = case.transformed()
    missed = set(rows.columns[rows.isna().any()])
    record = case.bundle.transformed_record(case.bundle.client_ids[0])
    may_miss = zip(case.bundle.names, case.bundle.may_miss, strict=True)
    assert {name for name, may in may_miss if may} == missed
    for name in case.bundle.names:
        if name in missed:
            (expected,) = case.plain_probabilities(rows[:1].assign(**{name: math.nan}))
            assert case.predict(record | {name: None}).probability == expected
            assert case.predict(record | {name: math.nan}).probability == expected
        else:
            with pytest.raises(InvalidRecord) as refused:
                case.predict(record | {name: None})
            assert str(refused.value) == (
                f"null, though never missing among clients: {name}."
                f" Accepted: the {len(record)} transformed features, as numbers"
            )


ALL = "AMT_CREDIT, DAYS_BIRTH, OWN_CAR_AGE, previous_CHANNEL_TYPE_AP+ (Cash loan)_mean, "


ALL += "APP_EXT_SOURCE_1*EXT_SOURCE_2 and 3 more"


NEVER_MISSING = "null, though never missing among clients"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"more": 1.0}, "unknown: more"),
        ({"amt_credit": 1.0, "": 2.0}, "unknown: amt_credit, "),
        ({f"new {n}": 1.0 for n in range(5)}, "unknown: new 0, new 1, new 2, new 3, new 4"),
        (
            {f"new {n}": 1.0 for n in range(100_000)},
            "unknown: new 0, new 1, new 2, new 3, new 4 and 99995 more",
        ),
        ({"AMT_CREDIT": "1.0"}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": ""}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": True, "OWN_CAR_AGE": False}, "not a number: AMT_CREDIT, OWN_CAR_AGE"),
        ({"AMT_CREDIT": [1.0]}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": []}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": {"AMT_CREDIT": 1.0}}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": None}, f"{NEVER_MISSING}: AMT_CREDIT"),
        ({"AMT_CREDIT": math.nan}, f"{NEVER_MISSING}: AMT_CREDIT"),
        ({"AMT_CREDIT": math.inf}, "out of range: AMT_CREDIT"),
        ({"AMT_CREDIT": -math.inf}, "out of range: AMT_CREDIT"),
        ({"AMT_CREDIT": 10**400}, "out of range: AMT_CREDIT"),
        (
            {"AMT_CREDIT": -(10**400), "DAYS_BIRTH": "x"},
            "out of range: AMT_CREDIT; not a number: DAYS_BIRTH",
        ),
        (dict.fromkeys(NUMBERS), f"{NEVER_MISSING}: {ALL}"),
        (dict.fromkeys(NUMBERS, "x"), f"not a number: {ALL}"),
        (
            {"more": 1, "AMT_CREDIT": None, "DAYS_BIRTH": "x", "OWN_CAR_AGE": math.inf},
            f"unknown: more; {NEVER_MISSING}: AMT_CREDIT; not a number: DAYS_BIRTH;"
            " out of range: OWN_CAR_AGE",
        ),
    ],
)
def test_an_invalid_record_is_refused_by_names(lightgbm_case, change, problem):
    record = lightgbm_case.bundle.transformed_record(lightgbm_case.bundle.client_ids[0]) | change
    assert refusal(lightgbm_case, record) == problem


def refusal(case: Case, record: dict[str, object]) -> str:
    """The message without its last sentence."""
    with pytest.raises(InvalidRecord) as refused:
        case.predict(record)
    problem, last, rest = str(refused.value).rpartition(". Accepted: the ")
    assert (
        last + rest == f". Accepted: the {len(case.bundle.names)} transformed features, as numbers"
    )
    return problem


@pytest.mark.parametrize(
    ("left_out", "problem"),
    [
        (["DAYS_BIRTH"], "missing: DAYS_BIRTH"),
        (["OWN_CAR_AGE", "DAYS_BIRTH"], "missing: DAYS_BIRTH, OWN_CAR_AGE"),
        (NUMBERS, f"missing: {ALL}"),
    ],
)
def test_a_record_without_a_feature_is_refused(lightgbm_case, left_out, problem):
    record = lightgbm_case.bundle.transformed_record(lightgbm_case.bundle.client_ids[0])
    rest = {name: value for name, value in record.items() if name not in left_out}
    assert refusal(lightgbm_case, rest) == problem
    assert refusal(lightgbm_case, rest | {"days_birth": 1.0}) == f"{problem}; unknown: days_birth"


def test_a_refusal_is_short_and_holds_no_value(lightgbm_case):
    long = {f"{n}" + "é" * 10_000: "a secret" for n in range(50)}
    surrogates = {"\ud800" * 10_000: 123456.75}
    record = surrogates | long | {f"new {n}": 123456.75 for n in range(100_000)}
    record |= {"AMT_CREDIT": "a secret", "DAYS_BIRTH": 4 * 10**308, "OWN_CAR_AGE": ["a secret"]}
    shown = ["\\ud800" * 100 + "…", *(f"{n}" + "é" * 99 + "…" for n in range(4))]
    assert refusal(lightgbm_case, record) == (
        f"missing: {', '.join(AWKWARD)}; unknown: {', '.join(shown)} and 100046 more;"
        " not a number: AMT_CREDIT, OWN_CAR_AGE; out of range: DAYS_BIRTH"
    )


@pytest.mark.parametrize(
    ("case", "largest"),
    [("lightgbm", 1.7976931348623157e308), ("forest", 3.4028234663852886e38)],
    indirect=["case"],
)
def test_a_number_is_out_of_range_where_the_classifier_cannot_take_it(case, largest):
    record = case.bundle.transformed_record(case.bundle.client_ids[0])
    for accepted in (largest, -largest, 5e-324, -0.0, int(largest)):
        sent = record | {"AMT_CREDIT": accepted}
        (expected,) = case.plain_probabilities(pd.DataFrame([sent], dtype=float))
        assert case.predict(sent).probability == expected
    for refused in (math.nextafter(largest, math.inf), math.inf, int(largest) * 2, -(10**5000)):
        assert refusal(case, record | {"AMT_CREDIT": refused}) == "out of range: AMT_CREDIT"
