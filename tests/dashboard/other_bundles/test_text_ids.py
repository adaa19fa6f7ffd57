"""Pages about clients whose ids are texts."""

from collections.abc import Iterator

import pytest

from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, PagesOf, service_in_process, text_of
from tests.kinds.text_ids import AWKWARD_IDS, with_text_ids

PAGES = ["client", "why", "simulate", "compare", "letter", "application"]


@pytest.fixture(scope="module")
def text_id_api(small_bundle_folder, tmp_path_factory) -> Iterator[ServiceApi]:
    """The service of clients with texts as ids, in this process."""
    folder = tmp_path_factory.mktemp("texts") / "ressources"
    with_text_ids(small_bundle_folder, folder)
    with service_in_process(folder) as api:
        yield api


@pytest.fixture
def open_text_page(text_id_api: ServiceApi, open_page_of: PagesOf) -> PageOpener:
    """Opens a page of that service."""
    return open_page_of(text_id_api)


@pytest.mark.parametrize("client", ["LP001002", "007", "__proto__", "a/b?c=d&param_name=e#f"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_of_the_client(open_text_page: PageOpener, name: str, client: str):
    page = open_text_page(name, client)
    assert not page.main.error
    assert page.main.text_input(key="search").value == client
    if name != "application":
        assert client in page.main.title[0].value.replace("\\", "")
        assert "\\_\\_proto\\_\\_" in page.main.title[0].value or client != "__proto__"


@pytest.mark.parametrize("client", AWKWARD_IDS)
def test_each_id_can_be_chosen(open_text_page: PageOpener, text_id_api: ServiceApi, client: str):
    page = open_text_page("client")
    page.main.selectbox(key="listed").set_value(client).run()
    assert not page.exception
    assert not page.main.error
    assert page.session_state["client"] == client
    assert page.query_params["client"] == client
    score = text_id_api.score({"client": client})
    assert ("Refused" if score["prediction"] else "Accepted") in text_of(page)


@pytest.mark.parametrize("client", AWKWARD_IDS)
def test_each_id_can_stand_in_the_address(open_text_page: PageOpener, client: str):
    assert open_text_page("client", client).session_state["client"] == client


def test_a_client_is_found_by_the_beginning_of_an_id(open_text_page: PageOpener):
    page = open_text_page("client")
    page.main.text_input(key="search").set_value("lp00").run()
    found = page.main.selectbox(key="listed").options
    assert found[:3] == ["LP001002", "lp001002", "LP001002 "]
    assert all(each.casefold().startswith("lp00") for each in found)
    page.main.text_input(key="search").set_value("constr").run()
    assert page.session_state["client"] == "constructor"
    assert page.query_params["client"] == "constructor"
    page.main.text_input(key="search").set_value("LP9").run()
    assert "No new client has an id that begins with “LP9”." in text_of(page)
    assert page.session_state["client"] == "constructor"


def test_a_simulation_is_of_the_client(
    open_text_page: PageOpener, text_id_api: ServiceApi, sent_applications: list[dict[str, object]]
):
    changes = {"AMT_INCOME_TOTAL": 1000.0 + float(text_id_api.record("a+b")["AMT_INCOME_TOTAL"])}
    open_text_page("simulate", "a+b", changes=changes)
    assert {"client": "a+b", "changes": changes} in sent_applications
