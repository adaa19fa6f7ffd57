"""Parts of the OpenAPI document: tags, parameters and bodies, with examples from a bundle."""

import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.application_decoder import MOST_APPLICATIONS
from credit_scoring.decisions.application import LONGEST_REFERENCE
from credit_scoring.model.bundle import Bundle

DESCRIPTION = """\
The probability that a client defaults on a loan, the reasons, and the client's rank among others.

Every probability is that of **class 1**, a client in default; class 0 is a solvent client. Numbers
are exact: `/prediction/` scores a record of `/get_json` as the pipeline scores that client, and
`base` plus the SHAP values of `/get_shap` equals the model's raw output."""

CLIENTS, SCORES, DESK = "clients", "scores", "credit desk"
REFERENCE, SERVICE, REGISTER = "reference clients", "service", "register"
GROUPS = [
    {"name": CLIENTS, "description": "New clients, to be scored, and their records."},
    {"name": SCORES, "description": "Probabilities of default and SHAP values."},
    {"name": DESK, "description": "Scores with reasons in words, what-ifs, and drift."},
    {"name": REFERENCE, "description": "Earlier clients who paid and who did not."},
    {"name": SERVICE, "description": "Health, versions and counters of the service."},
]
REGISTER_GROUP = {"name": REGISTER, "description": "Decisions: recorded, reviewed, followed up."}


def groups(*, with_register: bool) -> list[dict[str, str]]:
    """The tags of the document."""
    return [*GROUPS, REGISTER_GROUP] if with_register else GROUPS


def parameter(name: str) -> dict[str, str]:
    """A reference to a parameter of `components`."""
    return {"$ref": f"#/components/parameters/{name}"}


def body(name: str) -> dict[str, str]:
    """A reference to a request body of `components`."""
    return {"$ref": f"#/components/requestBodies/{name}"}


# Inputs of routes that read their requests without FastAPI.
OF_CLIENT = {"parameters": [parameter("client")]}
OF_FEATURE = {"parameters": [parameter("feature")]}
OF_RECORD = {"requestBody": body("record")}
OF_DESK_CLIENT = {"parameters": [parameter("desk_client")]}
OF_CLIENT_AND_FEATURE = {"parameters": [parameter("desk_client"), parameter("desk_feature")]}
OF_APPLICATION_AND_FEATURE = {
    "parameters": [parameter("desk_feature")],
    "requestBody": body("application"),
}
OF_APPLICATION = {"requestBody": body("application")}
OF_APPLICATIONS = {"requestBody": body("applications")}


def components(bundle: Bundle | None) -> dict[str, dict[str, Any]]:
    """Parameters, request bodies and schemas of the OpenAPI document.

    Args:
        bundle: gives names and examples; None for a caller without a key.
    """
    param_name = {"name": "param_name", "in": "query", "required": True}
    client = param_name | {
        "description": "a client's id, listed by /get_ids",
        "schema": {"type": id_type(bundle)},
    }
    feature = param_name | {
        "description": "a feature's name, listed by /get_feat",
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
        texts = bundle.text_features
        may_miss = dict(zip(bundle.names, bundle.may_miss, strict=True))
        raw = record_schema(
            {name: ["string" if name in texts else "number", "null"] for name in bundle.features}
        )
        for ranged in bundle.dictionary.ranged:
            ends = {"minimum": ranged.lowest, "maximum": ranged.highest}
            finite = {name: end for name, end in ends.items() if math.isfinite(end)}
            raw["properties"][ranged.name].update(finite)
        transformed = record_schema(
            {
                name: ["number", "null"] if missing else "number"
                for name, missing in may_miss.items()
            }
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
                "description": "a transformed record: the decoded data of /get_json",
                "required": True,
                "content": {"application/json": sent},
            },
        },
        "schemas": {
            "RawRecord": raw,
            "TransformedRecord": transformed,
            "Language": language_schema(bundle),
        },
    }


def language_schema(bundle: Bundle | None) -> dict[str, Any]:
    """The schema of a language: one of those of the feature dictionary, any without a bundle."""
    if bundle is None:
        return {"type": "string"}
    languages = bundle.dictionary.languages
    return {"type": "string", "enum": [*languages]} if languages else {"not": {}}


def id_type(bundle: Bundle | None) -> str | list[str]:
    """The type of a client's id in JSON, both types without a bundle."""
    if bundle is None:
        return ["integer", "string"]
    return "string" if bundle.has_text_ids else "integer"


