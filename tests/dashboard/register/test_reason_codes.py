"""The reason codes of overrides: the lender's own list, or one that the service would refuse."""

import pytest

from advisor.register.register_api import RegisterApi
from tests.dashboard.conftest import PageOpener
from tests.dashboard.register.conftest import choose, control, press, stored


def test_the_lenders_own(
    open_register_page: PageOpener,
    register: RegisterApi,
    refusal: int,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("DASHBOARD_REASONS", "POLICY, RULE_7,POLICY")
    page = open_register_page("client", refusal)
    choose(page, "override")
    assert control(page, "selectbox", "reason").options == ["A rule of the lender", "RULE_7"]
    choose(page, "override", "RULE_7", "See rule 7")
    press(page, "Record")
    assert stored(register, refusal)[0]["reviewed"][0]["reason"] == "RULE_7"


@pytest.mark.parametrize("codes", ["policy", "A B", "X" * 41, ","])
def test_a_list_that_the_service_would_refuse(
    open_register_page: PageOpener,
    refusal: int,
    monkeypatch: pytest.MonkeyPatch,
    codes: str,
):
    monkeypatch.setenv("DASHBOARD_REASONS", codes)
    page = open_register_page("client", refusal)
    choose(page, "override")
    assert "reason codes of this dashboard cannot be used" in page.main.error[0].value
    assert not [each for each in page.main.button if each.label == "Record"]
    choose(page, "follow")
    assert not page.main.error
