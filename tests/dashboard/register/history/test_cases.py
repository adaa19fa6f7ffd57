"""The filter of the work list, and the case that follows another one."""

from typing import Any

import pytest
import streamlit as st

from advisor.pages import page_file
from advisor.register.history import case_filter, next_case
from advisor.register.history.case_filter import FINAL, GRADE
from advisor.register.register_api import RegisterApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.monitoring.conftest import waiting
from tests.dashboard.register.conftest import control, press


def case(name: str, final: int = 1, grade: str | None = None) -> Any:
    return {"id": name, "final": final, "grade": grade}


CASES = [case("a", 1, "E"), case("b", 0, "D"), case("c", 1, "D"), case("d", 0)]


@pytest.mark.parametrize(
    ("final", "grade", "names"),
    [
        ("all", "all", "abcd"),
        ("refused", "all", "ac"),
        ("accepted", "all", "bd"),
        ("all", "D", "bc"),
        ("refused", "D", "c"),
        ("accepted", "E", ""),
    ],
)
def test_the_filter(monkeypatch: pytest.MonkeyPatch, final: str, grade: str, names: str):
    monkeypatch.setattr(st, "session_state", {FINAL: final, GRADE: grade})
    assert "".join(each["id"] for each in case_filter.chosen(CASES)) == names


def test_without_a_choice_every_case_passes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(st, "session_state", {})
    assert case_filter.chosen(CASES) == CASES


@pytest.mark.parametrize(
    ("opened", "following"), [("a", "b"), ("c", "d"), ("d", "a"), ("reviewed", "a")]
)
def test_the_case_after_another(opened: str, following: str):
    found = next_case.after(CASES, opened)
    assert found is not None
    assert found["id"] == following


@pytest.mark.parametrize("waiting", [[], CASES[:1]])
def test_no_other_case(waiting: list[Any]):
    assert next_case.after(waiting, "a") is None


def test_a_person_works_through_the_list(
    open_register_page: PageOpener, register: RegisterApi, unrecorded_refusals: Any
):
    for client in (next(unrecorded_refusals), next(unrecorded_refusals)):
        decision = register.record({"client": client}, f"case-{client}")["id"]
        register.request_review(decision, "", decision)
    first, second, *others = (each["id"] for each in waiting(register))
    page = open_register_page("work_list")
    press(page, "Open the case")
    page.switch_page(page_file("history")).run()  # the test's own page is still the work list
    assert page.main.text_input(key="find_decision").value == first
    assert f"Other cases that wait: {1 + len(others)}" in text_of(page)
    control(page, "radio", "final").set_value(1).run()
    press(page, "Record the review")
    press(page, "Next case")
    assert page.main.text_input(key="find_decision").value == second


def test_a_filter_without_a_case(
    open_register_page: PageOpener, register: RegisterApi, refusal: int
):
    decision = register.record({"client": refusal}, f"filter-{refusal}")["id"]
    register.request_review(decision, "", decision)
    accepted = any(not each["final"] for each in waiting(register))
    page = open_register_page("work_list", cases_final="accepted")
    assert bool(page.main.info) != accepted
    page.main.radio(key="cases_final").set_value("refused").run()
    assert not page.main.info
