"""Inputs of the register's routes in the OpenAPI document."""

from copy import deepcopy
from typing import Any

from pydantic import BaseModel

from api.application_errors import AUDIT
from api.openapi import body, parameter
from api.register.monitoring_query import FiguresQuery
from api.register.requests import (
    MOST_OUTCOMES,
    DecisionQuery,
    DecisionReading,
    LetterQuery,
    ListQuery,
    OutcomeBody,
    ReviewBody,
    ReviewRequestBody,
)
from credit_scoring.decisions.application import (
    AUDIT_NAME,
    LONGEST_AUDIT_VALUE,
    MOST_AUDIT_COLUMNS,
)

STATEMENT = {"statement": "My income has risen since."}
REVIEW = {"decision": 0, "reason": "INCOME_PROVED", "comment": "Pay slips of three months."}
OUTCOMES = [
    {"reference": "A-17", "status": "late", "observed": "2025-03-31", "definition": "30dpd"}
]

AUDIT_SCHEMA = {
    "type": "object",
    "description": "values for audits of decisions, such as a protected group, each by the name of"
    " its column: recorded apart, kept for a time of their own, never given to the model and in no"
    " answer; null is left out",
    "minProperties": 1,
    "maxProperties": MOST_AUDIT_COLUMNS,
    "propertyNames": {"pattern": f"^{AUDIT_NAME}$"},
    "additionalProperties": {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": LONGEST_AUDIT_VALUE,
    },
}


def header(name: str, description: str, pattern: str) -> dict[str, Any]:
    """An optional header."""
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "description": description, "schema": schema} | {
        "required": False
    }


def query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters of a model, all of them optional."""
    found = []
    for name, schema in model.model_json_schema()["properties"].items():
        part = {"name": name, "in": "query", "required": False, "schema": schema}
        if description := schema.pop("description", None):
            part["description"] = description
        if examples := schema.pop("examples", None):
            part["example"] = examples[0]
        found.append(part)
    return found


def json_body(description: str, schema: dict[str, Any], example: object) -> dict[str, Any]:
    """A body in JSON with an example."""
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": description, "required": True, "content": content}


KEY = header(
    "Idempotency-Key",
    "a text that the caller makes for one call and repeats with it, such as a UUID",
    "^[!-~]{1,255}$",
)
IF_MATCH = header(
    "If-Match", "the ETag of the decision, its number of reviews", '^(W/)?"[0-9]{1,9}"$'
)
ID = parameter("decision")

OF_DECISIONS = {
    "parameters": [*query(DecisionQuery), KEY],
    "requestBody": body("decisions"),
}
OF_LIST = {"parameters": query(ListQuery)}
OF_DECISION = {"parameters": [ID, *query(DecisionReading)]}
OF_REVIEW_REQUEST = {
    "parameters": [ID, KEY],
    "requestBody": json_body(
        "the client's point of view", ReviewRequestBody.model_json_schema(), STATEMENT
    ),
}
OF_REVIEW = {
    "parameters": [ID, IF_MATCH],
    "requestBody": json_body("the review", ReviewBody.model_json_schema(), REVIEW),
}
OF_OUTCOMES = {
    "requestBody": json_body(
        f"a list of 1 to {MOST_OUTCOMES:,} outcomes",
        {"type": "array", "maxItems": MOST_OUTCOMES, "items": OutcomeBody.model_json_schema()},
        OUTCOMES,
    )
}
OF_LETTER = {"parameters": [ID, *query(LetterQuery)]}
OF_MONITORING = {"parameters": query(FiguresQuery)}


def with_audit(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the request body of recorded applications.

    Args:
        document: see `api.openapi.with_components`.
    """
    parts = document["components"]
    recorded = deepcopy(parts["requestBodies"]["applications"])
    content = recorded["content"]["application/json"]
    for kind in content["schema"]["anyOf"][0]["oneOf"]:
        kind["properties"][AUDIT] = AUDIT_SCHEMA
    if "examples" in content:
        client = content["examples"]["client"]["value"]
        content["examples"][AUDIT] = {
            "summary": "A client, and groups that audits compare",
            "value": {**client, AUDIT: {"sex": "female", "age_band": "35-44"}},
        }
    bodies = parts["requestBodies"] | {"decisions": recorded}
    return document | {"components": parts | {"requestBodies": bodies}}
