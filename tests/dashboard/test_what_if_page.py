"""The page of simulations: counterfactuals, the form's result, and the ICE curve."""

import json
import re
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formats import Words
from advisor.response_models import Application
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, press_calculate, text_of

EN = Words("en")
VERBS = {"up": "raised", "down": "lowered"}


class Suggestion(NamedTuple):
    """A counterfactual of a number, as the page writes it."""

    label: str
    verb: str
    value: float


def suggestions(page: AppTest) -> list[Suggestion]:
    found = re.findall(r"^([^<>\n]+): (raised|lowered) to (\S+)", text_of(page), re.MULTILINE)
    return [Suggestion(label, verb, float(value.replace(",", ""))) for label, verb, value in found]


@pytest.fixture(scope="module")
def two_way_client(api: ServiceApi) -> int:
    """An accepted client with a feature that would turn the decision in both directions."""
    for client in api.ids():
        found = api.counterfactuals(client)
        names = [each["feature"] for each in found["alternatives"]]
        if not found["prediction"] and len(names) > len(set(names)):
            return client
    raise AssertionError("no such client")


class TestCounterfactuals:
    @pytest.mark.parametrize("fixture", ["turnable_client", "two_way_client"])
    def test_a_shown_number_turns_the_decision_when_it_is_typed(
        self, open_page: PageOpener, api: ServiceApi, request, fixture: str
    ):
        client = request.getfixturevalue(fixture)
        exact = api.counterfactuals(client)
        names = {each["label"]: each["name"] for each in api.features()}
        shown = suggestions(open_page("what_if", client))
        assert len(shown) == len(exact["alternatives"]) > 0
        for (label, verb, value), each in zip(shown, exact["alternatives"], strict=True):
            assert (names[label], verb) == (each["feature"], VERBS[each["direction"]])
            assert len(f"{value:.6f}".rstrip("0").replace(".", "")) <= 7  # a person can type it
            changed = api.score({"client": client, "changes": {each["feature"]: value}})
            assert changed["prediction"] != exact["prediction"]

    def test_a_number_keeps_all_digits_if_few_do_not_turn_the_decision(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        turnable_client: int,
        monkeypatch: pytest.MonkeyPatch,
    ):
        score, unchanged = ServiceApi.score, {"client": turnable_client}
        monkeypatch.setattr(
            ServiceApi, "score", lambda self, _, **options: score(self, unchanged, **options)
        )
        shown = [each.value for each in suggestions(open_page("what_if", turnable_client))]
        exact = api.counterfactuals(turnable_client)["alternatives"]
        assert shown == [each["value"] for each in exact]

    def test_an_accepted_client_has_suggestions_and_no_result(
        self, open_page: PageOpener, accepted_client: int
    ):
        text = text_of(open_page("what_if", accepted_client))
        assert "Changes that would be refused" in text
        assert "With these values" not in text


class Tried(NamedTuple):
    """A suggestion that one click put into the form.

    Attributes:
        page: after the click.
        text: of the page before the click.
        feature: name of the changed feature.
        suggestion: as the page wrote it.
        application: the client with the change.
    """

    page: AppTest
    text: str
    feature: str
    suggestion: Suggestion
    application: Application


@pytest.fixture
def tried(open_page: PageOpener, api: ServiceApi, turnable_client: int) -> Tried:
    page = open_page("what_if", turnable_client)
    text, (first, *_) = text_of(page), suggestions(page)
    found = api.counterfactuals(turnable_client)["alternatives"][0]
    assert found["label"] == first.label
    application: Application = {
        "client": turnable_client,
        "changes": {found["feature"]: first.value},
    }
    page.main.button(key=f"try_{found['feature']}_{found['direction']}").click().run()
    return Tried(page, text, found["feature"], first, application)


class TestTriedSuggestion:
    def test_the_form_has_its_value(self, tried: Tried, turnable_client: int):
        control = tried.page.main.number_input(key=f"what_if_{turnable_client}_{tried.feature}")
        assert control.value == tried.suggestion.value

    def test_the_page_has_announced_its_score(self, tried: Tried, api: ServiceApi):
        assert f"(score {api.score(tried.application)['probability']:.4f})" in tried.text

    def test_it_is_accepted(self, tried: Tried):
        assert "**Accepted: " in text_of(tried.page)

    def test_figures_before_and_after_are_the_services(
        self, tried: Tried, api: ServiceApi, turnable_client: int
    ):
        text = text_of(tried.page)
        for application in ({"client": turnable_client}, tried.application):
            score = api.score(application)
            assert f">{score['probability']:.4f}<" in text
            assert f">{score['points']}<" in text
            assert f">{EN.percent(score['pd'], 1)}<" in text

    def test_the_reset_returns_to_the_clients_values(self, tried: Tried):
        tried.page.main.button(key="reset").click().run()
        assert "**Accepted: " not in text_of(tried.page)

    def test_the_curve_is_of_the_changed_application(
        self, tried: Tried, api: ServiceApi, turnable_client: int
    ):
        """It starts at the new value, where the decision turns back to refusal."""
        label, _, value = tried.suggestion
        tried.page.main.selectbox(key="curve").set_value(tried.feature).run()
        check_curve(tried.page, api, tried.application, tried.feature)
        before, after = (
            api.sensitivity(application, tried.feature)["probability"]
            for application in ({"client": turnable_client}, tried.application)
        )
        assert before != after
        assert f"{label} is {EN.quantity(value)}\u00a0currency" in text_of(tried.page)
        assert f"values of the form above. Changed features: {label}." in text_of(tried.page)

    def test_the_curve_of_another_feature_is_of_the_changed_application(
        self, tried: Tried, api: ServiceApi
    ):
        tried.page.main.selectbox(key="curve").set_value("EXT_SOURCE_2").run()
        check_curve(tried.page, api, tried.application, "EXT_SOURCE_2")


