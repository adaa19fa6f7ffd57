"""The ICE curve of the page of simulations: its chart, and all turning points in its text."""

import json
import re
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest

from advisor.service_client.response_models import Application
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, text_of
from tests.dashboard.simulation.simulate_page import LOAN, NUMBER, allowed


@pytest.fixture
def offer(api: ServiceApi, turnable_client: int) -> Application:
    """A refused client with a change that is accepted."""
    change = allowed(api, turnable_client)[0]
    return {"client": turnable_client, "changes": {change["feature"]: change["value"]}}


@pytest.fixture
def offer_page(open_page: PageOpener, offer: Application) -> AppTest:
    """The page that a link with the change opens."""
    return open_page("simulate", offer["client"], changes=offer["changes"])


class TestCurve:
    def test_it_is_of_the_changed_feature_and_application(
        self, offer_page: AppTest, api: ServiceApi, offer: Application
    ):
        """It starts at the new value, where the decision turns back to refusal."""
        (name,) = offer["changes"]
        assert offer_page.main.selectbox(key="simulate_curve").value == name
        check_curve(offer_page, api, offer, name)

    def test_the_curve_of_another_feature_is_of_the_changed_application(
        self, offer_page: AppTest, api: ServiceApi, offer: Application
    ):
        offer_page.main.selectbox(key="simulate_curve").set_value("EXT_SOURCE_2").run()
        check_curve(offer_page, api, offer, "EXT_SOURCE_2")

    @pytest.mark.parametrize("name", [LOAN, "CODE_GENDER_F"])
    def test_it_turns_where_the_service_says(
        self, open_page: PageOpener, api: ServiceApi, turnable_client: int, name: str
    ):
        page = open_page("simulate", turnable_client, simulate_curve=name)
        check_curve(page, api, {"client": turnable_client}, name)

    def test_a_flag_says_the_decision_at_each_value(self, open_page: PageOpener, api: ServiceApi):
        """The service gives a value between 0 and 1, such as 0.648; no client can have it."""
        flags = [each["name"] for each in api.features() if each["kind"] == "flag"]
        turning = [
            (client, name)
            for client in api.ids()
            for name in flags
            if api.sensitivity({"client": client}, name)["flip"] is not None
        ]
        assert {api.record(client)[name] for client, name in turning} == {0.0, 1.0}
        for client, name in turning:
            accepted, refused = (
                "yes" if value else "no"
                for value in sorted(
                    (0.0, 1.0),
                    key=lambda value: api.score({"client": client, "changes": {name: value}})[
                        "prediction"
                    ],
                )
            )
            page = open_page("simulate", client, simulate_curve=name)
            assert f"Accepted: {accepted}. Refused: {refused}." in text_of(page)

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
        page = open_page("simulate", refused_client)
        assert chart_texts(page) == []
        assert " is not known: risk score " in text_of(page)


def check_curve(page: AppTest, api: ServiceApi, application: Application, name: str) -> None:
    """Compare the page's curve and sentences with the service's `/sensitivity`."""
    assert not page.exception
    found, limit = api.sensitivity(application, name), api.model()["threshold"]
    text = text_of(page)
    if found["flip"] is None:
        assert "No value among known clients turns the decision." in text
    if name == "CODE_GENDER_F":
        for _, probability in found["steps"]:
            assert f">{100 * probability:.1f}<" in text
        return
    spec = json.loads(page.get("vega_lite_chart")[-1].proto.spec)
    drawn, (threshold,), _, marks = (each["data"]["values"] for each in spec["layer"][:4])
    assert threshold["y"] == 100 * limit
    steps = dict(found["steps"])
    inner = [row for row in drawn[1:-1] if row["x"] in steps]
    assert len(inner) > 3
    assert all(row["y"] == 100 * steps[row["x"]] for row in inner)
    expected_marks = {"now": found["value"], "turns here": found["flip"]}
    assert {mark["text"]: mark["x"] for mark in marks} == {
        text: value for text, value in expected_marks.items() if value is not None
    }
    assert chart_texts(page)[-1] in text
    known = [probability for value, probability in found["steps"] if value is not None]
    turns = sum((one >= limit) != (other >= limit) for one, other in pairwise(known))
    if turns:  # each end of an accepted stretch is written, and is accepted when it is typed
        (accepted,) = re.findall(r"\. Accepted (.*?)\. Refused otherwise\.", text)[:1]
        ends = [float(each.replace(",", "")) for each in re.findall(NUMBER, accepted)]
        assert len(ends) == turns
        for end in ends:
            changes = {**application.get("changes", {}), name: end}
            assert not api.score({**application, "changes": changes})["prediction"]
