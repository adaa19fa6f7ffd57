"""An advisor records a decision: what the page says is what the register has."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from advisor.register.recording.recording import Decided, Recording
from advisor.register.register_api import RegisterApi
from advisor.response_models import Application
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, press_calculate, text_of
from tests.dashboard.register.conftest import (
    RECORDED,
    Interrupted,
    choose,
    control,
    press,
    stored,
)

OVERRIDDEN = "Your override is recorded too: accepted. Reason: Income proved by documents."


def test_a_followed_decision(
    open_register_page: PageOpener,
    register: RegisterApi,
    register_service: ServiceApi,
    refusal: int,
):
    page = open_register_page("client", refusal)
    assert control(page, "radio", "choice").options == [
        "Follow the service: refuse",
        "Override the service: accept",
    ]
    choose(page, "follow")
    press(page, "Record")
    (decision,) = stored(register, refusal)
    score = register_service.score({"client": refusal})
    assert decision["probability"] == score["probability"]
    assert decision["model"] == score["model"]
    assert decision["evidence"]["answer"]["reasons"] == score["reasons"]
    assert (decision["automated"], decision["caller"]) == (False, "desk")
    assert (decision["final"], decision["reviews"]) == (1, 0)
    assert [each.value for each in page.main.success] == [
        RECORDED + f"{decision['at'][:19].replace('T', ' ')} UTC, with the id {decision['id']}."
    ]
    page.run()
    assert len(page.main.success) == 1  # the form does not come back
    assert len(stored(register, refusal)) == 1


def test_a_followed_decision_with_a_note(
    open_register_page: PageOpener, register: RegisterApi, refusal: int
):
    page = open_register_page("client", refusal)
    choose(page, "follow", note=" Talked to the client. ")
    press(page, "Record")
    (decision,) = stored(register, refusal)
    (review,) = decision["reviewed"]
    assert (review["decision"], review["reason"]) == (1, "CONFIRMED")
    assert review["comment"] == "Talked to the client."
    assert page.main.success[0].value.endswith("Your note is recorded too.")


def test_an_override(open_register_page: PageOpener, register: RegisterApi, refusal: int):
    page = open_register_page("client", refusal)
    choose(page, "override", "INCOME_PROVED", "Payslips of three months")
    press(page, "Record")
    (decision,) = stored(register, refusal)
    (review,) = decision["reviewed"]
    assert (decision["prediction"], decision["final"]) == (1, 0)
    assert (review["decision"], review["reason"]) == (0, "INCOME_PROVED")
    assert (review["comment"], review["reviewer"]) == ("Payslips of three months", "desk")
    assert page.main.success[0].value.endswith(f" {OVERRIDDEN}")


@pytest.mark.parametrize(("reason", "note"), [("", "a note"), ("POLICY", ""), ("POLICY", "  ")])
def test_an_override_needs_a_reason_and_a_note(
    open_register_page: PageOpener, register: RegisterApi, refusal: int, reason: str, note: str
):
    page = open_register_page("client", refusal)
    choose(page, "override", reason, note)
    press(page, "Record")
    assert page.main.error[0].value.startswith("Choose a reason and write a note")
    assert stored(register, refusal) == []
    choose(page, "override", "POLICY", "Both are here now")
    press(page, "Record")
    assert not page.main.error
    assert stored(register, refusal)[0]["reviewed"][0]["comment"] == "Both are here now"


def test_a_new_application_is_found_by_its_number(
    open_register_page: PageOpener,
    register: RegisterApi,
    register_service: ServiceApi,
    refusal: int,
):
    page = open_register_page("application", refusal)
    page.main.number_input(key=f"new_{refusal}_AMT_CREDIT").set_value(1_500_000.0)
    press_calculate(page)
    choose(page, "follow")
    control(page, "text_input", "reference").set_value(" A-17 ")
    press(page, "Record")
    (found,) = register.decisions(reference="A-17")["decisions"]
    evidence = register.decision(found["id"])["evidence"]
    assert (evidence["client"], evidence["reference"]) == (None, "A-17")
    changed = {
        "record": register_service.record(refusal),
        "changes": {"AMT_CREDIT": 1_500_000.0},
    }
    assert found["probability"] == register_service.score(changed)["probability"]
    assert stored(register, refusal) == []


def test_two_clicks_at_the_same_time(
    register: RegisterApi, register_service: ServiceApi, refusal: int
):
    """Streamlit runs a second click in another thread while the first one is being sent."""
    application: Application = {"client": refusal}
    recording = Recording(application, register_service.score(application), files=())
    decided = Decided("override", "GUARANTEE", "Twice")
    with ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(recording.send, register, decided) for _ in range(4)]
    assert [each.result() for each in sent] == [None] * 4
    assert recording.error is None
    (decision,) = stored(register, refusal)
    assert [each["comment"] for each in decision["reviewed"]] == ["Twice"]


class TestLostAnswer:
    """The service records a decision or a review, and its answer does not arrive."""

    def test_the_decision_is_recorded_once(
        self,
        open_register_page: PageOpener,
        interrupted: Interrupted,
        register: RegisterApi,
        refusal: int,
    ):
        page = open_register_page("client", refusal)
        choose(page, "follow")
        press(page, "Record")
        assert page.main.error[0].value == "The service took too long to answer."
        assert "It is not known whether the decision was recorded." in text_of(page)
        assert not page.main.success
        press(page, "Record")
        assert len(page.main.error) == 1
        interrupted.path = ""
        press(page, "Record")
        assert not page.main.error
        (decision,) = stored(register, refusal)
        assert decision["id"] in page.main.success[0].value
        assert interrupted.paths.count("POST /decisions") == 3

    def test_the_choice_may_change_meanwhile(
        self,
        open_register_page: PageOpener,
        interrupted: Interrupted,
        register: RegisterApi,
        refusal: int,
    ):
        page = open_register_page("client", refusal)
        choose(page, "follow")
        press(page, "Record")
        interrupted.path = ""
        choose(page, "override", "OTHER", "On second thoughts")
        press(page, "Record")
        (decision,) = stored(register, refusal)
        assert [each["decision"] for each in decision["reviewed"]] == [0]

    def test_the_number_of_an_application_may_not(
        self,
        open_register_page: PageOpener,
        interrupted: Interrupted,
        register: RegisterApi,
        refusal: int,
    ):
        page = open_register_page("application", refusal)
        press_calculate(page)
        choose(page, "follow")
        control(page, "text_input", "reference").set_value(f"B-{refusal}")
        press(page, "Record")
        assert control(page, "text_input", "reference").disabled
        interrupted.path = ""
        press(page, "Record")
        assert len(register.decisions(reference=f"B-{refusal}")["decisions"]) == 1

    def test_the_review_is_recorded_once(
        self,
        open_register_page: PageOpener,
        interrupted: Interrupted,
        register: RegisterApi,
        refusal: int,
    ):
        interrupted.path = "/reviews"
        page = open_register_page("client", refusal)
        choose(page, "override", "INCOME_PROVED", "Payslips")
        press(page, "Record")
        (warning,) = page.main.warning
        assert warning.value.startswith(RECORDED)
        assert "Not recorded yet: your override, accepted" in warning.value
        assert "It is not known whether it was recorded." in text_of(page)
        interrupted.path = ""
        press(page, "Send the override again")
        assert page.main.success[0].value.endswith(OVERRIDDEN)
        (decision,) = stored(register, refusal)
        assert len(decision["reviewed"]) == 1

    def test_a_colleague_reviews_first(
        self,
        open_register_page: PageOpener,
        interrupted: Interrupted,
        register: RegisterApi,
        colleague: RegisterApi,
        refusal: int,
        monkeypatch: pytest.MonkeyPatch,
    ):
        """Between the two requests of an override."""
        record = RegisterApi.record

        def recorded(self: RegisterApi, *args: object) -> object:
            found = record(self, *args)
            colleague.review(found["id"], 0, 1, "POLICY", "I was first")
            return found

        interrupted.path = ""
        monkeypatch.setattr(RegisterApi, "record", recorded)
        page = open_register_page("client", refusal)
        choose(page, "override", "INCOME_PROVED", "Payslips")
        press(page, "Record")
        assert page.main.error[0].value == "Another person reviewed this decision first."
        assert "Your review was not recorded." in text_of(page)
        assert not [each for each in page.main.button if each.label == "Send the override again"]
        (decision,) = stored(register, refusal)
        assert [each["comment"] for each in decision["reviewed"]] == ["I was first"]


def test_the_request_names_a_person_as_the_decider(
    open_register_page: PageOpener,
    interrupted: Interrupted,
    refusal: int,
    monkeypatch: pytest.MonkeyPatch,
):
    """The key of each form is another one, and the body is the application alone."""
    sent = []
    handle = Interrupted.handle_request

    def handled(self: Interrupted, request: object) -> object:
        sent.append(request)
        return handle(self, request)

    monkeypatch.setattr(Interrupted, "handle_request", handled)
    interrupted.path = ""
    page = open_register_page("client", refusal)
    choose(page, "follow")
    press(page, "Record")
    (request,) = (each for each in sent if each.method == "POST" and each.url.path == "/decisions")
    assert dict(request.url.params) == {"reasons": "4", "compare": "near", "automated": "false"}
    assert json.loads(request.content) == {"client": refusal}
    assert len(request.headers["Idempotency-Key"]) == 32
