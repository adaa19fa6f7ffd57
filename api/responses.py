"""What is answered of a folder, as JSON text."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import orjson

from credit_scoring.data.tables import Matrix
from credit_scoring.model.bundle import Bundle
from credit_scoring.monitoring.feature_summaries import distributions
from credit_scoring.monitoring.psi import population_drift

LIBRARIES = ("fastapi", "scikit-learn", "lightgbm", "shap", "pandas", "numpy", "joblib")
# Looked up once: that reads the files of all that is installed.
VERSIONS = {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def record_body(record: object) -> bytes:
    """A record as JSON text inside JSON: the dashboard decodes it a second time."""
    return orjson.dumps({"data": orjson.dumps(record).decode()})


def explanation_bodies(bundle: Bundle, client_ids: Sequence[int]) -> list[bytes]:
    """The bodies of `/get_shap` of some clients.

    Raises:
        UnknownClient: no new client has one of these ids.
    """
    return [
        orjson.dumps(
            {
                "values": [explanation.values],
                "feat": explanation.names,
                "data": [explanation.record],
                "base": [explanation.base],
            },
            option=orjson.OPT_SERIALIZE_NUMPY,
        )
        for explanation in bundle.explain_all(client_ids)
    ]


def reference_body(bundle: Bundle, feature: str, class_names: tuple[str, str]) -> bytes:
    """The body of `/get_kde`, the names being those of class 0 and of class 1.

    Raises:
        UnknownFeature: no feature has that name.
    """
    values = bundle.reference_values(feature)
    return orjson.dumps(
        dict(zip(class_names, values, strict=True)), option=orjson.OPT_SERIALIZE_NUMPY
    )


def features_body(bundle: Bundle) -> bytes:
    """The body of `/features`: what is known of each feature, in the order of the tables."""
    dictionary = bundle.dictionary.features.values()
    known = distributions(bundle.reference, bundle.raw, [feature.kind for feature in dictionary])
    features = [
        {
            "name": feature.name,
            "label": feature.label,
            "unit": feature.unit,
            "group": feature.group,
            "formula": feature.formula or None,
            "depends": feature.depends,
            "change": feature.change,
            "protected": feature.protected,
            "kind": values.kind,
            "missing": values.missing,
            "class0": values.by_class[0],
            "class1": values.by_class[1],
        }
        for feature, values in zip(dictionary, known, strict=True)
    ]
    return orjson.dumps(
        {"protected": sum(feature.protected for feature in dictionary), "features": features},
        option=orjson.OPT_NON_STR_KEYS,
    )


def drift_body(bundle: Bundle, reference_scores: Matrix, new_scores: Matrix) -> bytes:
    """The body of `/drift`: the largest index first, that of the score apart.

    Args:
        scorer: has the clients.
        reference_scores: probabilities of default, shape (reference clients,).
        new_scores: the same of the new clients, shape (new clients,).
    """
    dictionary = bundle.dictionary.features
    drift = population_drift(
        bundle.features, bundle.reference, bundle.raw, reference_scores, new_scores
    )
    features = [
        {"name": name, "label": dictionary[name].label} | asdict(found)
        for name, found in drift.features.items()
    ]
    return orjson.dumps(
        {
            "reference": drift.reference,
            "new": drift.new,
            "score": drift.score,
            "features": features,
        }
    )


def model_metadata(bundle: Bundle, service_version: str) -> dict[str, Any]:
    """What `/model` says of the files in use."""
    return {
        "sha256": bundle.sha256,
        "threshold": bundle.threshold,
        "features": len(bundle.features),
        "transformed_features": len(bundle.names),
        "reference_clients": len(bundle.reference),
        "new_clients": len(bundle.client_ids),
        "versions": {"credit-scoring": service_version} | VERSIONS,
        "protected_features": [feature.name for feature in bundle.dictionary.protected],
        "facts": bundle.metadata,
    }
