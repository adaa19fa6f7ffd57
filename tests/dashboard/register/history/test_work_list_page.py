"""The work list of a register with requests that were made just now, and of one without."""

from advisor.register.register_api import RegisterApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.monitoring.conftest import name, table_texts, waiting


def test_without_an_open_request(open_register_page: PageOpener, register: RegisterApi):
    for each in waiting(register):
        register.review(each["id"], each["reviews"], each["final"], "CONFIRMED", "")
    page = open_register_page("work_list")
    assert page.main.info[0].value == "No request for a review is open."


def test_a_request_on_a_decision_just_made_waits_for_hours(
    open_register_page: PageOpener, register: RegisterApi, refusal: int
):
    recorded = register.record({"client": refusal}, f"work-{refusal}")
    register.request_review(recorded["id"], "", f"first-{refusal}")
    register.request_review(recorded["id"], "Again", f"second-{refusal}")
    requests = register.decision(recorded["id"])["review_requests"]
    page = open_register_page("work_list")
    (own,) = [each for each in waiting(register) if each["id"] == recorded["id"]]
    assert own["review_requested_at"] == min(each["at"] for each in requests)
    names = page.main.selectbox(key="work_list_chosen").options
    place = next(each for each in names if each.endswith(name(1, own)[3:]))
    assert table_texts(text_of(page), place)[0] == "0.0 hours"
