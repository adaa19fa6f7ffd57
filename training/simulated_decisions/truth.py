"""The known truth about the simulated decisions: expected figures, and counts as drawn."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.population.columns import Array
from training.simulated_decisions.loans import NOT_TAKEN_UP_AFTER, MonthOfLoans
from training.simulated_decisions.reviews import MonthOfReviews
from training.simulated_decisions.scenario import REVIEWERS, WINDOW, Scenario
from training.simulated_decisions.scored_month import ScoredMonth

DIGITS = 8
TRUTH = "truth.json"
GROUPS = ("sex", "age_band", "caller")
NOT_KNOWN = "(not known)"

Figures = dict[str, Any]


def columns_of(scenario: Scenario, month: ScoredMonth, loans: MonthOfLoans) -> pd.DataFrame:
    """Known facts about each decision of a month.

    `risk` is the true probability of a default within the window, `pd` the model's. A loan that is
    taken up is mature if its window has passed at the end, and labelled if it is followed, too. An
    accepted client who does not take the loan is known after `NOT_TAKEN_UP_AFTER` days.
    """
    applicants = month.applicants
    end, followed = np.datetime64(scenario.end.date()), loans.taken_up & loans.followed
    mature = loans.taken_up & (loans.edge <= end)
    known = loans.day + np.timedelta64(NOT_TAKEN_UP_AFTER, "D") <= end
    return pd.DataFrame(
        {
            "month": f"{scenario.month(applicants.month):%Y-%m}",
            "caller": applicants.callers,
            "sex": applicants.groups["sex"].to_numpy(object),
            "age_band": applicants.groups["age_band"].to_numpy(object),
            "risk": applicants.risk,
            "pd": month.estimated_pd,
            "refused_by_model": month.refused,
            "accepted": loans.accepted,
            "mature": mature,
            "not_taken_up": loans.accepted & ~loans.taken_up & known,
            "followed": followed,
            "labelled": mature & followed,
            "bad": mature & followed & (loans.default <= WINDOW),
        }
    )


@dataclass(eq=False)
class Truth:
    """Collects the known facts of all months.

    Attributes:
        scenario: the laws.
        tables: of the months, see `columns_of`.
        reviews: of the months.
    """

    scenario: Scenario
    tables: list[pd.DataFrame] = field(default_factory=list)
    reviews: list[tuple[str, ScoredMonth, MonthOfReviews]] = field(default_factory=list)

    def add(self, month: ScoredMonth, reviews: MonthOfReviews, loans: MonthOfLoans) -> None:
        """Take a month."""
        table = columns_of(self.scenario, month, loans)
        self.tables.append(table)
        self.reviews.append((str(table["month"].iloc[0]), month, reviews))

    def content(self) -> Mapping[str, Any]:
        """The content of `truth.json`."""
        table = pd.concat(self.tables, ignore_index=True)
        table[list(GROUPS)] = table[list(GROUPS)].fillna(NOT_KNOWN)
        of_reviews = {name: review_figures(month, of) for name, month, of in self.reviews}
        return {
            **self.scenario.facts,
            "decisions": len(table),
            "total": figures(table),
            "months": [
                {
                    "month": name,
                    **figures(some),
                    **of_reviews[str(name)],
                    "vintage": self._vintage(some),
                }
                for name, some in table.groupby("month")
            ],
            "groups": {
                column: [
                    {"group": name, **figures(some), **group_figures(some)}
                    for name, some in table.groupby(column)
                ]
                for column in GROUPS
            },
            "reviewers": list(self._reviewers()),
        }

    def report(self, out: Path) -> str:
        """The lines that the command prints."""
        table = pd.concat(self.tables, ignore_index=True)
        of = figures(table)
        reviews = sum(len(one.reviews) for _, _, one in self.reviews)
        requests = sum(len(one.requests) for _, _, one in self.reviews)
        return (
            f"decisions  {of['decisions']:,}, of which {of['accepted_by_model']:,} accepted by the"
            f" model, {of['accepted']:,} in the end\n"
            f"reviews    {reviews:,}; {requests:,} were asked for\n"
            f"loans      {of['labelled']:,} whose window has passed and whose end is known,"
            f" {of['bad']:,} in default\n"
            f"files      {out}; {TRUTH} has the known truth"
        )

    def _vintage(self, table: pd.DataFrame) -> list[float]:
        """The expected share in default by each month on book, of the loans that are followed."""
        mean = table.loc[table["followed"], "risk"].mean()
        months = np.arange(1, WINDOW + 1)
        shares: Array = mean * self.scenario.time_of_default.share(months)
        return [rounded(share) for share in shares.tolist()]

    def _reviewers(self) -> Iterator[Figures]:
        """The habits of each reviewer, and as drawn the decisions that each one reviewed last."""
        counts: Counter[tuple[str, bool, bool]] = Counter()
        for _, month, of in self.reviews:
            for row, one in {one.row: one for one in of.reviews}.items():  # the last of each
                was_refused = bool(month.refused[row])
                counts[one.reviewer, was_refused, was_refused != (one.decision == 1)] += 1
        for name, habits in REVIEWERS.items():
            refused, accepted = (
                sum(counts[name, was_refused, changed] for changed in (False, True))
                for was_refused in (True, False)
            )
            yield {
                "reviewer": name,
                "refused_by_model": refused,
                "low_side": counts[name, True, True],
                "low_side_probability": habits.accepts_refused,
                "accepted_by_model": accepted,
                "high_side": counts[name, False, True],
                "high_side_probability": habits.refuses_accepted,
            }


def figures(table: pd.DataFrame) -> Figures:
    """Counts as drawn, and expected figures of the labelled loans given their true risks."""
    refused = table["refused_by_model"]
    known = table[table["labelled"]]
    risk, pd_ = known["risk"].to_numpy(), known["pd"].to_numpy()
    found: Figures = {
        "decisions": len(table),
        "accepted_by_model": int((~refused).sum()),
        "accepted": int(table["accepted"].sum()),
        "low_side": int((refused & table["accepted"]).sum()),
        "high_side": int((~refused & ~table["accepted"]).sum()),
        "mature": int(table["mature"].sum()),
        "not_taken_up": int(table["not_taken_up"].sum()),
        "labelled": len(known),
        "bad": int(table["bad"].sum()),
        "true_mean_pd_of_applicants": rounded(table["risk"].mean()),
    }
    if len(known) > 1:
        found |= {
            "mean_pd": rounded(pd_.mean()),
            "expected_default_rate": rounded(risk.mean()),
            "expected_auc": rounded(expected_auc(pd_, risk)),
            "best_auc": rounded(expected_auc(risk, risk)),
            "expected_brier": rounded(np.mean(risk * (1 - risk) + (risk - pd_) ** 2)),
        }
    young = table[table["accepted"] & ~table["mature"] & ~table["not_taken_up"]]
    if len(young):
        found["true_mean_pd_of_immature"] = rounded(young["risk"].mean())
    return found


def group_figures(table: pd.DataFrame) -> Figures:
    """The share refused by the model among those who would default, and among the others."""
    risk, refused = table["risk"].to_numpy(), table["refused_by_model"].to_numpy()
    return {
        "true_positive_rate": rounded((risk * refused).sum() / risk.sum()),
        "false_positive_rate": rounded(((1 - risk) * refused).sum() / (1 - risk).sum()),
    }


def review_figures(month: ScoredMonth, of: MonthOfReviews) -> Figures:
    """Requests and reviews of a month's decisions, as drawn.

    A request is open if no review of its decision is later. A review changes its decision if the
    one before it, or the model, decided otherwise.
    """
    last = {one.row: one.at for one in of.reviews}  # by time: the last one stays
    is_open = [one.row not in last or bool(last[one.row] < one.at) for one in of.requests]
    stands, changed = month.refused.tolist(), 0
    for one in of.reviews:
        changed += stands[one.row] != (one.decision == 1)
        stands[one.row] = one.decision == 1
    return {
        "requests": len(of.requests),
        "open": sum(is_open),
        "reviews": len(of.reviews),
        "reviewed": len(last),
        "changed": changed,
    }


def expected_auc(score: Array, risk: Array) -> float:
    """The area under the ROC curve that is expected, given true risks of independent defaults.

    The expected number of pairs of a bad and a good loan whose bad one has the higher score, ties
    counting a half, divided by the expected number of such pairs.

    Args:
        score: higher for a riskier loan, shape (loans,).
        risk: true probabilities of a default, of two loans or more, shape (loans,).
    """
    order = np.argsort(score, kind="stable")
    score, bad, good = score[order], risk[order], 1 - risk[order]
    first = np.searchsorted(score, score, side="left")
    last = np.searchsorted(score, score, side="right")
    below = np.concatenate([[0.0], np.cumsum(good)])
    tied = below[last] - below[first]
    pairs = bad.sum() * good.sum() - (bad * good).sum()  # no loan is a pair with itself
    return float((bad * (below[first] + (tied - good) / 2)).sum() / pairs)


def rounded(value: float) -> float:
    """A figure with `DIGITS` decimals."""
    return round(float(value), DIGITS)
