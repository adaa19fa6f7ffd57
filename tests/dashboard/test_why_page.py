"""The page of explanations: reasons, waterfall and importance are the service's."""

import math
from typing import Any

import pytest

from advisor import themes
from advisor.errors import ModelChanged
from advisor.formats import Words
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, text_of

EN = Words("en")


def signed(number: float) -> str:
    return EN.number(number, 3, sign=True)


def table(text: str, caption: str) -> str:
    """The HTML of a table, in the text of a page."""
    return text.partition(f'aria-label="{caption}"')[2].partition("</table>")[0]


def check_reasons(text: str, score: dict[str, Any]) -> None:
    """The text of a page lists each of a score's reasons."""
    assert score["reasons"]
    for reason in score["reasons"]:
        assert f"<li>{reason['text']} ({signed(reason['contribution'])} log-odds)" in text


def test_reasons_are_the_services(open_page: PageOpener, api: ServiceApi, refused_client: int):
    score = api.score({"client": refused_client}, reasons=4)
    text = text_of(open_page("why", refused_client))
    check_reasons(text, score)
    for reason in score["reasons"]:
        for feature in reason["features"]:
            assert f">{signed(feature['contribution'])}<" in text
    assert f"contribute {signed(score['other'])} log-odds" in text


def test_reasons_follow_the_choice_of_peers(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    page = open_page("why", refused_client)
    page.main.radio(key="compare_with").set_value("all").run()
    check_reasons(text_of(page), api.score({"client": refused_client}, reasons=4, compare="all"))


def test_the_waterfall_ends_at_the_clients_log_odds(
    open_page: PageOpener, api: ServiceApi, accepted_client: int
):
    score, shap = api.score({"client": accepted_client}), api.shap_values(accepted_client)
    margin = math.log(score["probability"] / (1 - score["probability"]))
    page = open_page("why", accepted_client)
    text = text_of(page)
    base, output = (EN.number(number, 3) for number in (shap["base"][0], margin))
    assert f"The average client has {base} and this client has {output};" in text
    assert all(sentence in text for sentence in chart_texts(page))
    assert len(chart_texts(page)) == 2


def test_the_waterfalls_table_has_every_theme(
    open_page: PageOpener, api: ServiceApi, accepted_client: int
):
    shap = api.shap_values(accepted_client)
    theme_by_feature = {feature["name"]: feature["group"] for feature in api.features()}
    contributions: dict[str, float] = {}
    for name, value in zip(shap["feat"], shap["values"][0], strict=True):
        theme = theme_by_feature[name]
        contributions[theme] = contributions.get(theme, 0) + value
    rows = table(text_of(open_page("why", accepted_client)), "Contribution of each theme")
    for theme, value in contributions.items():
        assert f"{theme}</th><td" in rows
        assert f">{signed(value)}<" in rows.partition(f"{theme}</th>")[2].partition("</tr>")[0]


def test_a_theme_has_a_table_of_its_features(
    open_page: PageOpener, api: ServiceApi, client_without_car: int
):
    shap = api.shap_values(client_without_car)
    values = dict(zip(shap["feat"], shap["values"][0], strict=True))
    page = open_page("why", client_without_car)
    page.main.selectbox(key="theme").set_value("Car").run()
    rows = table(text_of(page), "Features of the theme Car")
    for feature in api.features():
        if feature["group"] == "Car":
            row = rows.partition(feature["label"])[2].partition("</tr>")[0]
            assert f">{signed(values[feature['name']])}<" in row
    assert ">not known<" in rows
    assert "Not known for this client: " in text_of(page)


def test_importance_is_the_services(open_page: PageOpener, api: ServiceApi, refused_client: int):
    importance = api.importance()
    total = math.fsum(each["importance"] for each in importance["groups"])
    text = text_of(open_page("why", refused_client))
    for each in importance["groups"][:9]:
        assert f">{EN.percent(each['importance'] / total, 1)}<" in text


def test_shap_values_of_another_model_are_refused(
    api: ServiceApi, refused_client: int, accepted_client: int
):
    with pytest.raises(ModelChanged):
        themes.scale_of(api.shap_values(accepted_client), api.score({"client": refused_client}))


@pytest.mark.parametrize(
    ("output", "feature"),
    [("NAME_TYPE_Working", "NAME_TYPE"), ("AMOUNT", "AMOUNT"), ("pca0", None)],
)
def test_an_output_of_the_transformer_is_named_after_its_feature(output: str, feature: str | None):
    assert themes.raw_feature(output, ["NAME", "NAME_TYPE", "AMOUNT"]) == feature


@pytest.mark.parametrize(
    ("probability", "output", "scale"),
    [(0.3, math.log(0.3 / 0.7), "log-odds"), (0.3, 0.3, "probability"), (1.0, 40.0, "log-odds")],
)
def test_the_scale_of_shap_values(probability: float, output: float, scale: str):
    shap = {"base": [0.1], "values": [[output - 0.2, 0.1]], "feat": ["A", "B"]}
    score = {"probability": probability, "contributions_in": scale}
    assert themes.scale_of(shap, score) == scale


def test_a_margin_has_no_sum_to_compare_with():
    shap = {"base": [12.0], "values": [[3.0]], "feat": ["A"]}
    score = {"probability": 0.3, "contributions_in": "margin"}
    assert themes.scale_of(shap, score) == "margin"
