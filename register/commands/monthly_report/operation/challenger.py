"""The section on the challenger: another model that scores the same applications in the shadow."""

from register.commands.monthly_report.elements import cell_texts
from register.commands.monthly_report.elements.charts import Range, range_chart
from register.commands.monthly_report.elements.markup import (
    Column,
    Definition,
    Topic,
    figure,
    heading,
    paragraph,
    table,
    text_column,
)
from register.commands.monthly_report.elements.numbers import (
    count,
    decimal,
    interval,
    percent,
    probability,
    share_interval,
)
from register.commands.monthly_report.elements.trends import in_percent
from register.commands.monthly_report.figures import MonthlyFigures, short
from register.monitoring.document.challenger_comparison import ChallengerComparison, DecidedAlike

DEFINITIONS = (
    Definition(
        "Swap sets",
        "Applications that one model accepts and the other refuses. Loans that the challenger would"
        " have refused show what it would have spared. Those that only the challenger accepts were"
        " refused: their outcomes are known only if a person accepted them all the same, and such"
        " cases are not typical.",
    ),
    Definition(
        "Difference of AUC",
        "AUC of the challenger minus that of the model on the same labelled loans, with the paired"
        " interval and test. These loans were granted mostly as the model wanted, which favours"
        " neither fairly: a difference is a sign, and no proof.",
        "E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44, 1988.",
    ),
)
SET_COLUMNS = (
    text_column("Decisions"), Column("Number"), Column("Share"), Column("Mean PD, model"),
    Column("Mean PD, challenger"), Column("Accepted"), Column("Mature"), Column("Coverage"),
    Column("Bad"), Column("Default rate"), Column("95% interval"),
)  # fmt: skip
MODEL_COLUMNS = (
    text_column("Model"), text_column("Role"), Column("Labelled loans"), Column("AUC"),
    Column("95% interval"), Column("Gini"), Column("KS"), Column("Mean PD"), Column("Default rate"),
    Column("95% interval"), Column("Brier"),
)  # fmt: skip


def challenger(figures: MonthlyFigures) -> Topic:
    """The comparisons of each challenger with the models that decided."""
    found = figures.history.challengers
    blocks = [paragraph("No challenger scored decisions of this time.")]
    if found:
        blocks = [block for comparison in found for block in _comparison(comparison)]
    return Topic(
        "challenger", "Challenger", "Would the next model decide better?", blocks, DEFINITIONS
    )


def _comparison(found: ChallengerComparison) -> list[str]:
    pair = f"challenger {short(found.challenger)} against model {short(found.champion)}"
    sets = {
        "both accept": found.both_accept,
        "only the model accepts": found.swap_out,
        "only the challenger accepts": found.swap_in,
        "both refuse": found.both_refuse,
    }
    return [
        heading(f"{pair[0].upper()}{pair[1:]}"), paragraph(_sentence(found)),
        figure(
            _chart(sets, pair),
            "Default rate of the granted and labelled loans, by how both models decide, with 95%"
            f" intervals: {pair}.",
        ),
        table(
            f"Swap sets, {pair}", SET_COLUMNS, [_set(label, one) for label, one in sets.items()]
        ),
        table(f"The same loans, {pair}", MODEL_COLUMNS, _models(found)),
    ]  # fmt: skip


def _sentence(found: ChallengerComparison) -> str:
    text = (
        f"Both scored {count(found.decisions)} decisions, and agree on"
        f" {percent(found.agreement.rate)} (95% interval {share_interval(found.agreement)})."
    )
    if found.failed:
        text += f" The challenger could not score {count(found.failed)} others."
    difference = found.difference
    if difference is not None:
        text += (
            f" Difference of AUC: {decimal(difference.difference)} (95% interval"
            f" {interval(difference.low, difference.high)}), p {probability(difference.p)}."
        )
    return text


def _chart(sets: dict[str, DecidedAlike], pair: str) -> str:
    ranges = [
        Range(label, in_percent(one.bad.rate), in_percent(one.bad.low), in_percent(one.bad.high))
        for label, one in sets.items()
    ]
    alt = f"Default rates by how both decide, {pair}: " + "; ".join(
        f"{label} {percent(one.bad.rate)} of {count(one.bad.of)} labelled loans"
        for label, one in sets.items()
    )
    return range_chart(ranges, "default rate", "", "% of labelled loans", alt)


def _set(label: str, one: DecidedAlike) -> list[str]:
    return [
        label, count(one.decisions.count), percent(one.decisions.rate), percent(one.mean_pd),
        percent(one.challenger_mean_pd), count(one.accepted), count(one.mature),
        percent(one.coverage.rate), count(one.bad.count), *cell_texts.rate(one.bad),
    ]  # fmt: skip


def _models(found: ChallengerComparison) -> list[list[str]]:
    rows = []
    for role, model, ranks, calibrated in (
        ("decides", found.champion, found.champion_discrimination, found.champion_calibration),
        ("challenger", found.challenger, found.discrimination, found.calibration),
    ):
        found_rate = calibrated.default_rate if calibrated else None
        rows.append([
            short(model), role, count(found_rate.of if found_rate else 0), *cell_texts.auc(ranks),
            *cell_texts.ranks(ranks), cell_texts.mean_pd(calibrated),
            *cell_texts.rate(found_rate), cell_texts.brier(calibrated)[0],
        ])  # fmt: skip
    return rows
