"""The section on grades: their probabilities of default against what happened."""

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
from register.commands.monthly_report.elements.numbers import count, percent, probability
from register.commands.monthly_report.elements.trends import in_percent
from register.commands.monthly_report.figures import MonthlyFigures

DEFINITIONS = (
    Definition(
        "Jeffreys test of a grade",
        "The probability that the grade's true default rate is at most its mean PD, if D of N loans"
        " defaulted: the distribution function of Beta(D + 1/2, N - D + 1/2) at the mean PD. A"
        " small value says that the PD is too low. It tests each grade alone, in one direction.",
        "European Central Bank, Instructions for reporting the validation results of internal"
        " models, February 2019, section 2.5.3.1.",
    ),
    Definition(
        "Binomial test of a grade",
        "The probability of D or more defaults of N independent loans, each with the mean PD. Loans"
        " of one time share their fortune, so that it raises the alarm too often in bad times.",
        "Basel Committee on Banking Supervision, Studies on the Validation of Internal Rating"
        " Systems, Working Paper 14, 2005.",
    ),
)
COLUMNS = (
    text_column("Grade"), Column("Loans"), Column("Mean PD"), Column("Bad"),
    Column("Default rate"), Column("95% interval"), Column("Jeffreys p"), Column("adjusted"),
    Column("Binomial p"), Column("adjusted"),
)  # fmt: skip


def grades(figures: MonthlyFigures) -> Topic:
    """The grades' tests over all mature loans of the report."""
    tests = figures.history.grades
    blocks = [paragraph("No labelled loan of this time has a grade.")]
    if tests:
        models = figures.of_models(figures.mature)
        alt = "Default rate by grade, and mean PD: " + "; ".join(
            f"{one.grade} {percent(one.rate.rate)} of {count(one.decisions)}, PD"
            f" {percent(one.mean_pd)}"
            for one in tests
        )
        ranges = [
            Range(one.grade, in_percent(one.rate.rate), in_percent(one.rate.low),
                  in_percent(one.rate.high), in_percent(one.mean_pd))
            for one in tests
        ]  # fmt: skip
        rows = [
            [
                one.grade, count(one.decisions), percent(one.mean_pd), count(one.rate.count),
                *cell_texts.rate(one.rate), probability(one.jeffreys_p),
                probability(one.jeffreys_adjusted), probability(one.binomial_p),
                probability(one.binomial_adjusted),
            ]
            for one in tests
        ]  # fmt: skip
        chart = range_chart(ranges, "default rate", "mean PD", "% of labelled loans", alt)
        blocks = [
            figure(
                chart, f"Default rate of each grade with its 95% interval, and its PD. {models}"
            ),
            table("Tests of grades", COLUMNS, rows),
        ]
    return Topic(
        "grades", "Grades",
        "Is the probability of default of each grade high enough? All mature loans of the report.",
        blocks, DEFINITIONS,
    )  # fmt: skip
