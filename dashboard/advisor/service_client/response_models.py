"""Shapes of the service's requests and responses, with the fields that the pages read.

The service's `/docs` lists every field.
"""

from typing import Any, Literal, NotRequired, TypedDict

ClientId = int | str  # all ids of a service are integers, or all are texts
Value = float | str | None
Record = dict[str, Value]
Compare = Literal["near", "all"]
Scale = Literal["log-odds", "probability", "margin"]


class Application(TypedDict, total=False):
    """Body of a request for a score: `client` or `record`, with or without `changes`."""

    client: ClientId
    record: Record
    changes: Record


class ReasonFeature(TypedDict):
    """One feature of a reason; `median` is of the peers."""

    name: str
    label: str
    value: Value
    unit: str
    median: float | None
    contribution: float


class Reason(TypedDict):
    """A theme that raises or lowers the score; the service calls the theme `group`."""

    group: str
    text: str
    contribution: float
    protected: bool
    features: list[ReasonFeature]


class Percentiles(TypedDict):
    """Shares of the reference clients of each class with a lower probability."""

    class0: float | None
    class1: float | None


class Score(TypedDict):
    """Response of `/score`.

    `prediction` is 1 for a refusal. `pd`, `points` and `grade` need a calibrated model. `strengths`
    are themes in the client's favour, if any were asked for; `other` is what all other themes
    contribute.
    """

    probability: float
    prediction: int
    threshold: float
    margin: float | None
    pd: NotRequired[float | None]
    points: NotRequired[int | None]
    grade: NotRequired[str | None]
    position: Percentiles
    reasons: list[Reason]
    strengths: NotRequired[list[Reason] | None]
    compare: Compare
    other: float | None
    contributions_in: Scale
    explained_by: str
    recomputed: list[str]
    stale: list[str]
    model: str


class Sensitivity(TypedDict):
    """Response of `/sensitivity`: steps of value and probability, in rising order of value.

    In the shape "line", the log-odds are linear between one step and the next.
    """

    value: Value
    probability: float
    steps: list[tuple[Value, float | None]]
    exact: bool
    flip: Value
    shape: Literal["steps", "line"]
    model: str


class Change(TypedDict):
    """A new value of one feature; `direction` and `moved` are null for another category."""

    feature: str
    label: str
    direction: Literal["up", "down"] | None
    value: float | str
    moved: float | None


class Counterfactual(Change):
    """A change of one feature that reverses the decision."""

    probability: float


class Counterfactuals(TypedDict):
    """Response of `/alternatives`: the decision, and the changes that reverse it, nearest first.

    `exact` is false if a nearer change may exist.
    """

    prediction: int
    alternatives: list[Counterfactual]
    exact: bool
    model: str


class Combination(TypedDict):
    """Two changes that reverse the decision together."""

    changes: list[Change]
    probability: float
    moved: float | None


class Combinations(TypedDict):
    """Response of `/combinations`: pairs of changes that reverse the decision, nearest first.

    `exact` is false if a nearer pair may exist.
    """

    prediction: int
    combinations: list[Combination]
    exact: bool
    model: str


class ClassValues(TypedDict):
    """A feature's values among the reference clients of one class."""

    present: int
    quantiles: dict[str, float] | None
    shares: dict[str, float] | None


class Feature(TypedDict):
    """A feature's name, meaning and values; the service calls its theme `group`.

    `lowest` and `highest` are the ends of the values that the service takes; null for no end.
    """

    name: str
    label: str
    unit: str
    base_unit: str
    group: str
    formula: str | None
    change: Literal["none", "up", "down", "any"]
    kind: Literal["number", "flag", "text"]
    lowest: float | None
    highest: float | None
    missing: float
    class0: ClassValues
    class1: ClassValues


class ThemeImportance(TypedDict):
    """A theme's mean absolute contribution."""

    group: str
    importance: float


class FeatureImportance(TypedDict):
    """A feature's mean absolute contribution."""

    name: str
    importance: float


class Importance(TypedDict):
    """Response of `/importance`: themes and features, most important first, over some clients."""

    clients: int
    groups: list[ThemeImportance]
    features: list[FeatureImportance]


class Psi(TypedDict):
    """A population stability index, and its mean under chance alone."""

    index: float
    expected: float


class FeaturePsi(Psi):
    """The population stability index of one feature."""

    label: str


class PsiReport(TypedDict):
    """Response of `/drift`: the score's stability index and each feature's, largest first."""

    score: Psi
    features: list[FeaturePsi]


class WorkerState(TypedDict):
    """SHA-256 of each file that one process of the service uses."""

    sha256: dict[str, str]


class ModelFacts(TypedDict):
    """Response of `/model`; `facts` is the content of model.json.

    `languages` are those of features.csv beside its own.
    """

    sha256: dict[str, str]
    threshold: float
    features: int
    reference_clients: int
    new_clients: int
    versions: dict[str, str]
    protected_features: list[str]
    languages: list[str]
    facts: dict[str, Any]
    workers: NotRequired[list[WorkerState] | None]
    get_kde: NotRequired[dict[str, str] | None]


class ReferenceValues(TypedDict):
    """Response of `/get_kde`: known values by class, in the order of the file."""

    feat0: list[float] | list[str]
    feat1: list[float] | list[str]
