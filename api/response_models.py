"""Shapes of what the credit desk is answered: what features mean, and how clients change."""

from typing import Literal

from pydantic import BaseModel, Field


class ReasonFeature(BaseModel):
    """One feature of a reason."""

    name: str
    label: str = Field(description="in plain words")
    value: float | str | None = Field(description="the client's; null where it is not known")
    unit: str
    median: float | None = Field(description="of the clients compared with; null for text")
    contribution: float = Field(description="its part of the theme's contribution")


class Reason(BaseModel):
    """A theme for which the client scores worse than the clients compared with."""

    group: str = Field(description="the theme", examples=["External credit scores"])
    text: str = Field(description="in plain words", examples=["External credit scores are low"])
    contribution: float = Field(description="how much it pushes towards default")
    protected: bool = Field(description="whether a trait that law protects had a part in it")
    features: list[ReasonFeature] = Field(description="the five largest, largest first")


class Position(BaseModel):
    """The shares of earlier clients with a lower probability."""

    class0: float | None = Field(description="of those who paid", examples=[0.964])
    class1: float | None = Field(description="of those who did not pay", examples=[0.611])


class Decision(BaseModel):
    """A probability, and the decision taken on it."""

    probability: float = Field(ge=0, le=1, description="that the model gives", examples=[0.8087])
    prediction: int = Field(ge=0, le=1, description="1 where it reaches the threshold, else 0")


class ScoreAnswer(Decision):
    """What the credit desk knows of one application."""

    client: int | None = Field(None, description="the id asked for")
    reference: str | None = Field(None, description="the caller's own number")
    threshold: float = Field(ge=0, le=1, description="of the decision")
    margin: float | None = Field(
        description="how far above (+) or below (-) the threshold, in log-odds"
    )
    pd: float | None = Field(None, description="the share of such clients that default")
    points: int | None = Field(None, description="of a scorecard: more is better")
    grade: str | None = Field(None, description="by the share that defaults")
    position: Position
    reasons: list[Reason] = Field(description="the strongest first")
    compare: Literal["near", "all"] = Field(
        description="with whom: clients just accepted, or all earlier clients"
    )
    other: float | None = Field(
        description="what all other themes contribute; null where no reasons were asked for"
    )
    contributions_in: Literal["log-odds", "probability"]
    before: Decision | None = Field(None, description="the same application without its changes")
    recomputed: list[str] = Field(description="features that followed from the changes")
    stale: list[str] = Field(
        description="features that would follow too, but cannot be computed here"
    )
    model: str = Field(description="the SHA-256 of the model that answered")


class SensitivityAnswer(BaseModel):
    """The score of one application as a function of one feature."""

    client: int | None = Field(None, description="the id asked for")
    feature: str
    value: float | str | None = Field(description="as it is; null where it is not known")
    probability: float = Field(description="as it is")
    steps: list[list[float | str | None]] = Field(
        description="from which value on the probability is which, the lowest value first; of"
        " text, each category; null where the model refuses the value"
    )
    exact: bool = Field(description="whether each place at which the score can change is a step")
    flip: float | str | None = Field(
        description="the value nearest to the present one at which the decision turns"
    )
    recomputed: list[str] = Field(description="features that follow from this one")
    stale: list[str] = Field(description="features that would follow, but cannot be computed here")
    model: str = Field(description="the SHA-256 of the model that answered")


class Alternative(BaseModel):
    """A change of one feature that turns the decision."""

    feature: str
    label: str = Field(description="in plain words")
    direction: Literal["up", "down"] | None = Field(description="null for text")
    value: float | str = Field(description="the first one with the other decision")
    probability: float = Field(description="after the change")
    moved: float | None = Field(
        description="the share of earlier clients who are passed; null for text"
    )
    recomputed: list[str] = Field(description="features that follow from the change")
    stale: list[str] = Field(description="features that would follow, but cannot be computed here")


class AlternativesAnswer(Decision):
    """What would turn the decision on a client, the nearest first."""

    client: int
    threshold: float
    alternatives: list[Alternative] = Field(
        description="for a refused client what would be accepted, for an accepted one how far each"
        " feature may move; empty where nothing would turn the decision"
    )
    model: str = Field(description="the SHA-256 of the model that answered")


