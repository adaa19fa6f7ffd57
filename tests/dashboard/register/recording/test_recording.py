"""An advisor records a decision: what the page says is what the register has."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from advisor.register.recording.recording import Decided, Recording
from advisor.register.register_api import RegisterApi
from advisor.service_client.response_models import Application
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of, walk_in_field
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
        "Follow: refuse",
        "Override: accept",
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


def test_an_earlier_decision_is_told_before_another_one(
    open_register_page: PageOpener, register: RegisterApi, refusal: int
):
    page = open_register_page("client", refusal)
    choose(page, "follow")
    assert [each.value for each in page.main.info] == []
    press(page, "Record")
    assert [each.value for each in page.main.info] == []
    (decision,) = stored(register, refusal)
    another = open_register_page("client", refusal)
    assert [each.value for each in another.main.info] == []
    choose(another, "override")
    assert [each.value for each in another.main.info] == [
        f"Recorded on {decision['at'][:19].replace('T', ' ')} UTC: refused. "
        "Recording again adds a second decision."
    ]


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
    assert page.main.error[0].value.startswith("Nothing was recorded. A different decision")
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
    page = open_register_page("application", refusal, way_in="client", new_taken=refusal)
    walk_in_field(page, "AMT_CREDIT").set_value(1_500_000.0).run()
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


def test_an_indication_cannot_be_recorded(
    open_register_page: PageOpener, register_service: ServiceApi, refusal: int
):
    """The rest of a record is not known: typical values stand in for it."""
    record = register_service.record(refusal)
    part = {name: value for name, value in record.items() if name != "AMT_CREDIT"}
    for given, is_there in ((record, True), (part, False)):
        page = open_register_page("application", way_in="paste", pasted_text=json.dumps(given))
        assert any(each.label == "Your decision" for each in page.main.radio) == is_there
        assert ("Indication, not a decision" in text_of(page)) != is_there


def test_the_letter_of_a_new_application(
    open_register_page: PageOpener, register: RegisterApi, register_service: ServiceApi
):
    """The page of letters has the decisions that this session recorded, though of no client."""
    client = next(
        each
        for each in register_service.ids()
        if not register_service.score({"client": each}, reasons=0)["prediction"]
    )
    application: Application = {"record": register_service.record(client)}
    score = register_service.score(application)
    recording = Recording(application, score, files=())
    recording.send(register, Decided("follow", reference="L-1"))
    assert recording.recorded is not None
    page = open_register_page("letter", recordings={"digest": recording})
    assert page.main.title[0].value == "Letter"
    choice = page.main.selectbox(key="letter_of")
    assert choice.value == recording.recorded["id"]
    assert choice.options == [f"L-1: {recording.recorded['at'][:19].replace('T', ' ')} UTC"]
    (frame,) = page.main.get("iframe")
    assert recording.recorded["id"] in frame.proto.srcdoc


def test_a_recorded_decision_leads_to_its_letter(
    open_register_page: PageOpener, register: RegisterApi, refusal: int
):
    page = open_register_page("client", refusal)
    choose(page, "override", "GUARANTEE", "The father stands in")
    press(page, "Record")
    (decision,) = stored(register, refusal)
    press(page, "Letter")
    assert page.main.title[0].value == f"Letter to client {refusal}"
    assert page.main.selectbox(key="letter_of").value == decision["id"]
    (frame,) = page.main.get("iframe")
    assert decision["id"] in frame.proto.srcdoc


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
