"""A reference client that the transformer refuses: no peers, while other routes go on."""

import logging
import shutil
from pathlib import Path

import httpx
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from credit_scoring.data.artifacts import PROBA, REFERENCE_FILE
from credit_scoring.errors import BadFile
from main import create_app
from service.settings import Settings
from tests.support.bundles.artefacts import NUMBERS, TEXTS, lightgbm, make_folder
from tests.support.bundles.folders import write_metadata
from tests.support.servers.inprocess import prepared_client

SCHOOL = "Alice's own school"
ROW = 123
CLIENT = "client=200001"
DETAIL = f"train_samp.csv: row {ROW}: the model's transformer refuses it (ValueError)"


@pytest.fixture(scope="module")
def refused_client_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One reference client has a category that the transformer was not fitted on."""
    steps = [("text", OneHotEncoder(), TEXTS[:1]), ("rest", "passthrough", NUMBERS)]
    pipeline = make_pipeline(ColumnTransformer(steps, verbose_feature_names_out=False), lightgbm())
    refused_client_folder = make_folder(
        tmp_path_factory.mktemp("refused") / "ressources", pipeline, [TEXTS[0], *NUMBERS]
    )
    reference = refused_client_folder.read(REFERENCE_FILE)
    reference.loc[ROW - 1, TEXTS[0]] = SCHOOL
    reference.drop(columns=PROBA).to_csv(refused_client_folder / REFERENCE_FILE, index=False)
    write_metadata(refused_client_folder)
    return refused_client_folder.path


def test_a_refused_reference_client_with_a_stored_probability_is_a_bad_file(
    refused_client_folder: Path, tmp_path: Path
):
    stored = shutil.copytree(refused_client_folder, tmp_path / "ressources")
    table = pd.read_csv(stored / REFERENCE_FILE).assign(**{PROBA: 0.5})
    table.to_csv(stored / REFERENCE_FILE, index=False)
    write_metadata(stored)
    with pytest.raises(BadFile) as refused:
        create_app(Settings(ressources_dir=stored))
    assert str(refused.value) == DETAIL


@pytest.fixture(scope="module")
def http(refused_client_folder: Path) -> httpx.Client:
    return prepared_client(
        create_app(Settings(ressources_dir=refused_client_folder, request_log=False))
    )


def test_routes_that_need_peers_are_503_and_the_log_has_one_line(
    refused_client_folder: Path, caplog: pytest.LogCaptureFixture
):
    http = prepared_client(
        create_app(Settings(ressources_dir=refused_client_folder, request_log=False))
    )
    with caplog.at_level(logging.INFO):
        answers = [
            http.request(method, path, content=body)
            for method, path, body in [
                ("POST", "/score", '{"client": 200001}'),
                ("POST", "/score?reasons=0", '{"client": 200001}'),
                ("POST", "/score", '[{"client": 200001}]'),
                ("GET", "/importance", ""),
                ("GET", "/drift", ""),
            ]
        ]
    assert [answer.status_code for answer in answers] == [503] * 5
    assert [answer.json() for answer in answers] == [{"detail": DETAIL}] * 5
    assert ["Retry-After" in answer.headers for answer in answers] == [False] * 5
    (line,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert line.getMessage() == f"the credit desk has nothing to compare with: {DETAIL}"
    assert (line.levelname, line.exc_info) == ("ERROR", None)


@pytest.mark.parametrize(
    "path",
    [
        f"/sensitivity?{CLIENT}&feature=AMT_CREDIT",
        f"/alternatives?{CLIENT}",
        f"/combinations?{CLIENT}",
        "/features",
        "/get_ids",
        "/get_shap?param_name=200001",
        "/get_kde?param_name=AMT_CREDIT",
        "/health",
        "/model",
        "/openapi.json",
    ],
)
def test_routes_without_peers_are_answered(http: httpx.Client, path: str):
    assert http.get(path).status_code == 200


def test_an_ice_curve_of_an_application_is_answered(http: httpx.Client):
    answer = http.post("/sensitivity?feature=AMT_CREDIT", json={"client": 200001})
    assert answer.status_code == 200
