"""The first page shows the service's numbers, reasons and changes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor import session
from advisor.client import facts, place
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.service_api import ServiceApi
from advisor.simulation import suggestions
from advisor.statements import decision, reasons
from tests.dashboard.conftest import PageOpener, chart_texts, service_in_process, text_of

WORDS = {language: Words(language) for language in ("en", "fr")}
EN = WORDS["en"]


@pytest.fixture
def score(api: ServiceApi, client: int) -> Any:
    """The client's score, as the page asks for it."""
    return api.score({"client": client}, reasons=4, strengths=3)


@pytest.fixture
def client_page(open_page: PageOpener, client: int) -> AppTest:
    return open_page("client", client)


def order(text: str, *parts: str) -> list[int]:
    """The places of some texts in another one, each of which must have them."""
    assert all(part in text for part in parts), [part for part in parts if part not in text]
    return [text.index(part) for part in parts]


def test_the_decision_stands_first(client_page: AppTest, score: Any, client: int, kind: str):
    verdict = decision.verdict(EN, score)
    assert verdict.startswith(f"{kind.title()}: risk score ")
    assert client_page.title[0].value == f"Client {client}"
    first = next(each.value for each in client_page.main.html if "<h2" in each.value)
    assert verdict in first
    assert {"refused": "✖", "accepted": "✔"}[kind] in first
    assert f"width:{100 * score['probability']:.3f}%" in first
    assert f"left:{100 * score['threshold']:.3f}%" in first


def test_the_meaning_of_the_score_is_its_calibration(
    client_page: AppTest, api: ServiceApi, score: Any
):
    text = text_of(client_page)
    assert decision.repayment(EN, PinnedService(api), score) in text
    assert f"{100 * score['pd']:.1f}" in decision.repayment(EN, PinnedService(api), score)
    assert f"Grade: {score['grade']} · Points (more is better): {score['points']}" in text


def test_the_key_facts_are_the_features_that_may_change(
    client_page: AppTest, api: ServiceApi, client: int
):
    record, text = api.record(client), text_of(client_page)
    changeable = [each for each in api.features() if each["change"] != "none"][:4]
    assert len(changeable) == 4
    places = order(
        text,
        *(
            f"<dt>{each['label']}</dt><dd>{EN.feature_value(each, record[each['name']])}</dd>"
            for each in changeable
        ),
    )
    assert places == sorted(places)


@pytest.mark.parametrize("language", WORDS)
def test_reasons_and_strengths_have_their_values(
    open_page: PageOpener, api: ServiceApi, score: Any, client: int, kind: str, language: str
):
    words = WORDS[language]
    pinned = PinnedService(api, language)
    own = pinned.score({"client": client}, reasons=4, strengths=3)
    text = text_of(open_page("client", client, language))
    first, second = ("reasons", "strengths") if kind == "refused" else ("strengths", "reasons")
    told = [*own[first][:3], *own[second][:2]]
    lines = []
    for each in told:
        found = reasons.told(words, each, pinned.feature_by_name)
        flag = reasons.flag(words, each)
        assert (words("protected_trait") in flag) == each["protected"]
        title, below = found.lines(words)
        assert found.value
        assert found.value in title + below
        lines.append(f"{title}{flag}{below}")
    places = order(text, *lines)
    assert places == sorted(places)
    assert score["probability"] == own["probability"]


def test_two_changes_help_with_one_click_each(
    open_page: PageOpener, api: ServiceApi, turnable_client: int
):
    page = open_page("client", turnable_client)
    links = [each.proto for each in page.get("page_link") if "changes=" in each.proto.query_string]
    found = api.counterfactuals(turnable_client)["alternatives"]
    assert len(links) == min(2, len(found))
    for link in links:
        assert link.label.startswith("Simulate: ")
    assert EN("promise_nothing") in text_of(page)


