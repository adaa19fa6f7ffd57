"""The page of what-ifs: what would be accepted is tried by one click, and is accepted."""

import json
import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.client import Service
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")
TO = {"up": "raised", "down": "lowered"}


def labels(asked: Service) -> dict[str, str]:
    """The names of features by their labels."""
    return {each["label"]: each["name"] for each in asked.features()}


@pytest.fixture(scope="module")
def movable(asked: Service) -> int:
    """An accepted client with a feature that turns the decision in both directions."""
    for client in asked.ids():
        found = asked.alternatives(client)
        names = [each["feature"] for each in found["alternatives"]]
        if not found["prediction"] and len(names) > len(set(names)):
            return client
    raise AssertionError("nobody")


def offers(page: AppTest) -> list[tuple[str, str, float]]:
    """What the page suggests: label, where to, and the number as it is written there."""
    found = re.findall(r"^([^<>\n]+): (raised|lowered) to (\S+)", words_of(page), re.MULTILINE)
    return [(label, to, float(number.replace(",", ""))) for label, to, number in found]


def test_a_suggestion_is_tried_by_one_click_and_accepted(
    open_page: Open, asked: Service, turned: int
):
    (label, _, number), *_ = offers(page := open_page("what_if", turned))
    found = asked.alternatives(turned)["alternatives"][0]
    assert found["label"] == label
    changes = {found["feature"]: number}
    after = asked.score({"client": turned, "changes": changes})
    assert f"(score {after['probability']:.4f})" in words_of(page)
    page.main.button(key=f"try_{found['feature']}_{found['direction']}").click().run()
    control = page.main.number_input(key=f"what_if_{turned}_{found['feature']}")
    assert control.value == number
    said = words_of(page)
    before = asked.score({"client": turned})
    for figure in (before, after):
        assert f">{figure['probability']:.4f}<" in said
        assert f">{figure['points']}<" in said
        assert f">{EN.percent(figure['pd'], 1)}<" in said
    assert "**Accepted: " in said
    page.main.button(key="reset").click().run()
    assert "**Accepted: " not in words_of(page)


@pytest.mark.parametrize("which", ["turned", "movable"])
def test_a_number_that_is_shown_turns_the_decision_when_it_is_typed(
    open_page: Open, asked: Service, request, which: str
):
    client = request.getfixturevalue(which)
    exact, names = asked.alternatives(client), labels(asked)
    shown = offers(open_page("what_if", client))
    assert len(shown) == len(exact["alternatives"]) > 0
    for (label, to, number), each in zip(shown, exact["alternatives"], strict=True):
        assert (names[label], to) == (each["feature"], TO[each["direction"]])
        assert len(f"{number:.6f}".rstrip("0").replace(".", "")) <= 7  # a person can type it
        turned = asked.score({"client": client, "changes": {each["feature"]: number}})
        assert turned["prediction"] != exact["prediction"]


def test_where_few_digits_do_not_turn_the_decision_all_are_shown(
    open_page: Open, asked: Service, turned: int, monkeypatch: pytest.MonkeyPatch
):
    score = Service.score
    monkeypatch.setattr(Service, "score", lambda self, _, *more: score(self, as_is, *more))
    as_is = {"client": turned}
    shown = [number for *_, number in offers(open_page("what_if", turned))]
    assert shown == [each["value"] for each in asked.alternatives(turned)["alternatives"]]


def test_what_follows_is_said(open_page: Open, asked: Service, refused: int):
    label = {feature["name"]: feature["label"] for feature in asked.features()}
    income = asked.record(refused)["AMT_INCOME_TOTAL"] * 2
    after = asked.score({"client": refused, "changes": {"AMT_INCOME_TOTAL": income}})
    assert after["recomputed"]
    assert after["stale"]
    page = open_page("what_if", refused)
    page.main.number_input(key=f"what_if_{refused}_AMT_INCOME_TOTAL").set_value(income)
    page.main.button[-2].click().run()
    said = words_of(page)
    for which, names in (("Recomputed from the changes", after["recomputed"]),
                         ("cannot be computed here", after["stale"])):  # fmt: skip
        assert f"{which}: {', '.join(label[name] for name in names)}." in said
    assert f">{after['probability']:.4f}<" in said


