"""A client's SHAP values, summed by raw feature and by theme."""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.errors import ModelChanged
from advisor.pinned_service import log_odds
from advisor.response_models import Feature, Scale, Score, ShapValues

TOLERANCE = 1e-6
SATURATED = 30  # log-odds; beyond, a probability may round to 0 or 1


@dataclass(frozen=True)
class Theme:
    """A theme's part in a client's score.

    Attributes:
        name: the theme's name.
        features: SHAP values by feature, sorted by falling absolute value.
    """

    name: str
    features: dict[str, float]

    @property
    def contribution(self) -> float:
        """The sum of the SHAP values."""
        return math.fsum(self.features.values())


def raw_feature(output: str, features: Iterable[str]) -> str | None:
    """The feature after which an output of the transformer is named: `FEATURE` or `FEATURE_…`."""
    found = [name for name in features if output == name or output.startswith(f"{name}_")]
    return max(found, key=len, default=None)


def themes(shap: ShapValues, features: Mapping[str, Feature]) -> list[Theme]:
    """The themes of a client's SHAP values, sorted by falling absolute contribution.

    An output that the transformer makes from several features is its own feature and theme.
    """
    by_theme: dict[str, dict[str, float]] = {}
    for output, value in zip(shap["feat"], shap["values"][0], strict=True):
        name = output if output in features else raw_feature(output, features)
        theme = output if name is None else features[name]["group"]
        values = by_theme.setdefault(theme, {})
        values[name or output] = values.get(name or output, 0.0) + value
    found = [
        Theme(theme, dict(sorted(values.items(), key=lambda item: -abs(item[1]))))
        for theme, values in by_theme.items()
    ]
    return sorted(found, key=lambda theme: -abs(theme.contribution))


def scale_of(shap: ShapValues, score: Score) -> Scale:
    """The scale of SHAP values: base and values add up to the score's log-odds or probability.

    In a margin, the score has no sum to compare with.

    Raises:
        ModelChanged: they add up to neither; SHAP values and score are of two models.
    """
    if score["contributions_in"] == "margin":
        return "margin"
    output = shap["base"][0] + math.fsum(shap["values"][0])
    probability = score["probability"]
    close = functools.partial(math.isclose, output, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if 0 < probability < 1 and close(log_odds(probability)):
        return "log-odds"
    if close(probability):
        return "probability"
    if probability in (0, 1) and abs(output) > SATURATED:
        return "log-odds"
    raise ModelChanged
