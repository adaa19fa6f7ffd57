"""What the credit desk answers, as JSON text."""

import orjson

from credit_scoring.answers import drift_body
from credit_scoring.applications import Application
from credit_scoring.assessment import assess
from credit_scoring.comparison import Compare, Comparison
from credit_scoring.reasons import importance
from credit_scoring.scorer import Scorer


def score_body(
    scorer: Scorer,
    comparison: Comparison,
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
    found = assess(scorer, comparison, several, most_reasons, compare, is_list=is_list)
    return orjson.dumps(found if is_list else found[0])


def read_and_score(
    scorer: Scorer, comparison: Comparison, body: bytes, most_reasons: int, compare: Compare
) -> bytes:
    """The same, of applications that are still JSON text.

    Raises:
        UnknownClient: see `score_body`.
        InvalidApplication: see `score_body` and `ApplicationReader.read`.
    """
    return score_body(scorer, comparison, scorer.applications.read(body), most_reasons, compare)


def score_drift_body(scorer: Scorer, comparison: Comparison) -> bytes:
    """The body of `/drift`."""
    new = scorer.classifier.probabilities(scorer.transformed)
    return drift_body(scorer, comparison.probabilities, new)


def importance_body(comparison: Comparison) -> bytes:
    """The body of `/importance`."""
    by_group, by_factor = importance(comparison)
    attribution = comparison.attribution
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
            "clients": len(comparison.groups["all"]),
            "groups": [{"group": group, "importance": size} for group, size in by_group],
            "features": features,
        }
    )
