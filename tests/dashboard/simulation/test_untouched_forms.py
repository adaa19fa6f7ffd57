"""Odd values survive the dashboard: a form that nobody touched sends the client's own record."""

import json
from collections.abc import Iterator

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.service_client.response_models import Application, Record
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from credit_scoring.data.artifacts import FEATURES_FILE
from tests.dashboard.conftest import (
    SECONDS,
    PageOpener,
    PagesOf,
    service_in_process,
    table_row,
    text_of,
    walk_in_field,
)
from tests.support.bundles.artefacts import lightgbm, make_folder
from tests.support.servers.inprocess import InProcess

EN = Words("en")
NUMBER, FLAG, MISSING_FLAG, TEXT = "AMT_CREDIT", "FLAG_WORK_PHONE", "FLAG_EMAIL", "OCCUPATION_TYPE"
FEATURES = [NUMBER, "OWN_CAR_AGE", FLAG, MISSING_FLAG, TEXT]
CLIENTS_A_PAGE = 4  # the time of a page grows with the square of its controls
# Values of new clients that no reference client has, and that a control may lose.
NUMBERS = [-0.0, 1e-300, 5e-324, 0.12345678901234567, -123456.78901234567, 2.0**53 - 1, 1e300]
FLAGS = [2.0, -0.0, 0.5, -1.0, 1.0000000000000002, 1e-300, 12345678901.5]
TEXTS = ["  two  spaces ", "line\r\nline", "Laborers\n", "*a* :b: $c$", "yes", "0", "\u00a0\u2028x"]
ROWS = range(len(FLAGS))


def with_odd_values(frame: pd.DataFrame) -> pd.DataFrame:
    """Clients whose flags are numbers; the first new clients have the odd values.

    Among reference clients, only those who did not pay may lack the text.
    """
    odd = frame.assign(**{name: frame[name].astype(float) for name in (FLAG, MISSING_FLAG)})
    if "TARGET" in odd:
        is_missing = (odd["TARGET"] == 1) & (odd.index % 2 == 0)
        odd[TEXT] = odd[TEXT].fillna("Laborers").mask(is_missing)
    else:
        for name, values in ((NUMBER, NUMBERS), (FLAG, FLAGS), (TEXT, TEXTS)):
            odd.loc[: len(values) - 1, name] = values
            odd[MISSING_FLAG] = np.where(odd.index < len(FLAGS), odd[FLAG], odd[MISSING_FLAG])
    return odd


