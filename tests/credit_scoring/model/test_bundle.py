"""The bundle against the pipeline, pandas, shap and Python's own float, value by value."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from lightgbm import LGBMClassifier

from credit_scoring.data.artifacts import NEW_FILE, REFERENCE_FILE
from credit_scoring.errors import InconsistentScore, UnknownClient
from tests.support.tables import cells, null, value


def test_ids_and_features_are_those_of_the_files_in_their_order(case):
    assert list(case.bundle.client_ids) == list(cells(case.folder / NEW_FILE))
    columns = case.folder.read(REFERENCE_FILE).columns
    assert list(case.bundle.features) == columns[2:-2].tolist()


def test_a_raw_record_is_the_text_of_the_file(case):
    for client_id, row in cells(case.folder / NEW_FILE).items():
        expected = {name: value(row[name]) for name in case.bundle.features}
        assert null(case.bundle.raw_record(client_id)) == expected


def test_a_transformed_record_is_what_the_transformer_gives(case):
    expected = case.transformed()
    assert list(case.bundle.names) == list(expected)
    for client_id in case.bundle.client_ids:
        record = case.bundle.transformed_record(client_id)
        assert list(record) == list(expected)
        np.testing.assert_array_equal(list(record.values()), expected.loc[client_id])


def test_every_client_scores_as_the_pipeline_scores_its_raw_record(case):
    """It is one double: for a client, among all clients, and with the keys in any order.

    Only the first three are scored as single rows, because the pipeline takes milliseconds a row.
    """
    shuffled = random.Random(1)
    together = case.pipeline.predict_proba(case.inputs)[:, 1]
    assert len(set(together)) > 5
    for client_id, among_all in zip(case.bundle.client_ids, together, strict=True):
        record = null(case.bundle.transformed_record(client_id))
        keys = shuffled.sample(list(record), len(record))
        for sent in (record, {key: record[key] for key in keys}):
            prediction = case.predict(sent)
            assert prediction.probability == among_all
            assert prediction.prediction == (among_all >= 0.4)
            assert prediction.threshold == 0.4
    for row, among_all in enumerate(together[:3]):
        assert case.pipeline.predict_proba(case.inputs.iloc[[row]])[0, 1] == among_all


def test_every_explanation_adds_up(case):
    together = case.bundle.explain_all(case.bundle.client_ids)
    for client_id, among_all in zip(case.bundle.client_ids, together, strict=True):
        explanation = case.bundle.explain(client_id)
        np.testing.assert_array_equal(among_all.values, explanation.values)
        probability = case.predict(case.bundle.transformed_record(client_id)).probability
        record = np.array(list(case.bundle.transformed_record(client_id).values()))
        output = explanation.base + explanation.values.sum()
        assert explanation.names == case.bundle.names
        assert explanation.values.shape == explanation.record.shape == record.shape
        np.testing.assert_array_equal(explanation.record, record)
        if isinstance(case.classifier, LGBMClassifier):
            margin = case.classifier.booster_.predict(record[np.newaxis], raw_score=True)[0]
        elif hasattr(case.classifier, "decision_function"):
            margin = math.log(probability / (1 - probability))
        else:
            margin = probability
        assert output == pytest.approx(margin, abs=1e-9, rel=0)
        if margin != probability:
            assert 1 / (1 + math.exp(-output)) == pytest.approx(probability, abs=1e-9, rel=0)


def test_the_check_scores_the_first_client_again(lightgbm_case):
    lightgbm_case.bundle.check()
    with pytest.raises(InconsistentScore, match=r"^a client no longer scores as at start-up$"):
        replace(lightgbm_case.bundle, probability_at_start=0.5).check()


@pytest.mark.parametrize("method", ["raw_record", "transformed_record", "explain"])
@pytest.mark.parametrize("client_id", [0, -1, 100_001, 2**70])
def test_an_unknown_client_is_named(lightgbm_case, method, client_id):
    with pytest.raises(UnknownClient) as refused:
        getattr(lightgbm_case.bundle, method)(client_id)
    assert str(refused.value) == (f"unknown client {client_id}, not one of the 20 new clients")