def test_the_place_is_among_both_classes(client_page: AppTest, score: Any):
    shares = score["position"]
    paid, unpaid = (place.percent(EN, shares[name]) for name in ("class0", "class1"))
    text = text_of(client_page)
    assert (
        f"Riskier than {paid} of clients who repaid and than {unpaid} of clients who did not."
        in text
    )
    for share, border in ((shares["class0"], "border-top:1rem"), (shares["class1"], "border:2px")):
        (style,) = [part for part in text.split("<span ") if f"{border} solid" in part]
        assert f"width:{80 * share:.1f}%" in style
    assert chart_texts(client_page) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.894, "89"), (0.997, "99.7"), (0.004, "0.4"), (1.0, "100"), (0.0, "0")],
)
def test_only_all_clients_are_100_percent(share: float, text: str):
    assert place.percent(EN, share) == f"{text}\u00a0%"


def test_the_facts_have_every_value_when_they_are_opened(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    closed = text_of(open_page("client", refused_client))
    text = text_of(open_page("client", refused_client, details="Facts"))
    record, features = api.record(refused_client), api.features()
    found = facts.facts(EN, record, features)
    assert len(found) == len(features)
    for each in found:
        assert f">{each.label}</th>" in text
        row = text.partition(f">{each.label}</th>")[2].partition("</tr>")[0]
        assert each.value in row
        assert each.typical in row
    assert f">{found[0].label}</th>" not in closed


def test_the_open_tab_outlives_a_change_of_language(open_page: PageOpener, refused_client: int):
    page = open_page("client", refused_client, details="Facts", filter_facts="e")
    page.query_params["language"] = "fr"
    page.run()
    assert not page.exception
    assert page.session_state["details"] == "Données"
    assert page.main.text_input(key="filter_facts").value == "e"
    assert "Habituel si remboursé" in text_of(page)


def test_facts_are_filtered_by_theme_label_and_value(
    open_page: PageOpener, api: ServiceApi, client_without_car: int
):
    page = open_page("client", client_without_car, details="Facts", filter_facts="age of the CAR")
    rows = text_of(page).partition("<tbody>")[2]
    assert rows.partition("\n")[0].count("</tr>") == 1
    assert ">not known<" in rows
    page = open_page("client", client_without_car, details="Facts", filter_facts="no such thing")
    assert "No fact has “no such thing” in its name or value." in text_of(page)


def test_facts_of_a_theme_stand_together():
    def feature(label: str, theme: str) -> Any:
        quantiles = dict.fromkeys(("0", "25", "50", "75", "100"), 2.0)
        values = {"quantiles": quantiles, "shares": None}
        return {
            "name": label, "label": label, "group": theme, "unit": "ratio", "base_unit": "ratio",
            "kind": "number", "class0": values,
        }  # fmt: skip

    features = [feature("A", "One"), feature("B", "Two"), feature("C", "One")]
    found = facts.facts(EN, {"A": 1.0, "B": None, "C": 0.5}, features)
    assert [(each.theme, each.label, each.value, each.typical) for each in found] == [
        ("One", "A", "1", "2"),
        ("One", "C", "0.5", "2"),
        ("Two", "B", "not known", "2"),
    ]
    assert [each.is_known for each in found] == [True, True, False]


def test_a_protected_trait_among_the_reasons_is_flagged(
    open_page: PageOpener, api: ServiceApi, score_by_client: dict[int, Any]
):
    flagged = 0
    for client, score in score_by_client.items():
        themes = [each["group"] for each in score["reasons"] if each["protected"]]
        if themes and score["prediction"]:
            page = open_page("client", client)
            (warning,) = [each.value for each in page.main.warning]
            assert ", ".join(themes) in warning
            assert "a person must decide" in warning
            flagged += 1
    assert flagged
    other = next(
        client
        for client, score in score_by_client.items()
        if not any(each["protected"] for each in score["reasons"])
    )
    assert not open_page("client", other).main.warning


def test_without_a_change_that_turns_it_the_page_says_so(
    open_page: PageOpener, refused_client: int, monkeypatch: pytest.MonkeyPatch
):
    none: Any = {"prediction": 1, "alternatives": [], "exact": True, "model": ""}
    pairs: Any = {"prediction": 1, "combinations": [], "exact": True, "model": ""}
    monkeypatch.setattr(PinnedService, "counterfactuals", lambda *_: none)
    monkeypatch.setattr(PinnedService, "combinations", lambda *_: pairs)
    suggestions.cached_suggestions.clear()
    text = text_of(open_page("client", refused_client, "fr"))
    assert WORDS["fr"]("nothing_turns_refused") in text


def test_changes_against_a_reason_come_last(
    open_page: PageOpener, refused_client: int, monkeypatch: pytest.MonkeyPatch, score: Any
):
    def suggestion(name: str, goes_against: bool) -> suggestions.Suggestion:
        return suggestions.Suggestion({}, name, "", [], name, score, goes_against)

    found = [suggestion("nearest", True), suggestion("second", False), suggestion("third", False)]
    monkeypatch.setattr(suggestions, "find", lambda *_: found)
    text = text_of(open_page("client", refused_client))
    assert order(text, "second", "third")[0] < text.index("third")
    assert "nearest" not in text


def test_where_nothing_may_change_the_page_promises_no_simulation(
    open_page: PageOpener, refused_client: int, monkeypatch: pytest.MonkeyPatch
):
    features = PinnedService.features

    def unchangeable(self: PinnedService) -> Any:
        return [{**each, "change": "none"} for each in features(self)]

    monkeypatch.setattr(PinnedService, "features", unchangeable)
    page = open_page("client", refused_client)
    assert EN("nothing_may_change_here") in text_of(page)
    assert [
        each for each in page.get("page_link") if each.proto.label == EN("simulate_other")
    ] == []
    assert EN("nothing_may_change_here") in text_of(open_page("simulate", refused_client))
    assert EN("change_something") not in text_of(open_page("simulate", refused_client))


def test_an_unknown_client_is_told_and_the_list_stays(open_page: PageOpener):
    page = open_page("why", "nosuch", "fr")
    assert page.title[0].value == "Aucun client choisi"
    assert "« nosuch »" in page.main.warning[0].value.replace("\u00a0", " ")
    assert len(page.selectbox(key=session.LISTED).options) == 50


def test_without_features_csv_reasons_have_names_and_values(
    open_page: PageOpener,
    small_bundle_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused_client: int,
):
    """The facts are then the first features of the file that no law protects."""
    folder = tmp_path / "ressources"
    shutil.copytree(small_bundle_folder, folder)
    (folder / "features.csv").unlink()
    facts_of_model = json.loads((folder / "model.json").read_text())
    facts_of_model["sha256"].pop("features.csv", None)
    (folder / "model.json").write_text(json.dumps(facts_of_model))
    with service_in_process(folder) as api:
        monkeypatch.setattr(session, "service_api", lambda: api)
        score = api.score({"client": refused_client}, reasons=4, strengths=3)
        features = {each["name"]: each for each in api.features()}
        text = text_of(open_page("client", refused_client))
        for each in score["reasons"][:3]:
            found = reasons.told(EN, each, features)
            assert found.sentence(EN) != found.title
            assert found.below_title(EN) in text
        record = api.record(refused_client)
        for name in list(features)[:4]:
            assert f"<dd>{EN.feature_value(features[name], record[name])}</dd>" in text


@pytest.mark.parametrize("name", ["client", "why"])
@pytest.mark.parametrize("missing", [("reasons",), ("strengths",), ("reasons", "strengths")])
def test_a_score_without_reasons_or_strengths(
    open_page: PageOpener,
    api: ServiceApi,
    refused_client: int,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    missing: tuple[str, ...],
):
    words, score = WORDS["fr"], PinnedService.score
    without: dict[str, Any] = {each: [] for each in missing}
    monkeypatch.setattr(
        PinnedService, "score", lambda *given, **asked: {**score(*given, **asked), **without}
    )
    text = text_of(open_page(name, refused_client, "fr", all_clients=True))
    assert decision.verdict(words, api.score({"client": refused_client})) in text
    if name == "client":
        for each in ("reasons", "strengths"):
            sentence = words(f"no_{each}", peers=words("with_near"))
            assert (sentence in text) == (each in missing)
    else:
        assert ("<details" in text) == (len(missing) == 1)
