"""The form of a new application: few fields, each counted, and an honest result."""

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.service_client.response_models import Application, Record
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision, reasons
from advisor.walk_in.feature_weights import FeatureWeights
from tests.dashboard.conftest import PageOpener, chart_texts, text_of, walk_in_field

EN, FR = Words("en"), Words("fr")


def enter(page: AppTest, record: Record, names: list[str]) -> None:
    """Enter a person's known values; ages and dates in years."""
    for name in names:
        if (value := record[name]) is not None:
            field = walk_in_field(page, name)
            in_years = "(years" in field.label
            field.set_value(round(-value / 365.25, 3) if in_years else value)
    page.run()
    assert not page.exception


class TestEmptyForm:
    """Nobody's values are in the form, and too little is known for a result."""

    def test_no_value_is_there_and_none_is_sent(
        self,
        open_page: PageOpener,
        short_form: list[str],
        sent_applications: list[Application],
        refused_client: int,
        total: int,
    ):
        for client in (None, refused_client):
            page = open_page("application", client)
            fields = [walk_in_field(page, name) for name in short_form]
            assert [field.value for field in fields] == [None] * len(short_form)
            text = text_of(page)
            assert "Too little is known for a result" in text
            assert (
                f"0 of {total} known; typical values stand in for the other {total}, 100\u00a0%"
                in text
            )
        assert sent_applications == []

    def test_it_asks_for_the_strongest_features(
        self, open_page: PageOpener, api: ServiceApi, weights: FeatureWeights
    ):
        labels = {each["name"]: each["label"] for each in api.features()}
        asked = ", ".join(labels[name] for name in weights.strongest_first()[:5])
        assert f"Ask next for: {asked}." in text_of(open_page("application"))

    def test_few_fields_are_shown(self, open_page: PageOpener, short_form: list[str]):
        page = open_page("application")
        keys = [field.key for field in (*page.main.number_input, *page.main.selectbox)]
        assert len([key for key in keys if key.startswith("new_")]) == len(short_form) <= 15

    def test_a_further_field_is_added(self, open_page: PageOpener, total: int):
        page = open_page("application")
        page.main.multiselect(key="new_added").set_value(["OWN_CAR_AGE"]).run()
        walk_in_field(page, "OWN_CAR_AGE").set_value(7.0).run()
        assert f"1 of {total} known (1 entered)" in text_of(page)


