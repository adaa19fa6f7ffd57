"""The half page that a reader needs first: sentences, what is not known, and the key figures."""

from portfolio.progress import number
from register.commands.monthly_report.elements.markup import bullets, heading
from register.commands.monthly_report.elements.numbers import (
    count,
    decimal,
    listed,
    percent,
    share_interval,
)
from register.commands.monthly_report.figures import MonthlyFigures, hours, name, short
from register.commands.monthly_report.operation.groups import group_name
from register.commands.monthly_report.operation.population import is_beyond_chance
from register.commands.monthly_report.performance.coverage import partly_known
from register.commands.monthly_report.performance.discrimination import trained
from register.monitoring.document.cell import Cell

SMALL, LARGE = 0.1, 0.25  # stability indices, by custom
SIGNIFICANT = 0.05


def summary(figures: MonthlyFigures) -> str:
    """The sentences and the table at the beginning of the report."""
    sentences = [
        _volume(figures), _models(figures), _population(figures), _calibration(figures),
        _grades(figures), _discrimination(figures), _overrides(figures), _groups(figures),
        _expected(figures),
    ]  # fmt: skip
    return (
        f'<section class="summary" aria-labelledby="summary"><h2 id="summary">Summary</h2>'
        f"{bullets(filter(None, sentences))}{heading('Not known, and remarks')}"
        f"{bullets(_unknown(figures))}"
        "</section>"
    )


def _volume(figures: MonthlyFigures) -> str:
    cell = figures.current.total
    if not cell.volume:
        return f"No application was decided in {figures.month.name}."
    text = (
        f"{number(cell.volume, 'application')} {'was' if cell.volume == 1 else 'were'} decided in"
        f" {figures.month.name}; {percent(cell.approval.rate)} are accepted"
        f" (95% interval {share_interval(cell.approval)})"
    )
    before = figures.earlier(1)
    if before is not None and before.approval.rate is not None:
        text += f", after {percent(before.approval.rate)} in {name(before.key)}"
    return f"{text}."


def _models(figures: MonthlyFigures) -> str:
    now = [short(found.model) for found in figures.current.models]
    if not now:
        return ""
    text = f"They were decided by {'model' if len(now) == 1 else 'models'} {listed(now)}."
    swaps = list(map(figures.in_use, figures.history.models[1:]))
    if swaps:
        text += f" The model changed in the time of this report: {listed(swaps)}."
    return text


def _population(figures: MonthlyFigures) -> str:
    drift = figures.current.total.score_drift
    if not figures.current.total.volume:
        return ""
    if drift is None:
        return "The shift of the population is not known: there is no reference to compare with."
    beyond = is_beyond_chance(drift)
    reading = (
        "not more than chance may give" if not beyond
        else "a large shift" if drift.index >= LARGE
        else "more than chance, a small shift" if drift.index >= SMALL
        else "more than chance, but little"
    )  # fmt: skip
    text = (
        f"The score's stability index is {decimal(drift.index)}, where chance gives"
        f" {decimal(drift.expected)} on average: {reading}."
    )
    features = figures.current.features.total.features if figures.current.features else ()
    most = [f"{each.label} ({decimal(each.index, 2)})" for each in features[:3]]
    return f"{text} The features that shifted most are {listed(most)}." if most else text


def _calibration(figures: MonthlyFigures) -> str:
    total = figures.history.total
    if total.default_rate is None or total.calibration is None:
        return "No loan of the time of this report is mature: nothing is known of its outcomes yet."
    rate, predicted = total.default_rate, total.calibration.mean_pd
    text = (
        f"Of {number(total.maturity.labelled, 'mature loan')} with a known outcome,"
        f" {count(total.maturity.bad)} are bad: {percent(rate.rate)} (95% interval"
        f" {share_interval(rate)}), where the model predicted {percent(predicted)}"
    )
    if rate.low is not None and rate.high is not None:
        side = (
            "too low" if predicted < rate.low
            else "too high" if predicted > rate.high
            else "in keeping with it"
        )  # fmt: skip
        text += f": the prediction is {side}"
    wrong = [name(cell.key) for cell in figures.mature if _is_wrong(cell)]
    if wrong:
        text += (
            f". Tests of single {figures.period}s, adjusted for their number, reject the"
            f" probabilities in {listed(wrong)}"
        )
    return f"{text}."


