"""Responses of a bundle as JSON text."""

import platform
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import orjson

from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.changes import apply_changes
from credit_scoring.decisions.scoring import ApplicationScorer, ScoredApplication, sent_fields
from credit_scoring.explain.importance import importance
from credit_scoring.explain.peers import Peers
from credit_scoring.model.bundle import Bundle
from credit_scoring.monitoring.feature_summaries import feature_summaries
from credit_scoring.monitoring.psi import population_drift
from credit_scoring.whatif.combinations import CombinationFinder
from credit_scoring.whatif.counterfactuals import counterfactuals, extent
from credit_scoring.whatif.sensitivity import sensitivity

LIBRARIES = ("fastapi", "scikit-learn", "lightgbm", "shap", "pandas", "numpy", "joblib")
# Looked up once: `version` reads files of the installed packages.
VERSIONS = {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def record_body(record: object) -> bytes:
    """A record as JSON text inside JSON: callers decode it a second time."""
    return orjson.dumps({"data": orjson.dumps(record).decode()})


def explanation_bodies(bundle: Bundle, client_ids: Sequence[ClientId]) -> list[bytes]:
    """The bodies of `/get_shap` for some clients.

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
    """The body of `/get_kde`; the class names are those of class 0 and class 1.

    Raises:
        UnknownFeature: no feature has that name.
    """
    values = bundle.reference_values(feature)
    return orjson.dumps(
        dict(zip(class_names, values, strict=True)), option=orjson.OPT_SERIALIZE_NUMPY
    )


def score_body(scorer: ApplicationScorer, applications: Applications) -> bytes:
    """The body of `/score`: an object, or a list in the order of the applications.

    Raises:
        UnknownClient: no new client has a requested id.
        InvalidApplication: an application cannot be scored.
    """
    # Each response is written and freed before the next is made: writing or freeing a thousand of
    # them holds up all other threads for tens of milliseconds.
    bodies = [scored_body(scored) for scored in scorer.score(applications)]
    return b"[%b]" % b",".join(bodies) if applications.is_list else bodies[0]


def scored_body(scored: ScoredApplication) -> bytes:
    """The body of `/score` for one application."""
    return orjson.dumps(sent_fields(scored))


def sensitivity_body(bundle: Bundle, application: Application, feature: str) -> bytes:
    """The body of `/sensitivity`.

    Raises:
        UnknownClient: no new client has that id.
        UnknownFeature: no feature has that name.
        InvalidApplication: the application cannot be scored.
    """
    feature = bundle.raw_feature(feature)
    row = apply_changes(bundle, Applications([application])).rows
    known = extent(bundle.reference, bundle.raw, bundle.scorer.column_of(feature))
    found = sensitivity(bundle.scorer, row, feature, known.low, known.high, bundle.threshold)
    return orjson.dumps(_client(application) | {"feature": feature} | vars(found) | _model(bundle))


def counterfactuals_body(
    bundle: Bundle, dictionary: FeatureDictionary, application: Application
) -> bytes:
    """The body of `/alternatives`.

    Args:
        bundle: has the clients.
        dictionary: its labels in one language.
        application: a client or a raw record, perhaps with changes.

    Raises:
        UnknownClient: no new client has that id.
        InvalidApplication: the application cannot be scored.
    """
    row = apply_changes(bundle, Applications([application])).rows
    probability = float(bundle.scorer.probabilities(row)[0])
    extents = {
        feature.name: extent(bundle.reference, bundle.raw, bundle.scorer.column_of(feature.name))
        for feature in bundle.dictionary.features.values()
        if feature.change != "none"
    }
    found = counterfactuals(bundle.scorer, row, bundle.threshold, bundle.reference, extents)
    listed = [
        replace(each, label=dictionary.features[each.feature].label) for each in found.alternatives
    ]
    return orjson.dumps(
        _decision(bundle, application, probability)
        | {"alternatives": listed}
        | _model(bundle)
        | {"exact": found.is_exact, "note": found.note}
    )


def combinations_body(
    bundle: Bundle,
    finder: CombinationFinder,
    dictionary: FeatureDictionary,
    application: Application,
) -> bytes:
    """The body of `/combinations`.

    Args:
        bundle: has the clients.
        finder: of the bundle.
        dictionary: its labels in one language.
        application: a client or a raw record, perhaps with changes.

    Raises:
        UnknownClient: no new client has that id.
        InvalidApplication: the application cannot be scored.
    """
    row = apply_changes(bundle, Applications([application])).rows
    probability = float(bundle.scorer.probabilities(row)[0])
    found = finder.find(row)
    listed = [
        replace(
            each,
            changes=[
                replace(change, label=dictionary.features[change.feature].label)
                for change in each.changes
            ],
        )
        for each in found.combinations
    ]
    return orjson.dumps(
        _decision(bundle, application, probability)
        | {"combinations": listed}
        | _model(bundle)
        | {"exact": found.is_exact, "note": found.note}
    )


def features_body(bundle: Bundle, dictionary: FeatureDictionary) -> bytes:
    """The body of `/features`, in the order of the tables, with the words of a dictionary."""
    found = feature_summaries(dictionary, bundle.reference, bundle.raw)
    return orjson.dumps(found, option=orjson.OPT_NON_STR_KEYS)


def importance_body(bundle: Bundle, peers: Peers) -> bytes:
    """The body of `/importance`."""
    return orjson.dumps(importance(peers, bundle.classifier))


def drift_body(
    bundle: Bundle, dictionary: FeatureDictionary, reference_scores: Matrix, new_scores: Matrix
) -> bytes:
    """The body of `/drift`.

    Args:
        bundle: has the clients.
        dictionary: its labels in one language.
        reference_scores: probabilities of default, shape (reference clients,).
        new_scores: probabilities of default, shape (new clients,).
    """
    labels = {name: feature.label for name, feature in dictionary.features.items()}
    found = population_drift(labels, bundle.reference, bundle.raw, reference_scores, new_scores)
    return orjson.dumps(found)


def model_metadata(bundle: Bundle, service_version: str) -> dict[str, Any]:
    """The part of `/model` that describes the files in use."""
    return {
        "sha256": bundle.sha256,
        "threshold": bundle.threshold,
        "features": len(bundle.features),
        "transformed_features": len(bundle.names),
        "reference_clients": len(bundle.reference),
        "new_clients": len(bundle.client_ids),
        "versions": {"credit-scoring": service_version} | VERSIONS,
        "protected_features": [feature.name for feature in bundle.dictionary.protected],
        "languages": bundle.dictionary.languages,
        "facts": bundle.metadata,
    }


def _client(application: Application) -> dict[str, ClientId]:
    """The id of an application's client, if it has one."""
    return {} if application.client is None else {"client": application.client}


def _decision(bundle: Bundle, application: Application, probability: float) -> dict[str, Any]:
    """The decision on an application."""
    return {
        **_client(application),
        "probability": probability,
        "prediction": bundle.decision(probability),
        "threshold": bundle.threshold,
    }


def _model(bundle: Bundle) -> dict[str, str]:
    return {"model": bundle.model_sha256}