class TestShortForm:
    """The short form alone gives an indication, which is counted and cannot be recorded."""

    @pytest.fixture
    def page(
        self, open_page: PageOpener, api: ServiceApi, short_form: list[str], refused_client: int
    ) -> AppTest:
        page = open_page("application")
        enter(page, api.record(refused_client), short_form)
        return page

    def test_it_is_an_indication_with_typical_values_for_all_others(
        self,
        page: AppTest,
        api: ServiceApi,
        weights: FeatureWeights,
        short_form: list[str],
        refused_client: int,
        sent_applications: list[Application],
        total: int,
    ):
        own, features = api.record(refused_client), {each["name"]: each for each in api.features()}
        known = {name for name in short_form if own[name] is not None}
        page.run()
        (sent,) = sent_applications
        assert sent.keys() == {"record"}
        for name, value in sent["record"].items():
            feature = features[name]
            if name in known:
                assert value == own[name]
            elif feature["missing"] > 0.5:
                assert value is None
            elif feature["kind"] == "number":
                assert value == feature["class0"]["quantiles"]["50"]
            else:
                shares = feature["class0"]["shares"]
                assert shares[str(int(value))] == max(shares.values())
        computed = sum(inputs <= known for inputs in weights.inputs.values())
        count = len(known) + computed
        text = text_of(page)
        assert "Indication, not a decision" in text
        assert decision.verdict(EN, api.score(sent)) in text
        assert (
            f"{count} of {total} known ({len(known)} entered, {computed} computed from them)"
            in text
        )
        assert f"typical values stand in for the other {total - count}," in text

    def test_it_cannot_be_recorded_or_told_by_letter(self, page: AppTest):
        assert EN("no_record") in text_of(page)
        assert EN("walk_in_letter") not in [each.label for each in page.main.expander]

    def test_its_reasons_are_the_persons_own(
        self,
        page: AppTest,
        api: ServiceApi,
        weights: FeatureWeights,
        short_form: list[str],
        refused_client: int,
        sent_applications: list[Application],
    ):
        page.run()
        score = api.score(sent_applications[0], reasons=10, strengths=10)
        own = api.record(refused_client)
        known = {name for name in short_form if own[name] is not None}
        known |= {name for name, inputs in weights.inputs.items() if inputs <= known}
        themes = score["reasons"] if score["prediction"] else score["strengths"]
        strongest = [reasons.strongest_feature(each) for each in themes]
        expected = [each["label"] for each in strongest if each and each["name"] in known][:3]
        listed = next(each for each in page.main.html if "<ol" in each.value).value
        assert 0 < len(expected) == listed.count("<li")
        assert all(label in listed for label in expected)

    def test_a_change_of_language_keeps_the_entries(self, page: AppTest, short_form: list[str]):
        before = {name: walk_in_field(page, name).value for name in short_form}
        page.main.radio(key="language").set_value("fr").run()
        assert {name: walk_in_field(page, name).value for name in short_form} == before
        assert FR("indication") in text_of(page)

    def test_a_theme_without_records(
        self,
        page: AppTest,
        api: ServiceApi,
        weights: FeatureWeights,
        short_form: list[str],
        sent_applications: list[Application],
    ):
        """Its unknown values are sent as missing, in whatever language it was chosen."""
        features = {each["name"]: each for each in api.features()}
        nullable = [name for name in weights.share if features[name]["missing"] > 0]
        theme = next(features[name]["group"] for name in nullable if name not in short_form)
        of_theme = [name for name in nullable if features[name]["group"] == theme]
        page.run()
        stood_in = sent_applications[-1]["record"]
        page.main.multiselect(key="new_absent").set_value(of_theme[:1]).run()
        entered = {name for name in short_form if walk_in_field(page, name).value is not None}
        expected = stood_in | {name: None for name in of_theme if name not in entered}
        assert expected != stood_in
        assert sent_applications[-1]["record"] == expected
        assert " that do not exist" in text_of(page)
        page.main.radio(key="language").set_value("fr").run()
        assert not page.exception
        assert "inexistantes" in text_of(page)
        assert sent_applications[-1]["record"] == expected


def test_a_number_outside_the_range_is_refused_at_its_field(
    open_page: PageOpener, api: ServiceApi, sent_applications: list[Application], total: int
):
    page = open_page("application")
    for value in (-5.0, 1e30):
        walk_in_field(page, "AMT_CREDIT").set_value(value).run()
        assert "⚠ Enter a number from " in text_of(page)
        assert f"0 of {total} known" in text_of(page)
    feature = next(each for each in api.features() if each["name"] == "AMT_CREDIT")
    largest = max(feature[name]["quantiles"]["100"] for name in ("class0", "class1"))
    assert largest < feature["highest"]  # features.csv says what is possible
    walk_in_field(page, "AMT_CREDIT").set_value(feature["highest"]).run()
    assert "⚠" not in text_of(page)
    assert f"1 of {total} known (1 entered)" in text_of(page)
    assert sent_applications == []


def test_an_age_is_typed_in_years_and_stored_in_days(
    open_page: PageOpener,
    sent_applications: list[Application],
    api: ServiceApi,
    refused_client: int,
):
    taken = {"way_in": "client", "new_taken": refused_client}
    page = open_page("application", refused_client, new_added=["DAYS_BIRTH"], **taken)
    field, days = walk_in_field(page, "DAYS_BIRTH"), api.record(refused_client)["DAYS_BIRTH"]
    assert isinstance(days, float)
    assert field.value == round(-days / 365.25, 3)
    assert "(years" in field.label
    sent_applications.clear()
    field.set_value(32.9).run()
    assert sent_applications[0]["changes"] == {"DAYS_BIRTH": -12_017.0}


def test_letter_and_curve_open_on_demand(
    open_page: PageOpener, api: ServiceApi, refused_client: int
):
    taken = {"way_in": "client", "new_taken": refused_client}
    page = open_page("application", refused_client, **taken)
    assert chart_texts(page) == []
    page = open_page("application", refused_client, new_curve_open=True, **taken)
    assert len(chart_texts(page)) == 1
    page.main.selectbox(key="curve_new").set_value("AMT_CREDIT").run()
    own = EN.number(api.record(refused_client)["AMT_CREDIT"])
    assert own in chart_texts(page)[0]
