"""Cells: a text has the same value in a table and in an application."""

import time
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from credit_scoring.data.artifacts import FEATURES_FILE, ID, NEW_FILE, REFERENCE_FILE, TARGET
from credit_scoring.data.table_files.cells import MISSING_TEXTS, number_of, text_of
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from main import create_app
from service.settings import Settings
from tests.credit_scoring.foreign_model import ForeignModel, lightgbm, record, scored, typed
from tests.support.servers.inprocess import prepared_client

NUMBERS = ["EXT", "AGE"]


def refusal(folder: Path) -> str:
    with pytest.raises(BadFile) as refused:
        load(folder)
    return str(refused.value)


def with_suite(*more: tuple[str, object, list[str]]) -> ColumnTransformer:
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("suite", encoder, ["SUITE"]), *more]
    )


def client_of(foreign: ForeignModel) -> httpx.Client:
    return prepared_client(create_app(Settings(ressources_dir=foreign.path)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1" * 20_000 + "x", (np.nan, "not a number")),
        ("0" * 5_000 + "7", (7.0, "")),
        (
            "0" * 5_000 + "9007199254740993",
            (2.0**53, "a whole number that no double holds exactly"),
        ),
        ("-9007199254740993", (-(2.0**53), "a whole number that no double holds exactly")),
        ("9" * 5_000, (np.inf, "")),
        ("TRUE", (1.0, "")),
        ("-inf", (np.nan, "out of range")),
        ("1.", (1.0, "")),
        (".5e1", (5.0, "")),
    ],
)
def test_a_cell_is_read_in_a_moment(text, value):
    began = time.process_time()
    found = number_of(text)
    assert time.process_time() - began < 1  # 10 s, were time quadratic in the length
    assert found == pytest.approx(value, nan_ok=True) if value[0] != value[0] else found == value


def test_a_category_of_the_model_is_never_missing():
    assert [text_of(text) for text in ("NA", "", "x")] == [None, None, "x"]
    assert [text_of(text, {"NA"}) for text in ("NA", "", "None")] == ["NA", None, None]


@pytest.mark.parametrize("spelled", sorted(MISSING_TEXTS))
def test_a_missing_text_is_missing_at_every_door(tmp_path, spelled):
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-9, encoded_missing_value=9
    )
    transformer = ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("suite", encoder, ["SUITE"])]
    )
    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(transformer, lightgbm()),
        change_new=lambda cells: cells.assign(SUITE=cells["SUITE"].replace("", spelled)),
        as_fitted=lambda cells: typed(cells.replace({"SUITE": {spelled: ""}})),
    )
    client = client_of(foreign)
    missing = (foreign.cells["SUITE"] == spelled).to_numpy()
    at = int(missing.argmax())
    raw = record(client, "/get_test", foreign.ids[at])
    assert raw["SUITE"] is None
    other = foreign.ids[int(foreign.cells["SUITE"].eq("Children").argmax())]
    own = record(client, "/get_test", other)
    assert own["SUITE"] == "Children"
    (expected,) = scored(client, {"record": own | {"SUITE": None}})
    for body in (
        {"record": own | {"SUITE": spelled}},
        {"client": other, "changes": {"SUITE": spelled}},
        [{"record": own | {"SUITE": spelled}}],
    ):
        assert scored(client, body) == [expected]
    assert scored(client, {"record": raw | {"SUITE": spelled}}) == [foreign.expected[at]]
    assert expected != foreign.expected[foreign.ids.index(other)]


def test_a_text_that_is_never_missing_is_not_missing_in_an_application(tmp_path):
    def present(cells: pd.DataFrame) -> pd.DataFrame:
        return cells.assign(SUITE=cells["SUITE"].replace("", "Alone"))

    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(with_suite(), lightgbm()),
        change_new=present,
        change_reference=present,
        as_fitted=lambda cells: typed(present(cells)),
    )
    client = client_of(foreign)
    raw = record(client, "/get_test", foreign.ids[0])
    answer = client.post("/score", json={"record": raw | {"SUITE": "NA"}})
    assert (answer.status_code, answer.json()) == (
        422,
        {"detail": "record: null, though never missing among clients: SUITE"},
    )


def test_a_category_called_none_is_kept_where_the_model_knows_it(tmp_path):
    """The team wrote None for a client who came alone."""

    def named(cells: pd.DataFrame) -> pd.DataFrame:
        return cells.assign(SUITE=cells["SUITE"].replace("", "None"))

    def as_fitted(cells: pd.DataFrame) -> pd.DataFrame:
        return typed(cells.assign(SUITE="x")).assign(SUITE=named(cells)["SUITE"])

    foreign = ForeignModel(
        tmp_path / "folder",
        make_pipeline(with_suite(), lightgbm()),
        as_fitted=as_fitted,
        change_new=named,
        change_reference=named,
    )
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door
    at = int((foreign.cells["SUITE"] == "None").argmax())
    assert record(client_of(foreign), "/get_test", foreign.ids[at])["SUITE"] == "None"


