"""What the credit desk answers, as JSON text."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import orjson

from api.responses import drift_body
from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.decisions.application import Application
from credit_scoring.decisions.scoring import apply, assess, decided
from credit_scoring.explain.peers import Compare, Peers
from credit_scoring.explain.reason_codes import importance
from credit_scoring.model.bundle import Bundle
from credit_scoring.whatif.counterfactuals import alternatives, extent
from credit_scoring.whatif.sensitivity import Sensitivity, sensitivity


def score_body(
    bundle: Bundle,
    peers: Peers,
    applications: tuple[list[Application], bool],
    most_reasons: int,
    compare: Compare,
) -> bytes:
    """The body of `/score`: an object, or a list in the order of the applications.

    Args:
        scorer: of the model.
        comparison: of the same model.
        applications: and whether they were a list.
        most_reasons: how many each gets at most.
        compare: with whom.

    Raises:
        UnknownClient: no new client has an id.
        InvalidApplication: one cannot be scored.
    """
    several, is_list = applications
    found = assess(bundle, peers, several, most_reasons, compare, is_list=is_list)
    # Each is written, and done with, before the next one: a thousand answers at once hold all other
    # threads up for tens of milliseconds when they are written, collected or freed.
    bodies = list(map(orjson.dumps, found))
    return b"[%b]" % b",".join(bodies) if is_list else bodies[0]


def read_and_score(
    bundle: Bundle, peers: Peers, body: bytes, most_reasons: int, compare: Compare
) -> bytes:
    """The same, of applications that are still JSON text.

    Raises:
        UnknownClient: see `score_body`.
        InvalidApplication: see `score_body` and `ApplicationReader.read`.
    """
    return score_body(bundle, peers, bundle.applications.read(body), most_reasons, compare)


def sensitivity_body(bundle: Bundle, applications: Sequence[Application], feature: str) -> bytes:
    """The body of `/sensitivity`, for one application.

    Raises:
        UnknownClient: no new client has that id.
        UnknownFeature: no feature has that name.
        InvalidApplication: it cannot be scored.
    """
    feature = bundle.raw_feature(feature)
    position = bundle.scorer.position(feature)
    row = apply(bundle, applications, is_list=False).rows
    known = extent(bundle.reference, bundle.raw, position)
    found = sensitivity(bundle.scorer, row, feature, known.low, known.high, bundle.threshold)
    return orjson.dumps(
        _of_client(applications) | {"feature": feature} | _fields(found) | _model(bundle)
    )


def alternatives_body(bundle: Bundle, client_id: int) -> bytes:
    """The body of `/alternatives`.

    Raises:
        UnknownClient: no new client has that id.
    """
    row = bundle.raw_rows([bundle.position(client_id)])
    extents = {
        feature.name: extent(bundle.reference, bundle.raw, bundle.scorer.position(feature.name))
        for feature in bundle.dictionary.features.values()
        if feature.change != "none"
    }
    probability = float(bundle.scorer.probabilities(row)[0])
    found = alternatives(bundle.scorer, row, bundle.threshold, bundle.reference, extents)
    return orjson.dumps(
        {"client": client_id}
        | decided(bundle, probability)
        | {"threshold": bundle.threshold, "alternatives": found}
        | _model(bundle)
    )


def read_and_vary(bundle: Bundle, body: bytes, feature: str) -> bytes:
    """The body of `/sensitivity`, for an application that is still JSON text.

    Raises:
        UnknownClient: see `sensitivity_body`.
        UnknownFeature: see `sensitivity_body`.
        InvalidApplication: see `sensitivity_body` and `ApplicationReader.read_one`.
    """
    return sensitivity_body(bundle, [bundle.applications.read_one(body.strip())], feature)


def vary(bundle: Bundle, client_id: int, feature: str) -> bytes:
    """The body of `/sensitivity`, for a client.

    Raises:
        UnknownClient: see `sensitivity_body`.
        UnknownFeature: see `sensitivity_body`.
    """
    return sensitivity_body(bundle, [Application(client_id, None, {}, None)], feature)


def score_drift_body(bundle: Bundle, peers: Peers) -> bytes:
    """The body of `/drift`."""
    new = bundle.classifier.probabilities(bundle.transformed)
    return drift_body(bundle, peers.probabilities, new)


def importance_body(peers: Peers) -> bytes:
    """The body of `/importance`."""
    by_group, by_factor = importance(peers)
    attribution = peers.attribution
    features = [
        {
            "name": factor.name,
            "label": factor.label,
            "group": factor.group,
            "importance": float(by_factor[at]),
        }
        for at, factor in enumerate(attribution.factors)
    ]
    features.sort(key=lambda feature: -float(str(feature["importance"])))
    return orjson.dumps(
        {
            "clients": len(peers.groups["all"]),
            "groups": [{"group": group, "importance": size} for group, size in by_group],
            "features": features,
        }
    )


def _of_client(applications: Sequence[Application]) -> dict[str, Any]:
    client = applications[0].client
    return {} if client is None else {"client": client}


def _fields(found: Sensitivity) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}


def _model(bundle: Bundle) -> dict[str, Any]:
    return {"model": bundle.sha256[MODEL_FILE]}
