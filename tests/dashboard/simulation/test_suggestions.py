"""Suggestions of the page of simulations, and the page after one of them is tried."""

from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words, rounded
from advisor.service_client.response_models import Application, Record, Score
from advisor.service_client.service_api import ServiceApi
from advisor.simulation import suggestions as page_suggestions
from advisor.statements import decision
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.simulation.simulate_page import (
    INCOME,
    LOAN,
    allowed,
    changes_in_address,
    control_key,
    slider_key,
    suggestions,
)

EN = Words("en")


@pytest.fixture(autouse=True)
def _no_cached_suggestions() -> None:
    """Forget the suggestions of other tests, whose service may have been another one."""
    page_suggestions.cached_suggestions.clear()


@pytest.fixture(scope="module")
def two_way_client(api: ServiceApi) -> int:
    """An accepted client with a feature that would turn the decision in both directions."""
    for client in api.ids():
        found = api.counterfactuals(client)
        names = [each["feature"] for each in found["alternatives"]]
        if not found["prediction"] and len(names) > len(set(names)):
            return client
    raise AssertionError("no such client")


def verdict(score: Score) -> str:
    return decision.verdict(EN, score)


class TestSuggestions:
    @pytest.mark.parametrize("fixture", ["turnable_client", "two_way_client"])
    def test_a_shown_number_turns_the_decision_when_it_is_typed(
        self, open_page: PageOpener, api: ServiceApi, request, fixture: str
    ):
        client = request.getfixturevalue(fixture)
        exact = allowed(api, client)
        decided = api.score({"client": client})["prediction"]
        labels = {each["name"]: each["label"] for each in api.features()}
        own = api.record(client)
        shown = suggestions(open_page("simulate", client))
        assert len(shown) == len(exact) > 0
        for (label, value, icon, risk, limit), each in zip(shown, exact, strict=True):
            name = each["feature"]
            assert label == labels[name]
            assert (value > own[name]) == (each["direction"] == "up")
            assert len(f"{value:.6f}".rstrip("0").replace(".", "")) <= 7  # a person can type it
            after = api.score({"client": client, "changes": {name: value}})
            assert after["prediction"] != decided
            assert icon == ("✖" if after["prediction"] else "✔")
            assert float(risk) == pytest.approx(100 * after["probability"], abs=0.5)
            written = decision.risk_texts(EN, after["threshold"], after["probability"])
            is_usual = written[1] == decision.risk_texts(EN, after["threshold"])[0]
            assert [risk, limit] == [written[0], None if is_usual else written[1]]

    def test_a_number_keeps_all_digits_if_few_do_not_turn_the_decision(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        turnable_client: int,
        monkeypatch: pytest.MonkeyPatch,
    ):
        exact: list[Record] = [
            {each["feature"]: each["value"]} for each in allowed(api, turnable_client)
        ]
        score = ServiceApi.score

        def only_exact(self: ServiceApi, application: Application, *args, **options) -> Score:
            """A service at which no other change than the exact ones turns the decision."""
            if application.get("changes") not in exact:
                application = {"client": turnable_client}
            return score(self, application, *args, **options)

        monkeypatch.setattr(ServiceApi, "score", only_exact)
        page = open_page("simulate", turnable_client, "fr")  # no other test has cached these
        tried = []
        for at in range(len(exact)):
            page.main.button(key=f"try_{at}").click().run()
            tried.append(changes_in_address(page))
        assert tried == exact

    def test_the_share_of_clients_between_is_the_services(
        self, open_page: PageOpener, api: ServiceApi, turnable_client: int
    ):
        text = text_of(open_page("simulate", turnable_client))
        for each in allowed(api, turnable_client):
            assert f"{EN.percent(each['moved'], 1)} of clients lie between." in text

    def test_an_accepted_client_has_suggestions_and_no_result(
        self, open_page: PageOpener, accepted_client: int
    ):
        page = open_page("simulate", accepted_client)
        text = text_of(page)
        assert "What would be refused" in text
        assert "With the changes" not in text
        assert page.main.button(key="reset").disabled

    def test_two_changes_are_suggested_if_one_is_not_enough(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        turnable_client: int,
        monkeypatch: pytest.MonkeyPatch,
    ):
        """No client of the few needs two changes, so a pair is put into the service's response."""
        loan, income = api.record(turnable_client)[LOAN], api.record(turnable_client)[INCOME]
        labels = {each["name"]: each["label"] for each in api.features()}
        exact: Record = {LOAN: loan / 3 + 0.001, INCOME: income * 1.5 + 0.001}
        parts = [
            {"feature": name, "label": labels[name], "direction": direction,
             "value": exact[name], "moved": moved}
            for name, direction, moved in ((LOAN, "down", 0.25), (INCOME, "up", 0.5))
        ]  # fmt: skip
        pair = {"changes": parts, "probability": 0.4, "moved": 0.75}
        none = {**api.counterfactuals(turnable_client), "alternatives": []}
        model = api.model()["sha256"]["model.joblib"]
        pairs = {"prediction": 1, "combinations": [pair], "exact": True, "model": model}
        monkeypatch.setattr(ServiceApi, "counterfactuals", lambda *_: none)
        monkeypatch.setattr(ServiceApi, "combinations", lambda *_: pairs)
        page = open_page("simulate", turnable_client, compare_with="all")
        text = text_of(page)
        assert "No single change is enough. Both changes of a line are needed." in text
        assert "25.0\u00a0% and 50.0\u00a0% of clients lie between." in text
        page.main.button(key="try_0").click().run()
        changes = changes_in_address(page)
        expected = {LOAN: rounded(exact[LOAN], up=False), INCOME: rounded(exact[INCOME], up=True)}
        after = api.score({"client": turnable_client, "changes": expected})
        assert changes == (exact if after["prediction"] else expected)
        assert verdict(api.score({"client": turnable_client, "changes": changes})) in text_of(page)


