"""`ChallengerComparison`: a challenger in the shadow against the model that decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from credit_scoring.monitoring.performance.calibration import Calibration
from credit_scoring.monitoring.performance.discrimination import Discrimination
from credit_scoring.monitoring.performance.paired_discrimination import DiscriminationDifference
from credit_scoring.monitoring.rates.proportion import Proportion


@dataclass(frozen=True, kw_only=True)
class DecidedAlike:
    """Applications on which the model decided one way, and the challenger one way."""

    decisions: Annotated[
        Proportion, Field(description="these applications, of all that both scored")
    ]
    mean_pd: Annotated[
        float | None,
        Field(description="mean probability of default by the model; null without a decision"),
    ]
    challenger_mean_pd: Annotated[
        float | None, Field(description="the same by the challenger; null without a decision")
    ]
    accepted: Annotated[
        int,
        Field(
            description="these applications as far as they were accepted in the end, by the model"
            " or by a person; only these can have outcomes"
        ),
    ]
    mature: Annotated[int, Field(description="loans among them whose performance window has ended")]
    coverage: Annotated[
        Proportion, Field(description="mature loans that are known to be good or bad")
    ]
    bad: Annotated[Proportion, Field(description="bad loans, of those that are good or bad")]


@dataclass(frozen=True, kw_only=True)
class ChallengerComparison:
    """A challenger and a model that decided, on the decisions that both scored.

    Figures of performance are about loans that were granted, mostly as the model wanted: whom only
    the challenger would accept is hardly among them. They compare both on the same loans, and say
    little of how the challenger would do on applications that the model refuses.
    """

    challenger: Annotated[str, Field(description="SHA-256 of the challenger's model file")]
    champion: Annotated[str, Field(description="SHA-256 of the model file that decided")]
    first: Annotated[
        datetime, Field(description="the time of the first of these decisions or failures")
    ]
    last: Annotated[datetime, Field(description="the time of the last one")]
    decisions: Annotated[int, Field(description="number of decisions that both scored")]
    failed: Annotated[
        int,
        Field(description="decisions that the challenger could not score; they count nowhere else"),
    ]
    agreement: Annotated[
        Proportion, Field(description="decisions on which both agree, of those that both scored")
    ]
    both_accept: DecidedAlike
    both_refuse: Annotated[
        DecidedAlike,
        Field(description="outcomes are known only if a person accepted all the same"),
    ]
    swap_in: Annotated[
        DecidedAlike,
        Field(
            description="applications that the model refused and the challenger would accept; they"
            " were refused and have no outcomes, except those that a person accepted all the same,"
            " who are a choice of that person and not typical of the others"
        ),
    ]
    swap_out: Annotated[
        DecidedAlike,
        Field(
            description="applications that the model accepted and the challenger would refuse:"
            " their bad loans are those that the challenger would have spared"
        ),
    ]
    discrimination: Annotated[
        Discrimination | None,
        Field(
            description="of the challenger's probabilities, on loans that are good or bad and that"
            " both scored; null unless there are good and bad ones"
        ),
    ]
    champion_discrimination: Annotated[
        Discrimination | None, Field(description="of the model's probabilities on the same loans")
    ]
    difference: Annotated[
        DiscriminationDifference | None,
        Field(
            description="AUC of the challenger minus that of the model on the same loans (DeLong"
            " et al. 1988, paired); null without two good and two bad ones"
        ),
    ]
    calibration: Annotated[
        Calibration | None,
        Field(
            description="of the challenger's probabilities of default on these loans; null without"
            " one"
        ),
    ]
    champion_calibration: Annotated[
        Calibration | None, Field(description="of the model's on the same loans")
    ]
