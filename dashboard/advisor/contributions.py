"""A client's SHAP values, by raw feature and by theme."""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from advisor.answers import Explanation, Feature, Score
from advisor.desk import log_odds
from advisor.errors import ModelChanged

TOLERANCE = 1e-6
SATURATED = 30  # log-odds, from which on a double has 0 or 1 for the probability


@dataclass(frozen=True)
class Theme:
    """A theme's part in a client's score.

    Attributes:
        name: of the theme.
        features: SHAP values of its features by name, the largest first whatever their sign.
    """

    name: str
    features: dict[str, float]

    @property
    def contribution(self) -> float:
        """The sum of the SHAP values."""
        return math.fsum(self.features.values())


def raw_feature(output: str, features: Iterable[str]) -> str | None:
    """The feature that an output of the transformer has its name from: itself, or `FEATURE_…`."""
    found = [name for name in features if output == name or output.startswith(f"{name}_")]
    return max(found, key=len, default=None)


def themes(explanation: Explanation, features: Mapping[str, Feature]) -> list[Theme]:
    """The SHAP values by theme, the largest first whatever its sign.

    An output that is made from several features is a feature and a theme of its own.
    """
    by_theme: dict[str, dict[str, float]] = {}
    for output, value in zip(explanation["feat"], explanation["values"][0], strict=True):
        name = output if output in features else raw_feature(output, features)
        theme = output if name is None else features[name]["group"]
        values = by_theme.setdefault(theme, {})
        values[name or output] = values.get(name or output, 0.0) + value
    found = [
        Theme(theme, dict(sorted(values.items(), key=lambda item: -abs(item[1]))))
        for theme, values in by_theme.items()
    ]
    return sorted(found, key=lambda theme: -abs(theme.contribution))


def scale_of(explanation: Explanation, score: Score) -> Literal["log-odds", "probability"]:
    """Hold an explanation, which names no model, against a score, which does.

    Returns:
        What the SHAP values are in: base and their sum are the score's log-odds or its probability.

    Raises:
        ModelChanged: they are neither.
    """
    explained = explanation["base"][0] + math.fsum(explanation["values"][0])
    probability = score["probability"]
    close = functools.partial(math.isclose, explained, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if 0 < probability < 1 and close(log_odds(probability)):
        return "log-odds"
    if close(probability):
        return "probability"
    if probability in (0, 1) and abs(explained) > SATURATED:
        return "log-odds"
    raise ModelChanged
