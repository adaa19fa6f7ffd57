"""Models that were trained on the clients' ids: the id is a feature."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from credit_scoring.data.artifacts import ID, NEW_FILE, PROBA, REFERENCE_FILE, TARGET
from credit_scoring.model.loader import load
from main import create_app
from portfolio.tables.parquet_file import parquet_chunks
from portfolio.worker import score_chunk
from service.settings import Settings
from tests.credit_scoring.damage import cell, refusal
from tests.credit_scoring.foreign_model import (
    NEW_CLIENTS,
    REFERENCE_CLIENTS,
    ForeignModel,
    lightgbm,
    record,
    typed,
)
from tests.support.portfolio import chunks_of, job_of, read_parts
from tests.support.servers.inprocess import prepared_client

NUMBERS = ["EXT", ID, "AGE"]


def numbers_of(*columns: str) -> ColumnTransformer:
    return ColumnTransformer([("numbers", "passthrough", list(columns))])


def with_ids(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells as the team reads them, with the ids that `ForeignModel` writes."""
    first = {REFERENCE_CLIENTS: 1001, NEW_CLIENTS: 2001}[len(cells)]
    return typed(cells).assign(**{ID: range(first, first + len(cells))})


@pytest.fixture
def foreign(tmp_path: Path) -> ForeignModel:
    """A model that takes the id as a number, and whose scores depend on it."""
    classifier = lightgbm()
    model = ForeignModel(
        tmp_path / "folder", make_pipeline(numbers_of(*NUMBERS), classifier), as_fitted=with_ids
    )
    assert classifier.feature_importances_[1] > 0
    return model


def test_a_model_that_takes_the_id_is_doubted_in_the_log(foreign: ForeignModel, caplog):
    create_app(Settings(ressources_dir=foreign.path))
    assert [each.getMessage() for each in caplog.records if each.name.endswith("loader")] == [
        f"the model takes the clients' ids, {ID}, as a feature: was it meant to?"
    ]


def test_the_id_is_served_as_a_feature(foreign: ForeignModel):
    client = prepared_client(create_app(Settings(ressources_dir=foreign.path)))
    names = client.get("/get_feat").json()["data"]
    assert names == pd.read_csv(foreign.path / NEW_FILE).columns.tolist()
    assert ID in names
    assert client.get("/get_ids").json() == {"data": foreign.ids}
    assert record(client, "/get_test", 2003)[ID] == 2003.0
    assert record(client, "/get_json", 2003)[ID] == 2003.0
    assert ID in [each["name"] for each in client.get("/features").json()["features"]]
    reference = client.get("/get_kde", params={"param_name": ID}).json()
    assert sorted(reference["feat0"] + reference["feat1"]) == list(range(1001, 1241))
    shap = client.get("/get_shap", params={"param_name": 2003}).json()
    assert shap["feat"] == NUMBERS


def test_every_door_gives_the_probability_of_the_model(foreign: ForeignModel):
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


def test_a_new_application_gives_it_like_any_other_feature(foreign: ForeignModel):
    client = prepared_client(create_app(Settings(ressources_dir=foreign.path)))
    raw = record(client, "/get_test", 2003)
    without = {name: value for name, value in raw.items() if name != ID}
    answer = client.post("/score", json={"record": without})
    accepted = f"Accepted: the {len(raw)} features that /get_test gives"
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        f"record: missing: {ID}. {accepted}",
    )
    changed = client.post("/score", json={"client": 2003, "changes": {ID: 2010}}).json()
    own = client.post("/score", json={"record": raw | {ID: 2010}}).json()
    assert changed["probability"] == own["probability"]
    curve = client.get("/sensitivity", params={"client": 2003, "feature": ID}).json()
    assert (curve["client"], curve["value"]) == (2003, 2003.0)


