"""The page of what-ifs: what would be accepted is tried by one click, and is accepted."""

import pytest

from advisor.client import Service
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")


def test_a_suggestion_is_tried_by_one_click_and_accepted(
    open_page: Open, asked: Service, turned: int
):
    found = asked.alternatives(turned)["alternatives"][0]
    changes = {found["feature"]: found["value"]}
    after = asked.score({"client": turned, "changes": changes})
    assert (after["prediction"], after["probability"]) == (0, found["probability"])
    page = open_page("what_if", turned)
    assert f"(score {found['probability']:.4f})" in words_of(page)
    page.main.button(key=f"try_{found['feature']}").click().run()
    control = page.main.number_input(key=f"what_if_{turned}_{found['feature']}")
    assert control.value == found["value"]
    said = words_of(page)
    before = asked.score({"client": turned})
    for figure in (before, after):
        assert f">{figure['probability']:.4f}<" in said
        assert f">{figure['points']}<" in said
        assert f">{EN.percent(figure['pd'], 1)}<" in said
    assert "**Accepted: " in said
    page.main.button(key="reset").click().run()
    assert "**Accepted: " not in words_of(page)


def test_what_follows_is_said(open_page: Open, asked: Service, refused: int):
    labels = {feature["name"]: feature["label"] for feature in asked.features()}
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
        assert f"{which}: {', '.join(labels[name] for name in names)}." in said
    assert f">{after['probability']:.4f}<" in said


@pytest.mark.parametrize("which", ["AMT_CREDIT", "CODE_GENDER_F"])
def test_the_curve_turns_where_the_service_says(
    open_page: Open, asked: Service, turned: int, which: str
):
    found = asked.sensitivity({"client": turned}, which)
    feature = next(feature for feature in asked.features() if feature["name"] == which)
    page = open_page("what_if", turned)
    page.main.selectbox(key="curve").set_value(which).run()
    assert not page.exception
    said = words_of(page)
    if found["flip"] is None:
        assert "No value among known clients turns the decision." in said
    else:
        assert f"The decision turns at {EN.of(feature, found['flip'])}." in said
    assert f"score {found['probability']:.4f}; refused from 0.5030 on." in said
    if feature["kind"] == "number":
        assert pictures(page)[-1] in said
    else:
        for _, probability in found["steps"]:
            assert f">{probability:.4f}<" in said


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
