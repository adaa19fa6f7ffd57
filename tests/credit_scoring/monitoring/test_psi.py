"""The population stability index, compared with a plain calculation by definition."""

from bisect import bisect_left
from collections import Counter
from math import isnan, log

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Table
from credit_scoring.monitoring.psi import (
    Drift,
    PopulationDrift,
    drift,
    number_counts,
    population_drift,
)
from tests.credit_scoring.monitoring.awkward_tables import (
    FEATURES,
    NEW,
    REFERENCE,
    reference_of,
    table_of,
)

SCORES = np.random.default_rng(7).beta(1, 8, 410), np.random.default_rng(8).beta(1, 6, 130)


def plain_drift(reference: pd.Series, new: pd.Series) -> Drift:
    """The index by its definition: put each client into a bin, and count each bin."""
    here, there = Counter(map(bins(reference), reference)), Counter(map(bins(reference), new))
    used = here.keys() | there.keys()
    index = 0.0
    for one in used:
        p, q = (here[one] or 0.5) / len(reference), (there[one] or 0.5) / len(new)
        index += (q - p) * log(q / p)
    expected = (len(used) - 1) * (1 / len(reference) + 1 / len(new))
    return Drift(pytest.approx(index, rel=1e-9, abs=1e-15), pytest.approx(expected), len(used))


def bins(reference: pd.Series):
    present = reference.dropna()
    if pd.api.types.is_numeric_dtype(reference) and len(present):
        deciles = np.quantile(present, np.arange(1, 10) / 10, method="inverted_cdf").tolist()
    else:
        deciles = []
    times = Counter(deciles)

    def bin_of(value):
        if isinstance(value, str):
            return value
        if isnan(value):
            return "(missing)"
        return f"at {value}" if times[value] > 1 else bisect_left(sorted(times), value)

    return bin_of


LABELS = {name: f"label of {name}" for name in FEATURES}


def by_name(drifts: PopulationDrift) -> dict[str, Drift]:
    return {one.name: Drift(one.index, one.expected, one.bins) for one in drifts.features}


@pytest.fixture(scope="module")
def drifts():
    return population_drift(LABELS, reference_of(REFERENCE), table_of(NEW), *SCORES)


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_drifts_as_by_definition(drifts, feature):
    assert by_name(drifts)[feature] == plain_drift(REFERENCE[feature], NEW[feature])


def test_the_score_drifts_as_by_definition(drifts):
    assert (drifts.reference, drifts.new) == (410, 130)
    assert drifts.score == plain_drift(*map(pd.Series, SCORES))
    assert drifts.score.bins == 10


def test_the_largest_index_comes_first_and_equal_ones_as_in_the_tables(drifts):
    order = sorted(FEATURES, key=lambda name: (-by_name(drifts)[name].index, FEATURES.index(name)))
    assert [(one.name, one.label) for one in drifts.features] == [
        (name, LABELS[name]) for name in order
    ]
    assert order[-2:] == ["one value", "never known"]


@pytest.mark.parametrize(
    ("feature", "bins"),
    [
        ("AMT_CREDIT", 10),
        ("OWN_CAR_AGE", 11),  # some are missing
        ("yes, rarely", 2),
        ("yes, mostly", 2),
        ("one value", 1),
        ("another value", 2),
        ("never known", 1),
        ("known later", 2),
        ("no longer known", 11),
        ("text known later", 3),
        ("other texts", 4),
    ],
)
def test_the_number_of_bins(drifts, feature, bins):
    assert by_name(drifts)[feature].bins == bins


def test_the_same_clients_do_not_drift():
    same = population_drift(
        LABELS, reference_of(REFERENCE), table_of(REFERENCE), SCORES[0], SCORES[0]
    )
    assert {one.index for one in (same.score, *same.features)} == {0.0}


def test_the_index_of_two_small_tables():
    """60 % and 40 % against 50 % and 50 %; an empty bin of 10 counts half a client."""
    assert drift(np.array([[6.0, 4, 0], [10, 10, 0]])) == Drift(
        pytest.approx(-0.1 * log(0.5 / 0.6) + 0.1 * log(0.5 / 0.4)), pytest.approx(0.15), 2
    )
    assert drift(np.array([[10.0, 0], [5, 5]])) == Drift(
        pytest.approx(-0.5 * log(0.5 / 1) + 0.45 * log(0.5 / 0.05)), pytest.approx(0.2), 2
    )


def test_rounding_is_no_drift():
    reference = np.repeat([20.0, 20.000000000000007, 1 / 3], [45, 45, 10])
    new = np.repeat([20.000000000000043, 1 / 3 + 1e-12], [9, 1])
    assert number_counts(reference, new)[:, [0, 2]].tolist() == [[10, 90], [1, 9]]
    assert drift(number_counts(reference, new)).index == pytest.approx(0, abs=1e-15)


def test_values_next_to_each_other_are_counted_once():
    """The deciles are about as far apart as values that differ by rounding."""
    random = np.random.default_rng(3)
    for scale in (1e-10, 5e-10, 1e-9, 2e-9, 3e-9, 1e-8):
        reference = 20 * (1 + scale * random.integers(0, 8, 100))
        new = 20 * (1 + scale * random.integers(-2, 10, 50))
        counts = number_counts(reference, new)
        assert (counts >= 0).all()
        assert counts.sum(axis=1).tolist() == [100, 50]


def test_equal_populations_have_the_expected_index_on_average():
    """Draw continuous values, counts, flags and text, some of them missing."""
    random, (n, m), each = np.random.default_rng(11), (2_000, 500), 60
    draw = {
        "continuous": lambda size: random.normal(size=size),
        "counts": lambda size: random.poisson(2, size).astype(float),
        "flags": lambda size: (random.random(size) < 0.2).astype(float),
        "text": lambda size: random.integers(0, 5, size).astype(float),
    }
    for kind, values in draw.items():
        tables = [values((each, size)) for size in (n, m)]
        for table in tables:
            table[random.random(table.shape) < 0.1] = np.nan
        texts = dict.fromkeys(range(each), "abcde") if kind == "text" else {}
        reference = ReferencePopulation(list(tables[0]), texts, (np.arange(n), np.arange(0)))
        drifts = population_drift(
            {str(feature): "" for feature in range(each)},
            reference,
            Table(np.ascontiguousarray(tables[1].T), texts),
            random.random(n),
            random.random(m),
        )
        drifts = drifts.features
        mean = np.mean([one.index for one in drifts])
        spread = np.sqrt(2 / (min(one.bins for one in drifts) - 1) / each)  # of the mean, relative
        assert mean == pytest.approx(np.mean([one.expected for one in drifts]), rel=2.5 * spread)
