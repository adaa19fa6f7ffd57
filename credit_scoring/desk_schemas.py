"""Shapes of what the credit desk is answered: what features mean, and how clients change."""

from typing import Literal

from pydantic import BaseModel, Field


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