# Columns that the model does not take, and types that it does not record


def test_columns_that_the_transformer_drops_are_not_needed(tmp_path):
    """The transformer was fitted on a table with the id and the outcome."""
    transformer = with_suite()

    def unchanged(cells: pd.DataFrame) -> pd.DataFrame:
        return typed(cells).assign(**{ID: range(len(cells)), "UNKNOWN": 1, TARGET: 0})

    foreign = ForeignModel(
        tmp_path / "folder", make_pipeline(transformer, lightgbm()), as_fitted=unchanged
    )
    assert {ID, TARGET, "UNKNOWN"} <= set(transformer.feature_names_in_)
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door


@pytest.mark.parametrize("file", [REFERENCE_FILE, NEW_FILE])
def test_columns_without_a_name_are_ignored(tmp_path, file):
    foreign = ForeignModel(tmp_path / "folder", make_pipeline(with_suite(), lightgbm()))
    path = foreign.path / file
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},,", *(f"{row},," for row in rows)]) + "\n")
    bundle = load(foreign.path)
    assert bundle.features == ("EXT", "AGE", "BRANCH", "SUITE", "OWNER", "CHILDREN")
    assert bundle.classifier.probabilities(bundle.transformed).tolist() == foreign.expected


def opaque(frame: pd.DataFrame) -> pd.DataFrame:
    """A team's own function, from which nobody can tell the types that it was fitted on."""
    east = frame["BRANCH"].astype("str").isin(["01000", "02000"])
    return frame[NUMBERS].astype(float).assign(east=east.astype(float))


def opaque_folder(path: Path) -> ForeignModel:
    return ForeignModel(
        path,
        make_pipeline(FunctionTransformer(opaque), lightgbm()),
        as_fitted=lambda cells: typed(cells)[[*NUMBERS, "BRANCH", "CHILDREN"]],
        change_new=lambda cells: cells[[*NUMBERS, "BRANCH", "CHILDREN"]],
        change_reference=lambda cells: cells[[*NUMBERS, "BRANCH", "CHILDREN", TARGET]],
    )


def test_features_csv_declares_the_types_that_the_model_does_not_record(tmp_path):
    foreign = opaque_folder(tmp_path / "folder")
    scores = load(foreign.path)  # codes come out of the files as numbers
    assert scores.classifier.probabilities(scores.transformed).tolist() != foreign.expected
    (foreign.path / FEATURES_FILE).write_text("name,kind,\nBRANCH,text,\nCHILDREN,number,\n")
    for door, found in foreign.doors().items():
        assert found == foreign.expected, door
    features = client_of(foreign).get("/features").json()["features"]
    kinds = {feature["name"]: feature["kind"] for feature in features}
    assert kinds == {"EXT": "number", "AGE": "number", "BRANCH": "text", "CHILDREN": "number"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("BRANCH,code", "row 1: kind is code, not one of number, flag, text"),
        ("EXT,text", "the kind of EXT is text, and model.joblib was fitted on numbers"),
        ("SUITE,number", "the kind of SUITE is number, and model.joblib was fitted on text"),
    ],
)
def test_a_kind_that_is_not_the_models_is_refused(tmp_path, text, problem):
    foreign = ForeignModel(tmp_path / "folder", make_pipeline(with_suite(), lightgbm()))
    (foreign.path / FEATURES_FILE).write_text(f"name,kind\n{text}\n")
    assert refusal(foreign.path) == f"{FEATURES_FILE}: {problem}"


def test_a_flag_that_is_two_is_refused_where_it_is_declared(tmp_path):
    foreign = opaque_folder(tmp_path / "folder")
    (foreign.path / FEATURES_FILE).write_text("name,kind\nCHILDREN,flag\n")
    row = int((~pd.read_csv(foreign.path / REFERENCE_FILE)["CHILDREN"].isin([0, 1])).argmax()) + 1
    assert refusal(foreign.path) == (
        f"{REFERENCE_FILE}: column CHILDREN: row {row} is neither 0 nor 1,"
        f" and {FEATURES_FILE} calls it a flag"
    )


def test_a_column_that_is_text_in_one_file_alone_is_refused_with_the_next_step(tmp_path):
    foreign = opaque_folder(tmp_path / "folder")
    table = pd.read_csv(foreign.path / NEW_FILE, dtype=str)
    table.loc[3, "BRANCH"] = "HQ"
    table.to_csv(foreign.path / NEW_FILE, index=False)
    assert refusal(foreign.path) == (
        f"{NEW_FILE}: text where the other file has numbers: BRANCH; the column kind of"
        f" {FEATURES_FILE} can say what it is"
    )
