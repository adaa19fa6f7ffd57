"""Other pictures: by grade, group, caller and model, by risk and age, and of the challenger."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.monitoring.response_models import By
from tests.dashboard.conftest import chart_texts, text_of
from tests.dashboard.monitoring.conftest import (
    Reports,
    TopicOpener,
    charts,
    points,
    rows,
    table_texts,
)
from tests.dashboard.monitoring.test_pictures_over_time import interval, text

WORDS = {"(not known)": "not known", "(without a grade)": "without a grade"}


@pytest.mark.parametrize("by", ["caller", "grade", "bundle"])
def test_cells_with_names_stand_below_each_other(
    open_topic: TopicOpener, report_of: Reports, by: By
):
    page, report = open_topic("applications", by=by), report_of(by=by)
    bars = rows(charts(page)[0], "bar")
    names = [each["key"][:8] if by == "bundle" else each["key"] for each in report["cells"]]
    assert [(row["at"], row["volume"]) for row in bars] == [
        (WORDS.get(name, name), cell["volume"])
        for name, cell in zip(names, report["cells"], strict=True)
    ]
    assert len(bars) > 1
    assert charts(page)[0]["layer"][0]["encoding"]["y"]["field"] == "at"
    assert len(charts(page)[0]["layer"]) == 1  # no line of a swap


def test_weeks(open_topic: TopicOpener, report_of: Reports):
    page = open_topic("applications", by="week", first="2025-01", last="2025-02")
    report = report_of(**{"by": "week", "from": "2025-01-01", "to": "2025-02-28"})
    bars = rows(charts(page)[0], "bar")
    assert [row["volume"] for row in bars] == [cell["volume"] for cell in report["cells"]]
    assert report["cells"][1]["key"] == "2025-W02"
    assert bars[1]["at"].startswith("2025-01-09T12")  # the middle of that week
    assert charts(page)[0]["layer"][0]["encoding"]["x"]["axis"]["format"] == "%G-W%V"


class TestCalibration:
    def test_ranges_of_risk(self, open_topic: TopicOpener, report_of: Reports):
        page, calibration = open_topic("calibration"), report_of()["total"]["calibration"]
        found = rows(charts(page)[0], "rule")
        assert [(row["x"], row["rate"], row["low"], row["high"]) for row in found] == [
            (each["mean_pd"], *interval(each["default_rate"])) for each in calibration["bins"]
        ]
        missed = sum(
            not each["default_rate"]["low"] <= each["mean_pd"] <= each["default_rate"]["high"]
            for each in calibration["bins"]
        )
        assert f"Of {len(found)} ranges of risk, {missed} have an interval" in chart_texts(page)[0]

    def test_parts_of_the_brier_score(self, open_topic: TopicOpener, report_of: Reports):
        shown = text_of(open_topic("calibration"))
        calibration = report_of()["total"]["calibration"]
        brier = calibration["brier"]
        assert table_texts(shown, "Brier score") == [f"{brier['score']:.4f}"]
        for start, name in (
            ("Reliability (gap", "reliability"),
            ("Resolution (how", "resolution"),
            ("Uncertainty (of", "uncertainty"),
            ("Variance within", "within_bin_variance"),
            ("Covariance within", "within_bin_covariance"),
        ):
            row = shown.partition(f">{start}")[2].partition("</tr>")[0]
            assert f">{brier[name]:.4f}<" in row
        assert table_texts(shown, "Log loss") == [f"{calibration['log_loss']:.4f}"]

    def test_tests_of_each_month(self, open_topic: TopicOpener, report_of: Reports):
        shown = text_of(open_topic("calibration")).partition("Tests of the calibration")[2]
        cells = [cell for cell in report_of()["cells"] if cell["calibration"]]
        cell = max(cells, key=lambda each: each["calibration"]["default_rate"]["of"])
        test = cell["calibration"]["spiegelhalter"]
        assert test["p"] >= 0.001
        texts = table_texts(shown, cell["key"])
        assert texts[0] == str(cell["calibration"]["default_rate"]["of"])
        assert texts[2] == f"{test['p']:.3f} (adjusted {test['p_adjusted']:.3f})"

    def test_grades(self, open_topic: TopicOpener, report_of: Reports):
        page, grades = open_topic("calibration"), report_of()["grades"]
        shown = rows(charts(page)[1], "point")
        assert [row["share"] for row in shown if row["kind"] == "Expected not to repay"] == [
            each["mean_pd"] for each in grades if each["mean_pd"] is not None
        ]
        bars = rows(charts(page)[1], "rule")
        assert [(row["name"], row["low"], row["high"]) for row in bars] == [
            (each["grade"], each["rate"]["low"], each["rate"]["high"])
            for each in grades
            if each["rate"]["of"]
        ]
        low = [each["grade"] for each in grades if (each["jeffreys_adjusted"] or 1) < 0.05]
        sentence = chart_texts(page)[1]
        assert sentence.endswith(f": {', '.join(low)}." if low else "defaulted than expected.")


def test_vintages(open_topic: TopicOpener, report_of: Reports):
    page, report = open_topic("vintages"), report_of()
    (chart,) = charts(page)
    lines = rows(chart, "line")
    assert [(row["month"], row["x"], row["y"]) for row in lines] == [
        (each["month"], point["months"], point["cumulative"])
        for each in report["vintages"]
        for point in each["curve"]
        if point["cumulative"] is not None
    ]
    first = report["vintages"][0]
    last = first["curve"][-1]
    cells = table_texts(text_of(page), first["month"])
    assert cells[0] == str(first["accepted"])
    assert cells[2] == str(last["months"])
    named = {row["month"]: row["y"] for at in (1, 2) for row in rows(chart, "line", at)[-1:]}
    assert len(named) == 2
    best, worst = named
    assert named[best] < named[worst]
    assert f"most of those of {worst}, " in chart_texts(page)[0]


class TestGroups:
    def test_without_a_group_it_says_how(self, open_topic: TopicOpener):
        page = open_topic("groups")
        assert not charts(page)
        assert page.main.info[0].value.startswith("Choose “group” under “Figures by” above")

    @pytest.fixture
    def page(self, open_topic: TopicOpener) -> AppTest:
        return open_topic("groups", by="group", group="sex")

    @pytest.fixture
    def by_name(self, report_of: Reports) -> dict[str, Any]:
        """The groups of the report."""
        groups = report_of(by="group", group="sex")["groups"]
        return {each["group"] or "not known": each for each in groups}

    def test_acceptance(self, page: AppTest, by_name: dict[str, Any]):
        acceptance, _, _ = charts(page)
        assert {row["at"]: row["value"] for row in rows(acceptance, "point")} == {
            name: each["acceptance"]["rate"] for name, each in by_name.items()
        }

    def test_ratios_to_the_largest_group(self, page: AppTest, by_name: dict[str, Any]):
        _, ratios, _ = charts(page)
        assert {row["at"]: (row["low"], row["high"]) for row in rows(ratios, "rule")} == {
            name: (each["acceptance_ratio"]["low"], each["acceptance_ratio"]["high"])
            for name, each in by_name.items()
            if each["acceptance_ratio"]
        }
        assert [row["x"] for at in (1, 2) for row in rows(ratios, "rule", at)] == [0.8, 1]
        (largest,) = (name for name, each in by_name.items() if each["is_reference"])
        assert f"that of the largest group, {largest}." in chart_texts(page)[1]

    def test_errors(self, page: AppTest, by_name: dict[str, Any]):
        _, _, errors = charts(page)
        bars = [row for row in rows(errors, "rule") if row["series"] == "Bad loans it had refused"]
        assert {row["at"]: row["low"] for row in bars} == {
            name: each["tpr"]["low"] for name, each in by_name.items() if each["tpr"]["of"]
        }

    def test_the_table_has_the_numbers(self, page: AppTest, by_name: dict[str, Any]):
        (largest,) = (name for name, each in by_name.items() if each["is_reference"])
        assert table_texts(text_of(page), largest)[0] == text(by_name[largest]["acceptance"])


class TestChallenger:
    def test_swap_sets(self, open_topic: TopicOpener, report_of: Reports):
        page, (found,) = open_topic("challenger"), report_of()["challengers"]
        (chart,) = charts(page)
        names = {
            "both accept": "both_accept",
            "only the model accepts": "swap_out",
            "only the challenger accepts": "swap_in",
            "both refuse": "both_refuse",
        }
        expected = [row for row in rows(chart, "point") if row["kind"].startswith("Expected")]
        assert {row["name"]: row["share"] for row in expected} == {
            name: found[key]["challenger_mean_pd"]
            for name, key in names.items()
            if found[key]["challenger_mean_pd"] is not None
        }
        shown = text_of(page)
        for name, key in names.items():
            counts = found[key]["decisions"]
            assert table_texts(shown, name)[:2] == [f"{counts['count']:,}", text(counts)]
        assert found["challenger"] != found["champion"]
        title = f"Challenger {found['challenger'][:8]} beside model {found['champion'][:8]}"
        assert page.main.header[0].value == title
        assert f"agree on {text(found['agreement'])}" in chart_texts(page)[0]

    def test_both_on_the_same_loans(self, open_topic: TopicOpener, report_of: Reports):
        shown, (found,) = text_of(open_topic("challenger")), report_of()["challengers"]
        shown = shown.partition("both on the same loans")[2]
        for model, ranking, calibration in (
            ("champion", "champion_discrimination", "champion_calibration"),
            ("challenger", "discrimination", "calibration"),
        ):
            cells = table_texts(shown, found[model][:8])
            assert cells[0].endswith(
                f"{found[ranking]['auc_low']:.3f} to {found[ranking]['auc_high']:.3f})"
            )
            assert cells[3] == f"{found[calibration]['brier']['score']:.4f}"

    def test_without_one(self, open_topic: TopicOpener):
        page = open_topic("challenger", first="2026-01")
        assert not charts(page)
        assert page.main.info[0].value.startswith("No other model has scored these decisions")


def test_points_are_those_of_their_series(open_topic: TopicOpener, report_of: Reports):
    """By caller, each caller's two shares stand under its own name."""
    page, report = open_topic("people", by="caller"), report_of(by="caller")
    cells = {cell["key"]: cell["overrides"] for cell in report["cells"]}
    assert points(charts(page)[0], "Refused, then accepted (low side)") == [
        interval(cells[key]["low_side"]) for key in sorted(cells)
    ]
