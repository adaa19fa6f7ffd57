"""`MonitoringReport`: the model at work, as the register shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from credit_scoring.monitoring.performance.discrimination import RestrictedDiscrimination
from credit_scoring.monitoring.performance.grade_tests import GradeTest
from credit_scoring.monitoring.performance.vintages import Vintage
from credit_scoring.monitoring.rates.group_ratios import GroupRatio
from register.monitoring.document.cell import Cell
from register.monitoring.document.challenger_comparison import ChallengerComparison
from register.monitoring.document.feature_report import FeatureReport
from register.monitoring.document.override_tables import OverrideTables
from register.monitoring.document.remark import Remark
from register.monitoring.query import By

PdSource = Literal["scorecard", "probability", "mixed"]


@dataclass(frozen=True, kw_only=True)
class OutcomeDefinition:
    """A definition of outcomes, with the number of outcomes that have it."""

    definition: Annotated[
        str, Field(description="as the caller of /outcomes named it", examples=["90dpd"])
    ]
    outcomes: Annotated[int, Field(description="outcomes in the register, of any decision")]


@dataclass(frozen=True, kw_only=True)
class ModelInUse:
    """A model that made decisions of the report; `first` is the time of its swap."""

    model: Annotated[str, Field(description="SHA-256 of the model file")]
    first: Annotated[datetime, Field(description="the time of its first decision in the report")]
    last: Annotated[datetime, Field(description="the time of its last decision in the report")]
    decisions: Annotated[int, Field(description="number of decisions")]
    reference: Annotated[
        int | None, Field(description="number of reference clients; null if not in the register")
    ]
    training: Annotated[
        RestrictedDiscrimination | None,
        Field(
            description="of the probabilities of its reference clients; loans at work are those of"
            " accepted applications, so compare theirs with `accepted`; null if not in the register"
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class MonitoringReport:
    """The model at work from `start` up to, and without, `end`.

    A decision counts at the time when it was made. Reviews and outcomes count whenever they were
    recorded before `as_of`.
    """

    as_of: Annotated[datetime, Field(description="the time of the computation")]
    start: Annotated[datetime, Field(description="decisions from this time on")]
    end: Annotated[datetime, Field(description="decisions before this time")]
    by: Annotated[By, Field(description="the kind of the cells")]
    group: Annotated[str | None, Field(description="the column that names the groups, else null")]
    window: Annotated[
        int, Field(ge=1, le=60, description="length of the performance window in months")
    ]
    pd_source: Annotated[
        PdSource,
        Field(
            description="the probability of default is that of the scorecard, or the model's"
            " probability if there is no scorecard; mixed: some models have one"
        ),
    ]
    definitions: Annotated[
        Sequence[OutcomeDefinition], Field(description="of outcomes, the most frequent first")
    ]
    models: Annotated[
        Sequence[ModelInUse],
        Field(description="in the order of their first decisions: a swap is a line in a picture"),
    ]
    total: Annotated[Cell, Field(description="all decisions of the report; its key is `total`")]
    cells: Annotated[
        Sequence[Cell],
        Field(description="months and weeks in order, empty ones included; others by their keys"),
    ]
    grades: Annotated[
        Sequence[GradeTest], Field(description="labelled loans by grade; empty without grades")
    ]
    vintages: Annotated[
        Sequence[Vintage], Field(description="accepted applications by the month of the decision")
    ]
    overrides: OverrideTables
    groups: Annotated[
        Sequence[GroupRatio], Field(description="ratios of the groups; empty unless by group")
    ]
    features: Annotated[FeatureReport | None, Field(description="null unless requested")]
    challengers: Annotated[
        Sequence[ChallengerComparison], Field(description="of models in the shadow")
    ]
    observed_until: Annotated[
        date | None,
        Field(
            description="the last day up to `as_of` of which the register has an outcome; null"
            " without one; a performance window that ends later counts as not ended: only its bad"
            " loans would be known"
        ),
    ] = None
    remarks: Annotated[
        Sequence[Remark],
        Field(description="what a reader must know, as keys with values, for other languages"),
    ]
    notes: Annotated[Sequence[str], Field(description="the remarks in plain English sentences")]
