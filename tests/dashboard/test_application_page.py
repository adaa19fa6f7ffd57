"""The page of new applications: by form, as JSON and as CSV, each scored as by the service."""

import csv
import io
import json
import math
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formats import Words
from advisor.response_models import Record
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, press_calculate, text_of

EN = Words("en")


def check(page: AppTest, api: ServiceApi, record: Record) -> None:
    """The page shows the service's decision, reasons, waterfall and curve of a record."""
    assert not page.exception
    text, score = text_of(page), api.score({"record": record}, reasons=10)
    assert f">{score['probability']:.4f}<" in text
    for share in score["position"].values():
        assert f"{100 * share:.1f}\u00a0% of those who" in text
    for reason in score["reasons"][:4]:
        assert f"<li>{reason['text']} (" in text
    gauge, percentiles, waterfall, curve = chart_texts(page)
    assert f"{EN.percent(score['pd'])};" in gauge
    check_waterfall(page, waterfall, score)
    found = api.sensitivity({"record": record}, "AMT_INCOME_TOTAL")
    assert f"score {found['probability']:.4f}; refused from" in curve
    assert all(sentence in text for sentence in (gauge, percentiles, waterfall, curve))


def check_waterfall(page: AppTest, sentence: str, score: Any) -> None:
    """The waterfall goes from the mean of the peers, by reasons, to the log-odds of the score."""
    output = math.log(score["probability"] / (1 - score["probability"]))
    contributions = [reason["contribution"] for reason in score["reasons"]]
    base = output - math.fsum([*contributions, score["other"]])
    means = f"have {base:.3f} on average and this application has {output:.3f};"
    assert means.replace("-", "\u2212") in sentence
    bars = json.loads(page.get("vega_lite_chart")[2].proto.spec)["layer"][0]["data"]["values"]
    assert bars[1]["name"] == score["reasons"][0]["group"]
    for reason, bar in zip(score["reasons"][:8], bars[1:], strict=False):
        assert bar["end"] - bar["start"] == pytest.approx(reason["contribution"])
    assert bars[-1]["end"] == pytest.approx(output)


class TestForm:
    """The form starts with a client's record; here the loan amount is changed."""

    AMOUNT = 1_500_000.0

    @pytest.fixture
    def changed_record(self, api: ServiceApi, refused_client: int) -> Record:
        """The record with the new amount, without the features that have a formula."""
        formulas = {each["name"] for each in api.features() if each["formula"]}
        record = api.record(refused_client)
        kept = {name: value for name, value in record.items() if name not in formulas}
        return {**kept, "AMT_CREDIT": self.AMOUNT}

    @pytest.fixture
    def page(self, open_page: PageOpener, api: ServiceApi, refused_client: int) -> AppTest:
        """The page after the form was sent."""
        page = open_page("application", refused_client)
        amount = page.main.number_input(key=f"new_{refused_client}_AMT_CREDIT")
        assert amount.value == api.record(refused_client)["AMT_CREDIT"]
        amount.set_value(self.AMOUNT)
        press_calculate(page)
        return page

    def test_the_changed_record_is_scored(
        self, page: AppTest, api: ServiceApi, changed_record: Record
    ):
        check(page, api, changed_record)

    def test_the_curve_of_another_feature_keeps_the_result(
        self, page: AppTest, api: ServiceApi, changed_record: Record
    ):
        page.main.selectbox(key="curve_new").set_value("AMT_CREDIT").run()
        found = api.sensitivity({"record": changed_record}, "AMT_CREDIT")
        assert found["value"] == self.AMOUNT
        sentence = f"is 1,500,000\u00a0currency, score {found['probability']:.4f};"
        assert sentence in text_of(page)

    def test_reasons_follow_the_choice_of_peers(
        self, page: AppTest, api: ServiceApi, changed_record: Record
    ):
        page.main.radio(key="compare_with").set_value("all").run()
        reason = api.score({"record": changed_record}, compare="all")["reasons"][0]
        contribution = EN.number(reason["contribution"], 3, sign=True)
        assert f"<li>{reason['text']} ({contribution}" in text_of(page)


def json_of(client: int, record: Record) -> str:
    return json.dumps(record)


def csv_of(client: int, record: Record) -> str:
    """A CSV of one row, with a row number and an id beside the features."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["", "SK_ID_CURR", *record])
    rows.writerow([0, client, *("" if value is None else value for value in record.values())])
    return written.getvalue()


def pasted(open_page: PageOpener, text: str) -> AppTest:
    """The page after a text was pasted and sent."""
    page = open_page("application", way_in="paste")
    page.main.text_area(key="pasted_text").set_value(text)
    press_calculate(page)
    return page


@pytest.mark.parametrize("text_for", [json_of, csv_of])
def test_a_pasted_record_is_scored(
    open_page: PageOpener, api: ServiceApi, refused_client: int, text_for
):
    record = api.record(refused_client)
    check(pasted(open_page, text_for(refused_client, record)), api, record)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "This is not JSON."),
        ("[1]", "not an object of features"),
        ("a,b\n1,2\n3,4\n", "exactly one row"),
        ("", "exactly one row"),
        ('{"AMT_CREDIT": NaN}', "This is not JSON."),
        ('{"AMT_CREDIT": "\\ud800"}', "This is not JSON."),
        ('{"a":' * 5000, "This is not JSON."),
        ('{"AMT_CREDIT": 1, "AMT_CREDIT": 2}', "A feature occurs more than once."),
        ("AMT_CREDIT,AMT_CREDIT\n1,2\n", "A feature occurs more than once."),
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
def test_a_text_that_is_not_a_record_is_refused(open_page: PageOpener, text: str, message: str):
    page = pasted(open_page, text)
    assert message in page.main.error[0].value.replace("\\", "")


def test_an_uploaded_record_is_scored(open_page: PageOpener, api: ServiceApi, refused_client: int):
    record = api.record(refused_client)
    page = open_page("application", way_in="upload")
    page.main.file_uploader(key="file").set_value(
        ("record.json", json.dumps(record).encode(), "application/json")
    ).run()
    check(page, api, record)
