"""Quantiles and shares by class, compared with pandas."""

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import TARGET
from credit_scoring.data.tables import Table
from credit_scoring.monitoring.feature_summaries import PERCENTS, distributions
from tests.credit_scoring.monitoring.awkward_tables import (
    FEATURES,
    REFERENCE,
    awkward_tables,
    reference_of,
    table_of,
)
from tests.support.bundles.artefacts import FLAGS, TEXTS

TEXT = [*TEXTS, "text no longer known", "text known later", "other texts"]
FLAG = [*FLAGS, "yes, rarely", "yes, mostly", "yes or no"]


@pytest.fixture(scope="module")
def summaries():
    """Summaries of the awkward tables, by feature."""
    return dict(zip(FEATURES, kinds_of(*awkward_tables()), strict=True))


def kinds_of(reference, new=None, declared=""):
    """Summaries of features that all have one declared kind; by default without new clients."""
    features = len(reference.columns)
    new = new or Table(np.empty((0, features)), reference.categories)
    return distributions(reference, new, [declared] * features)


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_distributed_as_pandas_has_it(summaries, feature):
    kind = "text" if feature in TEXT else "flag" if feature in FLAG else "number"
    assert summaries[feature].kind == kind
    assert summaries[feature].missing == pytest.approx(REFERENCE[feature].isna().mean())
    for label in (0, 1):
        values = REFERENCE.loc[REFERENCE[TARGET] == label, feature].dropna()
        of_class = (summaries[feature].class0, summaries[feature].class1)[label]
        assert of_class.present == len(values)
        if kind == "number" and len(values):
            expected = values.quantile(np.array(PERCENTS) / 100).tolist()
            assert list(of_class.quantiles) == [0, 5, 25, 50, 75, 95, 100]
            assert list(of_class.quantiles.values()) == pytest.approx(expected, rel=1e-12)
        else:
            assert of_class.quantiles is None
        if kind != "number" and len(values):
            names = values if kind == "text" else values.astype(int).astype(str)
            assert dict(of_class.shares) == names.value_counts(normalize=True).to_dict()
            frequent = REFERENCE[feature].value_counts().index
            expected = frequent if kind == "text" else frequent.astype(int).astype(str)
            assert list(of_class.shares) == expected.tolist()
        else:
            assert of_class.shares is None


def frame_of(*values: float | str | None) -> pd.DataFrame:
    """A table of one feature; the first half of its rows is of class 0, the other of class 1."""
    return pd.DataFrame({"a": values, TARGET: np.repeat([0, 1], len(values) // 2)})


def test_a_class_without_values_has_none():
    (numbers,) = kinds_of(reference_of(frame_of(None, None, 3.0, 4.0)))
    assert numbers.missing == 0.5
    assert (numbers.class0.present, numbers.class0.quantiles) == (0, None)
    assert numbers.class1.quantiles == {
        0: 3.0, 5: 3.05, 25: 3.25, 50: 3.5, 75: 3.75, 95: 3.95, 100: 4.0
    }  # fmt: skip
    (texts,) = kinds_of(reference_of(frame_of(None, None, "x", "y")))
    assert (texts.kind, texts.missing, texts.class0.shares) == ("text", 0.5, None)
    assert texts.class1.shares == {"x": 0.5, "y": 0.5}


def test_a_category_that_a_class_lacks_has_a_share_of_nothing():
    (texts,) = kinds_of(reference_of(frame_of("x", "x", "y", "x")))
    assert [one.shares for one in (texts.class0, texts.class1)] == [
        {"x": 1.0, "y": 0.0},
        {"x": 0.5, "y": 0.5},
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((0, 1, 0, 1), "flag"),
        ((0, 0, 0, None), "flag"),
        ((1, 1, 1, 1), "flag"),
        ((0, 1, 0, 2), "number"),
        ((0, 0.5, 0, 1), "number"),
        ((0, -1, 0, 1), "number"),
    ],
)
def test_a_flag_is_zero_or_one_in_both_tables(values, kind):
    (summaries,) = kinds_of(
        reference_of(frame_of(0, 1, 1, None)), table_of(frame_of(*values).astype({"a": float}))
    )
    assert summaries.kind == kind


@pytest.mark.parametrize(
    ("values", "declared", "kind"),
    [
        ((0, 1, 0, 1), "number", "number"),
        ((None, None, None, None), "flag", "flag"),
        ((None, None, None, None), "", "number"),
    ],
)
def test_a_declared_kind_counts(values, declared, kind):
    (summaries,) = kinds_of(reference_of(frame_of(*values).astype({"a": float})), None, declared)
    assert summaries.kind == kind
