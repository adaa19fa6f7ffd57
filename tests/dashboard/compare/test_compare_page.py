"""The page of comparisons: medians, shares and points are those of the reference clients."""

import json
import re
from statistics import median
from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, table_row, text_of

EN = Words("en")
CLASSES = {"feat0": "Clients who repaid", "feat1": "Clients who did not repay"}


def cells(text: str, name: str) -> list[str]:
    """The cells of a table row, without its name."""
    return re.findall(r">([^<]+)</td>", table_row(text, name))


def test_a_number_in_both_classes(open_page: PageOpener, api: ServiceApi, refused_client: int):
    feature = next(each for each in api.features() if each["name"] == "AMT_CREDIT")
    value = api.record(refused_client)["AMT_CREDIT"]
    values = api.reference_values("AMT_CREDIT")
    page = open_page("compare", refused_client, compared="AMT_CREDIT")
    text = text_of(page)
    medians, others = [], []
    is_more = value > median(values["feat0"])
    for field in CLASSES:
        medians.append(EN.feature_value(feature, median(values[field])))
        found = [other < value if is_more else other > value for other in values[field]]
        others.append(EN.percent(sum(found) / len(found), 1))
    typical = (
        f"the middle value is {medians[0]} for clients who repaid and {medians[1]} for clients"
    )
    assert typical in text
    side = "More" if is_more else "Less"
    said = (
        f". {side} than {others[0]} of clients who repaid and {others[1]} of clients who did not."
    )
    assert said in text
    (alternative, *_) = chart_texts(page)
    assert typical in alternative
    assert said in alternative


@pytest.fixture(params=["DAYS_BIRTH", "DAYS_EMPLOYED"])
def earliest_date(
    request: pytest.FixtureRequest, api: ServiceApi, score_by_client: dict[int, Any]
) -> tuple[str, float, int]:
    """A date, its earliest value among the clients, and the client with it."""
    known = {client: api.record(client)[request.param] for client in score_by_client}
    own, client = min((value, client) for client, value in known.items() if value is not None)
    return request.param, own, client


def test_a_date_is_told_as_time_before_the_application(
    open_page: PageOpener, api: ServiceApi, earliest_date: tuple[str, float, int]
):
    name, own, client = earliest_date
    values = api.reference_values(name)["feat0"]
    assert own < median(values)
    page = open_page("compare", client, compared=name)
    later = EN.percent(sum(other > own for other in values) / len(values), 1)
    sentence = chart_texts(page)[0]
    value = f"{-own / 365.25:.1f}\u00a0years before the application"
    assert f"This client: {value}. Earlier than {later} of clients who repaid" in sentence


def test_a_date_is_drawn_as_time_before_the_application(
    open_page: PageOpener, api: ServiceApi, earliest_date: tuple[str, float, int]
):
    name, own, client = earliest_date
    values = api.reference_values(name)["feat0"]
    page = open_page("compare", client, compared=name)
    spec = json.loads(page.get("vega_lite_chart")[0].proto.spec)
    line, rule = (layer["data"]["values"] for layer in spec["layer"][:2])
    assert rule == [{"x": -own / 365.25}]
    assert min(row["x"] for row in line) > 0
    assert spec["layer"][0]["encoding"]["x"]["title"].endswith("(years before the application)")
    paid = [row for row in line if row["class"] == "Clients who repaid"]
    mean = sum(row["x"] * row["share"] for row in paid) / sum(row["share"] for row in paid)
    assert abs(mean + sum(values) / len(values) / 365.25) < 1  # the line is not mirrored


def test_a_flag_in_both_classes(open_page: PageOpener, api: ServiceApi, refused_client: int):
    values = api.reference_values("CODE_GENDER_F")
    page = open_page("compare", refused_client, compared="CODE_GENDER_F")
    own = EN.value(api.record(refused_client)["CODE_GENDER_F"], "", "flag")
    text = text_of(page)
    yes = [sum(values[field]) / len(values[field]) for field in CLASSES]
    for name, shares in (("yes", yes), ("no", [1 - share for share in yes])):
        row = f"{name} (this client)" if name == own else name
        assert cells(text, row) == [EN.percent(share, 1) for share in shares]


