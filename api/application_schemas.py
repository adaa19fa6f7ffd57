"""What the document says that the credit desk takes, with examples of the files."""

import math
from typing import Any

from api.application_decoder import LONGEST_REFERENCE
from api.application_errors import MOST_APPLICATIONS
from credit_scoring.model.bundle import Bundle

CLIENT = {"$ref": "#/components/parameters/desk_client"}
FEATURE = {"$ref": "#/components/parameters/desk_feature"}
OF_CLIENT: dict[str, Any] = {"openapi_extra": {"parameters": [CLIENT]}}
OF_CLIENT_AND_FEATURE: dict[str, Any] = {"openapi_extra": {"parameters": [CLIENT, FEATURE]}}
OF_APPLICATION_AND_FEATURE: dict[str, Any] = {
    "openapi_extra": {
        "parameters": [FEATURE],
        "requestBody": {"$ref": "#/components/requestBodies/application"},
    }
}
OF_APPLICATIONS: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"$ref": "#/components/requestBodies/applications"}}
}


def application_bodies(bundle: Bundle | None) -> dict[str, dict[str, Any]]:
    """The request bodies of the credit desk for the document, with examples of the files.

    Args:
        scorer: what was loaded; None for what everybody may know.
    """
    client: dict[str, Any] = {"type": "integer", "description": "a new client's id"}
    values: dict[str, Any] = {
        "type": "object",
        "additionalProperties": {"type": ["number", "string", "null"]},
    }
    record = values | {
        "description": "raw values by feature, as /get_test gives them, decoded: see RawRecord;"
        " one with a formula may be left out",
    }
    changes = values | {
        "description": "features and their new values; what follows from them is computed again"
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
        "items": {"type": "object", "description": "an application as above"},
        "minItems": 1,
        "maxItems": MOST_APPLICATIONS,
    }
    single: dict[str, Any] = {"schema": one}
    content: dict[str, Any] = {"schema": {"anyOf": [one, several]}}
    if bundle is not None:
        asked = bundle.client_ids[0]
        what_if = {"client": asked, "changes": _changes(bundle)}
        single["example"] = {"client": asked}
        content["examples"] = {
            "what-if": {"summary": "A client, and what a change would do", "value": what_if},
            "client": {"summary": "A client as they are", "value": {"client": asked}},
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
    """What to try: the first feature that may be lowered, or any number, less three tenths."""
    features, rows = bundle.dictionary.features, bundle.raw_rows([0])
    numbers = [
        name
        for position, name in enumerate(bundle.features)
        if position not in rows.texts and not math.isnan(rows.numbers[0, position])
    ]
    movable = [name for name in numbers if features[name].change in ("down", "any")]
    chosen = (movable or numbers)[:1]
    return {name: 0.7 * float(rows.numbers[0, bundle.scorer.position(name)]) for name in chosen}
