"""The page of reasons: themes against and for the client, with the numbers of one response."""

import json
import re
from html import unescape
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.service_client.response_models import Compare, Reason
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision, effects, reasons
from advisor.why import theme_list
from tests.dashboard.conftest import TAG, PageOpener, chart_texts, text_of

EN, FR = Words("en"), Words("fr")


@pytest.fixture
def why_page(open_page: PageOpener, client: int) -> AppTest:
    return open_page("why", client)


def signed(number: float) -> str:
    return EN.number(number, 3, sign=True)


def all_themes(api: ServiceApi, client: int, compare: Compare = "near") -> Any:
    """A client's score with all its themes."""
    return api.score({"client": client}, reasons=10, compare=compare, strengths=10)


def rows_of(page: AppTest) -> list[tuple[str, str]]:
    """The text of each theme's row, and the HTML below it."""
    (html,) = [each.value for each in page.main.html if "<details" in each.value]
    found = re.findall("<summary.*?>(.*?)</summary>(.*?)</details>", html, re.DOTALL)
    return [(unescape(TAG.sub("|", row)), unescape(opened)) for row, opened in found]


def in_order(score: Any) -> list[Reason]:
    """The themes from the strongest against the client to the strongest for the client."""
    return sorted([*score["reasons"], *score["strengths"]], key=lambda each: -each["contribution"])


def test_the_title_is_the_question(why_page: AppTest, api: ServiceApi, client: int, kind: str):
    assert why_page.title[0].value == f"Why {kind}: client {client}"
    assert decision.verdict(EN, api.score({"client": client})) in text_of(why_page)


def test_there_is_a_row_for_each_theme_by_its_effect(
    why_page: AppTest, api: ServiceApi, client: int
):
    score, rows = all_themes(api, client), rows_of(why_page)
    features = {each["name"]: each for each in api.features()}
    themes = in_order(score)
    assert len(rows) == len(themes) > 10
    for theme, (row, _) in zip(themes, rows, strict=True):
        told = reasons.told(EN, theme, features)
        side = "against" if theme["contribution"] > 0 else "for"
        assert theme["group"] in row
        assert f"|{told.label}|" in row
        assert f"This client: |{told.value}|" in row
        assert f"Typical: |{told.typical}|" in row
        assert f"|{side}, " in row
        assert ("⚠ protected trait" in row) == theme["protected"]


def test_the_effects_are_measured_by_all_clients(why_page: AppTest, api: ServiceApi, client: int):
    score = all_themes(api, client)
    unit = max(each["importance"] for each in api.importance()["groups"])
    said = []
    for theme, (row, _) in zip(in_order(score), rows_of(why_page), strict=True):
        size = abs(theme["contribution"])
        said.append("strong" if size >= unit / 2 else "medium" if size >= unit / 6 else "weak")
        assert f", {said[-1]}|" in row
    assert len(set(said)) > 1
    assert EN("effect_rule") in text_of(why_page)


def test_a_row_opens_to_its_features_and_the_raw_numbers(
    why_page: AppTest, api: ServiceApi, client: int
):
    for theme, (row, opened) in zip(
        in_order(all_themes(api, client)), rows_of(why_page), strict=True
    ):
        raw = signed(theme["contribution"])
        assert raw not in row
        assert f"(raw effect of the theme: {raw})" in opened
        assert opened.count('<th scope="row"') == len(theme["features"])
        for feature in theme["features"]:
            cells = opened.partition(f"{feature['label']}</th>")[2].partition("</tr>")[0]
            assert f">{signed(feature['contribution'])}<" in cells


def test_the_bars_have_the_lengths_of_the_effects(why_page: AppTest, api: ServiceApi, client: int):
    score = all_themes(api, client)
    themes = in_order(score)
    sizes = [each["contribution"] for each in themes]
    scale = effects.EffectScale.of(api.importance(), [*sizes, score["other"]])
    (html,) = [each.value for each in why_page.main.html if "<details" in each.value]
    bars = re.findall(r"width:([\d.]+)%;min-width:2px;border-top:.75rem solid ([^\"]+)\"", html)
    colours = {True: "var(--desk-against)", False: "var(--desk-favour)"}
    assert bars == [(f"{100 * scale.share(size):.1f}", colours[size > 0]) for size in sizes]


