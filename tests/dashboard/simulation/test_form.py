"""The form of the page of simulations: fields, sliders, refusals and the address."""

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.service_client.errors import Refused
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, Record, Score
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.simulation.simulate_page import (
    INCOME,
    LOAN,
    changes_in_address,
    control_key,
    slider_key,
)

EN = Words("en")
MOST_SHOWN = 12


def test_a_link_with_changes_opens_on_its_result(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    changes: Record = {LOAN: 123_456.75, INCOME: 300_000.0}
    page = open_page("simulate", refused_client, changes=changes)
    assert decision.verdict(
        EN, api.score({"client": refused_client, "changes": changes})
    ) in text_of(page)
    for name, value in changes.items():
        assert page.main.number_input(key=control_key(refused_client, name)).value == value


def test_back_in_the_history_undoes_a_change(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    page = open_page("simulate", refused_client)
    field = page.main.number_input(key=control_key(refused_client, LOAN))
    own = field.value
    field.set_value(200_000.0).run()
    assert changes_in_address(page) == {LOAN: 200_000.0}
    del page.query_params["changes"]
    page.run()
    assert page.main.number_input(key=control_key(refused_client, LOAN)).value == own
    assert "With the changes" not in text_of(page)


def test_a_moved_slider_changes_its_field(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    page = open_page("simulate", refused_client)
    page.main.slider(key=slider_key(refused_client, LOAN)).set_value(300_000.0).run()
    assert page.main.number_input(key=control_key(refused_client, LOAN)).value == 300_000.0
    after = api.score({"client": refused_client, "changes": {LOAN: 300_000.0}})
    assert decision.verdict(EN, after) in text_of(page)
    assert page.main.selectbox(key="simulate_curve").value == LOAN


def test_a_slider_covers_the_reference_population(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    page = open_page("simulate", refused_client)
    for feature in api.features():
        if feature["change"] == "none":
            continue
        slider = page.main.slider(key=slider_key(refused_client, feature["name"]))
        classes = feature["class0"]["quantiles"], feature["class1"]["quantiles"]
        low, high = min(each["0"] for each in classes), max(each["100"] for each in classes)
        assert 0 <= slider.min - low < slider.step
        assert 0 <= high - slider.max < slider.step
        assert 200 <= (high - low) / slider.step < 2000


@pytest.mark.parametrize("value", [-5.0, 1e30, 0.0])
def test_an_impossible_value_is_refused_at_its_field(
    open_page: PageOpener,
    api: ServiceApi,
    refused_client: int,
    sent_applications: list[Application],
    value: float,
):
    page = open_page("simulate", refused_client)
    page.main.number_input(key=control_key(refused_client, LOAN)).set_value(value).run()
    text = text_of(page)
    loan = next(each for each in api.features() if each["name"] == LOAN)
    classes = loan["class0"]["quantiles"], loan["class1"]["quantiles"]
    low, high = min(each["0"] for each in classes), max(each["100"] for each in classes)
    written = f"from {low:,.0f} to {high:,.0f}\u00a0currency"
    assert f"{loan['label']}: enter a number {written}" in text
    assert "Correct the marked value." in text
    assert "With the changes" not in text
    assert changes_in_address(page) == {}
    assert value not in [
        each for sent in sent_applications for each in sent.get("changes", {}).values()
    ]


def test_an_emptied_field_is_asked_for(open_page: PageOpener, api: ServiceApi, refused_client: int):
    page = open_page("simulate", refused_client)
    page.main.number_input(key=control_key(refused_client, LOAN)).set_value(None).run()
    label = next(each["label"] for each in api.features() if each["name"] == LOAN)
    assert f"Enter a value: {label}" in text_of(page)


def test_input_survives_a_change_of_language(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    page = open_page("simulate", refused_client)
    key = control_key(refused_client, LOAN)
    page.main.number_input(key=key).set_value(-5.0).run()
    page.main.number_input(key=control_key(refused_client, INCOME)).set_value(2e5).run()
    page.main.radio(key="language").set_value("fr").run()
    assert "saisissez un nombre de" in text_of(page)
    page.main.number_input(key=key).set_value(250_000.0).run()
    expected = {LOAN: 250_000.0, INCOME: 2e5}
    assert changes_in_address(page) == expected
    after = api.score({"client": refused_client, "changes": expected})
    assert decision.verdict(Words("fr"), after) in text_of(page)


def test_features_that_follow_from_a_change_are_named(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    label = {feature["name"]: feature["label"] for feature in api.features()}
    changes: Record = {INCOME: 400_000.0}
    after = api.score({"client": refused_client, "changes": changes})
    assert after["recomputed"]
    assert after["stale"]
    text = text_of(open_page("simulate", refused_client, changes=changes))
    for sentence, names in (("Recomputed from the changes", after["recomputed"]),
                            ("cannot be computed here", after["stale"])):  # fmt: skip
        assert f"{sentence}: {', '.join(label[name] for name in names)}." in text


def test_changes_that_the_service_refuses_are_told(
    open_page: PageOpener,
    api: ServiceApi,
    refused_client: int,
    monkeypatch: pytest.MonkeyPatch,
):
    score = ServiceApi.score

    def refusing(self: ServiceApi, application: Application, *args, **options) -> Score:
        if application.get("changes") == {LOAN: 200_000.0}:
            raise Refused("no loan of 200000")
        return score(self, application, *args, **options)

    monkeypatch.setattr(ServiceApi, "score", refusing)
    page = open_page("simulate", refused_client, changes={LOAN: 200_000.0})
    text = text_of(page)
    assert "no loan of 200000" in text
    assert "Correct the marked value." in text
    assert "With the changes" not in text
    assert decision.verdict(EN, api.score({"client": refused_client})) in text


@pytest.fixture
def changeable(api: ServiceApi, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All features, of which each may change; the most important ones first."""
    features = {each["name"]: {**each, "change": "any"} for each in api.features()}
    monkeypatch.setattr(PinnedService, "feature_by_name", features)
    return [each["name"] for each in api.importance()["features"]]


def shown_features(page: AppTest, client: int) -> set[str]:
    """The features whose control is on the page."""
    prefix = control_key(client, "")
    controls = [*page.main.number_input, *page.main.selectbox]
    return {each.key.removeprefix(prefix) for each in controls if each.key.startswith(prefix)}


def test_of_many_changeable_features_the_most_important_are_shown(
    open_page: PageOpener, refused_client: int, changeable: list[str]
):
    assert len(changeable) > MOST_SHOWN + 2
    page = open_page("simulate", refused_client)
    assert shown_features(page, refused_client) == {*changeable[:MOST_SHOWN]}
    page.main.multiselect(key="simulate_more").set_value([changeable[-1]]).run()
    assert shown_features(page, refused_client) == {*changeable[:MOST_SHOWN], changeable[-1]}


def test_a_changed_feature_is_shown(
    open_page: PageOpener, api: ServiceApi, refused_client: int, changeable: list[str]
):
    number = next(
        each
        for each in api.features()
        if each["name"] in changeable[MOST_SHOWN:] and each["kind"] == "number"
    )
    changes: Record = {number["name"]: number["class0"]["quantiles"]["25"]}
    page = open_page("simulate", refused_client, changes=changes)
    shown = {*changeable[:MOST_SHOWN], number["name"]}
    assert shown_features(page, refused_client) == shown
