"""Pictures by month: their marks and tables have the numbers of the service's response."""

from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.monitoring.sections.performance import is_doubtful
from advisor.register.reason_codes import reason_text
from tests.dashboard.conftest import chart_texts, text_of
from tests.dashboard.monitoring.conftest import (
    FIRST,
    LAST,
    Reports,
    TopicOpener,
    charts,
    points,
    rows,
    table_texts,
)

ENGLISH = Words("en")


def interval(share: dict[str, Any] | None) -> tuple[float | None, ...]:
    """A share with its interval."""
    return (None, None, None) if share is None else (share["rate"], share["low"], share["high"])


def known(found: list[tuple[float | None, ...]]) -> list[tuple[float | None, ...]]:
    """Figures without those that are not there at all."""
    return [each for each in found if each != (None, None, None)]


def text(share: dict[str, Any]) -> str:
    """A share with its interval in English; a dash for a share of nothing."""
    if not share["of"]:
        return "\u2013"
    low, high = (ENGLISH.percent(share[end], 1) for end in ("low", "high"))
    if share["rate"] is None:
        return f"fewer than 30: {low} to {high}"
    return f"{ENGLISH.percent(share['rate'], 1)} ({low} to {high})"


class TestApplications:
    def test_volume(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("applications"), report_of()
        bars = rows(charts(page)[0], "bar")
        assert [row["volume"] for row in bars] == [cell["volume"] for cell in report["cells"]]
        assert [row["at"][:7] for row in bars] == [cell["key"] for cell in report["cells"]]
        assert (bars[0]["at"][:7], bars[-1]["at"][:7]) == (FIRST, LAST)
        most = max(report["cells"], key=lambda cell: cell["volume"])
        assert f"Most: {most['volume']} ({most['key']})." in chart_texts(page)[0]
        cell = report["cells"][3]
        assert table_texts(text_of(page), cell["key"]) == [
            str(cell["volume"]),
            str(cell["automated"]),
            cell["models"][0]["model"][:8],
        ]

    def test_approval(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("applications"), report_of()
        chart = charts(page)[1]
        final = [interval(cell["approval"]) for cell in report["cells"]]
        assert points(chart, "Accepted in the end") == final
        model = [interval(cell["model_approval"]) for cell in report["cells"]]
        assert points(chart, "Accepted by the model") == model
        assert final != model

    def test_approval_is_told_in_words(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("applications"), report_of()
        total = report["total"]
        assert chart_texts(page)[1].startswith(
            f"{text(total['approval'])} of applications were accepted in the end;"
            f" the model accepted {text(total['model_approval'])}."
        )
        lowest = min(report["cells"], key=lambda cell: cell["approval"]["rate"])
        rate = ENGLISH.percent(lowest["approval"]["rate"], 1)
        assert f"Lowest: {rate} ({lowest['key']})." in chart_texts(page)[1]

    def test_each_picture_has_a_line_at_the_swap(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("applications"), report_of()
        first, second = report["models"]
        for chart in charts(page):
            line = next(
                layer["data"]["values"]
                for layer in chart["layer"]
                if layer["mark"].get("strokeDash") == [2, 2]
            )
            assert line == [{"at": second["first"], "text": second["model"][:8]}]
        assert f"{first['model'][:8]}, {second['model'][:8]} from " in text_of(page)


class TestStability:
    def test_the_index_of_the_scores(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("stability"), report_of()
        drifts = [cell["score_drift"] for cell in report["cells"]]
        chart = charts(page)[0]
        found = {
            name: [row["value"] for row in rows(chart, "point") if row["series"] == name]
            for name in ("Stability index", "By chance alone")
        }
        assert found == {
            "Stability index": [drift["index"] for drift in drifts],
            "By chance alone": [drift["expected"] for drift in drifts],
        }
        total = report["total"]["score_drift"]
        assert (
            f"index {total['index']:.3f} over the whole period;"
            f" chance alone gives {total['expected']:.3f}." in chart_texts(page)[0]
        )
        shifted = [cell["key"] for cell in report["cells"] if cell["score_drift"]["index"] >= 0.1]
        assert shifted  # the simulation drifts
        assert f"a slight or clear shift: {', '.join(shifted)}." in chart_texts(page)[0]

    def test_features_are_counted_on_demand(self, open_topic: TopicOpener, report_of: Reports):
        page = open_topic("stability")
        assert len(charts(page)) == 1
        next(each for each in page.main.button if each.label == "Count the features").click().run()
        features = report_of(features="true")["features"]
        most = features["total"]["features"][:15]
        bars = rows(charts(page)[1], "bar")
        assert [(row["name"], row["index"]) for row in bars] == [
            (each["label"], each["index"]) for each in most
        ]
        ticks = rows(charts(page)[1], "tick")
        assert [row["expected"] for row in ticks] == [each["expected"] for each in most]
        month = features["cells"][10]
        page.main.selectbox(key="monitoring_feature_cell").set_value(month["key"]).run()
        bars = rows(charts(page)[1], "bar")
        assert [row["index"] for row in bars] == [each["index"] for each in month["features"][:15]]
        assert f"{month['decisions']} decisions counted" in chart_texts(page)[1]


class TestPerformance:
    def test_defaults(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("performance"), report_of()
        chart = charts(page)[0]
        rates = known([interval(cell["default_rate"]) for cell in report["cells"]])
        assert rates
        assert points(chart, "Defaulted") == rates
        expected = [
            row["value"]
            for row in rows(chart, "point")
            if row["series"] == "Expected of these loans"
        ]
        calibrations = [cell["calibration"] for cell in report["cells"] if cell["calibration"]]
        assert expected == [each["mean_pd"] for each in calibrations]
        known_loans = report["total"]["maturity"]
        assert f"{text(report['total']['default_rate'])} of loans defaulted" in chart_texts(page)[0]
        assert (
            f"The end of {known_loans['labelled']:,} of {known_loans['mature']:,} loans"
            in (chart_texts(page)[0])
        )

    def test_cells_of_which_few_ends_are_known_are_called_doubtful(
        self, open_topic: TopicOpener, report_of: Reports
    ):
        sentence = chart_texts(open_topic("performance"))[0]
        coverage = {cell["key"]: cell["maturity"]["coverage"] for cell in report_of()["cells"]}
        low = [key for key, each in coverage.items() if each["count"] < 0.8 * each["of"]]
        assert ("Doubtful" in sentence) == bool(low)
        assert sentence.endswith(f": {', '.join(low)}." if low else ").")

    @pytest.mark.parametrize(
        ("count", "of", "doubtful"),
        [(79, 100, True), (80, 100, False), (0, 1, True), (0, 0, False)],
    )
    def test_a_cell_is_doubtful_below_four_fifths(
        self, report_of: Reports, count: int, of: int, doubtful: bool
    ):
        cell = report_of()["cells"][0]
        coverage = cell["maturity"]["coverage"] | {"count": count, "of": of}
        maturity = cell["maturity"] | {"coverage": coverage}
        assert is_doubtful(cell | {"maturity": maturity}) == doubtful

    def test_ranking(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("performance"), report_of()
        chart = charts(page)[1]
        found = [cell["discrimination"] for cell in report["cells"] if cell["discrimination"]]
        assert points(chart, "AUC at work") == [
            (each["auc"], each["auc_low"], each["auc_high"]) for each in found
        ]
        assert None in [each["auc"] for each in found]  # months with fewer than 30 bad loans
        training = report["models"][0]["training"]["accepted"]
        first = points(chart, "AUC in training, on those it accepts")[0]
        assert first == (training["auc"], training["auc_low"], training["auc_high"])
        total = report["total"]["discrimination"]
        auc = f"{total['auc']:.3f} ({total['auc_low']:.3f} to {total['auc_high']:.3f})"
        assert chart_texts(page)[1].startswith(f"AUC over the whole period: {auc}.")

    def test_estimates_are_marked(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("performance"), report_of()
        chart = charts(page)[2]
        rates = [cell["expected"]["default_rate"] for cell in report["cells"] if cell["expected"]]
        assert points(chart, "Estimate") == [
            (each["value"], each["low"], each["high"]) for each in rates
        ]
        (mark,) = [layer["mark"] for layer in chart["layer"] if layer["mark"]["type"] == "point"]
        assert mark["filled"] is False
        assert chart_texts(page)[2].startswith("Estimates for ")
        assert chart["layer"][0]["encoding"]["y"]["title"] == "Estimated share of defaults"


class TestPeople:
    def test_overrides(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("people"), report_of()
        cells = [cell["overrides"] for cell in report["cells"]]
        for series, side in (
            ("Refused, then accepted (low side)", "low_side"),
            ("Accepted, then refused (high side)", "high_side"),
        ):
            assert points(charts(page)[0], series) == [interval(each[side]) for each in cells]
        total = report["total"]["overrides"]
        assert f"{text(total['low_side'])} of its refusals were accepted" in chart_texts(page)[0]

    def test_tables_by_reason_caller_and_reviewer(
        self, open_topic: TopicOpener, report_of: Reports
    ):
        shown, tables = text_of(open_topic("people")), report_of()["overrides"]
        for kind in ("by_reason", "by_caller", "by_reviewer"):
            assert tables[kind]
            for row in tables[kind]:
                is_reason = kind == "by_reason"
                name = reason_text(ENGLISH, row["key"]) if is_reason else row["key"]
                assert table_texts(shown, name) == [
                    f"{row['reviews']:,}",
                    *(
                        cell
                        for share in (row["low_side"], row["high_side"])
                        for cell in (text(share), f"{share['count']:,} of {share['of']:,}")
                    ),
                ]

    def test_time_to_review(self, open_topic: TopicOpener, report_of: Reports):
        page, report = open_topic("people"), report_of()
        shown = rows(charts(page)[1], "point")
        for series, name in (
            ("Half waited at most", "hours_median"),
            ("Nine in ten waited at most", "hours_p90"),
        ):
            found = [row["value"] for row in shown if row["series"] == series]
            values = [cell["reviews"][name] for cell in report["cells"]]
            assert found == [value for value in values if value is not None]
        total = report["total"]["reviews"]
        assert (
            f"{total['requests']} requests, {total['open']} of them open." in (chart_texts(page)[1])
        )