class DeclaredFlags(InProcess):
    """A transport that declares features named FLAG as flags of 0 and 1 only."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if request.url.path != "/features":
            return response
        body = response.json()
        both = {"present": 2, "quantiles": None, "shares": {"0": 0.5, "1": 0.5}}
        for feature in body["features"]:
            if "FLAG" in feature["name"]:
                feature |= {"kind": "flag", "class0": both, "class1": both}
        return httpx.Response(response.status_code, content=json.dumps(body))


@pytest.fixture(scope="module")
def odd_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceApi]:
    """The service of clients with odd values, in this process; every feature may change."""
    path = tmp_path_factory.mktemp("odd") / "ressources"
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encoded = make_column_transformer((encoder, [TEXT]), remainder="passthrough")
    make_folder(path, make_pipeline(encoded, lightgbm()), FEATURES, with_odd_values)
    rows = "".join(f"{name},any\n" for name in FEATURES)
    (path / FEATURES_FILE).write_text(f"name,change\n{rows}")
    with service_in_process(path, DeclaredFlags) as api:
        yield api


@pytest.fixture(params=ROWS)
def odd_client(request: pytest.FixtureRequest, odd_api: ServiceApi) -> int:
    """Each of the clients with odd values."""
    return odd_api.ids()[request.param]


@pytest.fixture
def client_with_flag_two(odd_api: ServiceApi) -> int:
    client = odd_api.ids()[0]
    assert odd_api.record(client)[FLAG] == 2
    return client


@pytest.fixture
def open_odd_page(odd_api: ServiceApi, open_page_of: PagesOf) -> PageOpener:
    """Opens a page of the service of odd values."""
    return open_page_of(odd_api)


def change_language(page: AppTest, language: str) -> None:
    page.main.radio(key="language").set_value(language).run()


def test_the_service_has_the_odd_values(odd_api: ServiceApi):
    records = [odd_api.record(client) for client in odd_api.ids()]
    assert [repr(record[NUMBER]) for record in records[: len(NUMBERS)]] == [*map(repr, NUMBERS)]
    assert [repr(record[FLAG]) for record in records[: len(FLAGS)]] == [*map(repr, FLAGS)]
    assert [record[TEXT] for record in records[: len(TEXTS)]] == TEXTS
    assert {record["OWN_CAR_AGE"] for record in records} > {None}


def test_an_untouched_application_is_the_clients_record(
    open_odd_page: PageOpener,
    odd_api: ServiceApi,
    odd_client: int,
    sent_applications: list[Application],
):
    page = open_odd_page("application", odd_client, way_in="client", new_taken=odd_client)
    assert repr(sent_applications[:1]) == repr([{"record": odd_api.record(odd_client)}])
    for language in ("fr", "en"):
        sent_applications.clear()  # the page also scores changes that would help
        change_language(page, language)
        assert repr(sent_applications[:1]) == repr([{"record": odd_api.record(odd_client)}])
    assert decision.verdict(EN, odd_api.score({"client": odd_client})) in text_of(page)


def test_one_touched_value_is_the_only_change(
    open_odd_page: PageOpener, odd_api: ServiceApi, sent_applications: list[Application]
):
    client = odd_api.ids()[0]
    page = open_odd_page("application", client, way_in="client", new_taken=client)
    sent_applications.clear()
    walk_in_field(page, "OWN_CAR_AGE").set_value(7.25).run()
    expected = {"record": odd_api.record(client), "changes": {"OWN_CAR_AGE": 7.25}}
    assert repr(sent_applications[:1]) == repr([expected])
    assert decision.verdict(EN, odd_api.score(expected)) in text_of(page)


def test_an_untouched_simulation_changes_nothing(
    open_odd_page: PageOpener, odd_client: int, sent_applications: list[Application]
):
    page = open_odd_page("simulate", odd_client)
    assert "With the changes" not in text_of(page)
    assert "changes" not in page.query_params
    page.main.number_input(key=f"simulate_{odd_client}_OWN_CAR_AGE").set_value(7.25).run()
    expected = {"client": odd_client, "changes": {"OWN_CAR_AGE": 7.25}}
    sent_applications.clear()
    change_language(page, "fr")
    assert repr(expected) in map(repr, sent_applications)
    assert page.query_params["changes"] == '{"OWN_CAR_AGE":7.25}'


def test_a_flag_of_two_is_an_option(open_odd_page: PageOpener, client_with_flag_two: int):
    taken = {"way_in": "client", "new_taken": client_with_flag_two}
    control = walk_in_field(open_odd_page("application", client_with_flag_two, **taken), FLAG)
    assert (control.value, control.options) == (2.0, ["no", "yes", "2"])


def test_a_value_that_no_reference_client_has_is_in_the_form(
    open_odd_page: PageOpener, odd_api: ServiceApi, sent_applications: list[Application]
):
    """A link may have such a flag or text; the service decides on it."""
    client = odd_api.ids()[-1]
    changes = {FLAG: 3.0, TEXT: "unseen"}
    page = open_odd_page("simulate", client, changes=changes)
    assert page.main.selectbox(key=f"simulate_{client}_{FLAG}").value == 3.0
    assert {"client": client, "changes": changes} in sent_applications


def test_a_text_that_is_missing_in_a_csv_is_scored_as_missing(
    open_odd_page: PageOpener, odd_api: ServiceApi
):
    """The client is refused with a missing text, and accepted with an unknown category."""

    def is_refused(record: Record, text: str | None) -> bool:
        return bool(odd_api.score({"record": {**record, TEXT: text}})["prediction"])

    records = [odd_api.record(client) for client in odd_api.ids()]
    record = next(
        each for each in records if is_refused(each, None) and not is_refused(each, "no such text")
    )
    cells = {name: "" if value is None else str(value) for name, value in record.items()}
    cells[TEXT] = "NA"
    page = open_odd_page("application", way_in="paste")
    text = f"{','.join(cells)}\n{','.join(cells.values())}\n"
    page.main.text_area(key="pasted_text").set_value(text).run()
    score = odd_api.score({"record": {**record, TEXT: None}})
    assert score["prediction"] == 1
    assert decision.verdict(EN, score) in text_of(page)


def test_a_flag_of_two_is_compared_by_its_number(
    open_odd_page: PageOpener, odd_api: ServiceApi, client_with_flag_two: int
):
    text = text_of(open_odd_page("compare", client_with_flag_two, compared=FLAG))
    assert table_row(text, "2 (this client)").count(">0.0\u00a0%<") == 2
    assert "This client: 2, like 0.0\u00a0% of clients who repaid and 0.0\u00a0% of" in text
    values = odd_api.reference_values(FLAG)
    for name, value in (("no", 0), ("yes", 1)):
        for each in (values["feat0"], values["feat1"]):
            assert f">{EN.percent(each.count(value) / len(each), 1)}<" in table_row(text, name)


def test_a_flag_of_two_is_in_the_clients_data(open_odd_page: PageOpener, client_with_flag_two: int):
    text = text_of(open_odd_page("client", client_with_flag_two, details="Facts"))
    assert ">2<" in table_row(text, FLAG)


def test_each_value_of_a_flag_has_its_score(
    open_odd_page: PageOpener, odd_api: ServiceApi, odd_client: int
):
    own = odd_api.record(odd_client)[FLAG]
    text = text_of(open_odd_page("simulate", odd_client, simulate_curve=FLAG))
    for name, value in (("no", 0.0), ("yes", 1.0), (EN.value(own, "", "flag"), own)):
        score = odd_api.score({"client": odd_client, "changes": {FLAG: value}})
        shares = score["threshold"], score["probability"]
        assert f">{decision.risk_texts(EN, *shares)[0]}<" in table_row(text, name)


def page_of_controls(records: list, features: dict, entered: list) -> None:
    """A page with the control of each feature of each client; it notes the controls' values.

    Streamlit runs the source of this function only, so it imports what it needs.
    """
    from advisor import form_controls
    from advisor.formatting.formats import Words

    entered.append(
        [
            {
                name: form_controls.control(
                    Words("en"), f"{at}_{name}", name, features[name], value
                )
                for name, value in record.items()
            }
            for at, record in enumerate(records)
        ]
    )


@pytest.mark.parametrize("fixture", ["odd_api", "api"])
def test_untouched_controls_return_the_records(request: pytest.FixtureRequest, fixture: str):
    """On the first run, and on the run after the browser's response."""
    service: ServiceApi = request.getfixturevalue(fixture)
    features = {each["name"]: each for each in service.features()}
    records = [service.record(client) for client in service.ids()]
    for start in range(0, len(records), CLIENTS_A_PAGE):
        some = records[start : start + CLIENTS_A_PAGE]
        entered: list[list[Record]] = []
        page = AppTest.from_function(page_of_controls, args=(some, features, entered))
        for _ in range(2):
            page.run(timeout=SECONDS)
            assert not page.exception
        assert [repr(each) for each in entered] == [repr(some)] * 2
