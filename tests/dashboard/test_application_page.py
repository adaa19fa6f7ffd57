"""The page of new applications: by form, as JSON and as CSV, each scored as the service does."""

import csv
import io
import json
import math
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.client import Service
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")


def check(page: AppTest, asked: Service, record: dict[str, Any]) -> None:
    """All that the service says of a record is on the page."""
    assert not page.exception
    said, score = words_of(page), asked.score({"record": record}, reasons=10)
    assert f">{score['probability']:.4f}<" in said
    for share in score["position"].values():
        assert f"{100 * share:.1f}\u00a0% of those who" in said
    for reason in score["reasons"][:4]:
        assert f"<li>{reason['text']} (" in said
    gauge, places, waterfall, curve = pictures(page)
    assert f"{EN.percent(score['pd'])};" in gauge
    output = math.log(score["probability"] / (1 - score["probability"]))
    contributions = [reason["contribution"] for reason in score["reasons"]]
    base = output - math.fsum([*contributions, score["other"]])
    assert (
        f"have {base:.3f} on average and this application has {output:.3f};".replace("-", "\u2212")
        in waterfall
    )
    shown = json.loads(page.get("vega_lite_chart")[2].proto.spec)["layer"][0]["data"]["values"]
    assert shown[1]["name"] == score["reasons"][0]["group"]
    for reason, bar in zip(score["reasons"][:8], shown[1:], strict=False):
        assert bar["end"] - bar["start"] == pytest.approx(reason["contribution"])
    assert shown[-1]["end"] == pytest.approx(output)
    found = asked.sensitivity({"record": record}, "AMT_INCOME_TOTAL")
    assert f"score {found['probability']:.4f}; refused from" in curve
    assert all(sentence in said for sentence in (gauge, places, waterfall, curve))


def test_by_form_from_an_existing_client(open_page: Open, asked: Service, refused: int):
    record = asked.record(refused)
    formulas = {each["name"] for each in asked.features() if each["formula"]}
    entered = {name: value for name, value in record.items() if name not in formulas}
    page = open_page("application", refused)
    amount = page.main.number_input(key=f"new_{refused}_AMT_CREDIT")
    assert amount.value == record["AMT_CREDIT"]
    amount.set_value(1_500_000.0)
    page.main.button[0].click().run()
    changed = {**entered, "AMT_CREDIT": 1_500_000.0}
    check(page, asked, changed)
    page.main.selectbox(key="curve_new").set_value("AMT_CREDIT").run()  # the result stays
    found = asked.sensitivity({"record": changed}, "AMT_CREDIT")
    assert found["value"] == 1_500_000.0
    assert f"is 1,500,000\u00a0currency, score {found['probability']:.4f};" in words_of(page)
    page.main.radio(key="compare_with").set_value("all").run()
    (reason, *_) = asked.score({"record": changed}, compare="all")["reasons"]
    assert f"<li>{reason['text']} ({EN.number(reason['contribution'], 3, sign=True)}" in words_of(
        page
    )


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
    check(page, asked, record)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "This is no JSON."),
        ("[1]", "no object of features"),
        ("a,b\n1,2\n3,4\n", "exactly one row"),
        ("", "exactly one row"),
        ('{"AMT_CREDIT": NaN}', "This is no JSON."),
        ('{"AMT_CREDIT": "\\ud800"}', "This is no JSON."),
        ('{"a":' * 5000, "This is no JSON."),
        ('{"AMT_CREDIT": 1, "AMT_CREDIT": 2}', "A feature comes more than once."),
        ("AMT_CREDIT,AMT_CREDIT\n1,2\n", "A feature comes more than once."),
        ("AMT_CREDIT,AMT_ANNUITY\n1\n", "more or fewer cells than the header"),
        ("AMT_CREDIT,AMT_ANNUITY\n1,2,3\n", "more or fewer cells than the header"),
        ("AMT_CREDIT\n" + "1" * 200_000 + "\n", "not a number: AMT_CREDIT"),
        ("AMT_CREDIT\n" + "1" * 200_000 + "x\n", "not a number: AMT_CREDIT"),
        ("AMT_CREDIT\ninf\n", "not a number: AMT_CREDIT"),
        ("AMT_CREDIT\n1e999\n", "not a number: AMT_CREDIT"),
        ("AMT_CREDIT\n1_000\n", "not a number: AMT_CREDIT"),
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
    check(page, asked, record)
