"""Models of other teams: each client gets the pipeline's own score, or the folder is refused."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from main import create_app
from service.settings import Settings
from tests.credit_scoring.foreign_model import (
    ForeignModel,
    cells_of,
    lightgbm,
    record,
    scored,
    typed,
)
from tests.support.servers.inprocess import prepared_client

NUMBERS = ["EXT", "AGE"]


def refusal(folder: Path) -> str:
    with pytest.raises(BadFile) as refused:
        load(folder)
    return str(refused.value)


def encoded(*steps: object, numbers: object = "passthrough") -> ColumnTransformer:
    return ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("texts", make_pipeline(*steps), ["BRANCH", "SUITE"])]
    )


def one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def filled() -> SimpleImputer:
    return SimpleImputer(strategy="constant", fill_value="?")


ENCODERS: dict[str, Callable[[], ColumnTransformer]] = {
    "one-hot": lambda: encoded(one_hot()),
    "one-hot, imputed": lambda: encoded(filled(), one_hot()),
    "infrequent": lambda: encoded(
        filled(), OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.2)
    ),
    "ordinal": lambda: encoded(
        filled(), OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    ),
    "target": lambda: encoded(filled(), TargetEncoder()),
    "scaled": lambda: encoded(filled(), one_hot(), numbers=make_pipeline(StandardScaler())),
}


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("absent", ["", NEW_FILE, REFERENCE_FILE])
def test_a_text_is_what_the_encoder_was_fitted_on(tmp_path, encoder, absent):
    """Codes keep their zeros; a text column without a value in one table is text there too."""

    def without(cells: pd.DataFrame) -> pd.DataFrame:
        return cells.assign(SUITE="")

    same = pd.DataFrame.copy
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(ENCODERS[encoder](), lightgbm()),
        change_new=without if absent == NEW_FILE else same,
        change_reference=without if absent == REFERENCE_FILE else same,
    )
    assert len(set(foreign.expected)) > 20
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door
    client = prepared_client(create_app(Settings(ressources_dir=foreign.path)))
    raw = record(client, "/get_test", foreign.ids[0])
    assert raw["BRANCH"] == foreign.cells["BRANCH"][0]
    for text in ("Children", "Family"):  # also one that no table has
        cells = foreign.cells[:1].assign(SUITE=text)
        (found,) = scored(client, {"record": raw | {"SUITE": text}})
        assert found == foreign.pipeline.predict_proba(typed(cells))[0, 1]


def test_a_model_on_codes_beside_numbers_is_told_apart_from_one_on_numbers(tmp_path):
    """A model fitted on numbers gets numbers of the files that give another one texts."""
    for name, as_number in (("numbers", True), ("texts", False)):

        def read(cells: pd.DataFrame, as_number: bool = as_number) -> pd.DataFrame:
            return typed(cells, **({"BRANCH": "int"} if as_number else {}))

        transformer = ColumnTransformer(
            [("numbers", "passthrough", NUMBERS), ("codes", one_hot(), ["BRANCH", "CHILDREN"])]
        )
        foreign = ForeignModel(
            tmp_path / name, make_pipeline(transformer, lightgbm()), as_fitted=read
        )
        for door, found in foreign.doors().items():
            assert found == foreign.expected, (name, door)
        raw = load(foreign.path).raw_record(foreign.ids[0])
        cell = foreign.cells["BRANCH"][0]
        assert raw["BRANCH"] == (float(cell) if as_number else cell)


def test_numbers_that_a_text_fills_stay_numbers(tmp_path):
    """pandas hands an imputer texts and numbers together, as objects."""
    codes = ("codes", make_pipeline(filled(), one_hot()), ["SUITE", "CHILDREN"])
    pipeline = make_pipeline(ColumnTransformer([codes]), lightgbm())
    foreign = ForeignModel(tmp_path / "folder", pipeline)
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


def test_a_text_in_a_column_of_numbers_is_refused(tmp_path):
    foreign = ForeignModel(tmp_path / "folder", make_pipeline(encoded(one_hot()), lightgbm()))
    for file, row in ((REFERENCE_FILE, 4), (NEW_FILE, 7)):
        table = pd.read_csv(foreign.path / file, dtype=str, keep_default_na=False)
        whole = table.copy()
        table.loc[row - 1, "AGE"] = "secret"
        table.to_csv(foreign.path / file, index=False)
        assert refusal(foreign.path) == (
            f"{file}: column AGE: row {row} is not a number, and the model takes numbers"
        )
        whole.to_csv(foreign.path / file, index=False)


@pytest.mark.parametrize("spelled", ["True", "true", "TRUE"])
def test_true_and_false_are_numbers_to_a_model_of_numbers(tmp_path, spelled):
    def as_numbers(cells: pd.DataFrame) -> pd.DataFrame:
        return typed(cells.assign(OWNER=cells["OWNER"].str.lower() == "true"))[
            [*NUMBERS, "OWNER"]
        ].astype(float)

    def with_few_words(cells: pd.DataFrame) -> pd.DataFrame:
        """Numbers and one cell that pandas takes for text."""
        words = cells["OWNER"].map({"True": "1", "False": "0"})
        words[cells.index[cells["OWNER"] == "True"][0]] = spelled
        return cells.assign(OWNER=words)

    def as_fitted(cells: pd.DataFrame) -> pd.DataFrame:
        return as_numbers(cells.replace({"OWNER": {"1": "True", "0": "False"}}))

    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(SimpleImputer(), lightgbm()),
        as_fitted=as_fitted,
        change_new=with_few_words,
    )
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


def test_true_and_false_stay_what_they_are_to_an_encoder_of_these(tmp_path):
    transformer = ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("flags", OrdinalEncoder(), ["OWNER"])]
    )
    foreign = ForeignModel(tmp_path / "folder", make_pipeline(transformer, lightgbm()))
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


def as_categories(*, of_text: bool) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Clients as a bare LightGBM takes them: categories of pandas, those of the reference."""
    known = typed(cells_of(240, 1))
    names = ["BRANCH", "SUITE"] if of_text else ["CHILDREN"]
    types = {name: pd.CategoricalDtype(sorted(known[name].dropna().unique())) for name in names}

    def read(cells: pd.DataFrame) -> pd.DataFrame:
        return typed(cells)[[*NUMBERS, *names]].astype(types)

    return read


