"""The page of reasons: in the service's words and numbers."""

import math

import pytest

from advisor import contributions
from advisor.client import Service
from advisor.errors import ModelChanged
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")


def signed(number: float) -> str:
    return EN.number(number, 3, sign=True)


def test_reasons_are_the_services(open_page: Open, asked: Service, refused: int):
    score = asked.score({"client": refused}, reasons=4)
    page = open_page("why", refused)
    said = words_of(page)
    assert score["reasons"]
    for reason in score["reasons"]:
        assert f"<li>{reason['text']} ({signed(reason['contribution'])} log-odds)" in said
        for feature in reason["features"]:
            assert f">{signed(feature['contribution'])}<" in said
    assert f"contribute {signed(score['other'])} log-odds" in said


def test_reasons_compare_with_whom_is_chosen(open_page: Open, asked: Service, refused: int):
    page = open_page("why", refused)
    page.main.radio(key="compare_with").set_value("all").run()
    score = asked.score({"client": refused}, reasons=4, compare="all")
    said = words_of(page)
    assert score["reasons"]
    for reason in score["reasons"]:
        assert f"<li>{reason['text']} ({signed(reason['contribution'])} log-odds)" in said


def test_the_waterfall_ends_at_the_clients_output(open_page: Open, asked: Service, accepted: int):
    score, explanation = asked.score({"client": accepted}), asked.explanation(accepted)
    margin = math.log(score["probability"] / (1 - score["probability"]))
    features = {feature["name"]: feature for feature in asked.features()}
    by_group: dict[str, float] = {}
    for name, value in zip(explanation["feat"], explanation["values"][0], strict=True):
        group = features[name]["group"]
        by_group[group] = by_group.get(group, 0) + value
    page = open_page("why", accepted)
    said = words_of(page)
    base, output = (EN.number(number, 3) for number in (explanation["base"][0], margin))
    assert f"expects {base} of anybody and gives this client {output}" in said
    table = said.partition('aria-label="Contribution of each theme"')[2].partition("</table>")[0]
    for group, value in by_group.items():
        assert f"{group}</th><td" in table
        assert f">{signed(value)}<" in table.partition(f"{group}</th>")[2].partition("</tr>")[0]
    assert all(sentence in said for sentence in pictures(page))
    assert len(pictures(page)) == 2


def test_a_theme_opens_into_its_features(open_page: Open, asked: Service, scores):
    client = next(c for c in scores if asked.record(c)["OWN_CAR_AGE"] is None)
    explanation = asked.explanation(client)
    values = dict(zip(explanation["feat"], explanation["values"][0], strict=True))
    page = open_page("why", client)
    page.main.selectbox(key="theme").set_value("Car").run()
    said = words_of(page)
    table = said.partition('aria-label="Features of the theme Car"')[2].partition("</table>")[0]
    for feature in asked.features():
        if feature["group"] == "Car":
            row = table.partition(feature["label"])[2].partition("</tr>")[0]
            assert f">{signed(values[feature['name']])}<" in row
    assert ">not known<" in table
    assert "Not known of this client: " in said


def test_importance_is_the_services(open_page: Open, asked: Service, refused: int):
    importance = asked.importance()
    whole = math.fsum(group["importance"] for group in importance["groups"])
    said = words_of(open_page("why", refused))
    for group in importance["groups"][:9]:
        assert f">{EN.percent(group['importance'] / whole, 1)}<" in said


def test_an_explanation_of_another_model_is_noticed(asked: Service, refused: int, accepted: int):
    with pytest.raises(ModelChanged):
        contributions.scale_of(asked.explanation(accepted), asked.score({"client": refused}))


def test_an_output_belongs_to_the_feature_that_it_has_its_name_from():
    features = ["NAME", "NAME_TYPE", "AMOUNT"]
    assert contributions.raw_feature("NAME_TYPE_Working", features) == "NAME_TYPE"
    assert contributions.raw_feature("AMOUNT", features) == "AMOUNT"
    assert contributions.raw_feature("pca0", features) is None


@pytest.mark.parametrize(
    ("probability", "output", "scale"),
    [(0.3, math.log(0.3 / 0.7), "log-odds"), (0.3, 0.3, "probability"), (1.0, 40.0, "log-odds")],
)
def test_what_an_explanation_is_in(probability: float, output: float, scale: str):
    explanation = {"base": [0.1], "values": [[output - 0.2, 0.1]], "feat": ["A", "B"], "data": []}
    assert contributions.scale_of(explanation, {"probability": probability}) == scale
