"""The work list: open requests for a review, the oldest first."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from advisor.pages import page_file
from advisor.register.history.open_requests import open_requests
from advisor.register.register_api import RegisterApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.monitoring.conftest import name, table_texts, waiting
from tests.dashboard.register.conftest import control, press


@pytest.fixture
def work_list(open_monitored_page: PageOpener) -> AppTest:
    return open_monitored_page("work_list")


def test_the_oldest_request_comes_first(work_list: AppTest, monitored_register: RegisterApi):
    expected = waiting(monitored_register)
    names = [name(number, each) for number, each in enumerate(expected, 1)]
    assert len(names) > 5
    choice = work_list.main.selectbox(key="work_list_chosen")
    assert choice.options == names[:50]
    assert choice.value == expected[0]["id"]
    shown = text_of(work_list)
    assert f"Open requests: {len(expected)}." in shown
    for number, each in enumerate(expected[:50], 1):
        waits, decided, service, final, grade, reviews, caller = table_texts(
            shown, name(number, each)
        )
        since = datetime.now(UTC) - datetime.fromisoformat(str(each["review_requested_at"]))
        assert abs(float(waits.removesuffix(" days").replace(",", "")) - since.days) <= 1.1
        assert decided == f"{each['at'][:19].replace('T', ' ')} UTC"
        assert service == ("refused" if each["prediction"] else "accepted")
        assert final == ("refused" if each["final"] else "accepted")
        assert (grade, reviews, caller) == (each["grade"], str(each["reviews"]), each["caller"])


def test_no_value_of_a_client_is_on_it(work_list: AppTest, monitored_register: RegisterApi):
    shown = text_of(work_list)
    for each in waiting(monitored_register)[:5]:
        evidence = monitored_register.decision(each["id"])["evidence"]
        assert evidence is not None
        assert str(evidence["reference"]) not in shown
        assert each["id"] not in shown


def test_all_pages_of_the_service_are_read(
    monitored_register: RegisterApi,
):
    expected = [each["id"] for each in waiting(monitored_register)]
    for limit in (1, 7, 500):
        found, is_whole = open_requests(monitored_register, limit)
        assert is_whole == (limit * 20 > len(expected))
        if is_whole:
            assert [each["id"] for each in found] == expected
        else:
            assert len(found) == limit * 20


def test_an_opened_request_leaves_the_list_with_its_review(
    open_monitored_page: PageOpener, monitored_register: RegisterApi
):
    first, second = waiting(monitored_register)[:2]
    page = open_monitored_page("work_list")
    press(page, "Open the case")
    assert page.main.title[0].value == "Recorded decisions"
    assert page.main.text_input(key="find_decision").value == first["id"]
    assert f">{first['id']}<" in text_of(page)
    assert "The client asks for a review." in text_of(page)
    page.switch_page(page_file("history")).run()  # the test's own page is still the work list
    control(page, "radio", "final").set_value(first["final"]).run()
    press(page, "Record the review")
    assert page.main.success[0].value == "The review is recorded."
    assert monitored_register.decision(first["id"])["review_requested"] is False
    page.switch_page(page_file("work_list")).run()
    assert page.main.selectbox(key="work_list_chosen").value == second["id"]
    assert name(1, second) in text_of(page)
    assert name(1, first) not in text_of(page)