def _is_wrong(cell: Cell) -> bool:
    found = cell.calibration
    tests = (found.hosmer_lemeshow, found.spiegelhalter) if found else ()
    values = [test.p_adjusted for test in tests if test is not None]
    return any(value is not None and value < SIGNIFICANT for value in values)


def _grades(figures: MonthlyFigures) -> str:
    tests = figures.history.grades
    low = [
        one.grade for one in tests
        if one.jeffreys_adjusted is not None and one.jeffreys_adjusted < SIGNIFICANT
    ]  # fmt: skip
    if not tests:
        return ""
    if not low:
        return "No grade's probability of default is shown to be too low (Jeffreys test, adjusted)."
    noun = "grade" if len(low) == 1 else "grades"
    return f"The probability of default is too low in {noun} {listed(low)} (Jeffreys, adjusted)."


def _discrimination(figures: MonthlyFigures) -> str:
    total = figures.history.total
    found = total.discrimination
    if found is None or found.auc is None:
        return ""
    text = (
        f"The AUC of these loans is {decimal(found.auc)} (95% interval {decimal(found.auc_low)} to"
        f" {decimal(found.auc_high)})"
    )
    training = trained(figures, total)
    if training is not None:
        text += f"; among the accepted clients of the training it was {decimal(training)}"
    return f"{text}."


def _overrides(figures: MonthlyFigures) -> str:
    cell = figures.current.total
    low, high, reviews = cell.overrides.low_side, cell.overrides.high_side, cell.reviews
    sentences = []
    if cell.volume:
        sentences.append(
            f"People accepted {count(low.count)} of {number(low.of, 'application')} of the month"
            f" that the model refused, and refused {count(high.count)} of {count(high.of)} that it"
            " accepted."
        )
    if reviews.requests:
        verb = "is" if reviews.open == 1 else "are"
        sentences.append(
            f"Of {number(reviews.requests, 'review request')} of the month, {reviews.open:,} {verb}"
            " open."
        )
    oldest = figures.history.total.reviews.oldest_open
    if oldest is not None:
        sentences.append(f"The oldest open request of all months was made on {hours(oldest)}.")
    return " ".join(sentences)


def _groups(figures: MonthlyFigures) -> str:
    if figures.groups is None or not figures.groups.groups:
        return ""
    column, groups = figures.groups.group, figures.groups.groups
    low = [group_name(one) for one in groups if one.below_four_fifths]
    unknown = sum(one.acceptance.rate is None for one in groups)
    left_out = f" {number(unknown, 'group')} of fewer than 30 cannot be judged." * (unknown > 0)
    if not low:
        return (
            f"No group by {column} is accepted less than four fifths as often as another.{left_out}"
        )
    return (
        f"By {column}, {listed(low)} {'is' if len(low) == 1 else 'are'} accepted less than four"
        f" fifths as often as the group that is accepted most.{left_out}"
    )


def _expected(figures: MonthlyFigures) -> str:
    found = figures.history.total.expected
    if found is None or found.default_rate.value is None:
        return ""
    return (
        f"Estimate, if the probabilities are right: {percent(found.default_rate.value)} of"
        f" {number(found.decisions, 'loan')} that are not mature will be bad."
    )


def _unknown(figures: MonthlyFigures) -> list[str]:
    """Sentences on the limits of the figures."""
    total = figures.history.total.maturity
    loans = total.accepted - total.not_taken_up
    sentences = []
    if loans > total.mature:
        sentences.append(
            f"{count(loans - total.mature)} of {number(loans, 'loan')} were younger than"
            f" {number(figures.history.window, 'month')} when outcomes were observed last: their"
            " end is not known."
        )
    if partly := partly_known(figures.mature):
        sentences.append(partly)
    sentences.append(
        "Refused applicants have no outcomes: nothing here says how they would have repaid."
    )
    return [*sentences, *figures.history.notes]