def with_components(document: dict[str, Any], bundle: Bundle | None) -> dict[str, Any]:
    """The document with the parts of `components` added."""
    own = document["components"]
    parts = {name: own.get(name, {}) | part for name, part in components(bundle).items()}
    return document | {"components": own | parts}


def with_decision(document: dict[str, Any], example: UUID | None) -> dict[str, Any]:
    """The document with the parameter in paths of the register.

    Args:
        document: see `with_components`.
        example: the id of a recorded decision; None without one.
    """
    decision: dict[str, Any] = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "the id of a decision",
        "schema": {"type": "string", "format": "uuid"},
    }
    if example is not None:
        decision["example"] = str(example)
    parts = document["components"]
    parameters = parts["parameters"] | {"decision": decision}
    return document | {"components": parts | {"parameters": parameters}}


def describe_register(document: dict[str, Any]) -> None:
    """Document the state of the register in `/health`."""
    document["components"]["schemas"]["Health"]["properties"]["register"] = {
        "title": "Register",
        "description": "ok, or away while its database does not answer",
        "enum": ["ok", "away"],
        "type": "string",
    }


def record_schema(types: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """The schema of a record that has all features, from their types."""
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in types.items()},
        "required": list(types),
        "additionalProperties": False,
    }


def describe_swapped_classes(document: dict[str, Any]) -> None:
    """Document that `/get_kde` swaps the names of the two classes."""
    values = document["components"]["schemas"]["ReferenceValues"]["properties"]
    first, second = values["feat0"], values["feat1"]
    first["description"], second["description"] = second["description"], first["description"]
    document["paths"]["/get_kde"]["get"]["description"] += (
        "\n\nHere, by `KDE_SWAP_CLASSES=1`, `feat0` is class 1, in default, and `feat1` is"
        " class 0, solvent."
    )


def application_bodies(bundle: Bundle | None) -> dict[str, dict[str, Any]]:
    """The request bodies of the credit desk's routes.

    Args:
        bundle: gives names and examples; None for a caller without a key.
    """
    client: dict[str, Any] = {"type": id_type(bundle), "description": "a new client's id"}
    values: dict[str, Any] = {
        "type": "object",
        "additionalProperties": {"type": ["number", "string", "null"]},
    }
    record = values | {
        "description": "raw values by feature, the decoded data of /get_test, see RawRecord; a"
        " feature with a formula may be left out",
    }
    changes = values | {
        "description": "new values by feature; features that depend on them are computed again"
    }
    reference = {
        "type": "string",
        "maxLength": LONGEST_REFERENCE,
        "description": "the caller's own number, sent back",
    }
    more = {"changes": changes, "reference": reference}
    one = {
        "oneOf": [
            {
                "type": "object",
                "properties": {key: part, **more},
                "required": [key],
                "additionalProperties": False,
            }
            for key, part in (("client", client), ("record", record))
        ]
    }
    several = {
        "type": "array",
        "items": {"type": "object", "description": "an application"},
        "minItems": 1,
        "maxItems": MOST_APPLICATIONS,
    }
    single: dict[str, Any] = {"schema": one}
    content: dict[str, Any] = {"schema": {"anyOf": [one, several]}}
    if bundle is not None:
        client_id = bundle.client_ids[0]
        what_if = {"client": client_id, "changes": _changes(bundle)}
        single["example"] = {"client": client_id}
        content["examples"] = {
            "what-if": {"summary": "A client, and what a change would do", "value": what_if},
            "client": {"summary": "A client as they are", "value": {"client": client_id}},
            "list": {
                "summary": "Several at once",
                "value": [{"client": other} for other in bundle.client_ids[:3]],
            },
        }
    return {
        name: {"description": text, "required": True, "content": {"application/json": taken}}
        for name, text, taken in (
            ("application", "one application", single),
            ("applications", "one application, or a list of 1 to 1,000", content),
        )
    }


def _changes(bundle: Bundle) -> dict[str, float | str | None]:
    """An example of changes: the first number that a client may lower, else any, times 0.7."""
    features, rows = bundle.dictionary.features, bundle.raw_rows([0])
    numbers = [
        name
        for column, name in enumerate(bundle.features)
        if column not in rows.texts and not math.isnan(rows.numbers[0, column])
    ]
    movable = [name for name in numbers if features[name].change in ("down", "any")]
    chosen = (movable or numbers)[:1]
    return {name: 0.7 * float(rows.numbers[0, bundle.scorer.column_of(name)]) for name in chosen}
