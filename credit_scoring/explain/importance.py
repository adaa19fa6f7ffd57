"""The weight of each theme and feature in the scores of the reference population."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from credit_scoring.explain.peers import Peers
from credit_scoring.explain.reason_codes import ContributionsIn, ExplainedBy
from credit_scoring.model.classifiers.classifier import Classifier


@dataclass(frozen=True)
class ThemeImportance:
    """A theme's part in the scores."""

    group: str
    importance: Annotated[float, Field(description="mean absolute contribution")]


@dataclass(frozen=True)
class FeatureImportance:
    """A feature's part in the scores."""

    name: str
    label: str
    group: str
    importance: Annotated[float, Field(description="mean absolute contribution")]


@dataclass(frozen=True)
class Importance:
    """The weight of each theme and feature in the scores."""

    clients: Annotated[int, Field(description="number of earlier clients explained")]
    groups: Annotated[
        tuple[ThemeImportance, ...], Field(description="the most important theme first")
    ]
    features: Annotated[
        tuple[FeatureImportance, ...], Field(description="the most important feature first")
    ]
    contributions_in: ContributionsIn
    explained_by: ExplainedBy


def importance(peers: Peers, classifier: Classifier) -> Importance:
    """Mean absolute contributions of themes and features, in the model's raw output.

    Args:
        peers: have the contributions.
        classifier: explained them.
    """
    group, attribution = peers.groups["all"], peers.attribution
    centred = group.contributions - group.means
    by_theme = np.abs(attribution.by_theme(centred)).mean(axis=0)
    by_factor = np.abs(centred).mean(axis=0).tolist()
    themes = np.argsort(-by_theme, kind="stable").tolist()
    features = [
        FeatureImportance(factor.name, factor.label, factor.theme, size)
        for factor, size in zip(attribution.factors, by_factor, strict=True)
    ]
    return Importance(
        len(group),
        tuple(ThemeImportance(attribution.themes[at], float(by_theme[at])) for at in themes),
        tuple(sorted(features, key=lambda feature: -feature.importance)),
        classifier.raw_output,
        classifier.explained_by,
    )
