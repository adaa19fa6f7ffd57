"""The other parts of a report against plain loops over the rows."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import CensoredData, beta, binom, ecdf
from sklearn.metrics import roc_auc_score

from credit_scoring.monitoring.psi import drift, number_counts
from register.monitoring.document.report import MonitoringReport
from tests.register.monitoring.counting.test_counts import BYS, pair
from tests.register.monitoring.drawn import AS_OF, GRADES, MODELS, WITHOUT_REFERENCE
from tests.register.monitoring.plain_figures import grouped

PERIOD = datetime(2025, 1, 15, 12, tzinfo=UTC), datetime(2025, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(("by", "group"), BYS)
def test_score_drift_is_the_weighted_mean_of_the_bundles(drawn_register, by, group):
    report = drawn_register.report(by, group=group)
    cells = grouped(drawn_register.plain(), by, group)
    references = drawn_register.drawn.references
    compared = 0
    for cell in report.cells:
        scores: dict[int, list[float]] = {}
        for one in cells.get(cell.key, []):
            scores.setdefault(one.row["bundle"], []).append(one.row["probability"])
        if not scores or WITHOUT_REFERENCE in scores:
            assert cell.score_drift is None
            continue
        parts = [
            (drift(number_counts(references[bundle].probability, np.array(values))), len(values))
            for bundle, values in scores.items()
        ]
        weights = [number for _, number in parts]
        for name in ("index", "expected"):
            values = [getattr(part, name) for part, _ in parts]
            assert getattr(cell.score_drift, name) == pytest.approx(
                np.average(values, weights=weights)
            )
        assert cell.score_drift.bins == max(part.bins for part, _ in parts)
        compared += 1
    assert compared or by not in ("week", "bundle")


def test_models_and_their_training(drawn_register):
    report = drawn_register.report()
    decisions = drawn_register.plain()
    by_model = grouped(decisions, "bundle")
    assert {model.model for model in report.models} == set(by_model)
    assert [model.first for model in report.models] == sorted(m.first for m in report.models)
    for model in report.models:
        times = [one.row["at"] for one in by_model[model.model]]
        assert (model.first, model.last, model.decisions) == (min(times), max(times), len(times))
    second = next(model for model in report.models if model.model == MODELS[2].hex())
    scores = drawn_register.drawn.references[2]
    accepted = ~scores.refused
    assert second.reference == 400
    assert second.training.all.auc == pytest.approx(
        roc_auc_score(scores.defaulted, scores.probability)
    )
    assert second.training.accepted.auc == pytest.approx(
        roc_auc_score(scores.defaulted[accepted], scores.probability[accepted])
    )
    for cell in report.cells:
        here = grouped(decisions, "month").get(cell.key, [])
        shares = Counter(MODELS[one.row["bundle"]].hex() for one in here)
        assert {share.model: share.decisions for share in cell.models} == shares


def test_grades_are_tested_by_their_labelled_loans(drawn_register):
    report = drawn_register.report()
    cells = grouped(drawn_register.plain(), "grade")
    assert [test.grade for test in report.grades] == GRADES
    for test in report.grades:
        loans = [one for one in cells[test.grade] if one.label in ("good", "bad")]
        bads = sum(one.label == "bad" for one in loans)
        mean = np.mean([one.pd for one in loans])
        assert (test.decisions, pair(test.rate)) == (len(loans), (bads, len(loans)))
        assert test.mean_pd == pytest.approx(mean)
        jeffreys = beta.cdf(mean, bads + 0.5, len(loans) - bads + 0.5)
        assert test.jeffreys_p == pytest.approx(jeffreys)
        assert test.binomial_p == pytest.approx(binom.sf(bads - 1, len(loans), mean))


@pytest.mark.parametrize("window", [12, 5])
def test_vintages_are_curves_of_kaplan_and_meier(drawn_register, window):
    report = drawn_register.report(window=window)
    months = grouped(drawn_register.plain(window), "month")
    loans = {
        month: [one for one in some if one.label not in ("refused", "not_taken_up")]
        for month, some in months.items()
    }
    assert [vintage.month for vintage in report.vintages] == sorted(m for m in loans if loans[m])
    for vintage in report.vintages:
        times = [one.on_book for one in loans[vintage.month]]
        assert vintage.accepted == len(times)
        curve = ecdf(
            CensoredData(
                uncensored=[time for time, event in times if event],
                right=[time for time, event in times if not event],
            )
        )
        for point in vintage.curve:
            assert point.at_risk == sum(time >= point.months for time, _ in times)
            assert point.defaults == sum(event and time <= point.months for time, event in times)
            if point.cumulative is not None:
                survival = curve.sf.evaluate(point.months)
                assert 1 - point.cumulative == pytest.approx(survival)


def test_overrides_by_reason_caller_and_reviewer(drawn_register):
    report = drawn_register.report()
    decisions = drawn_register.plain()
    reviewed = [one for one in decisions if one.reviews]
    keys = {
        "by_reason": (lambda one: one.reviews[-1]["reason"], reviewed),
        "by_caller": (lambda one: one.row["caller"], decisions),
        "by_reviewer": (lambda one: one.reviews[-1]["caller"], reviewed),
    }
    for name, (key, among) in keys.items():
        rows = getattr(report.overrides, name)
        assert [row.reviews for row in rows] == sorted((r.reviews for r in rows), reverse=True)
        assert {row.key for row in rows} == {key(one) for one in reviewed}
        for row in rows:
            here = [one for one in among if key(one) == row.key]
            refused = [one for one in here if one.row["prediction"] == 1]
            accepted = [one for one in here if one.row["prediction"] == 0]
            assert row.reviews == sum(bool(one.reviews) for one in here)
            assert pair(row.low_side) == (sum(o.final == 0 for o in refused), len(refused))
            assert pair(row.high_side) == (sum(o.final == 1 for o in accepted), len(accepted))


def test_groups_are_compared_by_the_final_decision_and_known_ends(drawn_register):
    report = drawn_register.report("group", group="age")
    cells = grouped(drawn_register.plain(), "group", "age")
    assert {one.group or "(not known)" for one in report.groups} == set(cells)
    for one in report.groups:
        here = cells[one.group or "(not known)"]
        bad = [o for o in here if o.label == "bad"]
        good = [o for o in here if o.label == "good"]
        assert pair(one.acceptance) == (sum(o.final == 0 for o in here), len(here))
        assert pair(one.tpr) == (sum(o.row["prediction"] == 1 for o in bad), len(bad))
        assert pair(one.fpr) == (sum(o.row["prediction"] == 1 for o in good), len(good))
    assert report.group == "age"
    assert drawn_register.report().groups == []


def test_definitions_are_counted(drawn_register):
    counted = Counter(row["definition"] for row in drawn_register.drawn.rows["outcome"])
    found = drawn_register.report().definitions
    assert [(d.definition, d.outcomes) for d in found] == counted.most_common()


def unknown_ends(drawn_register) -> int:
    return sum(one.label == "unknown" for one in drawn_register.plain())


def test_notes_say_what_to_doubt(drawn_register):
    report = drawn_register.report()
    maturity, unknown = report.total.maturity, unknown_ends(drawn_register)
    assert report.pd_source == "mixed"
    assert report.notes == [
        f"{unknown} of {maturity.mature} loans whose window has ended have no known end: figures of"
        " performance leave them out, and are doubtful if these differ from the others.",
        "Outcomes in the register have 2 definitions (90dpd, 60dpd): figures of performance take"
        " all of them together.",
        f"{report.total.reviews.open} review requests are open; they do not count as waiting time.",
        "The scores of the reference clients are not in the register for the model"
        f" {MODELS[1].hex()[:12]}: its decisions have no stability index of the score.",
        "Some decisions have a scorecard's probability of default, and others only the model's"
        " probability: figures of calibration take both.",
        on_swaps(report, [cell.key for cell in report.cells if cell.discrimination]),
    ]


def test_remarks_are_the_notes_as_keys(drawn_register):
    report = drawn_register.report()
    maturity, unknown = report.total.maturity, unknown_ends(drawn_register)
    assert [(remark.key, remark.number, remark.of, remark.names) for remark in report.remarks] == [
        ("unknown_ends", unknown, maturity.mature, None),
        ("several_definitions", 2, None, "90dpd, 60dpd"),
        ("open_requests", report.total.reviews.open, None, None),
        ("no_reference", None, None, MODELS[1].hex()[:12]),
        ("mixed_pd", None, None, None),
        ("several_models", None, None, ", ".join([*[cell.key for cell in report.cells
                                                    if cell.discrimination][:5], "…"])),
    ]  # fmt: skip


def test_a_report_by_model_names_no_month_of_several(drawn_register):
    of_models = drawn_register.report("bundle")
    assert len(of_models.cells) == 2
    assert on_swaps(of_models, []) == of_models.notes[-1]


def on_swaps(report: MonitoringReport, cells: list[str]) -> str:
    """The remark on cells, and on the total, in which several models decided."""
    assert all(len(cell.models) > 1 for cell in report.cells if cell.key in cells)
    names = [*cells, "total"]
    others = ", …" if len(names) > 5 else ""
    return (
        f"Several models decided in these cells: {', '.join(names[:5])}{others}. AUC, Gini and KS"
        " take their scores together, which may differ in meaning. Figures by model keep the models"
        " apart."
    )


def test_months_are_cut_at_the_ends_of_the_report(drawn_register):
    start, end = PERIOD
    report = drawn_register.report(start=start, end=end)
    assert [(cell.key, cell.start, cell.end) for cell in report.cells] == [
        ("2025-01", start, datetime(2025, 2, 1, tzinfo=UTC)),
        ("2025-02", datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)),
        ("2025-03", datetime(2025, 3, 1, tzinfo=UTC), end),
    ]
    decisions = drawn_register.plain(start=start, end=end)
    months = grouped(decisions, "month")
    assert [cell.volume for cell in report.cells] == [
        len(months.get(cell.key, [])) for cell in report.cells
    ]
    assert (report.total.volume, report.as_of, report.window) == (len(decisions), AS_OF, 12)


def test_weeks_start_on_monday(drawn_register):
    weeks = drawn_register.report("week", start=PERIOD[0], end=PERIOD[1]).cells
    assert [week.key for week in weeks] == [f"2025-W{number:02}" for number in range(3, 10)]
    assert {week.start.isoweekday() for week in weeks[1:]} == {1}


@pytest.mark.parametrize("by", ["month", "grade", "group"])
def test_a_period_without_decisions(drawn_register, by):
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC)
    report = drawn_register.report(by, group="sex" if by == "group" else None, start=start, end=end)
    assert [cell.key for cell in report.cells] == (["2020-01", "2020-02"] if by == "month" else [])
    total = report.total
    assert (total.volume, total.mean_pd, total.score_drift, total.default_rate) == (0, *[None] * 3)
    assert (report.models, report.grades, report.vintages, report.notes) == ([], [], [], [])


def test_centuries_without_decisions_are_no_cells(drawn_register):
    start, end = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    report = drawn_register.report("week", start=start, end=end)
    times = [row["at"] for row in drawn_register.drawn.rows["decision"]]
    first, last = (time.isocalendar() for time in (min(times), max(times)))
    assert report.total.volume == len(times)
    assert report.cells[0].key == f"{first.year}-W{first.week:02}"
    assert report.cells[-1].key == f"{last.year}-W{last.week:02}"
