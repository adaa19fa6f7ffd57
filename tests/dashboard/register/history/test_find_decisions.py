"""Decisions that are found by the number of an application or by their own id."""

import pytest

from advisor.register.register_api import RegisterApi
from advisor.register.response_models import RecordedScore
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.register.history.test_history_page import fact


@pytest.fixture
def recorded(register: RegisterApi, refusal: int) -> RecordedScore:
    """A refusal in the register."""
    return register.record({"client": refusal}, f"found-{refusal}")


def test_a_number_of_an_application(
    open_register_page: PageOpener,
    register: RegisterApi,
    register_service: ServiceApi,
    refusal: int,
):
    body = {"record": register_service.record(refusal), "reference": f"C-{refusal}"}
    recorded = register.record(body, f"number-{refusal}")
    page = open_register_page("history", find_by="reference")
    assert not page.main.info
    page.main.text_input(key="find_reference").set_value(f" C-{refusal}").run()
    assert f">{recorded['id']}<" in text_of(page)
    assert fact(text_of(page), "Number of the application") == f"C-{refusal}"


class TestById:
    """A decision that is opened by its id."""

    def test_it_is_opened(
        self, open_register_page: PageOpener, recorded: RecordedScore, refusal: int
    ):
        page = open_register_page(
            "history", find_by="decision", find_decision=f" {recorded['id'].upper()} "
        )
        assert fact(text_of(page), "Client") == str(refusal)
        assert "Decisions, the newest first" not in text_of(page)

    @pytest.mark.parametrize(
        "typed", ["01a22330-8c81-7004-8f9b-4619226f0db8", "no id", "a/b?c", "../health"]
    )
    def test_an_unknown_id(self, open_register_page: PageOpener, typed: str):
        page = open_register_page("history", find_by="decision", find_decision=typed)
        (error,) = page.main.error
        assert error.value.startswith("The register does not have this decision")

    def test_without_an_id_nothing_is_requested(self, open_register_page: PageOpener):
        page = open_register_page("history", find_by="decision")
        assert not page.main.error
        assert not page.main.header