def only_few(cells: pd.DataFrame) -> pd.DataFrame:
    """New clients without some of the categories: their codes are not those of the model."""
    return cells.assign(CHILDREN=cells["CHILDREN"].replace({"0": "5", "1": "5", "2": "5"}))


@pytest.mark.parametrize("of_text", [True, False])
def test_categories_of_pandas_are_lightgbms_own_codes(tmp_path, of_text):
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(FunctionTransformer(), lightgbm(min_data_per_group=5, cat_smooth=1)),
        as_fitted=as_categories(of_text=of_text),
        change_new=only_few,
    )
    assert len(foreign.pipeline[1].booster_.pandas_categorical) == (2 if of_text else 1)
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


def test_a_cast_to_categories_within_the_pipeline_is_the_models_too(tmp_path):
    """A single client has one category, but the codes are those of the training."""
    cast = FunctionTransformer(
        pd.DataFrame.astype, kw_args={"dtype": "category"}, feature_names_out="one-to-one"
    )
    transformer = ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("categories", cast, ["CHILDREN"])],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(transformer, lightgbm(min_data_per_group=5, cat_smooth=1)),
        change_new=only_few,
    )
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


def bare(
    path: Path,
    classifier: Any,
    expected: Callable[[pd.DataFrame], np.ndarray],
    columns: Mapping[str, str] = MappingProxyType({}),
) -> ForeignModel:
    """A folder of numbers whose classifier was fitted without its transformer, which does nothing.

    Args:
        path: of the folder.
        classifier: fitted.
        expected: the probabilities of cells.
        columns: other names of columns.
    """

    def numbers(cells: pd.DataFrame) -> pd.DataFrame:
        return cells.drop(columns=["BRANCH", "SUITE", "OWNER"]).rename(columns=columns)

    return ForeignModel(
        path,
        Pipeline([("nothing", FunctionTransformer()), ("classifier", classifier)]),
        change_new=numbers,
        change_reference=numbers,
        is_fitted=True,
        expected=expected,
    )


@pytest.mark.parametrize("kind", ["lightgbm", "forest"])
@pytest.mark.parametrize("name", ["EXT", "ext score"])
def test_columns_go_into_a_classifier_by_name(tmp_path, kind, name):
    """It was fitted in another order than the file's; LightGBM keeps spaces as underscores."""
    classifier = lightgbm() if kind == "lightgbm" else RandomForestClassifier(8, random_state=0)
    known = cells_of(240, 1)
    columns = ["CHILDREN", name, "AGE"]
    fitted = typed(known).rename(columns={"EXT": name})[columns]
    classifier.fit(fitted, known[TARGET].astype(int))
    foreign = bare(
        tmp_path / "folder",
        classifier,
        lambda cells: classifier.predict_proba(cells[columns].astype(float))[:, 1],
        {"EXT": name},
    )
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door
    assert load(foreign.path).names == tuple(columns)


def test_a_classifier_fitted_on_other_columns_is_refused(tmp_path):
    known = cells_of(240, 1)
    fitted = typed(known)[["CHILDREN", "EXT", "AGE"]].rename(columns={"AGE": "YEARS"})
    classifier = lightgbm().fit(fitted, known[TARGET].astype(int))
    foreign = bare(tmp_path / "folder", classifier, lambda cells: np.zeros(len(cells)))
    assert refusal(foreign.path) == (
        f"{MODEL_FILE}: its classifier was fitted on columns that its transformer does not give:"
        " YEARS"
    )


@pytest.mark.parametrize("file", [REFERENCE_FILE, NEW_FILE])
def test_values_of_which_the_model_knows_none_are_refused(tmp_path, file):
    """A spreadsheet has dropped the zeros, and the encoder ignores unknown categories."""
    foreign = ForeignModel(tmp_path / "folder", make_pipeline(encoded(one_hot()), lightgbm()))
    table = pd.read_csv(foreign.path / file, dtype=str, keep_default_na=False)
    table["BRANCH"] = table["BRANCH"].str.lstrip("0")
    table.to_csv(foreign.path / file, index=False)
    values = table["BRANCH"].nunique()
    assert refusal(foreign.path) == (
        f"{file}: column BRANCH: {MODEL_FILE} knows none of its {values} values:"
        " were they written otherwise, as without leading zeros?"
    )
    table.loc[0, "BRANCH"] = "01000"  # some may be unknown
    table.to_csv(foreign.path / file, index=False)
    load(foreign.path)