def test_the_rest_is_told_by_its_side(open_page: PageOpener, api: ServiceApi, refused_client: int):
    other = all_themes(api, refused_client)["other"]
    text = text_of(open_page("why", refused_client))
    for key, is_told in (("rest_for", other < -1e-9), ("rest_against", other > 1e-9)):
        assert (EN(key, strength="weak").partition(" (")[0] in text) == is_told


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (-0.4, "The rest helps the client (strong)."),
        (0.05, "The rest counts against the client (weak)."),
        (0.0, ""),
    ],
)
def test_the_rest_in_words(other: float, sentence: str):
    scale = effects.EffectScale(unit=0.6, longest=1.0)
    assert TAG.sub("", theme_list.rest(EN, other, scale)) == sentence


def test_everything_follows_the_choice_of_peers(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    near, all_clients = (all_themes(api, refused_client, each) for each in ("near", "all"))
    assert near["reasons"][0]["contribution"] != all_clients["reasons"][0]["contribution"]
    page = open_page("why", refused_client)
    page.main.radio(key="compare_with").set_value("all").run()
    for theme, (_, opened) in zip(in_order(all_clients), rows_of(page), strict=True):
        assert f"(raw effect of the theme: {signed(theme['contribution'])})" in opened


def test_charts_are_drawn_when_they_are_opened(why_page: AppTest):
    assert chart_texts(why_page) == []


def test_the_importance_for_all_clients_is_the_services(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    importance, score = api.importance(), all_themes(api, refused_client)
    page = open_page("why", refused_client, all_clients=True)
    (sentence,) = chart_texts(page)
    first, clients = importance["groups"][0]["group"], f"{importance['clients']:,}"
    strongest = max(in_order(score), key=lambda each: abs(each["contribution"]))["group"]
    own = (
        "and for this client too." if strongest == first else f"for this client, {strongest} does."
    )
    start = f"Over {clients} earlier clients, {first} counts most on average"
    assert sentence == f"{start}{', ' if strongest == first else '; '}{own}"
    assert sentence in text_of(page)
    spec = json.loads(page.get("vega_lite_chart")[0].proto.spec)
    rows = spec["layer"][0]["data"]["values"]
    total = sum(each["importance"] for each in importance["groups"])
    sizes = {each["group"]: abs(each["contribution"]) for each in in_order(score)}
    own_total = sum(sizes.values()) + abs(score["other"])
    for at, each in enumerate(importance["groups"][:9]):
        own_share = sizes.get(each["group"], 0.0) / own_total
        assert [row["name"] for row in rows[2 * at : 2 * at + 2]] == [each["group"]] * 2
        assert rows[2 * at]["share"] == pytest.approx(own_share)
        assert rows[2 * at + 1]["share"] == pytest.approx(each["importance"] / total)


def test_the_raw_numbers_are_the_scores(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    score = all_themes(api, refused_client)
    text = text_of(open_page("why", refused_client, raw_figures=True))
    for key, number in (
        ("probability", repr(score["probability"])),
        ("threshold", repr(score["threshold"])),
        ("margin", signed(score["margin"])),
    ):
        cells = text.partition(f">{EN(key)}</th>")[2].partition("</tr>")[0]
        assert f">{number}<" in cells
    assert f">{signed(score['other'])}<" in text


def test_the_page_in_french(open_page: PageOpener, api: ServiceApi, refused_client: int):
    page = open_page("why", refused_client, "fr")
    assert page.title[0].value == f"Pourquoi ce refus\u00a0: client {refused_client}"
    first, _ = rows_of(page)[0]
    assert "|contre, fort|" in first
    assert "|Ce client\u00a0: |" in first


def test_what_is_open_outlives_a_change_of_language(open_page: PageOpener, refused_client: int):
    page = open_page("why", refused_client, raw_figures=True, compare_with="all")
    page.query_params["language"] = "fr"
    page.run()
    assert not page.exception
    assert FR("probability") in text_of(page)
    assert page.main.radio(key="compare_with").value == "all"
