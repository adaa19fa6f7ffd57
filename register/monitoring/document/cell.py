"""`Cell`: the figures of one month, week, grade, model, caller or group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from credit_scoring.monitoring.performance.calibration import Calibration
from credit_scoring.monitoring.performance.discrimination import Discrimination
from credit_scoring.monitoring.performance.expected import Expected
from credit_scoring.monitoring.psi import Drift
from credit_scoring.monitoring.rates.proportion import Proportion


@dataclass(frozen=True, kw_only=True)
class ModelShare:
    """The decisions of one model among those of a cell."""

    model: Annotated[str, Field(description="SHA-256 of the model file")]
    decisions: Annotated[int, Field(description="number of decisions by this model")]


@dataclass(frozen=True, kw_only=True)
class Maturity:
    """The accepted applications of a cell whose end is known, and those whose end is not.

    An application is accepted if the last review accepted it or, without a review, the model did.
    """

    accepted: Annotated[int, Field(description="number of accepted applications")]
    not_taken_up: Annotated[
        int,
        Field(
            description="accepted applications without a loan: the outcome observed last says so;"
            " they are left out of every other figure of this object except `accepted`"
        ),
    ]
    mature: Annotated[
        int,
        Field(
            description="loans whose performance window ended on the day `observed_until` or"
            " before, at `as_of` at the latest; the window is `window` calendar months from the day"
            " of the decision, in UTC"
        ),
    ]
    labelled: Annotated[int, Field(description="mature loans that are good or bad")]
    good: Annotated[
        int,
        Field(
            description="mature loans without a default in the window that were observed at its end"
            " or later, or repaid"
        ),
    ]
    bad: Annotated[
        int,
        Field(
            description="mature loans with an outcome `defaulted` or `written_off` that was"
            " observed on the last day of the window or before"
        ),
    ]
    coverage: Annotated[
        Proportion,
        Field(
            description="labelled loans among the mature ones: figures of performance are about"
            " these only, and are doubtful if the others are missing for a reason"
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Decisions of the model that a person overruled; the last review of a decision counts."""

    low_side: Annotated[
        Proportion, Field(description="applications that were accepted, of all the model refused")
    ]
    high_side: Annotated[
        Proportion, Field(description="applications that were refused, of all the model accepted")
    ]
    all: Annotated[Proportion, Field(description="overruled decisions, of all decisions")]


@dataclass(frozen=True, kw_only=True)
class ReviewFigures:
    """Review requests and reviews of the decisions of a cell, whenever they were made."""

    requests: Annotated[int, Field(description="number of review requests")]
    open: Annotated[
        int, Field(description="requests that are newer than the last review of their decision")
    ]
    oldest_open: Annotated[
        datetime | None, Field(description="the time of the oldest open request; null without one")
    ]
    reviewed: Annotated[int, Field(description="number of decisions with a review")]
    reviews: Annotated[int, Field(description="number of reviews; a decision may have several")]
    changed: Annotated[
        Proportion,
        Field(
            description="reviews that changed the decision that stood before them, of all reviews"
        ),
    ]
    hours_median: Annotated[
        float | None,
        Field(
            description="median time from a request to the first review after it, in hours; null"
            " if no request was answered; open requests do not count, and would raise it"
        ),
    ]
    hours_p90: Annotated[
        float | None,
        Field(description="nine tenths of the answered requests waited no longer, in hours"),
    ]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Figures of the decisions of one cell. No rate is given of fewer than 30, but its interval.

    A group of fewer than 30 has counts only, and null in place of all that scores are needed for.
    So has the next larger group if all such groups have fewer than 30 decisions together.
    """

    key: Annotated[
        str,
        Field(
            description="month such as 2026-10, ISO week such as 2026-W40, grade, SHA-256 of the"
            " model file, caller, or value of the group's column",
            examples=["2026-10"],
        ),
    ]
    start: Annotated[
        datetime | None,
        Field(description="of a month or week, not before the start of the report; null else"),
    ]
    end: Annotated[
        datetime | None,
        Field(description="of a month or week, not after the end of the report; null else"),
    ]
    models: Annotated[
        Sequence[ModelShare],
        Field(description="the models that decided, in the order of their use"),
    ]
    volume: Annotated[int, Field(description="number of decisions")]
    automated: Annotated[
        int, Field(description="decisions that no person took part in, as the caller said")
    ]
    model_approval: Annotated[
        Proportion, Field(description="applications that the model accepted, of all")
    ]
    approval: Annotated[
        Proportion, Field(description="applications that were accepted after reviews, of all")
    ]
    score_drift: Annotated[
        Drift | None,
        Field(
            description="population stability index of the probabilities against those that the"
            " same model gives its reference clients; of several models the mean of their indices,"
            " weighted by decisions, and the largest number of bins; null without a decision, or"
            " if the reference scores of a model are not in the register"
        ),
    ]
    mean_pd: Annotated[
        float | None,
        Field(description="mean probability of default of all decisions; null without one"),
    ]
    maturity: Maturity
    default_rate: Annotated[
        Proportion | None,
        Field(description="bad loans, of the labelled ones; null without a mature loan"),
    ]
    discrimination: Annotated[
        Discrimination | None,
        Field(
            description="of the probabilities of labelled loans: only accepted applications have"
            " outcomes, so compare it with the training's figure on the accepted; null unless"
            " there are good and bad ones"
        ),
    ]
    calibration: Annotated[
        Calibration | None,
        Field(
            description="probabilities of default of labelled loans; null without one; `p_adjusted`"
            " of its tests takes account of the number of cells, and is null in `total`"
        ),
    ]
    overrides: Overrides
    reviews: ReviewFigures
    expected: Annotated[
        Expected | None,
        Field(
            description="estimates for accepted applications whose window has not ended, from their"
            " probabilities of default alone; null without one"
        ),
    ]
