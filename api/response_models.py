"""Shapes of responses in the OpenAPI document.

Shapes of the domain are dataclasses of `credit_scoring`; shapes that only the API has stand here.
`responses` writes the responses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field

from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.decisions.scoring import Decision, ScoredApplication
from credit_scoring.explain.importance import Importance
from credit_scoring.model.bundle import Prediction
from credit_scoring.monitoring.feature_summaries import FeatureSummaries
from credit_scoring.monitoring.psi import PopulationDrift
from credit_scoring.whatif.combinations import Combination
from credit_scoring.whatif.counterfactuals import Counterfactual
from credit_scoring.whatif.sensitivity import Sensitivity

PredictionAnswer = Prediction
ScoreAnswer = ScoredApplication | list[ScoredApplication]
FeaturesAnswer = FeatureSummaries
ImportanceAnswer = Importance
DriftAnswer = PopulationDrift

ModelHash = Annotated[str, Field(description="SHA-256 of the model that scored")]


class Index(BaseModel):
    """The service, its version, and its routes."""

    service: str = Field(examples=["Credit scoring"])
    version: str = Field(examples=["1.0.0"])
    docs: str = Field(examples=["/docs"])
    routes: dict[str, str] = Field(examples=[{"GET /get_ids": "Ids of the new clients"}])


class ClientIds(BaseModel):
    """Ids of the new clients, in the order of their file."""

    data: list[int] | list[str] = Field(examples=[[351831, 204226]])


class Features(BaseModel):
    """Names of the features, in the order of the reference file."""

    data: list[str] = Field(examples=[["AMT_INCOME_TOTAL", "AMT_CREDIT"]])


def record_text(schema: str) -> Any:
    """A field that holds a record as JSON text; the schema is one of `components`."""
    return Field(
        examples=['{"AMT_INCOME_TOTAL":157500.0,"OWN_CAR_AGE":null}'],
        json_schema_extra={
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": f"#/components/schemas/{schema}"},
        },
    )


class RawRecordText(BaseModel):
    """A raw record as JSON text, to be decoded a second time; a missing value is null."""

    data: str = record_text("RawRecord")


class TransformedRecordText(BaseModel):
    """A transformed record as JSON text, to be decoded a second time; a missing value is null."""

    data: str = record_text("TransformedRecord")


class ExplanationAnswer(BaseModel):
    """SHAP values of class 1 in the model's raw output, which is base plus their sum."""

    values: list[list[float]] = Field(description="SHAP values, shape (1, n)")
    feat: list[str] = Field(description="names of the transformed features, n of them")
    data: list[list[float | None]] = Field(description="the transformed record, shape (1, n)")
    base: list[float] = Field(description="the expected value, shape (1,)")


class ReferenceValues(BaseModel):
    """Raw values of a feature among reference clients, missing ones left out, in file order."""

    feat0: list[float] | list[str] = Field(description="values of class 0, solvent")
    feat1: list[float] | list[str] = Field(description="values of class 1, in default")


class WorkerState(BaseModel):
    """The files that one worker process of the server uses."""

    pid: int = Field(description="process id")
    sha256: dict[str, str] = Field(description="SHA-256 of each file in use")
    threshold: float
    files: list[str] = Field(description="files found in the folder")
    refused: str | None = Field(description="why newer files in the folder are not used")


class Health(BaseModel):
    """Rescoring a client reproduced the score of the start."""

    status: str = Field(examples=["ok"])
    sha256: str = Field(description="SHA-256 of the model in use")
    refused: str | None = Field(
        None, description="why newer files in the folder are not used, in any worker"
    )
    workers: list[WorkerState] | None = Field(
        None, description="all workers; absent unless they use different files"
    )


class ModelMetadata(BaseModel):
    """The files in use with their hashes and sizes, the versions, and the model's facts."""

    sha256: dict[str, str] = Field(description="SHA-256 of each file in use")
    threshold: float
    features: int = Field(description="number of raw features")
    transformed_features: int
    reference_clients: int
    new_clients: int
    versions: dict[str, str] = Field(description="versions of the service, Python and libraries")
    protected_features: list[str] = Field(description="features in use that law protects")
    languages: list[str] = Field(
        description="further languages of the words in features.csv, for the parameter language",
        examples=[["fr"]],
    )
    facts: dict[str, Any] = Field(description="content of model.json")
    workers: list[WorkerState] | None = Field(
        None, description="all worker processes; absent if there is only one"
    )
    get_kde: dict[str, str] | None = Field(
        None, description="classes of feat0 and feat1; absent unless they are swapped"
    )


@dataclass(frozen=True, kw_only=True)
class SensitivityAnswer(Sensitivity):
    """The score of one application as a function of one feature."""

    client: Annotated[ClientId | None, Field(description="the requested client's id")] = None
    feature: str
    model: ModelHash


@dataclass(frozen=True, kw_only=True)
class CounterfactualsAnswer(Decision):
    """Changes that would flip the decision on an application, the nearest first."""

    client: Annotated[ClientId | None, Field(description="the requested client's id")] = None
    threshold: float
    alternatives: Annotated[
        Sequence[Counterfactual],
        Field(
            description="for a refusal, the change of each feature that would be accepted;"
            " for an acceptance, the first change that would be refused; empty if no change of"
            " one feature flips the decision, or if no feature may change: see note"
        ),
    ]
    model: ModelHash
    exact: Annotated[
        bool,
        Field(
            description="true if it is proved that no nearer value of a feature flips the decision;"
            " false if values were tried"
        ),
    ]
    note: Annotated[
        str | None,
        Field(
            description="why nothing was tried: no feature has a change in features.csv; else null",
            examples=[None],
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class CombinationsAnswer(Decision):
    """Pairs of changes that would flip the decision on a refused application together."""

    client: Annotated[ClientId | None, Field(description="the requested client's id")] = None
    threshold: float
    combinations: Annotated[
        Sequence[Combination],
        Field(
            description="of each pair of features the two changes that pass the fewest earlier"
            " clients, the nearest pair first; neither change flips the decision alone; empty if"
            " there are none, if the application is accepted, or if no feature may change: see note"
        ),
    ]
    model: ModelHash
    exact: Annotated[
        bool,
        Field(
            description="true if it is proved that each pair of features has no nearer combination"
            " and that none is missing; false if values were tried"
        ),
    ]
    note: Annotated[
        str | None, Field(description="why nothing was tried; else null", examples=[None])
    ]
