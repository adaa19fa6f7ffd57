"""Pipelines that cannot be used: each is refused with one line, before anything serves."""

import shutil

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.base
from sklearn.ensemble import (
    AdaBoostClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from tests.credit_scoring.damage import (
    IS_FOLDER,
    NO_FILE,
    REFUSED,
    Damage,
    a_folder,
    changed,
    changed_model,
    fitted,
    masked,
    model,
    model_fitted,
    model_of,
    named,
    of_scikit_learn,
    outcomes,
    raising_later,
    refusal,
    removed,
)
from tests.credit_scoring.foreign_errors import FOREIGN
from tests.credit_scoring.own_steps import AsArray, ByName
from tests.support.bundles.artefacts import (
    NUMBERS,
    PLAIN,
    imputed_and_scaled,
    lightgbm,
)
from tests.support.bundles.folders import without_probabilities, write_metadata

NAMELESS = "its transformer does not give each of its outputs a name"
NOT_FITTED = "is not fitted: fit it, and write it again"
NO_REGRESSOR = (
    "its RandomForestRegressor gives no probabilities (no predict_proba): fit it inside"
    " scikit-learn's CalibratedClassifierCV"
)
SAY_WHICH = "say in model.json which one means default, as"


MODELS: dict[str, tuple[Damage, str]] = {
    "missing": (removed(MODEL_FILE), NO_FILE),
    "a folder": (a_folder(MODEL_FILE), IS_FOLDER),
    "half": (
        changed(MODEL_FILE, lambda pickled: pickled[: len(pickled) // 2]),
        "ends early: copy or download it again",
    ),
    "a table": (
        lambda folder: shutil.copy(folder / REFERENCE_FILE, folder / MODEL_FILE),
        "is a text, perhaps a CSV table: put the model's file in its place",
    ),
    "a dict": (
        model(lambda: {"note": 1}),
        "is a dict with no classifier; it has note (int): store one model alone",
    ),
    "a classifier, not fitted": (model(lightgbm), NOT_FITTED),
    "one step, not fitted": (model(lambda: make_pipeline(lightgbm())), NOT_FITTED),
    "three steps, not fitted": (
        model(lambda: make_pipeline(StandardScaler(), StandardScaler(), lightgbm())),
        "its classifier fails: NotFittedError: No booster found. Need to call fit beforehand.",
    ),
    "two classifiers": (
        model(lambda: make_pipeline(lightgbm(), lightgbm())),
        "its step lgbmclassifier-1 is a LGBMClassifier, no transformer",
    ),
    "a regressor": (fitted(RandomForestRegressor(2)), NO_REGRESSOR),
    "not fitted": (model(lambda: make_pipeline(imputed_and_scaled(), lightgbm())), NOT_FITTED),
    "not fitted forest": (
        model(lambda: make_pipeline(imputed_and_scaled(), RandomForestClassifier())),
        NOT_FITTED,
    ),
    "three classes": (
        outcomes([0, 1, 2]),
        "its classifier knows 3 classes (0, 1, 2), two are needed: fit it on default or not",
    ),
    "one class": (
        outcomes([1]),
        "its classifier knows 1 classes (1), two are needed: fit it on default or not",
    ),
    "classes 1 and 2": (
        outcomes([1, 2]),
        f'its classifier was fitted on the classes 1, 2: {SAY_WHICH} "default_class": 1',
    ),
    "classes no and yes": (
        outcomes(["no", "yes"]),
        f'its classifier was fitted on the classes no, yes: {SAY_WHICH} "default_class": "no"',
    ),
    "fewer features": (
        model_of(
            lambda known: (
                imputed_and_scaled().fit(known[NUMBERS]),
                lightgbm().fit(known[PLAIN].to_numpy(), known[TARGET]),
            )
        ),
        "its transformer gives 8 features, its classifier takes 3",
    ),
    "outputs named by tuples": (
        named(lambda names: [(name, 1) for name in names]),
        "its transformer names an output by a tuple, not by a text",
    ),
    "outputs named by bytes": (
        named(lambda names: [name.encode() for name in names]),
        "its transformer names an output by a bytes, not by a text",
    ),
    "an output named by nothing": (
        named(lambda names: [None, *names[1:]]),
        "its transformer names an output by a NoneType, not by a text",
    ),
    "outputs named by a table": (
        named(lambda names: np.array([names])),
        "its transformer names an output by a ndarray, not by a text",
    ),
    "an output named by a mask": (
        named(lambda names: np.ma.array(names, mask=[True] + [False] * 7, dtype=object)),
        "its transformer names an output by a MaskedConstant, not by a text",
    ),
    "an output named by a lone surrogate": (
        named(lambda names: ["\ud800", *names[1:]]),
        r"its transformer names an output by what is no text: \ud800",
    ),
    "more names than outputs": (named(lambda names: [*names, names[0]]), NAMELESS),
    "a name twice": (named(lambda names: [*names[1:], names[1]]), NAMELESS),
    "a masked output": (
        fitted(lightgbm(), FunctionTransformer(masked, feature_names_out="one-to-one")),
        "its transformer gives a masked array",
    ),
    "probabilities beyond one": (
        fitted(lightgbm().set_params(objective="regression", n_estimators=300, learning_rate=2)),
        "gives a client a probability outside of 0 to 1",
    ),
}


@pytest.mark.parametrize(("damage", "problem"), MODELS.values(), ids=MODELS)
def test_a_bad_model_is_refused(folder, damage, problem):
    damage(folder)
    assert refusal(folder) == f"{MODEL_FILE}: {problem}"


RANDOM_FOREST = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
ACCEPTED: dict[str, tuple[Damage, object]] = {
    "a classifier": (model_fitted(HistGradientBoostingClassifier), None),
    "one step": (model_fitted(lambda: make_pipeline(HistGradientBoostingClassifier())), None),
    "three steps": (
        model_fitted(lambda: make_pipeline(imputed_and_scaled(), StandardScaler(), lightgbm())),
        None,
    ),
    "outputs without names": (fitted(lightgbm(), FunctionTransformer(np.asarray)), None),
    "LightGBM's regression": (
        fitted(lightgbm().set_params(objective="regression", n_estimators=1)),
        None,
    ),
    "a model in a dict": (
        changed_model(lambda pipeline: {"preprocessor": pipeline[0], "model": pipeline[1]}),
        None,
    ),
    "logistic regression": (fitted(LogisticRegression()), None),
    "AdaBoost": (fitted(AdaBoostClassifier(n_estimators=2)), None),
    "a mean of LightGBM's trees": (fitted(lightgbm().set_params(**RANDOM_FOREST)), None),
    "classes 1 and 2": (outcomes([1, 2]), 2),
    "classes 0.0 and 1.0": (outcomes([0.0, 1.0]), 0.0),
    "an own step without attributes": (
        model_fitted(lambda: make_pipeline(imputed_and_scaled(), AsArray(), lightgbm())),
        None,
    ),
    "an own step that takes columns by name": (
        model_fitted(lambda: make_pipeline(ByName(), SimpleImputer(), lightgbm())),
        None,
    ),
    "a model and a table in a dict": (
        changed_model(lambda pipeline: {"model": pipeline, "importance": pd.DataFrame()}),
        None,
    ),
    "classes no and yes": (outcomes(["no", "yes"]), "yes"),
    "classes no and yes, no means default": (outcomes(["no", "yes"]), "no"),
}


@pytest.mark.parametrize(("damage", "default_class"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_model_of_another_kind_or_container_scores_as_it_does_itself(
    folder, damage, default_class
):
    pipeline = folder.pipeline()
    damage(folder)
    without_probabilities(folder.path)
    write_metadata(folder, **({} if default_class is None else {"default_class": default_class}))
    model = joblib.load(folder / MODEL_FILE)
    model = pipeline if isinstance(model, dict) else model
    new = folder.read(NEW_FILE)[list(getattr(model, "feature_names_in_", NUMBERS))]
    column = 1 if default_class is None else list(model.classes_).index(default_class)
    bundle = folder.load()
    np.testing.assert_allclose(  # a product of matrices rounds otherwise than one of a row
        bundle.classifier.probabilities(bundle.transformed),
        model.predict_proba(new)[:, column],
        rtol=0,
        atol=3e-16,
    )


@pytest.mark.parametrize("release", ["1.2.0", "99.0"])
def test_another_scikit_learn_is_accepted_with_the_probabilities_of_its_makers(
    folder, caplog, release
):
    own = folder.load().classifier.probabilities(folder.load().transformed)
    caplog.clear()
    of_scikit_learn(release)(folder)
    bundle = folder.load()
    np.testing.assert_array_equal(bundle.classifier.probabilities(bundle.transformed), own)
    written = (
        f"{MODEL_FILE}: written by scikit-learn {release} ({sklearn.__version__} is installed)"
    )
    assert [text for text in caplog.messages if text.startswith(written)]


@pytest.mark.parametrize("release", ["1.2.0", "99.0"])
def test_another_scikit_learn_is_refused_without_them(folder, release):
    of_scikit_learn(release)(folder)
    without_probabilities(folder.path)
    write_metadata(folder)
    assert refusal(folder) == (
        f"{MODEL_FILE}: was written by scikit-learn {release} ({sklearn.__version__} is installed);"
        f" it is accepted if {REFERENCE_FILE} has a column proba with the probabilities that it"
        " gave there: python -m training adopt makes one, or train the model again"
    )


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_whatever_a_transformer_raises_is_a_refusal_without_its_text(folder, error):
    transformer = FunctionTransformer(raising_later, kw_args={"error": error})
    fitted(lightgbm(), transformer)(folder)
    kind = type(error).__name__
    assert refusal(folder) == f"{REFUSED} ({kind}); its text columns: none"
