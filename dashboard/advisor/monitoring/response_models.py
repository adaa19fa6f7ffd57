"""Shape of the response of `GET /monitoring`, with the fields that the page reads."""

from typing import Literal, TypedDict

from advisor.monitoring.statistics import (
    Calibration,
    Discrimination,
    DiscriminationDifference,
    Drift,
    Estimate,
    Proportion,
    Ratio,
)

By = Literal["month", "week", "grade", "bundle", "caller", "group"]


class FeatureDrift(Drift):
    """The population stability index of one feature."""

    name: str
    label: str


class CellFeatures(TypedDict):
    """The indices of all features in one cell, the largest first."""

    key: str
    decisions: int
    erased: int
    features: list[FeatureDrift]


class FeatureReport(TypedDict):
    """The indices of all features, in all decisions and by cell."""

    total: CellFeatures
    cells: list[CellFeatures]


class ModelShare(TypedDict):
    """The number of a cell's decisions by one model, named by the SHA-256 of its file."""

    model: str
    decisions: int


class Maturity(TypedDict):
    """Accepted applications, their loans, and the loans whose end is known."""

    accepted: int
    not_taken_up: int
    mature: int
    labelled: int
    bad: int
    coverage: Proportion


class TrainingDiscrimination(TypedDict):
    """Discrimination among the reference clients: all, and those whom the model accepts."""

    all: Discrimination | None
    accepted: Discrimination | None


class Overrides(TypedDict):
    """Shares of the model's refusals and acceptances that a person overruled."""

    low_side: Proportion
    high_side: Proportion
    all: Proportion


class ReviewFigures(TypedDict):
    """Review requests and reviews."""

    requests: int
    open: int
    oldest_open: str | None
    reviews: int
    changed: Proportion
    hours_median: float | None
    hours_p90: float | None


class Expected(TypedDict):
    """Estimates of figures whose outcomes are not known yet."""

    decisions: int
    default_rate: Estimate
    auc: Estimate
    brier: Estimate


class Cell(TypedDict):
    """Figures of one month, week, grade, model, caller or group."""

    key: str
    start: str | None
    end: str | None
    models: list[ModelShare]
    volume: int
    automated: int
    model_approval: Proportion
    approval: Proportion
    score_drift: Drift | None
    mean_pd: float | None
    maturity: Maturity
    default_rate: Proportion | None
    discrimination: Discrimination | None
    calibration: Calibration | None
    overrides: Overrides
    reviews: ReviewFigures
    expected: Expected | None


class ModelInUse(TypedDict):
    """A model, the times of its first and last decision, and its quality in training."""

    model: str
    first: str
    last: str
    decisions: int
    training: TrainingDiscrimination | None


class GradeTest(TypedDict):
    """A grade's expected and observed defaults, and the tests of their difference."""

    grade: str
    decisions: int
    mean_pd: float | None
    rate: Proportion
    jeffreys_p: float | None
    jeffreys_adjusted: float | None
    binomial_p: float | None
    binomial_adjusted: float | None


class VintagePoint(TypedDict):
    """The share of a month's loans that defaulted up to an age in months."""

    months: int
    at_risk: int
    defaults: int
    cumulative: float | None
    low: float
    high: float


class Vintage(TypedDict):
    """The loans of one month of decisions, and their defaults by age."""

    month: str
    accepted: int
    curve: list[VintagePoint]


class OverrideRow(TypedDict):
    """Overrides of one reason, caller or reviewer."""

    key: str
    reviews: int
    low_side: Proportion
    high_side: Proportion


class OverrideTables(TypedDict):
    """Overrides by reason, caller and reviewer."""

    by_reason: list[OverrideRow]
    by_caller: list[OverrideRow]
    by_reviewer: list[OverrideRow]


class GroupRatio(TypedDict):
    """Acceptance and errors in one group, against the largest one."""

    group: str | None
    is_reference: bool
    acceptance: Proportion
    acceptance_ratio: Ratio | None
    ratio_to_best: float | None
    below_four_fifths: bool | None
    tpr: Proportion
    fpr: Proportion
    tpr_ratio: Ratio | None
    fpr_ratio: Ratio | None
    p: float | None
    p_adjusted: float | None


class DecidedAlike(TypedDict):
    """Applications on which the model decided one way and the challenger one way."""

    decisions: Proportion
    mean_pd: float | None
    challenger_mean_pd: float | None
    accepted: int
    mature: int
    coverage: Proportion
    bad: Proportion


class ChallengerComparison(TypedDict):
    """A challenger against the model that decided, on the decisions that both scored."""

    challenger: str
    champion: str
    first: str
    last: str
    decisions: int
    failed: int
    agreement: Proportion
    both_accept: DecidedAlike
    both_refuse: DecidedAlike
    swap_in: DecidedAlike
    swap_out: DecidedAlike
    discrimination: Discrimination | None
    champion_discrimination: Discrimination | None
    difference: DiscriminationDifference | None
    calibration: Calibration | None
    champion_calibration: Calibration | None


class OutcomeDefinition(TypedDict):
    """A definition of outcomes, and the number of outcomes that have it."""

    definition: str
    outcomes: int


class Remark(TypedDict):
    """A remark on a report: the name of its sentence, and values in it."""

    key: Literal[
        "retired", "observed_until", "none_mature", "unknown_ends", "several_definitions",
        "open_requests", "no_reference", "mixed_pd", "several_models", "no_group", "other_cells",
        "no_records",
    ]  # fmt: skip
    number: int | None
    of: int | None
    day: str | None
    names: str | None


class MonitoringReport(TypedDict):
    """Response of `GET /monitoring`: figures of all decisions of a period, and by cell."""

    as_of: str
    start: str
    end: str
    by: By
    group: str | None
    window: int
    pd_source: Literal["scorecard", "probability", "mixed"]
    definitions: list[OutcomeDefinition]
    models: list[ModelInUse]
    total: Cell
    cells: list[Cell]
    grades: list[GradeTest]
    vintages: list[Vintage]
    overrides: OverrideTables
    groups: list[GroupRatio]
    features: FeatureReport | None
    challengers: list[ChallengerComparison]
    remarks: list[Remark]
    notes: list[str]
