"""What is answered of a folder, as JSON text."""

import platform
from importlib.metadata import version
from typing import Any

import orjson

from credit_scoring.scorer import Scorer

LIBRARIES = ("fastapi", "scikit-learn", "lightgbm", "shap", "pandas", "numpy", "joblib")


def record_body(record: object) -> bytes:
    """A record as JSON text inside JSON: the dashboard decodes it a second time."""
    return orjson.dumps({"data": orjson.dumps(record).decode()})


def explanation_body(scorer: Scorer, client_id: int) -> bytes:
    """The body of `/get_shap`.

    Raises:
        UnknownClient: no new client has that id.
    """
    explanation = scorer.explain(client_id)
    return orjson.dumps(
        {
            "values": [explanation.values],
            "feat": explanation.names,
            "data": [explanation.record],
            "base": [explanation.base],
        },
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


def reference_body(scorer: Scorer, feature: str, class_names: tuple[str, str]) -> bytes:
    """The body of `/get_kde`, the names being those of class 0 and of class 1.

    Raises:
        UnknownFeature: no feature has that name.
    """
    values = scorer.reference_values(feature)
    return orjson.dumps(
        dict(zip(class_names, values, strict=True)), option=orjson.OPT_SERIALIZE_NUMPY
    )


def model_metadata(scorer: Scorer, service_version: str) -> dict[str, Any]:
    """What `/model` says of the files in use."""
    return {
        "sha256": scorer.sha256,
        "threshold": scorer.threshold,
        "features": len(scorer.features),
        "transformed_features": len(scorer.names),
        "reference_clients": len(scorer.reference),
        "new_clients": len(scorer.client_ids),
        "versions": {"credit-scoring": service_version, "python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES},
        "facts": scorer.metadata,
    }
