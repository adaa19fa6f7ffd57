"""The section on groups of clients: how often they are accepted, and how the model errs."""

from credit_scoring.monitoring.rates.group_ratios import GroupRatio
from credit_scoring.monitoring.rates.proportion import Proportion
from credit_scoring.monitoring.rates.ratio import Ratio
from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.charts import Range, range_chart
from register.commands.monthly_report.elements.markup import (
    Column,
    Definition,
    Topic,
    figure,
    paragraph,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import (
    NONE,
    count,
    decimal,
    interval,
    probability,
)
from register.commands.monthly_report.figures import MonthlyFigures
from register.monitoring.document.report import MonitoringReport

UNKNOWN = "(not known)"
FOUR_FIFTHS = 0.8
DEFINITIONS = (
    Definition(
        "Acceptance ratio",
        "The share of a group that is accepted in the end, divided by that of the largest group,"
        " with Donner and Zou's interval; p is that of the chi-square test of equal shares, or of"
        " Fisher's exact test with few cases. The ratio describes: it says neither why groups"
        " differ, nor that a difference is unlawful.",
        "A. Donner, G. Y. Zou, Statistical Methods in Medical Research 21, 2012; W. G. Cochran,"
        " Biometrics 10, 1954.",
    ),
    Definition(
        "Four-fifths rule",
        "A group that is accepted less than 0.8 times as often as the group that is accepted most"
        " is a sign of adverse impact. It is a rule of thumb, and speaks of employment.",
        "29 CFR 1607.4 (D).",
    ),
    Definition(
        "TPR and FPR",
        "Of the granted loans that ended badly, the share that the model had refused; of those that"
        " ended well, the share that it had refused. Refused applications have no outcomes, so that"
        " both speak only of loans that a person granted against the model or with it: among all"
        " applicants both are higher.",
    ),
)
COLUMNS = (
    text_column("Group"), Column("Decisions"), Column("Accepted"), Column("95% interval"),
    Column("Ratio"), Column("95% interval"), Column("To the best"), Column("p"),
    Column("p, adjusted"),
)  # fmt: skip
ERROR_COLUMNS = (
    text_column("Group"), Column("Bad loans"), Column("TPR"), Column("95% interval"),
    Column("Ratio"), Column("95% interval"), Column("Good loans"), Column("FPR"),
    Column("95% interval"), Column("Ratio"), Column("95% interval"),
)  # fmt: skip


def groups(report: MonitoringReport, figures: MonthlyFigures) -> Topic:
    """The ratios of groups.

    Args:
        report: by group.
        figures: of the report.
    """
    found = report.groups
    blocks = [paragraph(f"No application of this time has a value of {report.group}.")]
    if any(one.group is not None for one in found):
        caption = (
            f"Acceptance of each group by {report.group}, divided by that of the largest group,"
            " with 95% intervals; the line marks four fifths. Decisions of all months of the"
            f" report. {figures.of_models(figures.cells)}"
        )
        blocks = [
            figure(_chart(report), caption),
            table(f"Acceptance by {report.group}", COLUMNS, [_row(one) for one in found]),
            table(f"Errors by {report.group}", ERROR_COLUMNS, [_errors(one) for one in found]),
        ]
    return Topic(
        "groups", f"Groups by {report.group}",
        "Whom does the model refuse? The model never sees this column.", blocks, DEFINITIONS,
    )  # fmt: skip


def group_name(group: GroupRatio) -> str:
    """The name of a group."""
    return UNKNOWN if group.group is None else group.group


def _chart(report: MonitoringReport) -> str:
    ranges = []
    for one in report.groups:
        against = one.acceptance_ratio
        if one.is_reference:
            ranges.append(Range(f"{group_name(one)} (largest)", 1, 1, 1))
        elif against is not None:
            ranges.append(Range(group_name(one), against.ratio, against.low, against.high))
    alt = f"Acceptance ratios by {report.group}: " + "; ".join(
        f"{one.name} {decimal(one.value, 2)}" for one in ranges
    )
    unit = "acceptance, divided by that of the largest group"
    return range_chart(ranges, "acceptance ratio", "", unit, alt, FOUR_FIFTHS)


def _row(group: GroupRatio) -> list[str]:
    accepted = group.acceptance
    return [
        group_name(group), count(accepted.of), *cell_texts.rate(accepted),
        *_ratio(group.acceptance_ratio), decimal(group.ratio_to_best, 2), probability(group.p),
        probability(group.p_adjusted),
    ]  # fmt: skip


def _errors(group: GroupRatio) -> list[str]:
    return [
        group_name(group), *_share(group.tpr), *_ratio(group.tpr_ratio), *_share(group.fpr),
        *_ratio(group.fpr_ratio),
    ]  # fmt: skip


def _share(proportion: Proportion) -> list[str]:
    return [count(proportion.of), *cell_texts.rate(proportion)]


def _ratio(ratio: Ratio | None) -> list[str]:
    if ratio is None:
        return [NONE, NONE]
    return [decimal(ratio.ratio, 2), interval(ratio.low, ratio.high, 2)]