def test_features_that_follow_from_a_change_are_named(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    label = {feature["name"]: feature["label"] for feature in api.features()}
    income = api.record(refused_client)["AMT_INCOME_TOTAL"] * 2
    after = api.score({"client": refused_client, "changes": {"AMT_INCOME_TOTAL": income}})
    assert after["recomputed"]
    assert after["stale"]
    page = open_page("what_if", refused_client)
    page.main.number_input(key=f"what_if_{refused_client}_AMT_INCOME_TOTAL").set_value(income)
    press_calculate(page)
    text = text_of(page)
    for sentence, names in (("Recomputed from the changes", after["recomputed"]),
                            ("cannot be computed here", after["stale"])):  # fmt: skip
        assert f"{sentence}: {', '.join(label[name] for name in names)}." in text
    assert f">{after['probability']:.4f}<" in text


class TestCurve:
    @pytest.mark.parametrize("name", ["AMT_CREDIT", "CODE_GENDER_F"])
    def test_it_turns_where_the_service_says(
        self, open_page: PageOpener, api: ServiceApi, turnable_client: int, name: str
    ):
        page = open_page("what_if", turnable_client, curve=name)
        check_curve(page, api, {"client": turnable_client}, name)
        assert "The curve shows the client as they are." in text_of(page)

    def test_a_flag_turns_at_its_other_value(self, open_page: PageOpener, api: ServiceApi):
        """The service gives a value between 0 and 1, such as 0.648; no client can have it."""
        flags = [each["name"] for each in api.features() if each["kind"] == "flag"]
        turning = [
            (client, name)
            for client in api.ids()
            for name in flags
            if api.sensitivity({"client": client}, name)["flip"] is not None
        ]
        own = {(client, name): api.record(client)[name] for client, name in turning}
        assert {*own.values()} == {0.0, 1.0}
        for (client, name), value in own.items():
            page = open_page("what_if", client, curve=name)
            assert f"The decision turns at {'no' if value else 'yes'}." in text_of(page)
            changed = api.score({"client": client, "changes": {name: 1.0 - value}})
            assert changed["prediction"] != api.score({"client": client})["prediction"]

    def test_a_feature_without_known_values_has_no_curve(
        self,
        open_page: PageOpener,
        api: ServiceApi,
        refused_client: int,
        monkeypatch: pytest.MonkeyPatch,
    ):
        found = api.sensitivity({"client": refused_client}, "OWN_CAR_AGE")
        empty = {**found, "value": None, "steps": [], "flip": None}
        monkeypatch.setattr(ServiceApi, "sensitivity", lambda *_: empty)
        page = open_page("what_if", refused_client)
        assert chart_texts(page) == []
        assert " is not known, score " in text_of(page)


def check_curve(page: AppTest, api: ServiceApi, application: Application, name: str) -> None:
    """Compare the page's curve and sentences with the service's `/sensitivity`."""
    assert not page.exception
    found = api.sensitivity(application, name)
    text = text_of(page)
    if found["flip"] is None:
        assert "No value among known clients turns the decision." in text
    assert f"score {found['probability']:.4f}; refused from 0.5030 on." in text
    if name == "CODE_GENDER_F":
        for _, probability in found["steps"]:
            assert f">{probability:.4f}<" in text
        return
    spec = json.loads(page.get("vega_lite_chart")[-1].proto.spec)
    drawn, (threshold,), _, marks = (each["data"]["values"] for each in spec["layer"][:4])
    assert threshold["y"] == api.model()["threshold"]
    steps = dict(found["steps"])
    inner = [row for row in drawn[1:-1] if row["x"] in steps]
    assert len(inner) > 3
    assert all(row["y"] == steps[row["x"]] for row in inner)
    expected_marks = {"now": found["value"], "turns here": found["flip"]}
    assert {mark["text"]: mark["x"] for mark in marks} == {
        text: value for text, value in expected_marks.items() if value is not None
    }
    assert chart_texts(page)[-1] in text
    if found["flip"] is not None:  # the written number has turned, too
        number = float(re.findall(r"The decision turns at ([\d,.]*\d)", text)[0].replace(",", ""))
        changes = {**application.get("changes", {}), name: number}
        changed = api.score({**application, "changes": changes})
        assert changed["prediction"] != api.score(application)["prediction"]
