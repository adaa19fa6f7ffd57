"""Shapes of the service's answers, as far as the pages read them; the service's `/docs` has all."""

from typing import Any, Literal, NotRequired, TypedDict

Value = float | str | None
Record = dict[str, Value]


class Application(TypedDict, total=False):
    """What `/score` is sent: `client` or `record`, perhaps with `changes`."""

    client: int
    record: Record
    changes: Record


class ReasonFeature(TypedDict):
    """One feature of a reason."""

    name: str
    label: str
    value: Value
    unit: str
    median: float | None
    contribution: float


class Reason(TypedDict):
    """A theme that pushes towards default."""

    group: str
    text: str
    contribution: float
    protected: bool
    features: list[ReasonFeature]


class Position(TypedDict):
    """Shares of reference clients with a lower probability, by class."""

    class0: float | None
    class1: float | None


class Decision(TypedDict):
    """A probability of class 1, and 1 where it reaches the threshold."""

    probability: float
    prediction: int


class Score(Decision):
    """`/score`; `pd`, `points` and `grade` only where the model has a calibration and a scale."""

    client: NotRequired[int | None]
    threshold: float
    margin: float | None
    pd: NotRequired[float | None]
    points: NotRequired[int | None]
    grade: NotRequired[str | None]
    position: Position
    reasons: list[Reason]
    compare: Literal["near", "all"]
    other: float | None
    contributions_in: Literal["log-odds", "probability"]
    before: NotRequired[Decision | None]
    recomputed: list[str]
    stale: list[str]
    model: str


class Explanation(TypedDict):
    """`/get_shap`: SHAP values of one client, each list in a list."""

    values: list[list[float]]
    feat: list[str]
    data: list[list[float | None]]
    base: list[float]


class Sensitivity(TypedDict):
    """`/sensitivity`: steps of value and probability, rising in value."""

    value: Value
    probability: float
    steps: list[tuple[Value, float | None]]
    exact: bool
    flip: Value
    recomputed: list[str]
    stale: list[str]
    model: str


class Alternative(TypedDict):
    """A change of one feature that turns the decision."""

    feature: str
    label: str
    direction: Literal["up", "down"] | None
    value: float | str
    probability: float
    moved: float | None
    recomputed: list[str]
    stale: list[str]


class Alternatives(Decision):
    """`/alternatives`, the nearest change first."""

    threshold: float
    alternatives: list[Alternative]
    model: str


class ClassValues(TypedDict):
    """A feature among the reference clients of one class."""

    present: int
    quantiles: dict[str, float] | None
    shares: dict[str, float] | None


class Feature(TypedDict):
    """What a feature means."""

    name: str
    label: str
    unit: str
    group: str
    formula: str | None
    change: Literal["none", "up", "down", "any"]
    protected: bool
    kind: Literal["number", "flag", "text"]
    missing: float
    class0: ClassValues
    class1: ClassValues


class GroupImportance(TypedDict):
    """A theme's mean absolute contribution."""

    group: str
    importance: float


class FeatureImportance(TypedDict):
    """A feature's mean absolute contribution."""

    name: str
    label: str
    importance: float


class Importance(TypedDict):
    """`/importance`, the most important first."""

    clients: int
    groups: list[GroupImportance]
    features: list[FeatureImportance]


class Drift(TypedDict):
    """A population stability index, and what chance alone gives on average."""

    index: float
    expected: float


class FeatureDrift(Drift):
    """The same of one feature."""

    name: str
    label: str


class DriftReport(TypedDict):
    """`/drift`, the largest index first."""

    reference: int
    new: int
    score: Drift
    features: list[FeatureDrift]


class WorkerState(TypedDict):
    """What one process of the service has in use."""

    sha256: dict[str, str]


class ModelFacts(TypedDict):
    """`/model`; `facts` is what model.json says."""

    sha256: dict[str, str]
    threshold: float
    features: int
    reference_clients: int
    new_clients: int
    versions: dict[str, str]
    protected_features: list[str]
    facts: dict[str, Any]
    workers: NotRequired[list[WorkerState] | None]
    get_kde: NotRequired[dict[str, str] | None]


class ReferenceValues(TypedDict):
    """`/get_kde`: values by class, missing ones left out, in the order of the file."""

    feat0: list[float] | list[str]
    feat1: list[float] | list[str]
