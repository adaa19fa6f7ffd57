"""A dashboard whose key lacks a role: a sentence names it, and the page tells what is recorded."""

import pytest

from advisor.register.register_api import RegisterApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.register.conftest import CALLERS, RECORDED, choose, press, stored


def test_a_key_that_may_not_decide(
    open_register_page: PageOpener,
    register: RegisterApi,
    refusal: int,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("API_KEY", CALLERS["reader"][0])
    page = open_register_page("client", refusal)
    choose(page, "follow")
    press(page, "Record")
    assert page.main.error[0].value == (
        "The dashboard's key may not do this: the key of reader lacks the role decide."
    )
    assert "Nothing was recorded." in text_of(page)
    assert "Riskier than " in text_of(page)  # the rest of the page
    assert stored(register, refusal) == []


def test_a_key_that_may_decide_but_not_review(
    open_register_page: PageOpener,
    register: RegisterApi,
    refusal: int,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("API_KEY", CALLERS["clerk"][0])
    page = open_register_page("client", refusal)
    choose(page, "override", "INCOME_PROVED", "Payslips")
    press(page, "Record")
    assert any(each.value.startswith(RECORDED) for each in page.main.warning)
    assert "lacks the role review" in page.main.error[0].value
    (decision,) = stored(register, refusal)
    assert decision["reviewed"] == []
