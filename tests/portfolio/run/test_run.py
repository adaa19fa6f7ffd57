"""A run: its part files, its summary and its report."""

import re
from xml.etree import ElementTree

import numpy as np
import orjson
import pandas as pd
import pytest

from api.responses import drift_body
from credit_scoring.data.artifacts import ID, NEW_FILE
from portfolio.output.folder import REPORT
from tests.support.portfolio import read_parts, read_summary, rows_unlike, score_responses

ROWS = 60
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page(finished_run):
    text = (finished_run / REPORT).read_text()
    body = text.partition("<body>")[2].rpartition("</body>")[0]
    return ElementTree.fromstring(f"<body>{body}</body>")  # noqa: S314 - a page of our own


@pytest.fixture(scope="module")
def picture_names(page):
    return [picture.get("aria-label") for picture in page.findall(f".//{SVG}svg")]


def test_part_files_have_the_figures_of_the_service_for_each_client(finished_run, scorer):
    rows = read_parts(finished_run)
    assert rows[ID].tolist() == list(scorer.bundle.client_ids)
    assert rows_unlike(rows, score_responses(scorer, rows[ID]), "refused") == []


def test_the_summary_counts_the_rows_of_the_part_files(finished_run, scorer):
    rows, figures = read_parts(finished_run), read_summary(finished_run)
    refused = int(rows["prediction"].sum())
    assert (figures["rows"], figures["scored"], figures["bad_rows"]) == (ROWS, ROWS, 0)
    assert figures["decisions"] == {"accepted": ROWS - refused, "refused": refused}
    assert figures["explained"] == refused
    grades = rows["grade"].value_counts()
    assert {name: found["clients"] for name, found in figures["grades"].items()} == {
        grade.grade: int(grades.get(grade.grade, 0)) for grade in scorer.bundle.scorecard.grades
    }


def test_the_summary_names_the_model_and_counts_parts_and_workers(finished_run, scorer):
    figures = read_summary(finished_run)
    assert figures["parts"] == len([*finished_run.glob("part-*.parquet")]) > 2
    assert figures["model"].items() >= scorer.bundle.sha256.items()
    assert figures["workers"] == 2


def test_each_picture_of_the_report_has_a_name_for_screen_readers(page, picture_names):
    pictures = page.findall(f".//{SVG}svg")
    assert [picture.find(f"{SVG}title").text for picture in pictures] == picture_names
    assert all(picture.get("role") == "img" for picture in pictures)


def test_names_of_pictures_describe_the_figures(finished_run, picture_names):
    figures = read_summary(finished_run)
    beginnings = [
        f"Scores of {ROWS} scored and 150 reference clients: ",
        f"Grades: A {figures['grades']['A']['share']:.1%}, B ",
        f"Features that drifted most: {figures['drift']['features'][0]['label']} ",
        f"Reasons of {figures['decisions']['refused']} refused clients:"
        f" {next(iter(figures['reasons_by_theme']))} ",
    ]
    for name, beginning in zip(picture_names, beginnings, strict=True):
        assert name.startswith(beginning)


def test_the_report_names_the_files_with_their_hashes(finished_run, page):
    figures = read_summary(finished_run)
    cells = {cell.text for cell in page.iter("td")}
    hashes = {figures["model"]["model.joblib"], figures["files"][0]["sha256"]}
    assert {"model.joblib"} | hashes < cells


def test_the_report_loads_nothing(finished_run):
    text = (finished_run / REPORT).read_text()
    hosts = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert hosts == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # mere names
    assert not re.search(r"<script|<link|<img|@import|src=", text)


def test_drift_is_that_of_the_service_for_the_same_clients(finished_run, scorer):
    bundle = scorer.bundle
    new_scores = bundle.classifier.probabilities(bundle.transformed)
    body = drift_body(bundle, bundle.dictionary, scorer.peers.probabilities, new_scores)
    response = orjson.loads(body)
    assert read_summary(finished_run)["drift"] == response


def test_the_size_of_chunks_changes_no_figure(finished_run, command, bundle_folder, out):
    result = command(bundle_folder / NEW_FILE, sizes={"chunk_bytes": 2_000})
    assert (result.code, result.err) == (0, "")
    assert len([*out.glob("part-*")]) > len([*finished_run.glob("part-*")])
    pd.testing.assert_frame_equal(read_parts(out), read_parts(finished_run), check_exact=True)
    for name in ("drift", "decisions", "grades", "reasons_by_theme", "explained"):
        assert read_summary(out)[name] == read_summary(finished_run)[name]


@pytest.fixture
def parquet_pattern(clients, tmp_path):
    """Two Parquet files with other types than the CSV file, and a column that is not a feature."""
    table = clients.assign(
        note="a column that the model does not know",
        AMT_CREDIT=clients["AMT_CREDIT"].astype("float64"),
        DAYS_BIRTH=clients["DAYS_BIRTH"].astype("int32"),
    )
    for number, rows in enumerate(np.array_split(np.arange(ROWS), 2)):
        file = tmp_path / f"book-{number}.parquet"
        table.iloc[rows].to_parquet(file, index=False, row_group_size=25)
    return tmp_path / "book-*.parquet"


def test_parquet_files_named_by_a_pattern_become_csv_parts(
    finished_run, command, parquet_pattern, out
):
    result = command(parquet_pattern, "--format", "csv")
    assert result.code == 0
    ignored = "columns that the model does not know are ignored: note"
    folder = parquet_pattern.parent
    assert result.err.splitlines() == [f"{folder}/book-{at}.parquet: {ignored}" for at in (0, 1)]
    rows, wanted = read_parts(out), read_parts(finished_run)
    for name in wanted:
        assert (rows[name].isna() == wanted[name].isna()).all()
        there = wanted[name].notna()
        assert (rows[name][there] == wanted[name][there].astype(rows[name].dtype)).all(), name
