"""The page of a client shows the service's numbers."""

import math

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formats import Words
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, table_row, text_of

EN = Words("en")


@pytest.fixture(params=["refused", "accepted"])
def decision(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def client(request: pytest.FixtureRequest, decision: str) -> int:
    """A client with this decision."""
    return request.getfixturevalue(f"{decision}_client")


@pytest.fixture
def client_page(open_page: PageOpener, client: int) -> AppTest:
    return open_page("client", client)


def test_the_headings_are_client_and_decision(
    client_page: AppTest, api: ServiceApi, client: int, decision: str
):
    score, facts = api.score({"client": client}), api.model()
    calibration, threshold = facts["facts"]["calibration"], facts["threshold"]
    margin = calibration["slope"] * math.log(threshold / (1 - threshold)) + calibration["offset"]
    pd, limit = EN.percents(score["pd"], 1 / (1 + math.exp(-margin)))
    assert client_page.title[0].value == f"Client {client}"
    assert client_page.header[0].value == (
        f"{decision.title()}: {pd} expected to default, accepted up to {limit}"
    )


def test_the_figures_are_the_scores(client_page: AppTest, api: ServiceApi, client: int):
    score, text = api.score({"client": client}), text_of(client_page)
    for number in (score["probability"], score["threshold"]):
        assert f">{number:.4f}<" in text
    assert f">{score['points']}<" in text
    assert f">{score['grade']}<" in text
    assert f"{abs(score['margin']):.3f} in log-odds" in text


def test_the_percentiles_are_the_scores(client_page: AppTest, api: ServiceApi, client: int):
    percentiles, text = api.score({"client": client})["position"], text_of(client_page)
    assert f"{100 * percentiles['class0']:.1f}\u00a0% of those who paid" in text
    assert f"{100 * percentiles['class1']:.1f}\u00a0% of those who did not" in text


def test_every_chart_has_its_sentence_below_it(open_page: PageOpener, refused_client: int):
    page = open_page("client", refused_client)
    sentences = chart_texts(page)
    assert len(sentences) == 2
    assert all(sentence and sentence in text_of(page) for sentence in sentences)


def test_the_tables_have_every_value(open_page: PageOpener, api: ServiceApi, refused_client: int):
    record = api.record(refused_client)
    text = text_of(open_page("client", refused_client))
    for feature in api.features():
        value = EN.value(record[feature["name"]], feature["unit"], feature["kind"])
        assert f">{value}<" in table_row(text, feature["label"])


def test_missing_values_and_ages(open_page: PageOpener, api: ServiceApi, client_without_car: int):
    text = text_of(open_page("client", client_without_car))
    years = abs(api.record(client_without_car)["DAYS_BIRTH"]) / 365.25
    assert f">{years:.1f}\u00a0years before the application<" in text
    assert ">not known<" in text


def test_the_first_fifty_ids_are_listed(open_page: PageOpener, api: ServiceApi):
    page = open_page("client")
    assert page.info[0].value.startswith("Choose a client first")
    first = [str(client) for client in api.ids()[:50]]
    assert page.main.selectbox(key="client").options == first


def test_an_id_is_found_by_its_digits(open_page: PageOpener, api: ServiceApi):
    last = str(api.ids()[-1])
    page = open_page("client")
    page.main.text_input(key="search").set_value(last).run()
    assert page.title[0].value == f"Client {last}"


def test_an_unknown_id_is_not_found(open_page: PageOpener):
    page = open_page("client")
    page.main.text_input(key="search").set_value("x").run()
    assert "No new client has an id" in page.main.warning[0].value
    assert not page.exception
