"""The vectorised transformer gives the values of the transformer itself, or is not used."""

import functools

import joblib
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.errors import InvalidApplication
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from credit_scoring.model.transformers.transformer import RawTransformer
from tests.support.bundles.artefacts import FLAGS, NUMBERS, PLAIN, TEXTS, lightgbm, make_folder
from tests.support.bundles.cases import Case
from tests.support.bundles.folders import write_metadata
from tests.support.bundles.recipes import MIXED

NOT_VECTORISED = {
    "function, one to one",
    "function, own names",
    "names of NumPy",
    "numbers for names",
    "components",
}
UNSEEN = "a category that nobody has"


def varied(bundle: Bundle, number: int = 24) -> RawBatch:
    """Clients with values of others, missing values, and small and large alterations."""
    random = np.random.default_rng(7)
    clients = len(bundle.client_ids)
    rows = bundle.raw_rows(random.integers(clients, size=number).tolist())
    others = bundle.raw_rows(random.integers(clients, size=number).tolist())
    mixed = random.random(rows.numbers.shape)
    rows.numbers[mixed < 0.5] = others.numbers[mixed < 0.5]
    rows.numbers[(mixed > 0.5) & (mixed < 0.6)] = np.nan
    altered = (mixed > 0.6) & (mixed < 0.9)
    rows.numbers[altered] *= np.exp(random.normal(scale=random.choice([0.1, 30], altered.sum())))
    rows.numbers[(mixed > 0.9) & (mixed < 0.92)] = 0.0
    for texts in rows.texts.values():
        texts[random.random(number) < 0.2] = None
        texts[random.random(number) < 0.1] = UNSEEN
    return rows


def itself(transformer: RawTransformer, rows: RawBatch) -> list[np.ndarray | None]:
    """The transformer's own output for each row; None for a refused one."""
    try:
        return [*transformer.unvectorised(rows)]
    except ValueError:
        if len(rows) == 1:
            return [None]
    middle = len(rows) // 2
    parts = (rows.take(slice(middle)), rows.take(slice(middle, None)))
    return [values for part in parts for values in itself(transformer, part)]


def check_equal(bundle: Bundle) -> int:
    """Compare both ways, for single rows and together; gives the number of vectorised rows."""
    transformer, rows, quickly = bundle.scorer.transformer, varied(bundle), 0
    assert transformer.vectorised is not None
    expected = itself(transformer, rows)
    for row, values in enumerate(expected):
        alone = transformer.vectorised(rows.take([row]))
        quickly += alone is not None
        assert alone is None or np.array_equal(alone[0], values, equal_nan=True)
    accepted = [row for row, values in enumerate(expected) if values is not None]
    some = [values for values in expected if values is not None]
    assert np.array_equal(transformer(rows.take(accepted)), np.array(some), equal_nan=True)
    for row in accepted[:3]:
        (values,) = transformer.unvectorised(rows.take([row]))
        assert np.array_equal(values, expected[row], equal_nan=True)
    return quickly


def test_values_are_those_of_the_transformer(case: Case, request):
    bundle = case.bundle
    if request.node.callspec.params["case"] in NOT_VECTORISED:
        assert bundle.scorer.transformer.vectorised is None
    else:
        assert check_equal(bundle) > 4


# An encoder that refuses unknown categories leaves the row to the transformer, so it is apart.
REFUSING = {
    "plain": OneHotEncoder(),
    "numbered": OrdinalEncoder(),
}
ENCODERS = {
    "unknown ignored": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "the first dropped": OneHotEncoder(drop="first", handle_unknown="ignore"),
    "binary dropped": OneHotEncoder(drop="if_binary", handle_unknown="ignore"),
    "few together": OneHotEncoder(min_frequency=90, handle_unknown="infrequent_if_exist"),
    "few together, the first dropped": OneHotEncoder(
        max_categories=2, drop="first", handle_unknown="infrequent_if_exist"
    ),
    "numbered, unknown missing": OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan
    ),
}
SCALERS = {
    "clipped": make_pipeline(StandardScaler(), MinMaxScaler(clip=True)),
    "to a range": MinMaxScaler((-3, 7)),
    "not centred": StandardScaler(with_mean=False),
    "not scaled": StandardScaler(with_std=False),
    "by quantiles": RobustScaler(),
    "by the largest": MaxAbsScaler(),
    "with indicators, scaled": make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
    "a constant": SimpleImputer(strategy="constant", fill_value=-1.5),
    "kept": "passthrough",
}


@pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")
@pytest.mark.parametrize("encoders", [REFUSING, ENCODERS], ids=["refusing", "taking"])
def test_categories_are_looked_up(tmp_path, encoders):
    """One model has all encoders, side by side."""
    texts = [*TEXTS, *FLAGS[1:]]
    columns = ColumnTransformer(
        [(name, encoder, texts) for name, encoder in encoders.items()], remainder="passthrough"
    )
    made = make_folder(tmp_path / "made", make_pipeline(columns, lightgbm()), MIXED)
    assert check_equal(load(made.path)) > 4


def test_numbers_are_computed(tmp_path):
    """One model has all scalers side by side, and another one for the remaining columns."""
    scalers = [(name, scaler, NUMBERS[::-2]) for name, scaler in SCALERS.items()]
    columns = ColumnTransformer(scalers, remainder=StandardScaler())
    made = make_folder(tmp_path / "made", make_pipeline(columns, lightgbm()), NUMBERS)
    assert check_equal(load(made.path)) > 4


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_an_overflow_is_left_to_the_transformer(tmp_path):
    """The transformer refuses an infinite value between two steps, and clips one in the last."""
    twice = make_pipeline(MinMaxScaler((0, 1e9)), StandardScaler())
    made = make_folder(tmp_path / "made", make_pipeline(twice, lightgbm()), PLAIN)
    bundle = made.load()
    rows = bundle.raw_rows([0])
    assert bundle.scorer.transformer.vectorised(rows) is not None
    rows.numbers[0, 1] = 1.7e308

    assert bundle.scorer.transformer.vectorised(rows) is None
    with pytest.raises(InvalidApplication, match=r"transformer refuses it \(ValueError\)"):
        bundle.scorer.transform(rows)


def test_an_unknown_category_is_refused(tmp_path):
    columns = ColumnTransformer([("text", OrdinalEncoder(), TEXTS)], remainder="passthrough")
    bundle = make_folder(tmp_path / "made", make_pipeline(columns, lightgbm()), MIXED).load()
    rows = bundle.raw_rows([0, 1, 2])
    rows.texts[MIXED.index(TEXTS[0])][1] = UNSEEN

    assert bundle.scorer.transformer.vectorised(rows) is None
    assert bundle.scorer.transformer.vectorised(rows.take([0, 2])) is not None
    with pytest.raises(InvalidApplication, match="does not know: ") as refused:
        bundle.scorer.transform(rows)
    assert refused.value.row == 1


class UnknownStep(FunctionTransformer):
    """A kind of step that the product does not know."""


def test_a_transformer_with_an_unknown_step_is_not_vectorised(tmp_path, caplog):
    steps = make_pipeline(SimpleImputer(), UnknownStep(feature_names_out="one-to-one"))
    made = make_folder(tmp_path / "made", make_pipeline(steps, lightgbm()), PLAIN)
    with caplog.at_level("INFO"):
        bundle = made.load()
    assert bundle.scorer.transformer.vectorised is None
    assert "raw records are transformed by the model's transformer itself" in caplog.messages


def times(largest: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return rows * (1 / largest)


def cut(largest: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.where(np.abs(rows) > 1e30, 0.0, rows / largest)


@pytest.mark.parametrize("transform", [times, cut])
def test_a_transformer_with_other_values_is_not_vectorised(tmp_path, caplog, transform):
    """Its arithmetic differs from that of its kind, as in another release, for some values."""
    made = make_folder(tmp_path / "made", make_pipeline(MaxAbsScaler(), lightgbm()), PLAIN)
    pipeline = made.pipeline()
    largest = pipeline[0].scale_
    pipeline[0].transform = functools.partial(transform, largest)
    joblib.dump(pipeline, made / MODEL_FILE)
    write_metadata(made)

    bundle = made.load()
    assert bundle.scorer.transformer.vectorised is None
    line = "raw records are transformed by the model's transformer itself: arrays differ"
    assert line in caplog.messages
    rows = bundle.raw_rows([0, 1])
    expected = transform(largest, rows.numbers)
    assert np.array_equal(bundle.scorer.transform(rows), expected, equal_nan=True)
