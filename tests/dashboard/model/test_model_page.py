"""The page of the model: quality, groups, stability and files, as the service tells them."""

from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.model import groups
from advisor.service_client.response_models import Feature
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, table_row, text_of
from tests.dashboard.values.test_display_scale import feature

EN, FR = Words("en"), Words("fr")


@pytest.fixture
def text(open_page: PageOpener) -> str:
    return text_of(open_page("model"))


@pytest.fixture
def quality(api: ServiceApi) -> dict[str, Any]:
    found: dict[str, Any] = api.model()["facts"]["quality"]
    return found


def fact(text: str, name: str) -> str:
    """The value of a fact with this name."""
    return text.partition(f"<dt>{name}</dt><dd>")[2].partition("</dd>")[0]


def test_it_has_the_hash_of_each_file(text: str, api: ServiceApi):
    for file, sha256 in api.model()["sha256"].items():
        assert f">{file}</th>" in text
        assert f">{sha256}<" in text


def test_key_facts(text: str, api: ServiceApi):
    facts = api.model()
    assert fact(text, "Refused from a risk score of") == f"{100 * facts['threshold']:.1f}"
    assert fact(text, "Features") == str(facts["features"])
    assert fact(text, "New clients") == str(facts["new_clients"])


def test_the_rank_in_plain_words(text: str, quality: dict[str, Any]):
    assert (
        "Take 100 pairs of clients, one who repaid and one who did not: in"
        f" {100 * quality['auc']:.0f} of them the model gives the second the higher risk"
        f" (AUC {quality['auc']:.3f}, with 95 % confidence between {quality['auc_95_low']:.3f} and"
        f" {quality['auc_95_high']:.3f}; {quality['held_out_clients']:,} clients that it had not"
        " seen)."
    ) in text


def test_its_figures_have_plain_names(text: str, quality: dict[str, Any]):
    rate = EN.percent(quality["default_rate"], 1)
    assert fact(text, "Share who did not repay") == rate
    cost = EN.quantity(quality["cost_per_client_at_0.5"])
    assert fact(text, "Cost per client at a limit of 50") == cost


def test_it_has_the_calibration(open_page: PageOpener, quality: dict[str, Any]):
    page = open_page("model")
    text = text_of(page)
    for each in quality["bins"]:
        assert f">{EN.percent(each['mean_pd'], 1)}</th>" in text
        assert f">{EN.percent(each['default_rate'], 1)}<" in text
    gap = max(quality["bins"], key=lambda each: abs(each["mean_pd"] - each["default_rate"]))
    (sentence,) = chart_texts(page)
    assert sentence.endswith(
        f"Largest gap: {EN.percent(gap['mean_pd'], 1)} expected,"
        f" {EN.percent(gap['default_rate'], 1)} actual."
    )
    assert sentence in text


def test_it_has_decisions_by_group(text: str, quality: dict[str, Any]):
    for rows in quality["groups"].values():
        for row in rows:
            assert f">{EN.percent(row['false_positive_rate'], 1)}<" in text
    assert ">Date of birth (years before the application)<" in text
    oldest, *_ = quality["groups"]["DAYS_BIRTH"]
    assert oldest["group"] == "up to -20189"
    assert f">{EN.percent(oldest['accepted'], 1)}<" in table_row(text, "from 55.3")


@pytest.mark.parametrize(
    ("unit", "kind", "names", "title", "shown"),
    [
        ("days before the application", "number", ["up to -730.5", "-730.5 to -365.25"],
         "A label (years)", ["from 2.0", "1.0 to 2.0"]),
        ("days from the application", "number", ["up to -730.5", "above -730.5"],
         "A label (years before the application)", ["from 2.0", "up to 2.0"]),
        ("currency", "number", ["up to 1000", "1000 to 2000.5", "above 2000.5"],
         "A label (currency)", ["up to 1,000", "1,000 to 2,000.50", "from 2,000.50"]),
        ("", "flag", ["0", "1"], "A label", ["no", "yes"]),
        ("", "text", ["Cash loans", "up to 3"], "A label", ["Cash loans", "up to 3"]),
        ("", "number", ["1", "2", "3"], "A label", ["1", "2", "3"]),
    ],
)  # fmt: skip
def test_names_of_groups(unit: str, kind: str, names: list[str], title: str, shown: list[str]):
    described: Feature = {**feature(unit), "kind": kind, "label": "A label"}  # type: ignore[typeddict-item]
    assert groups.named(EN, described, names) == (title, shown)


def test_stability_is_the_services(text: str, api: ServiceApi):
    report = api.psi_report()
    score = report["score"]
    assert (
        f"(stability index {score['index']:.3f}; chance alone gives {score['expected']:.3f})."
        in text
    )
    for each in report["features"][:15]:
        assert f">{each['index']:.3f}<" in table_row(text, each["label"])


def test_in_french(open_page: PageOpener, quality: dict[str, Any]):
    text = text_of(open_page("model", language="fr"))
    assert (
        f"\u00a0: dans {100 * quality['auc']:.0f} d\u2019entre elles, le modèle donne au second"
        in text
    )
    assert fact(text, "Part n\u2019ayant pas remboursé") == FR.percent(quality["default_rate"], 1)
