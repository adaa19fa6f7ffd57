"""Pages about clients whose ids are texts."""

from collections.abc import Iterator

import pytest

from advisor import session
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, press_calculate, service_in_process, text_of
from tests.kinds.text_ids import AWKWARD_IDS, with_text_ids


@pytest.fixture(scope="module")
def text_id_api(small_bundle_folder, tmp_path_factory) -> Iterator[ServiceApi]:
    """The service of clients with texts as ids, in this process."""
    folder = tmp_path_factory.mktemp("texts") / "ressources"
    with_text_ids(small_bundle_folder, folder)
    with service_in_process(folder) as api:
        yield api


@pytest.fixture
def open_text_page(
    text_id_api: ServiceApi, open_page: PageOpener, monkeypatch: pytest.MonkeyPatch
) -> PageOpener:
    """Opens a page of that service."""
    monkeypatch.setattr(session, "service_api", lambda: text_id_api)
    return open_page


@pytest.mark.parametrize("client", ["LP001002", "007", "__proto__", "a/b?c=d&param_name=e#f"])
@pytest.mark.parametrize("name", ["client", "why", "what_if", "compare", "letter", "application"])
def test_each_page_is_of_the_client(open_text_page: PageOpener, name: str, client: str):
    page = open_text_page(name, client)
    assert not page.main.error
    assert page.main.selectbox(key="client").value == client
    if name != "application":
        assert client in page.main.title[0].value.replace("\\", "")
        assert "\\_\\_proto\\_\\_" in page.main.title[0].value or client != "__proto__"


@pytest.mark.parametrize("client", AWKWARD_IDS)
def test_each_id_can_be_chosen(open_text_page: PageOpener, text_id_api: ServiceApi, client: str):
    page = open_text_page("client")
    page.main.selectbox(key="client").set_value(client).run()
    assert not page.exception
    assert not page.main.error
    assert page.session_state["client"] == client
    score = text_id_api.score({"client": client})
    assert ("Refused" if score["prediction"] else "Accepted") in text_of(page)


def test_a_client_is_found_by_the_beginning_of_an_id(open_text_page: PageOpener):
    page = open_text_page("client")
    page.main.text_input(key="search").set_value("lp00").run()
    found = page.main.selectbox(key="client").options
    assert found[:3] == ["LP001002", "lp001002", "LP001002 "]
    assert all(each.casefold().startswith("lp00") for each in found)
    page.main.text_input(key="search").set_value("constr").run()
    assert page.session_state["client"] == "constructor"
    page.main.text_input(key="search").set_value("LP9").run()
    assert "No new client has an id that begins with “LP9”." in text_of(page)


def test_what_if_sends_the_text(
    open_text_page: PageOpener, sent_applications: list[dict[str, object]]
):
    page = open_text_page("what_if", "a+b")
    income = page.main.number_input(key="what_if_'a+b'_AMT_INCOME_TOTAL")
    income.set_value(income.value + 1000)
    press_calculate(page)
    assert sent_applications[-1]["client"] == "a+b"
    assert sent_applications[-1]["changes"] == {"AMT_INCOME_TOTAL": income.value}


def test_the_letter_names_the_client_in_its_text(open_text_page: PageOpener):
    page = open_text_page("letter", "a/b?c=d&param_name=e#f")
    assert "a/b?c=d&param_name=e#f" in page.main.code[0].value
