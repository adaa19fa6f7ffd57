"""Pipelines that cannot be used: each is refused with one line, before anything serves."""

import gzip

import numpy as np
import pytest
import sklearn.base
from sklearn.ensemble import (
    AdaBoostClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from credit_scoring.data.artifacts import MODEL_FILE, TARGET
from tests.credit_scoring.damage import (
    IS_FOLDER,
    NO_FILE,
    NO_PIPELINE,
    REFUSED,
    UNREADABLE,
    Damage,
    a_folder,
    changed,
    fitted,
    holding,
    masked,
    model,
    model_of,
    named,
    of_scikit_learn,
    outcomes,
    raising_later,
    refusal,
    removed,
)
from tests.credit_scoring.foreign_errors import FOREIGN
from tests.support.artefacts import (
    NUMBERS,
    PLAIN,
    imputed_and_scaled,
    lightgbm,
)

NAMELESS = "its transformer does not give each of its outputs a name"
NO_CLASSES = "its classifier is not fitted on the classes 0 and 1"
NO_PROBABILITY = "is not a Pipeline of a transformer and a classifier"
ENDS_EARLY = UNREADABLE + "EOFError:"


MODELS: dict[str, tuple[Damage, str]] = {
    "missing": (removed(MODEL_FILE), NO_FILE),
    "a folder": (a_folder(MODEL_FILE), IS_FOLDER),
    "empty": (holding(MODEL_FILE, b""), ENDS_EARLY),
    "one byte short": (changed(MODEL_FILE, lambda pickled: pickled[:-1]), ENDS_EARLY),
    "half": (changed(MODEL_FILE, lambda pickled: pickled[: len(pickled) // 2]), ENDS_EARLY),
    "text": (holding(MODEL_FILE, b"a model\n"), UNREADABLE + "IndexError: pop from empty list"),
    "random bytes": (
        holding(MODEL_FILE, np.random.default_rng(1).bytes(10_000)),
        UNREADABLE + "KeyError: 255",
    ),
    "zeros": (holding(MODEL_FILE, bytes(10_000)), UNREADABLE + "KeyError: 0"),
    "cut gzip": (changed(MODEL_FILE, lambda pickled: gzip.compress(pickled)[:99]), ENDS_EARLY),
    "bad zlib": (
        holding(MODEL_FILE, b"\x78\x9c" + b"\xff" * 50),
        UNREADABLE + "error: Error -3 while decompressing data: invalid block type",
    ),
    "bad bz2": (
        holding(MODEL_FILE, b"BZh9" + b"\xff" * 50),
        UNREADABLE + "OSError: Invalid data stream",
    ),
    "bad lzma": (
        holding(MODEL_FILE, b"\xfd7zXZ\x00" + b"\xff" * 50),
        UNREADABLE + "LZMAError: Corrupt input data",
    ),
    "of a package that is not there": (
        holding(MODEL_FILE, b"\x80\x04\x8c\x08nowheres\x8c\x05Model\x93."),
        UNREADABLE + "ModuleNotFoundError: No module named 'nowheres'",
    ),
    "a dict": (model(dict), NO_PIPELINE),
    "a classifier": (model(lightgbm), NO_PIPELINE),
    "one step": (model(lambda: make_pipeline(lightgbm())), NO_PIPELINE),
    "three steps": (
        model(lambda: make_pipeline(StandardScaler(), StandardScaler(), lightgbm())),
        NO_PIPELINE,
    ),
    "two classifiers": (model(lambda: make_pipeline(lightgbm(), lightgbm())), NO_PROBABILITY),
    "a regressor": (fitted(RandomForestRegressor(2)), NO_PROBABILITY),
    "not fitted": (model(lambda: make_pipeline(imputed_and_scaled(), lightgbm())), NO_CLASSES),
    "not fitted forest": (
        model(lambda: make_pipeline(imputed_and_scaled(), RandomForestClassifier())),
        NO_CLASSES,
    ),
    "three classes": (outcomes([0, 1, 2]), NO_CLASSES),
    "one class": (outcomes([1]), NO_CLASSES),
    "classes 1 and 2": (outcomes([1, 2]), NO_CLASSES),
    "classes no and yes": (outcomes(["no", "yes"]), NO_CLASSES),
    "logistic regression": (
        fitted(LogisticRegression()),
        "shap.TreeExplainer does not explain LogisticRegression",
    ),
    "AdaBoost": (
        fitted(AdaBoostClassifier(n_estimators=2)),
        "shap.TreeExplainer does not explain AdaBoostClassifier",
    ),
    "a mean of LightGBM's trees": (
        fitted(lightgbm().set_params(boosting_type="rf", bagging_freq=1, bagging_fraction=0.6)),
        "its SHAP values do not add up to its raw output",
    ),
    "scikit-learn 1.2.0": (
        of_scikit_learn("1.2.0"),
        f"was pickled by scikit-learn 1.2.0, {sklearn.__version__} is installed",
    ),
    "scikit-learn 99.0": (
        of_scikit_learn("99.0"),
        f"was pickled by scikit-learn 99.0, {sklearn.__version__} is installed",
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
    "outputs without names": (
        fitted(lightgbm(), FunctionTransformer(np.asarray)),
        NAMELESS,
    ),
    "a masked output": (
        fitted(lightgbm(), FunctionTransformer(masked, feature_names_out="one-to-one")),
        "its transformer gives a masked array",
    ),
    "probabilities that are none": (
        fitted(lightgbm().set_params(objective="regression", n_estimators=1)),
        "its SHAP values do not add up to its raw output",
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


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_whatever_a_transformer_raises_is_a_refusal_without_its_text(folder, error):
    transformer = FunctionTransformer(raising_later, kw_args={"error": error})
    fitted(lightgbm(), transformer)(folder)
    kind = type(error).__name__
    assert refusal(folder) == f"{REFUSED} ({kind}); its text columns: none"
