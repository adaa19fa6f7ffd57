"""A date that may change: suggestions, usual range and curve speak of time before the application.

No shipped date may change; these are the shipped clients with another features.csv.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.service_api import ServiceApi
from advisor.simulation import suggestions
from tests.dashboard.changed_features import with_changed_features
from tests.dashboard.conftest import PageOpener, PagesOf, chart_texts, service_in_process, text_of

EN = Words("en")
DATE, AGE = "DAYS_EMPLOYED", "DAYS_BIRTH"
UNITS = {DATE: "days from the application", AGE: "days before the application"}
VERBS = {(DATE, "up"): "later, ", (DATE, "down"): "earlier, ",
         (AGE, "up"): "lower to ", (AGE, "down"): "raise to "}  # fmt: skip


@pytest.fixture(scope="module")
def date_api(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceApi]:
    """The service of clients whose two dates may change, one of them told as a length of time."""

    def changed(row: dict[str, str]) -> dict[str, str]:
        is_date = row["name"] in UNITS
        return {"change": "any" if is_date else "none", "unit": UNITS.get(row["name"], row["unit"])}

    to = tmp_path_factory.mktemp("dates") / "ressources"
    folder = with_changed_features(small_bundle_folder, to, changed)
    with service_in_process(folder) as api:
        yield api


@pytest.fixture
def open_date_page(date_api: ServiceApi, open_page_of: PagesOf) -> PageOpener:
    return open_page_of(date_api)


@pytest.mark.parametrize("name", UNITS)
def test_a_suggestion_is_said_by_the_shown_number(
    open_date_page: PageOpener, date_api: ServiceApi, name: str
):
    client, found = next(
        (client, each)
        for client in date_api.ids()
        for each in date_api.counterfactuals(client)["alternatives"]
        if each["feature"] == name
    )
    own = date_api.record(client)[name]
    assert (found["value"] > own) == (found["direction"] == "up")
    score = date_api.score({"client": client})
    suggested = suggestions.find(EN, PinnedService(date_api), client, score)
    each = next(each for each in suggested if name in each.changes)
    said = re.match(
        rf"{re.escape(found['label'])}: {VERBS[name, found['direction']]}([\d.,]+)\u00a0(\w+).*?"
        r" \(typed as (\u2212[\d.,]+)\)\. Then ",
        each.sentence,
    )
    assert said is not None
    number, unit, typed = said.groups()
    days = float(number.replace(",", "")) * (365.25 if unit == "years" else 1)
    typed_days = -float(typed[1:].replace(",", ""))
    assert abs(days + typed_days) < 20  # a tenth of a year at most
    assert each.changes == {name: typed_days}
    changed = date_api.score({"client": client, "changes": each.changes})
    assert changed["prediction"] != score["prediction"]
    page = open_date_page("simulate", client)
    (button,) = (shown for shown in page.main.button if shown.label.startswith(each.short[:40]))
    assert f"{number}\u00a0{unit}" in button.label
    button.click().run()
    assert json.loads(page.query_params["changes"]) == each.changes


def test_the_usual_range_begins_with_the_lower_shown_number(
    open_date_page: PageOpener, date_api: ServiceApi
):
    client = date_api.ids()[0]
    feature = next(each for each in date_api.features() if each["name"] == AGE)
    text = text_of(open_date_page("simulate", client))
    low, high = (-feature["class0"]["quantiles"][end] / 365.25 for end in ("95", "5"))
    assert low < high
    assert f"Most who repaid: {low:.1f}\u00a0years to {high:.1f}\u00a0years." in text


def test_the_curve_is_drawn_over_the_shown_numbers(
    open_date_page: PageOpener, date_api: ServiceApi
):
    client = date_api.ids()[0]
    found = date_api.sensitivity({"client": client}, AGE)
    page = open_date_page("simulate", client, simulate_curve=AGE)
    spec = json.loads(page.get("vega_lite_chart")[-1].proto.spec)
    line, _, _, marks = (layer["data"]["values"] for layer in spec["layer"][:4])
    assert spec["layer"][0]["mark"]["interpolate"] == "step-before"
    assert spec["layer"][0]["encoding"]["x"]["title"].endswith("(years)")
    assert marks[0]["x"] == -found["value"] / 365.25
    steps = {-value / 365.25: 100 * probability for value, probability in found["steps"]}
    inner = [row for row in line[1:-1] if row["x"] in steps]
    assert len(inner) > 3
    assert all(row["y"] == steps[row["x"]] for row in inner)
    assert EN.value(found["value"], UNITS[AGE]) in chart_texts(page)[-1]
