"""The service records a decision or a review, and its answer does not arrive."""

import pytest

from advisor.register.register_api import RegisterApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.register.conftest import RECORDED, Interrupted, choose, control, press, stored

OVERRIDDEN = "Your override is recorded too: accepted. Reason: Income proved by documents."


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
        page = open_register_page("application", refusal, way_in="client", new_taken=refusal)
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
        (warning,) = (each for each in page.main.warning if each.value.startswith(RECORDED))
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
