"""The page of recorded decisions: lists, a decision, requests for a review, and reviews."""

import re

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.register import held_reads
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import RecordedScore
from advisor.statements.decision import risk_texts
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.register.conftest import CALLERS, KEY, Interrupted, control, press
from tests.dashboard.test_french import ENGLISH, LONG
from tests.support.servers.server import Server

EN = Words("en")


def fact(text: str, name: str) -> str:
    """The value of a fact with this name."""
    return text.partition(f"<dt>{name}</dt><dd>")[2].partition("</dd>")[0]


def timeline(text: str) -> list[str]:
    """The events of the opened decision: time, title, details and a person's words."""
    events = re.findall("<li>(\\d{4}-.*?)</li>", text, re.DOTALL)
    return [re.sub("(<[^>]*>)+", "|", event).rstrip("|") for event in events]


@pytest.fixture
def recorded(register: RegisterApi, refusal: int) -> RecordedScore:
    """A refusal in the register."""
    return register.record({"client": refusal}, f"key-{refusal}")


@pytest.fixture
def history(open_register_page: PageOpener, refusal: int, recorded: RecordedScore) -> AppTest:
    """The page with that refusal, which is opened."""
    return open_register_page("history", refusal)


def test_a_decision_as_it_was_recorded(history: AppTest, recorded: RecordedScore, refusal: int):
    text = text_of(history)
    assert history.title[0].value == "Recorded decisions"
    assert history.main.header[0].value == (
        f"Decision of {recorded['at'][:19].replace('T', ' ')} UTC"
    )
    assert "The model decided: refused. A person agreed." in text
    own, limit = risk_texts(EN, recorded["threshold"], recorded["probability"])
    assert (fact(text, "Risk score"), fact(text, "Limit")) == (own, limit)
    assert fact(text, "Client") == str(refusal)
    assert fact(text, "Recorded by") == "desk"
    assert fact(text, "Model") == recorded["model"]
    assert fact(text, "Id of the decision") == recorded["id"]
    assert timeline(text) == [
        f"{recorded['at'][:19].replace('T', ' ')} UTC|The model: refused|"
        f"Risk score {own} · recorded by desk"
    ]
    for reason in recorded["reasons"]:
        assert f"<li>{reason['text']}" in text


def test_the_newest_decision_comes_first(
    open_register_page: PageOpener, register: RegisterApi, recorded: RecordedScore, refusal: int
):
    later = register.record({"client": refusal}, f"later-{refusal}")
    page = open_register_page("history", refusal)
    choice = page.main.selectbox(key="opened_decision")
    assert choice.options == [
        f"{number}. {each['at'][:19].replace('T', ' ')} UTC"
        for number, each in enumerate([later, recorded], 1)
    ]
    assert choice.value is None
    choice.set_value(recorded["id"]).run()
    assert f">{recorded['id']}<" in text_of(page)


def test_a_client_without_a_decision(open_register_page: PageOpener, refusal: int):
    page = open_register_page("history", refusal)
    assert page.main.info[0].value == "The register has no such decision."
    assert not page.main.header


def test_outcomes_are_listed(
    open_register_page: PageOpener, register_server: Server, recorded: RecordedScore, refusal: int
):
    body = [
        {"decision": recorded["id"], "status": status, "observed": day, "definition": "90dpd"}
        for status, day in (("late", "2026-01-31"), ("written_off", "2026-06-30"))
    ]
    url, headers = f"{register_server.url}/outcomes", {"X-API-Key": KEY}
    answer = httpx.post(url, json=body, headers=headers, verify=False)
    assert answer.json() == {"recorded": 2, "unknown": []}
    text = text_of(open_register_page("history", refusal))
    assert timeline(text)[:2] == [
        "2026-01-31|Outcome: late|Defined as 90dpd",
        "2026-06-30|Outcome: written off|Defined as 90dpd",
    ]
    assert ">written off<" in text.partition("Open a decision")[0]


class TestReviewRequest:
    def test_it_is_recorded_and_waits(
        self, history: AppTest, register: RegisterApi, recorded: RecordedScore
    ):
        control(history, "text_area", "statement").set_value(" My income rose. ")
        press(history, "Record the request")
        assert history.main.success[0].value == "The client's request is recorded."
        decision = register.decision(recorded["id"])
        assert [each["statement"] for each in decision["review_requests"]] == ["My income rose."]
        assert decision["review_requested"] is True
        text = text_of(history)
        assert "The client asks for a review." in text
        assert ">My income rose.</blockquote>" in text
        press(history, "Record another request")
        assert not history.main.success
        assert control(history, "text_area", "statement").value == ""

    def test_it_may_have_no_statement(
        self, history: AppTest, register: RegisterApi, recorded: RecordedScore
    ):
        press(history, "Record the request")
        (request,) = register.decision(recorded["id"])["review_requests"]
        assert request["statement"] is None
        assert "without their own words" in text_of(history)

    def test_it_is_on_the_list_of_open_requests_until_a_review(
        self,
        open_register_page: PageOpener,
        register: RegisterApi,
        recorded: RecordedScore,
        refusal: int,
    ):
        register.request_review(recorded["id"], "Please look again", recorded["id"])
        page = open_register_page("history", find_by="requested")
        page.main.selectbox(key="opened_decision").set_value(recorded["id"]).run()
        assert fact(text_of(page), "Client") == str(refusal)
        control(page, "radio", "final").set_value(1).run()
        press(page, "Record the review")
        assert [each.value for each in page.main.success] == [
            f"The review is recorded. Id of the decision: {recorded['id']}"
        ]
        assert recorded["id"] not in [
            each["id"] for each in register.decisions(requested="true")["decisions"]
        ]
        page.run()
        assert not page.main.success  # it is told once

    def test_a_lost_answer(
        self,
        open_register_page: PageOpener,
        interrupted: Interrupted,
        register: RegisterApi,
        recorded: RecordedScore,
        refusal: int,
    ):
        interrupted.path = "/review-requests"
        page = open_register_page("history", refusal)
        control(page, "text_area", "statement").set_value("Once")
        press(page, "Record the request")
        text = text_of(page)
        assert "It is not known whether the request was recorded." in text
        assert ">Once</blockquote>" in text  # the request that is recorded
        interrupted.path = ""
        press(page, "Record the request")
        assert page.main.success[0].value == "The client's request is recorded."
        assert len(register.decision(recorded["id"])["review_requests"]) == 1


