"""The page of new applications: by form, as JSON and as CSV, each scored as the service does."""

import csv
import io
import json
from typing import Any

import pytest

from advisor.client import Service
from tests.dashboard.conftest import Open, words_of


def check(said: str, score: dict[str, Any]) -> None:
    assert f">{score['probability']:.4f}<" in said
    for reason in score["reasons"]:
        assert f"1. {reason['text']} (" in said


def test_by_form_from_an_existing_client(open_page: Open, asked: Service, refused: int):
    record = asked.record(refused)
    formulas = {each["name"] for each in asked.features() if each["formula"]}
    entered = {name: value for name, value in record.items() if name not in formulas}
    page = open_page("application", refused)
    amount = page.main.number_input(key=f"new_{refused}_AMT_CREDIT")
    assert amount.value == record["AMT_CREDIT"]
    amount.set_value(1_500_000.0)
    page.main.button[0].click().run()
    assert not page.exception
    check(words_of(page), asked.score({"record": {**entered, "AMT_CREDIT": 1_500_000.0}}))


@pytest.mark.parametrize("form", ["json", "csv"])
def test_pasted(open_page: Open, asked: Service, refused: int, form: str):
    record = asked.record(refused)
    text = json.dumps(record)
    if form == "csv":
        written = io.StringIO()
        rows = csv.writer(written)
        rows.writerow(["", "SK_ID_CURR", *record])
        rows.writerow([0, refused, *("" if v is None else v for v in record.values())])
        text = written.getvalue()
    page = open_page("application", way_in="paste")
    page.main.text_area(key="pasted_text").set_value(text)
    page.main.button[0].click().run()
    assert not page.exception
    check(words_of(page), asked.score({"record": record}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "This is no JSON."),
        ("[1]", "no object of features"),
        ("a,b\n1,2\n3,4\n", "exactly one row"),
        ("", "exactly one row"),
        ('{"AMT_CREDIT": 1}', "The service cannot score this: "),
        ('{"AMT_CREDIT": "much"}', "The service cannot score this: "),
    ],
)
def test_what_is_no_record_is_said(open_page: Open, text: str, said: str):
    page = open_page("application", way_in="paste")
    page.main.text_area(key="pasted_text").set_value(text)
    page.main.button[0].click().run()
    assert not page.exception
    assert said in page.main.error[0].value.replace("\\", "")


def test_a_file(open_page: Open, asked: Service, refused: int):
    record = asked.record(refused)
    page = open_page("application", way_in="upload")
    page.main.file_uploader(key="file").set_value(
        ("record.json", json.dumps(record).encode(), "application/json")
    ).run()
    assert not page.exception
    check(words_of(page), asked.score({"record": record}))
