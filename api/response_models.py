"""Shapes of responses, as the OpenAPI document has them.

A shape of the domain stands there, as a dataclass; here is what only the wire has. Routes write
their responses themselves, see `responses`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field

from credit_scoring.decisions.scoring import Decision, ScoredApplication
from credit_scoring.explain.reason_codes import Importance
from credit_scoring.model.bundle import Prediction
from credit_scoring.monitoring.feature_summaries import FeatureSummaries
from credit_scoring.monitoring.psi import PopulationDrift
from credit_scoring.whatif.counterfactuals import Counterfactual
from credit_scoring.whatif.sensitivity import Sensitivity

PredictionAnswer = Prediction
ScoreAnswer = ScoredApplication | list[ScoredApplication]
FeaturesAnswer = FeatureSummaries
ImportanceAnswer = Importance
DriftAnswer = PopulationDrift

ModelHash = Annotated[str, Field(description="the SHA-256 of the model that answered")]


class Index(BaseModel):
    """What this service is and where to go on."""

    service: str = Field(examples=["Credit scoring"])
    version: str = Field(examples=["1.0.0"])
    docs: str = Field(examples=["/docs"])
    routes: dict[str, str] = Field(examples=[{"GET /get_ids": "Ids of the new clients"}])


class ClientIds(BaseModel):
    """Ids of the new clients, in the order of their file."""

    data: list[int] = Field(examples=[[351831, 204226]])


class Features(BaseModel):
    """Names of the features, in the order of the reference file."""

    data: list[str] = Field(examples=[["AMT_INCOME_TOTAL", "AMT_CREDIT"]])


def record_text(schema: str) -> Any:
    """A field that holds a record as JSON text, of a schema that is made from the files."""
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

    feat0: list[float] | list[str] = Field(description="of class 0, solvent")
    feat1: list[float] | list[str] = Field(description="of class 1, in default")


class WorkerState(BaseModel):
    """What one of the server's processes has in use."""

    pid: int = Field(description="number of the process")
    sha256: dict[str, str] = Field(description="of each file in use")
    threshold: float
    files: list[str] = Field(description="those that were there")
    refused: str | None = Field(description="why the files now in the folder are not in use")


class Health(BaseModel):
    """A client was scored just now, with the result that it had at start-up."""

    status: str = Field(examples=["ok"])
    sha256: str = Field(description="of the model in use")
    refused: str | None = Field(
        None,
        description="why the files now in the folder are not in use, in this worker or another",
    )
    workers: list[WorkerState] | None = Field(
        None, description="all of them, where another one is not of the same mind"
    )


class ModelMetadata(BaseModel):
    """What an auditor asks for."""

    sha256: dict[str, str] = Field(description="of each file in use")
    threshold: float
    features: int = Field(description="raw ones")
    transformed_features: int
    reference_clients: int
    new_clients: int
    versions: dict[str, str] = Field(description="of this service, Python and the libraries")
    protected_features: list[str] = Field(description="that the model uses and law protects")
    facts: dict[str, Any] = Field(description="what model.json says")
    workers: list[WorkerState] | None = Field(
        None, description="each process of the server; where there is one alone, nothing"
    )
    get_kde: dict[str, str] | None = Field(
        None, description="the class that feat0 and feat1 are of, where they are swapped"
    )


@dataclass(frozen=True, kw_only=True)
class SensitivityAnswer(Sensitivity):
    """The score of one application as a function of one feature."""

    client: Annotated[int | None, Field(description="the id asked for")] = None
    feature: str
    model: ModelHash


@dataclass(frozen=True, kw_only=True)
class CounterfactualsAnswer(Decision):
    """Changes that would turn the decision on a client, the nearest first."""

    client: int
    threshold: float
    alternatives: Annotated[
        Sequence[Counterfactual],
        Field(
            description="for a refused client what would be accepted, for an accepted one how far"
            " each feature may move; empty where nothing would turn the decision"
        ),
    ]
    model: ModelHash