def test_a_category_is_told_with_its_shares(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    values = api.reference_values("CODE_GENDER_F")
    own = api.record(refused_client)["CODE_GENDER_F"]
    page = open_page("compare", refused_client, compared="CODE_GENDER_F")
    paid, unpaid = (
        EN.percent(values[field].count(own) / len(values[field]), 1) for field in CLASSES
    )
    sentence = chart_texts(page)[0]
    assert sentence.endswith(
        f". This client: {EN.value(own, '', 'flag')}, like {paid} of clients who repaid and"
        f" {unpaid} of clients who did not."
    )
    assert sentence in text_of(page)


def strongest_feature(api: ServiceApi, client: int) -> str:
    """The feature that pushes most in a client's strongest reason."""
    features = api.score({"client": client})["reasons"][0]["features"]
    return max(features, key=lambda each: each["contribution"])["name"]


class TestChosenFeature:
    @pytest.fixture
    def other_client(
        self, api: ServiceApi, score_by_client: dict[int, Any], refused_client: int
    ) -> int:
        """A client with another strongest feature."""
        first = strongest_feature(api, refused_client)
        return next(
            client
            for client, score in score_by_client.items()
            if score["reasons"] and strongest_feature(api, client) != first
        )

    def test_it_is_that_of_the_strongest_reason_at_first(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int, other_client: int
    ):
        page = open_page("compare", refused_client)
        choice = page.main.selectbox(key="compared")
        assert choice.value == strongest_feature(api, refused_client)
        page.query_params["client"] = str(other_client)
        page.run()
        choice = page.main.selectbox(key="compared")
        assert choice.value == strongest_feature(api, other_client)

    def test_a_choice_stays_with_another_client(
        self, open_page: PageOpener, refused_client: int, other_client: int
    ):
        page = open_page("compare", refused_client)
        page.main.selectbox(key="compared").set_value("AMT_ANNUITY").run()
        page.query_params["client"] = str(other_client)
        page.run()
        assert page.main.selectbox(key="compared").value == "AMT_ANNUITY"

    def test_it_has_the_label_of_the_language(self, open_page: PageOpener, refused_client: int):
        page = open_page("compare", refused_client, compared="AMT_ANNUITY")
        page.query_params["language"] = "fr"
        page.run()
        assert page.main.selectbox(key="compared").value == "AMT_ANNUITY"
        assert "Échéance" in chart_texts(page)[0]


def test_a_missing_value(open_page: PageOpener, api: ServiceApi, client_without_car: int):
    page = open_page("compare", client_without_car, compared="OWN_CAR_AGE")
    text = text_of(page)
    credit, car_age = (api.reference_values(name) for name in ("AMT_CREDIT", "OWN_CAR_AGE"))
    assert "It is not known for this client." in text
    missing = [1 - len(car_age[field]) / len(credit[field]) for field in CLASSES]
    assert min(missing) > 0
    paid, unpaid = (EN.percent(share, 1) for share in missing)
    assert (
        f"not known for {paid} of clients who repaid and {unpaid} of clients who did not." in text
    )
    assert len(chart_texts(page)) == 2


def test_no_feature_is_always_known(
    open_page: PageOpener, api: ServiceApi, refused_client: int, monkeypatch: pytest.MonkeyPatch
):
    """Without such a feature the page does not know how many clients a class has."""
    features = {each["name"]: each for each in api.features() if each["missing"]}
    monkeypatch.setattr(PinnedService, "feature_by_name", features)
    page = open_page("compare", refused_client, compared="OWN_CAR_AGE")
    share = EN.percent(features["OWN_CAR_AGE"]["missing"], 1)
    assert f"not known for {share} of earlier clients." in text_of(page)
    assert len(chart_texts(page)) == 1


@pytest.mark.parametrize("names", [("AMT_CREDIT", "DAYS_BIRTH"), ("CODE_GENDER_F", "AMT_CREDIT")])
def test_two_features_are_points(
    open_page: PageOpener, api: ServiceApi, refused_client: int, names: tuple[str, str]
):
    record = api.record(refused_client)
    page = open_page("compare", refused_client, across=names[0], upwards=names[1])
    spec = json.loads(page.get("vega_lite_chart")[-1].proto.spec)
    points, cross = (each["data"]["values"] for each in spec["layer"][:2])
    by_feature = [api.reference_values(name) for name in names]
    inside = []
    for field, which in CLASSES.items():
        drawn = [(row["x"], row["y"]) for row in points if row["class"] == which]
        values = list(zip(*(each[field] for each in by_feature), strict=True))
        assert drawn == [tuple(map(axis_value, names, each)) for each in values]
        inside.append(sum(is_inside(record, names, each) for each in values) / len(values))
    assert (cross[0]["x"], cross[0]["y"]) == tuple(axis_value(n, record[n]) for n in names)
    paid, unpaid = (EN.percent(share, 1) for share in inside)
    sentence = chart_texts(page)[-1]
    assert (
        f"At most as much in both, or the same category: {paid} of clients who repaid,"
        f" {unpaid} of clients who did not."
    ) in sentence
    assert ("A later date counts as less." in sentence) == ("DAYS_BIRTH" in names)
    titles = [spec["layer"][0]["encoding"][axis]["title"] for axis in "xy"]
    assert ("Date of birth (years before the application)" in titles) == ("DAYS_BIRTH" in names)


def axis_value(name: str, value: float) -> object:
    """The place of a value on an axis: a date of birth in years before the application."""
    if name == "CODE_GENDER_F":
        return EN.value(value, "", "flag")
    return -value / 365.25 if name == "DAYS_BIRTH" else value


def corner_value(name: str, value: float) -> float:
    return -value if name == "DAYS_BIRTH" else value


def is_inside(record, names: tuple[str, str], values: tuple[float, float]) -> bool:
    """True if values lie in the client's corner of the chart."""
    return all(
        value == record[name]
        if name == "CODE_GENDER_F"
        else corner_value(name, value) <= corner_value(name, record[name])
        for name, value in zip(names, values, strict=True)
    )


def test_two_flags_are_bars(open_page: PageOpener, api: ServiceApi, refused_client: int):
    names = "CODE_GENDER_F", "FLAG_WORK_PHONE"
    page = open_page("compare", refused_client, across=names[0], upwards=names[1])
    assert page.main.selectbox(key="across").value == names[0]
    by_feature = [api.reference_values(name) for name in names]
    own = tuple(api.record(refused_client)[name] for name in names)
    shares = [
        list(zip(*(each[field] for each in by_feature), strict=True)).count(own)
        / len(by_feature[0][field])
        for field in CLASSES
    ]
    written = " · ".join("yes" if value else "no" for value in own)
    expected = [EN.percent(share, 1) for share in shares]
    assert cells(text_of(page), f"{written} (this client)") == expected


def test_only_features_that_are_always_known_are_paired(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    always = [each["label"] for each in api.features() if not each["missing"]]
    page = open_page("compare", refused_client)
    assert page.main.selectbox(key="across").options == always
    assert len(always) < len(api.features())