class GroupImportance(BaseModel):
    """A theme's part in the scores."""

    group: str
    importance: float = Field(description="mean absolute contribution")


class FeatureImportance(BaseModel):
    """A feature's part in the scores."""

    name: str
    label: str
    group: str
    importance: float = Field(description="mean absolute contribution")


class Importance(BaseModel):
    """What the model goes by."""

    clients: int = Field(description="how many earlier clients were explained")
    groups: list[GroupImportance] = Field(description="the most important first")
    features: list[FeatureImportance] = Field(description="the most important first")


class ClassValues(BaseModel):
    """The values of one feature among the earlier clients of one class."""

    present: int = Field(description="how many of these clients have a value", examples=[1846])
    quantiles: dict[str, float] | None = Field(
        description="of numbers, by percent: at 25 is the value that a quarter of these clients"
        " do not exceed, at 0 their lowest and at 100 their highest; null for text and flags, and"
        " where nobody has a value",
        examples=[{"0": 0.1, "5": 0.2, "25": 0.4, "50": 0.5, "75": 0.6, "95": 0.7, "100": 0.8}],
    )
    shares: dict[str, float] | None = Field(
        description="of text and flags, by category: its share of these clients, of those with a"
        " value; the most frequent first; null for numbers, and where nobody has a value",
    )


class FeatureDescription(BaseModel):
    """One feature: what it means, what may change, and its values among earlier clients."""

    name: str = Field(description="as in the files", examples=["EXT_SOURCE_2"])
    label: str = Field(description="in plain words", examples=["External credit score 2"])
    unit: str = Field(description="of the values; empty where they have none")
    group: str = Field(
        description="the theme under which it is given as a reason",
        examples=["External credit scores"],
    )
    formula: str | None = Field(
        description="how it is computed from other features; null where it is not",
        examples=["AMT_ANNUITY / AMT_CREDIT"],
    )
    depends: list[str] = Field(
        description="features from which it also follows, in a way that cannot be computed here"
    )
    change: Literal["none", "up", "down", "any"] = Field(
        description="how a suggestion to the client may move it"
    )
    protected: bool = Field(description="whether law protects this trait, such as sex or age")
    kind: Literal["number", "flag", "text"] = Field(
        description="a flag is 1 (yes) or 0 (no) for every earlier client who has a value"
    )
    missing: float = Field(
        ge=0, le=1, description="the share of earlier clients of whom it is not known"
    )
    class0: ClassValues = Field(description="those who paid")
    class1: ClassValues = Field(description="those who did not pay")


class FeatureDescriptions(BaseModel):
    """Every feature, in the order of the files."""

    protected: int = Field(
        ge=0, description="how many of the features are traits that law protects"
    )
    features: list[FeatureDescription]


class Drift(BaseModel):
    """How far the new clients differ from the earlier ones."""

    index: float = Field(
        ge=0,
        description="the population stability index: 0 where new clients are spread as earlier"
        " ones; by custom a little different from 0.1 on and clearly different from 0.25 on",
        examples=[0.31],
    )
    expected: float = Field(
        ge=0,
        description="the index that chance alone gives on average, for this many clients and"
        " bins: an index near it says nothing",
        examples=[0.023],
    )
    bins: int = Field(
        ge=1,
        description="how many ranges of values or categories are compared; missing is one of them",
        examples=[10],
    )


class FeatureDrift(Drift):
    """How far the new clients differ from the earlier ones in one feature."""

    name: str = Field(description="as in the files", examples=["EXT_SOURCE_2"])
    label: str = Field(description="in plain words", examples=["External credit score 2"])


class DriftAnswer(BaseModel):
    """Whether the new clients are still such as the model was made for."""

    reference: int = Field(description="how many earlier clients there are")
    new: int = Field(description="how many new clients there are")
    score: Drift = Field(description="in the probability of default")
    features: list[FeatureDrift] = Field(description="the largest index first")