class Tried(NamedTuple):
    """A suggestion that one click put into the form.

    Attributes:
        page: after the click.
        feature: name of the changed feature.
        value: its suggested value.
        application: the client with the change.
    """

    page: AppTest
    feature: str
    value: float
    application: Application


@pytest.fixture
def tried(open_page: PageOpener, api: ServiceApi, turnable_client: int) -> Tried:
    page = open_page("simulate", turnable_client)
    first, *_ = suggestions(page)
    feature = api.counterfactuals(turnable_client)["alternatives"][0]["feature"]
    changes: Record = {feature: first.value}
    page.main.button(key="try_0").click().run()
    return Tried(page, feature, first.value, {"client": turnable_client, "changes": changes})


class TestTriedSuggestion:
    def test_field_slider_and_address_have_its_value(self, tried: Tried, turnable_client: int):
        page, name, value, _ = tried
        assert page.main.number_input(key=control_key(turnable_client, name)).value == value
        slider = page.main.slider(key=slider_key(turnable_client, name))
        assert slider.value == pytest.approx(value, abs=slider.step)
        assert changes_in_address(page) == {name: value}

    def test_before_and_after_are_the_services(
        self, tried: Tried, api: ServiceApi, turnable_client: int
    ):
        text = text_of(tried.page)
        scores = [api.score({"client": turnable_client}), api.score(tried.application)]
        assert [score["prediction"] for score in scores] == [1, 0]
        for score in scores:
            assert verdict(score) in text
            assert f"Points (more is better): {score['points']}" in text
            assert f"Grade: {score['grade']}" in text

    def test_an_accepted_offer_has_a_letter(self, tried: Tried):
        links = {link.proto.label: link.proto for link in tried.page.get("page_link")}
        (offer,) = (each for label, each in links.items() if label == "Keep this offer: letter")
        assert tried.feature in offer.query_string

    def test_the_reset_returns_to_the_clients_values(
        self, tried: Tried, api: ServiceApi, turnable_client: int
    ):
        tried.page.main.button(key="reset").click().run()
        field = tried.page.main.number_input(key=control_key(turnable_client, tried.feature))
        assert field.value == api.record(turnable_client)[tried.feature]
        assert changes_in_address(tried.page) == {}
        assert "With the changes" not in text_of(tried.page)