@pytest.mark.parametrize("which", ["AMT_CREDIT", "CODE_GENDER_F"])
def test_the_curve_turns_where_the_service_says(
    open_page: Open, asked: Service, turned: int, which: str
):
    page = open_page("what_if", turned, curve=which)
    check_curve(page, asked, {"client": turned}, which)
    assert "The curve is of the client as they are." in words_of(page)


def test_the_curve_is_of_the_application_as_changed(open_page: Open, asked: Service, turned: int):
    """After the suggestion is tried, it begins at the new value and turns back to refusal."""
    (label, _, number), *_ = offers(page := open_page("what_if", turned))
    found, *_ = asked.alternatives(turned)["alternatives"]
    name = found["feature"]
    page.main.button(key=f"try_{name}_{found['direction']}").click().run()
    page.main.selectbox(key="curve").set_value(name).run()
    changed = {"client": turned, "changes": {name: number}}
    check_curve(page, asked, changed, name)
    as_is, after = (asked.sensitivity(a, name) for a in ({"client": turned}, changed))
    assert as_is["probability"] != after["probability"]
    assert f"{label} is {EN.quantity(number)}\u00a0currency" in words_of(page)
    assert f"the values of the form above, which differ in: {label}." in words_of(page)
    page.main.selectbox(key="curve").set_value("EXT_SOURCE_2").run()  # another feature's, too
    check_curve(page, asked, changed, "EXT_SOURCE_2")


def test_a_flag_turns_at_its_other_value(open_page: Open, asked: Service):
    """The service gives a place between: 0.648, where both 0 and 1 are on a side of their own."""
    flags = [each["name"] for each in asked.features() if each["kind"] == "flag"]
    turning = [
        (client, name)
        for client in asked.ids()
        for name in flags
        if asked.sensitivity({"client": client}, name)["flip"] is not None
    ]
    own = {(client, name): asked.record(client)[name] for client, name in turning}
    assert {*own.values()} == {0.0, 1.0}
    for (client, name), value in own.items():
        page = open_page("what_if", client, curve=name)
        assert f"The decision turns at {'no' if value else 'yes'}." in words_of(page)
        changed = {"client": client, "changes": {name: 1.0 - value}}
        assert asked.score(changed)["prediction"] != asked.score({"client": client})["prediction"]


def check_curve(page: AppTest, asked: Service, application: Any, name: str) -> None:
    """What the page says of a curve is what the service says."""
    assert not page.exception
    found = asked.sensitivity(application, name)
    said = words_of(page)
    if found["flip"] is None:
        assert "No value among known clients turns the decision." in said
    assert f"score {found['probability']:.4f}; refused from 0.5030 on." in said
    if name == "CODE_GENDER_F":
        for _, probability in found["steps"]:
            assert f">{probability:.4f}<" in said
        return
    picture = json.loads(page.get("vega_lite_chart")[-1].proto.spec)
    drawn, (threshold,), _, marks = (each["data"]["values"] for each in picture["layer"][:4])
    assert threshold["y"] == asked.model()["threshold"]
    steps = dict(found["steps"])
    inner = [row for row in drawn[1:-1] if row["x"] in steps]
    assert len(inner) > 3
    assert all(row["y"] == steps[row["x"]] for row in inner)
    places = {"now": found["value"], "turns here": found["flip"]}
    assert {mark["text"]: mark["x"] for mark in marks} == {
        text: place for text, place in places.items() if place is not None
    }
    assert pictures(page)[-1] in said
    if found["flip"] is not None:  # and the number that is written has turned
        number = float(re.findall(r"The decision turns at ([\d,.]*\d)", said)[0].replace(",", ""))
        changes = {**application.get("changes", {}), name: number}
        there = asked.score({**application, "changes": changes})
        assert there["prediction"] != asked.score(application)["prediction"]


def test_nothing_is_calculated_before_a_value_is_another(
    open_page: Open, asked: Service, accepted: int
):
    said = words_of(open_page("what_if", accepted))
    assert "How far it may go and still be accepted" in said
    assert "With these values" not in said


def test_a_feature_that_nobody_has_a_value_of_has_no_curve(
    open_page: Open, asked: Service, refused: int, monkeypatch: pytest.MonkeyPatch
):
    found = asked.sensitivity({"client": refused}, "OWN_CAR_AGE")
    none = {**found, "value": None, "steps": [], "flip": None}
    monkeypatch.setattr(Service, "sensitivity", lambda *_: none)
    page = open_page("what_if", refused)
    assert pictures(page) == []
    assert " is not known, score " in words_of(page)
