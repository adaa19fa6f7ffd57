"""Tests of `Challenger`: it scores recorded decisions as `/score` would, or says why it cannot."""

import shutil
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sqlalchemy import update

from credit_scoring.data.artifacts import FEATURES_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.decisions.application import Application
from register.shadow.challenger import DAMAGED, OTHER_TYPE, Challenger, ShadowScore
from register.shadow.recorded_bundles import RecordedBundles
from register.tables import schema
from tests.register.recording import Recorder, Scored
from tests.register.shadow.conftest import PlainScorer, unscored
from tests.support.bundles.artefacts import (
    NUMBERS,
    TEXTS,
    imputed_and_scaled,
    lightgbm,
    make_folder,
)
from tests.support.bundles.folders import write_metadata
from tests.support.bundles.recipes import RECIPES
from tests.support.registers.guards import unguarded

CALIBRATION = {"calibration": {"slope": 0.9, "offset": -0.3}}
COMPUTED = "PAYMENT_RATE"  # by its formula, from features of the small bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """Makes a bundle of a recipe of `RECIPES`, or of a pipeline."""

    def make(recipe: Any) -> Scored:
        path = tmp_path_factory.mktemp("made") / "ressources"
        return Scored.of(make_folder(path, *recipe, new_clients=60).path)

    return make


@pytest.fixture(scope="module")
def with_texts(made) -> Scored:
    """A bundle of numbers, flags and texts."""
    return made(RECIPES["lightgbm text dense"]())


def record_all(recorder: Recorder, scored: Scored) -> list[dict[str, Any]]:
    """Record a decision on each new client; gives their records, in the order of the decisions."""
    bundle, ids = recorder.keep(scored), scored.bundle.client_ids
    for row in range(len(ids)):
        recorder.decide(scored, [Application(None, scored.record(row))], bundle=bundle)
    return [scored.bundle.raw_record(client) for client in ids]


def scores(database, scored: Scored) -> list[ShadowScore]:
    """The scores of all decisions of a register by a challenger."""
    some = unscored(database)
    recorded = RecordedBundles(database).of(one.bundle for one in some)
    return Challenger(1, scored.bundle).score(some, recorded)


def assert_plain(found: list[ShadowScore], challenger: Scored, records: list[dict]) -> None:
    """Scores equal, to the last bit, those of the records as bodies of `/score`."""
    plain = PlainScorer(challenger)
    expected = [plain.of(record) for record in records]
    assert [(one.probability, one.pd, one.prediction) for one in found] == expected
    assert {one.failure for one in found} == {None}
    assert len({one.probability for one in found}) > 10  # not a constant


def test_another_model_of_the_same_features(database, recorder, scored, other):
    records = record_all(recorder, scored)
    assert_plain(scores(database, other), other, records)


def test_a_challenger_with_a_scorecard(recorder, database, scored, other_folder, tmp_path):
    shutil.copytree(other_folder, tmp_path / "calibrated")
    write_metadata(tmp_path / "calibrated", **CALIBRATION)
    challenger = Scored.of(tmp_path / "calibrated")
    records = record_all(recorder, scored)
    found = scores(database, challenger)
    assert_plain(found, challenger, records)
    assert all(one.pd is not None and one.pd != one.probability for one in found)


@pytest.mark.parametrize("recipe", ["lightgbm text sparse", "histogram boosting text", "forest"])
def test_other_kinds_with_texts(recipe, recorder, database, with_texts, made):
    records = record_all(recorder, with_texts)
    challenger = made(RECIPES[recipe]())
    assert_plain(scores(database, challenger), challenger, records)


def test_features_are_found_by_name(recorder, database, with_texts, made):
    linear = make_pipeline(imputed_and_scaled(), LogisticRegression())
    challenger = made((linear, NUMBERS[::-1]))
    assert challenger.bundle.features != with_texts.bundle.features[: len(NUMBERS)]
    records = record_all(recorder, with_texts)
    assert_plain(scores(database, challenger), challenger, records)


def test_a_feature_with_a_formula_is_computed(recorder, database, scored, tmp_path):
    champion = without_feature(scored.folder, tmp_path / "without", COMPUTED)
    assert COMPUTED not in champion.bundle.features
    assert COMPUTED in scored.bundle.features
    records = record_all(recorder, champion)
    assert_plain(scores(database, scored), scored, records)


def without_feature(folder: Path, out: Path, name: str) -> Scored:
    """A bundle of numbers whose tables lack a feature, by a model that does without it."""
    out.mkdir()
    reference, new = (
        pd.read_csv(folder / file, index_col=0).drop(columns=name)
        for file in (REFERENCE_FILE, NEW_FILE)
    )
    features = [column for column in new if column != "SK_ID_CURR"]
    pipeline = make_pipeline(imputed_and_scaled(features), LogisticRegression(max_iter=200))
    pipeline.fit(reference[features], reference["TARGET"])
    reference["proba"] = pipeline.predict_proba(reference[features])[:, 1]
    joblib.dump(pipeline, out / MODEL_FILE)
    reference.to_csv(out / REFERENCE_FILE)
    new.to_csv(out / NEW_FILE)
    dictionary = pd.read_csv(folder / FEATURES_FILE, dtype=str, keep_default_na=False)
    dictionary[dictionary["name"] != name].to_csv(out / FEATURES_FILE, index=False)
    write_metadata(out)
    return Scored.of(out)