class TestReview:
    @pytest.mark.parametrize("final", [0, 1])
    def test_a_person_decides(
        self, history: AppTest, register: RegisterApi, recorded: RecordedScore, final: int
    ):
        control(history, "radio", "final").set_value(final).run()
        if final == 0:
            control(history, "selectbox", "change_reason").set_value("DATA_WRONG")
        else:
            assert control(history, "selectbox", "same_reason").value == "CONFIRMED"
        control(history, "text_area", "comment").set_value("Checked")
        press(history, "Record the review")
        assert history.main.success[0].value == "The review is recorded."
        (review,) = register.decision(recorded["id"])["reviewed"]
        reason = "DATA_WRONG" if final == 0 else "CONFIRMED"
        assert (review["decision"], review["reason"]) == (final, reason)
        assert (review["comment"], review["reviewer"]) == ("Checked", "desk")
        text = text_of(history)
        decided = "refused" if final else "accepted"
        assert f"A person reviewed it: {decided}." in text
        in_words = "The data were wrong or out of date" if final == 0 else "The decision is right"
        assert timeline(text)[-1] == (
            f"{review['at'][:19].replace('T', ' ')} UTC|Review by a person: {decided}|"
            f"Reason: {in_words} · recorded by desk|Checked"
        )

    def test_a_changed_decision_needs_reason_and_note(
        self, history: AppTest, register: RegisterApi, recorded: RecordedScore
    ):
        control(history, "radio", "final").set_value(0).run()
        press(history, "Record the review")
        assert history.main.error[0].value.startswith("Nothing was recorded. A different decision")
        assert register.decision(recorded["id"])["reviewed"] == []

    def test_another_person_is_faster(
        self,
        history: AppTest,
        register: RegisterApi,
        colleague: RegisterApi,
        recorded: RecordedScore,
    ):
        control(history, "radio", "final").set_value(1).run()
        colleague.review(recorded["id"], 0, 0, "GUARANTEE", "The father stands in")
        press(history, "Record the review")
        assert history.main.error[0].value == "Another person reviewed this decision first."
        text = text_of(history)
        assert "Your review was not recorded." in text
        assert "A person reviewed it: accepted." in text
        assert timeline(text)[-1].endswith(
            "|Reason: A guarantor or other security · recorded by colleague|The father stands in"
        )
        assert len(register.decision(recorded["id"])["reviewed"]) == 1


def test_a_key_that_may_not_read(
    open_register_page: PageOpener,
    register: RegisterApi,
    refusal: int,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("API_KEY", CALLERS["clerk"][0])
    page = open_register_page("history", refusal)
    assert page.main.error[0].value == (
        "The dashboard's key may not do this: the key of clerk lacks the role read."
    )
    assert "The other pages work without it." in text_of(page)


def test_a_read_is_held_for_a_minute(
    open_register_page: PageOpener,
    interrupted: Interrupted,
    recorded: RecordedScore,
    refusal: int,
    monkeypatch: pytest.MonkeyPatch,
):
    """The register notes each read of a decision: inputs on the page make none."""
    interrupted.path = ""
    page = open_register_page("history", refusal)
    reads = [f"GET /decisions/{recorded['id']}", "GET /decisions"]
    control(page, "radio", "final").set_value(1).run()
    assert [interrupted.paths.count(each) for each in reads] == [1, 1]
    press(page, "Read again")
    assert [interrupted.paths.count(each) for each in reads] == [2, 2]
    monkeypatch.setattr(held_reads, "SECONDS", -1)
    page.run()
    assert [interrupted.paths.count(each) for each in reads] == [3, 3]


@pytest.mark.parametrize("name", ["client", "application", "history", "letter"])
def test_a_page_is_french(
    open_register_page: PageOpener, recorded: RecordedScore, refusal: int, name: str
):
    page = open_register_page(name, refusal, language="fr")
    widgets = [*page.main.selectbox, *page.main.radio, *page.main.button, *page.main.text_area]
    texts = [widget.label for widget in widgets]
    texts += [option for radio in page.main.radio for option in radio.options]
    shown = "\n".join([text_of(page), *texts])
    assert [text for text in ENGLISH if len(text) >= LONG and text in shown] == []
