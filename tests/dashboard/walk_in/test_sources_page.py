"""A new application from a file, a pasted text or a client: a decision, and its form."""

import csv
import io
import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.service_client.response_models import Application, Record
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from tests.dashboard.conftest import PageOpener, text_of, walk_in_field

EN, FR = Words("en"), Words("fr")


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
    """The page after a text was pasted."""
    page = open_page("application", way_in="paste")
    page.main.text_area(key="pasted_text").set_value(text).run()
    assert not page.exception
    return page


def uploaded(open_page: PageOpener, name: str, text: str) -> AppTest:
    """The page after a file was uploaded."""
    page = open_page("application", way_in="upload")
    file = (name, text.encode(), "application/octet-stream")
    page.main.file_uploader(key="file").set_value(file).run()
    assert not page.exception
    return page


def check_decision(page: AppTest, api: ServiceApi, application: Application) -> None:
    """The page shows the service's decision on an application, with its reasons, as a decision."""
    text, score = text_of(page), api.score(application, reasons=10, strengths=10)
    assert decision.verdict(EN, score) in text
    assert "Indication" not in text
    told = score["reasons"] if score["prediction"] else score["strengths"]
    for reason in told[:3]:
        assert reason["features"][0]["label"] in text
    assert EN("walk_in_letter") in [each.label for each in page.main.expander]


class TestFile:
    """A whole record in a file or a text is a decision, and fills the form."""

    @pytest.mark.parametrize("text_for", [json_of, csv_of])
    def test_a_pasted_record(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        refused_client: int,
        sent_applications: list[Application],
        text_for: Any,
        total: int,
    ):
        record = api.record(refused_client)
        page = pasted(open_page, text_for(refused_client, record))
        assert repr(sent_applications[0]["record"].items() ^ record.items()) == "set()"
        check_decision(page, api, {"client": refused_client})
        assert f"{total} of {total} known (" in text_of(page)

    @pytest.mark.parametrize(("name", "text_for"), [("a.json", json_of), ("a.csv", csv_of)])
    def test_an_uploaded_record(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        refused_client: int,
        name: str,
        text_for: Any,
        total: int,
    ):
        record = api.record(refused_client)
        page = uploaded(open_page, name, text_for(refused_client, record))
        check_decision(page, api, {"client": refused_client})
        missing = sum(value is None for value in record.values())
        assert f"({total - missing} from {name}, {missing} that do not exist)" in text_of(page)
        assert walk_in_field(page, "AMT_CREDIT").value == record["AMT_CREDIT"]

    def test_a_value_of_the_file_is_corrected(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        refused_client: int,
        sent_applications: list[Application],
    ):
        record = api.record(refused_client)
        page = uploaded(open_page, "a.json", json.dumps(record))
        walk_in_field(page, "AMT_CREDIT").set_value(300_000.0).run()
        assert sent_applications[-1]["changes"] == {"AMT_CREDIT": 300_000.0}
        changed: Application = {"client": refused_client, "changes": {"AMT_CREDIT": 300_000.0}}
        check_decision(page, api, changed)

    def test_a_part_of_a_record_leaves_the_rest_to_typical_values(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int, short_form: list[str]
    ):
        record = api.record(refused_client)
        part = {name: record[name] for name in short_form}
        page = uploaded(open_page, "part.json", json.dumps(part))
        assert "Indication, not a decision" in text_of(page)
        assert " from part.json" in text_of(page)

    def test_columns_and_values_that_are_left_out_are_told(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int
    ):
        wrong = {"COLOUR": "red", "AMT_CREDIT": "much", "OWN_CAR_AGE": True}
        page = uploaded(open_page, "a.json", json.dumps(api.record(refused_client) | wrong))
        (warning,) = page.main.warning
        told = warning.value.replace("\\", "")
        assert "COLOUR: the model has no such feature." in told
        assert "AMT_CREDIT: “much” cannot be a value of “Amount of the loan”." in told
        assert walk_in_field(page, "AMT_CREDIT").value is None
        assert walk_in_field(page, "OWN_CAR_AGE").value is None  # a field to correct it
        assert "Indication, not a decision" in text_of(page)

    def test_values_that_no_earlier_client_has_are_told(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int
    ):
        feature = next(each for each in api.features() if each["name"] == "AMT_CREDIT")
        largest = max(feature[name]["quantiles"]["100"] for name in ("class0", "class1"))
        record = api.record(refused_client) | {"AMT_CREDIT": largest + 1}
        text = text_of(uploaded(open_page, "a.json", json.dumps(record)))
        assert "No earlier client has such a value: " in text
        assert "Amount of the loan" in text.partition("No earlier client")[2].partition("Check")[0]

    def test_many_columns_are_counted(self, open_page: PageOpener):
        page = pasted(open_page, json.dumps({f"x{at}": at for at in range(300)}))
        told = page.main.warning[0].value
        assert told.count("the model has no such feature") == 8
        assert "292 more columns" in told

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", "This is not JSON."),
            ("[1]", "not an object of features"),
            ("a,b\n1,2\n3,4\n", "exactly one row"),
            ('{"AMT_CREDIT": 1, "AMT_CREDIT": 2}', "A feature occurs more than once."),
            ("AMT_CREDIT,AMT_ANNUITY\n1\n", "more or fewer cells than the header"),
        ],
    )
    def test_a_text_without_a_record_is_refused(
        self, open_page: PageOpener, text: str, message: str, total: int
    ):
        page = pasted(open_page, text)
        assert message in page.main.error[0].value.replace("\\", "")
        assert f"0 of {total} known" in text_of(page)


class TestClient:
    """A client's values are taken only by a click, and the page says whose they are."""

    def test_they_are_taken_by_a_click(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        refused_client: int,
        accepted_client: int,
        total: int,
    ):
        page = open_page("application", refused_client, way_in="client")
        assert f"0 of {total} known" in text_of(page)
        page.main.button(key="new_take").click().run()
        assert f"All values are those of client {refused_client}." in page.main.warning[0].value
        assert f" from client {refused_client}" in text_of(page)
        check_decision(page, api, {"client": refused_client})
        walk_in_field(page, "AMT_CREDIT").set_value(300_000.0).run()
        changed: Application = {"client": refused_client, "changes": {"AMT_CREDIT": 300_000.0}}
        check_decision(page, api, changed)

    def test_another_chosen_client_changes_nothing(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int, accepted_client: int
    ):
        taken = {"way_in": "client", "new_taken": refused_client}
        page = open_page("application", accepted_client, **taken)
        check_decision(page, api, {"client": refused_client})
        assert page.main.button(key="new_take").label.endswith(str(accepted_client))

    def test_without_a_client_it_asks_for_one(self, open_page: PageOpener):
        page = open_page("application", way_in="client")
        assert page.main.info[0].value.startswith("Find the client above")
