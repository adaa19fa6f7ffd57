"""What the OpenAPI document says: the shapes of the answers, with names and examples of files.

Routes write their answers out themselves; see `answers`.
"""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from api.application_schemas import application_bodies
from credit_scoring.model.bundle import Bundle

DESCRIPTION = """\
How likely a client is to default on a loan, why, and where the client stands among others.

Every probability is that of **class 1**, a client in default; class 0 is a solvent one. Numbers are
exact: a record that `/get_json` gives scores at `/prediction/` as the pipeline scores that client,
and `base` plus the SHAP values of `/get_shap` is the model's raw output."""

CLIENTS, SCORES, DESK = "clients", "scores", "credit desk"
REFERENCE, SERVICE = "reference clients", "service"
GROUPS = [
    {"name": CLIENTS, "description": "Who is to be scored, and what is known of them."},
    {"name": SCORES, "description": "How likely a default is, and why."},
    {
        "name": DESK,
        "description": "Applications scored with reasons in words, and what the model goes by.",
    },
    {"name": REFERENCE, "description": "Earlier clients who paid and who did not."},
    {"name": SERVICE, "description": "What runs, whether it is well, and what it did."},
]


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


class PredictionAnswer(BaseModel):
    """Probability of default, and the decision: 1 where it reaches the threshold, else 0."""

    probability: float = Field(ge=0, le=1, examples=[0.08597658808541324])
    prediction: int = Field(ge=0, le=1, examples=[0])
    threshold: float = Field(ge=0, le=1, examples=[0.4])


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


# What an operation of the document says of what it takes, by the parts in `components`.
OF_CLIENT: dict[str, Any] = {
    "openapi_extra": {"parameters": [{"$ref": "#/components/parameters/client"}]}
}
OF_FEATURE: dict[str, Any] = {
    "openapi_extra": {"parameters": [{"$ref": "#/components/parameters/feature"}]}
}
OF_RECORD: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"$ref": "#/components/requestBodies/record"}}
}


def components(bundle: Bundle | None) -> dict[str, dict[str, Any]]:
    """The parts of the OpenAPI document that operations refer to, with names and examples of files.

    Args:
        scorer: what was loaded; None for what everybody may know.
    """
    parameter = {"name": "param_name", "in": "query", "required": True}
    client = parameter | {
        "description": "a client's id, one of /get_ids",
        "schema": {"type": "integer"},
    }
    feature = parameter | {
        "description": "a feature, one of /get_feat",
        "schema": {"type": "string"},
    }
    desk_client = client | {"name": "client"}
    desk_feature = feature | {"name": "feature"}
    sent: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/TransformedRecord"}}
    raw: dict[str, Any] = {"type": "object"}
    transformed: dict[str, Any] = {"type": "object"}
    if bundle is not None:
        client_id = bundle.client_ids[0]
        record = bundle.transformed_record(client_id)
        client["example"] = client_id
        feature["schema"] = {"type": "string", "enum": bundle.features}
        feature["example"] = bundle.features[0]
        desk_client |= {"example": client_id}
        desk_feature |= {"schema": feature["schema"], "example": bundle.features[0]}
        sent["example"] = {
            name: None if math.isnan(value) else value for name, value in record.items()
        }
        texts, nullable = bundle.text_features, bundle.records.nullable
        raw = record_schema(
            {name: ["string" if name in texts else "number", "null"] for name in bundle.features}
        )
        transformed = record_schema(
            {name: ["number", "null"] if name in nullable else "number" for name in bundle.names}
        )
    return {
        "parameters": {
            "client": client,
            "feature": feature,
            "desk_client": desk_client,
            "desk_feature": desk_feature,
        },
        "requestBodies": {
            **application_bodies(bundle),
            "record": {
                "description": "a transformed record: what /get_json gives, decoded",
                "required": True,
                "content": {"application/json": sent},
            },
        },
        "schemas": {"RawRecord": raw, "TransformedRecord": transformed},
    }


def with_components(document: dict[str, Any], bundle: Bundle | None) -> dict[str, Any]:
    """The document with the parts of `components` beside its own."""
    own = document["components"]
    parts = {name: own.get(name, {}) | part for name, part in components(bundle).items()}
    return document | {"components": own | parts}


def record_schema(types: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """The schema of a record that has each feature, by the types of their values."""
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in types.items()},
        "required": list(types),
        "additionalProperties": False,
    }


def describe_swapped_classes(document: dict[str, Any]) -> None:
    """Say in the document that `/get_kde` serves the two classes the other way round."""
    values = document["components"]["schemas"]["ReferenceValues"]["properties"]
    first, second = values["feat0"], values["feat1"]
    first["description"], second["description"] = second["description"], first["description"]
    document["paths"]["/get_kde"]["get"]["description"] += (
        "\n\nHere, by `KDE_SWAP_CLASSES=1`, `feat0` is class 1, in default, and `feat1` is"
        " class 0, solvent."
    )