# Failures


def test_a_record_lacks_features(recorder, database, with_texts, lightgbm_folder):
    numbers = Scored.of(lightgbm_folder.path)
    record_all(recorder, numbers)
    found = scores(database, with_texts)
    assert {one.probability for one in found} == {None}
    (failure,) = {one.failure for one in found}
    assert failure.startswith("the record lacks features of the challenger: ")
    for name in TEXTS:
        assert name in failure


def test_a_value_that_the_challenger_needs(recorder, database, with_texts, made):
    """A challenger whose own clients always have a value refuses those without it."""
    recipe = RECIPES["lightgbm text sparse"]()
    challenger = made(
        recipe._replace(prepare=lambda frame: recipe.prepare(frame).fillna(known(frame)))
    )
    records = record_all(recorder, with_texts)
    plain = PlainScorer(challenger)
    expected = [plain.of(record) for record in records]
    found = scores(database, challenger)
    assert [one.failure is not None for one in found] == [isinstance(one, str) for one in expected]
    assert {one.failure for one in found} == {None, "null, though never missing among clients"}
    good = [one for one in found if one.failure is None]
    assert [(one.probability, one.pd, one.prediction) for one in good] == [
        one for one in expected if not isinstance(one, str)
    ]


def known(frame: pd.DataFrame) -> dict[str, Any]:
    """A value for each column that lacks some."""
    return {name: frame[name].dropna().iloc[0] for name in frame if frame[name].isna().any()}


def test_a_text_in_place_of_a_number(recorder, database, with_texts, made):
    features = [*NUMBERS, TEXTS[0]]
    linear = make_pipeline(imputed_and_scaled(features), LogisticRegression())
    challenger = made(
        (linear, features, lambda frame: frame.assign(**{TEXTS[0]: np.arange(len(frame)) * 1.0}))
    )
    record_all(recorder, with_texts)
    assert {one.failure for one in scores(database, challenger)} == {OTHER_TYPE}


def test_a_number_in_place_of_a_text(recorder, database, with_texts, made):
    """Null may stand in for a text, a number may not."""
    recipe = RECIPES["lightgbm text dense"]()
    texts = np.array(["a", "b", "c"], object)
    challenger = made(
        recipe._replace(
            prepare=lambda frame: frame.assign(
                OWN_CAR_AGE=np.where(frame.OWN_CAR_AGE.isna(), None, texts[frame.index % 3])
            ),
            pipeline=make_pipeline(encoded_with("OWN_CAR_AGE"), lightgbm()),
        )
    )
    records = record_all(recorder, with_texts)
    found = scores(database, challenger)
    missing = [np.isnan(record["OWN_CAR_AGE"]) for record in records]
    assert [one.failure for one in found] == [
        None if is_null else OTHER_TYPE for is_null in missing
    ]
    assert 5 < sum(missing) < len(missing)
    good = [one for one in found if one.failure is None]
    plain = PlainScorer(challenger)
    expected = [
        plain.of(record) for record, is_null in zip(records, missing, strict=True) if is_null
    ]
    assert [(one.probability, one.pd, one.prediction) for one in good] == expected


def encoded_with(text: str) -> ColumnTransformer:
    """One-hot columns of one text feature beside all numbers but itself."""
    one_hot = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    numbers = [name for name in NUMBERS if name != text]
    return ColumnTransformer(
        [("text", one_hot, [text]), ("numbers", SimpleImputer(), numbers)],
        sparse_threshold=0.0,
    )


def test_damaged_evidence_does_not_touch_its_neighbours(recorder, database, scored, other):
    records = record_all(recorder, scored)
    some = unscored(database)
    with database.maintenance() as connection:
        unguarded(connection)
        for number in (3, 17):
            here = schema.evidence.c.decision == some[number].id
            connection.execute(update(schema.evidence).where(here).values(record=b"no frame"))
    found = scores(database, other)
    assert [at for at, one in enumerate(found) if one.failure == DAMAGED] == [3, 17]
    whole = [at for at in range(len(found)) if at not in (3, 17)]
    assert_plain([found[at] for at in whole], other, [records[at] for at in whole])


def test_a_model_that_fails_on_some_clients(recorder, database, lightgbm_folder, made, monkeypatch):
    champion = Scored.of(lightgbm_folder.path)
    challenger = made((make_pipeline(imputed_and_scaled(), Fragile()), NUMBERS))
    records = record_all(recorder, champion)
    expected = [PlainScorer(challenger).of(record) for record in records]
    monkeypatch.setattr(Fragile, "most", 0.6)
    found = scores(database, challenger)
    failing = [one[0] > Fragile.most for one in expected]
    assert 0 < sum(failing) < len(failing)
    for score, plain, fails in zip(found, expected, failing, strict=True):
        if fails:
            assert score == ShadowScore(failure="the challenger's model fails (ValueError)")
        else:
            assert (score.probability, score.pd, score.prediction) == plain


class Fragile(ClassifierMixin, BaseEstimator):
    """A model that fails on risky clients, if it is told so."""

    most = 1.0

    def fit(self, rows, classes):
        self.fitted_ = LogisticRegression().fit(rows, classes)
        self.classes_ = self.fitted_.classes_
        return self

    def predict_proba(self, rows):
        found = self.fitted_.predict_proba(rows)
        if (found[:, 1] > self.most).any():
            raise ValueError(f"a client's value: {rows[0]}")
        return found