@pytest.mark.parametrize("way", ["csv", "field by field", "parquet", "index"])
def test_a_portfolio_scores_it(foreign: ForeignModel, tmp_path: Path, way: str):
    table = pd.read_csv(foreign.path / NEW_FILE)
    path = tmp_path / "table"
    if way in ("csv", "field by field"):
        table.assign(CHILDREN=1e300 if way != "csv" else 1).to_csv(path, index=False)
        chunks = chunks_of(path)
    else:
        if way == "index":
            table.index = pd.RangeIndex(2001, 2041, name=ID)
            table = table.drop(columns=ID)
        table.to_parquet(path, index=way == "index")
        chunks = list(parquet_chunks(path, path.name, 0))
    job = job_of(foreign.path, tmp_path / "out", explained="none")
    for chunk in chunks:
        assert getattr(score_chunk(job, chunk), "text", None) is None
    found = read_parts(tmp_path / "out")
    assert found[ID].tolist() == foreign.ids
    assert found["probability"].tolist() == foreign.expected


def test_numbers_written_with_zeros_are_texts_as_ids_and_numbers_as_values(tmp_path: Path):
    """The model decides on the type of the feature, the table on that of the ids."""
    foreign = ForeignModel(
        tmp_path / "folder", make_pipeline(numbers_of(*NUMBERS), lightgbm()), as_fitted=with_ids
    )
    table = pd.read_csv(foreign.path / NEW_FILE, dtype="str", keep_default_na=False)
    table.assign(**{ID: "00" + table[ID]}).to_csv(foreign.path / NEW_FILE, index=False)
    bundle = load(foreign.path)
    assert bundle.client_ids[2] == "002003"
    column = bundle.features.index(ID)
    assert bundle.raw.values[:, column].tolist() == list(range(2001, 2041))
    assert bundle.classifier.probabilities(bundle.transformed).tolist() == foreign.expected


def test_a_model_may_take_texts(tmp_path: Path):
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    transformer = ColumnTransformer(
        [("id", encoder, [ID]), ("numbers", "passthrough", ["EXT", "AGE"])]
    )

    def named(cells: pd.DataFrame) -> pd.DataFrame:
        ids = with_ids(cells)
        return ids.assign(**{ID: "LP" + ids[ID].astype(str)})

    foreign = ForeignModel(
        tmp_path / "folder", make_pipeline(transformer, lightgbm()), as_fitted=named
    )
    for name in (REFERENCE_FILE, NEW_FILE):
        table = pd.read_csv(foreign.path / name, dtype="str", keep_default_na=False)
        table.assign(**{ID: "LP" + table[ID]}).to_csv(foreign.path / name, index=False)
    bundle = load(foreign.path)
    assert bundle.raw_record("LP2003")[ID] == "LP2003"
    assert bundle.classifier.probabilities(bundle.transformed).tolist() == foreign.expected


@pytest.mark.parametrize("name", [REFERENCE_FILE, NEW_FILE])
def test_texts_are_refused_where_the_model_takes_numbers(foreign: ForeignModel, name: str):
    cell(name, 4, ID, "LP7")(foreign.path)
    problem = f"{name}: column {ID}: row 4 is not a number, and the model takes numbers"
    assert refusal(foreign) == problem


def test_an_id_that_no_double_holds_is_refused(foreign: ForeignModel):
    cell(NEW_FILE, 4, ID, "9007199254740993")(foreign.path)
    assert refusal(foreign) == (
        f"{NEW_FILE}: column {ID}: row 4 is a whole number that no double holds exactly,"
        " and the model takes numbers"
    )


@pytest.mark.parametrize("column", [TARGET, PROBA])
def test_a_model_that_takes_the_outcome_is_refused(tmp_path: Path, column: str):
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(numbers_of("EXT", column), lightgbm()),
        as_fitted=lambda cells: typed(cells).assign(**{column: np.arange(len(cells)) % 2}),
    )
    assert refusal(foreign) == (
        f"model.joblib: takes {column}, which is no feature: fit it without"
    )


def test_a_model_that_drops_the_id_has_no_such_feature(tmp_path: Path, caplog):
    transformer = ColumnTransformer(
        [("numbers", "passthrough", ["EXT", "AGE"]), ("id", "drop", [ID])]
    )
    foreign = ForeignModel(
        tmp_path / "folder", make_pipeline(transformer, lightgbm()), as_fitted=with_ids
    )
    caplog.set_level(logging.WARNING)
    assert ID not in load(foreign.path).features
    assert caplog.messages == ["model.json: absent, the threshold is 0.40"]
