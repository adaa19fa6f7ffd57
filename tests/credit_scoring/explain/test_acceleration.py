"""A classifier of trees is explained by `treeshap` once that agrees with the plain way."""

import logging

import numpy as np
import pytest
from lightgbm import Booster

from credit_scoring.explain.tree_kernel import treeshap_numba
from credit_scoring.explain.tree_kernel.acceleration import accelerate, is_compiled
from credit_scoring.explain.tree_kernel.treeshap import read_trees
from credit_scoring.explain.tree_kernel.treeshap_numba import contributions
from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.classifiers.kinds.lightgbm import LightGBMClassifier
from credit_scoring.model.trees.libraries.lightgbm_text import read_lightgbm
from tests.credit_scoring import tree_models


def fitted_booster() -> Booster:
    booster: Booster = tree_models.fitted("lightgbm").model.booster_
    return booster


def linear_leaves() -> Booster:
    rows, classes = tree_models.clients(0)
    return tree_models.lightgbm(np.nan_to_num(rows), classes, linear_tree=True).booster_


def test_a_model_that_is_not_covered_stays_as_it_is(caplog):
    made = linear_leaves()
    classifier, rows = LightGBMClassifier(made), np.zeros((3, tree_models.FEATURES))
    with caplog.at_level(logging.INFO):
        accelerate(classifier, rows)
    assert caplog.messages == ["the trees of Booster are not read: its leaves are linear functions"]
    assert not classifier.is_quick
    assert is_compiled(classifier)


@pytest.mark.parametrize("name", [
    "forest", "gradient boosting", "histogram boosting", "histogram boosting categories",
    "xgboost", "xgboost missing 3", "xgboost categories", "catboost", "catboost lossguide",
    "lightgbm categories", "lightgbm sigmoid", "lightgbm forest",
])  # fmt: skip
@pytest.mark.parametrize("column", [0, 1])
def test_a_classifier_of_any_kind_is_quick_once_both_ways_agree(name: str, column: int, caplog):
    case = tree_models.fitted(name)
    classifier = choose_classifier(case.model, column)
    slowly, base = classifier.contributions(case.rows)
    with caplog.at_level(logging.INFO):
        accelerate(classifier, case.rows[:20])
    assert caplog.messages == ["explained by treeshap from now on"]
    assert classifier.is_quick
    quickly, same = classifier.contributions(case.rows)
    assert same == base
    assert np.abs(quickly - slowly).max() <= 1e-10
    outputs = classifier.raw_outputs(case.rows)
    assert np.abs(base + quickly.sum(axis=1) - outputs).max() <= 10 * classifier.tolerance
    accelerate(classifier, case.rows[:20])  # nothing is left to do
    assert len(caplog.messages) == 1


def test_a_classifier_is_quick_once_both_ways_agree():
    booster, rows = fitted_booster(), tree_models.clients(0)[0]
    classifier = LightGBMClassifier(booster)
    slowly, base = classifier.contributions(rows)
    accelerate(classifier, rows[:20])
    assert classifier.is_quick
    quickly, same = classifier.contributions(rows)
    assert same == base
    assert (quickly == contributions(read_trees(read_lightgbm(booster)), rows)).all()
    assert 0 < np.abs(quickly - slowly).max() <= 1e-11


def test_a_classifier_stays_as_it_is_where_they_do_not(monkeypatch, caplog):
    monkeypatch.setattr(
        treeshap_numba, "contributions", lambda trees, rows: contributions(trees, rows) + 1e-9
    )
    classifier = LightGBMClassifier(fitted_booster())
    accelerate(classifier, tree_models.clients(0)[0][:20])
    assert not classifier.is_quick
    assert caplog.messages == ["explanations are not accelerated: treeshap gives other values"]
