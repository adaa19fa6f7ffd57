"""Scorecards: the probability of default, points and grade of a score.

`model.json` may have three keys:

    calibration   {"slope": a, "offset": b}
    scale         {"points": 600, "odds": 19, "double": 50}
    grades        [{"grade": "A", "pd": 0.02}, …, {"grade": "F"}]
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from credit_scoring.data.artifacts import METADATA_FILE
from credit_scoring.errors import BadFile, abridged

LARGEST_NUMBER = 1e9  # of calibration and scale, so that every result is finite
SMALLEST_PD, LARGEST_PD = sys.float_info.min, 1 - sys.float_info.epsilon / 2


def log_odds(probability: float) -> float:
    """The log-odds of a probability; infinite for 0 and 1."""
    if not 0 < probability < 1:
        return math.copysign(math.inf, probability - 0.5)
    return float(np.log(probability) - np.log1p(-probability))


def log_odds_of(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log-odds of many probabilities, each to the bits of `log_odds`."""
    with np.errstate(divide="ignore"):
        found: NDArray[np.float64] = np.log(probabilities) - np.log1p(-probabilities)
    return found


@dataclass(frozen=True)
class Calibration:
    """The probability of default as a logistic function of the log-odds.

    The method is that of Platt (1999), "Probabilistic outputs for support vector machines".

    Attributes:
        slope: larger than 0.
        offset: in log-odds.
    """

    slope: float
    offset: float

    def pd(self, log_odds: float) -> float:
        """The probability of default, in [0, 1], of a model's raw output in log-odds."""
        return float(expit(self.slope * log_odds + self.offset))


@dataclass(frozen=True)
class Points:
    """The scale of a scorecard's points, as in Siddiqi (2006), "Credit Risk Scorecards".

    Attributes:
        points: of a client whose odds are `odds`.
        odds: clients who pay for each who does not; larger than 0.
        double: points that double the odds; larger than 0.
    """

    points: float
    odds: float
    double: float

    def of(self, pd: float) -> int:
        """The points of a probability of default, rounded to a whole number."""
        within = min(max(pd, SMALLEST_PD), LARGEST_PD)
        odds = math.log2((1 - within) / within) - math.log2(self.odds)
        return round(self.points + self.double * odds)


@dataclass(frozen=True)
class Grade:
    """A rating grade.

    Attributes:
        grade: its name.
        pd: the largest probability of default with this grade; None for the last grade.
    """

    grade: str
    pd: float | None


@dataclass(frozen=True)
class Scorecard:
    """The scorecard of a bundle; parts that `model.json` lacks are None or empty."""

    calibration: Calibration | None = None
    scale: Points | None = None
    grades: tuple[Grade, ...] = ()

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, Any]) -> "Scorecard":
        """Read the keys `calibration`, `scale` and `grades`, each of which may be absent.

        Raises:
            BadFile: a key has another form, or a number out of its range.
        """
        calibration, scale = None, None
        if "calibration" in metadata:
            calibration = Calibration(*_numbers(metadata, "calibration", ("slope", "offset")))
            if calibration.slope <= 0:
                raise BadFile(METADATA_FILE, "calibration: slope is not larger than 0")
        if "scale" in metadata:
            scale = Points(*_numbers(metadata, "scale", ("points", "odds", "double")))
            if scale.odds <= 0 or scale.double <= 0:
                raise BadFile(METADATA_FILE, "scale: odds or double is not larger than 0")
        return cls(calibration, scale, _grades(metadata["grades"]) if "grades" in metadata else ())

    def pd(self, log_odds: float) -> float | None:
        """The probability of default, in [0, 1]; None without a calibration.

        Args:
            log_odds: of a score.
        """
        return self.calibration.pd(log_odds) if self.calibration else None

    def points(self, pd: float | None) -> int | None:
        """The points of a probability of default; None without one or without a scale."""
        return self.scale.of(pd) if self.scale and pd is not None else None

    def grade(self, pd: float | None) -> str | None:
        """The first grade whose bound is at least `pd`; None without `pd` or without grades."""
        if pd is None:
            return None
        return next((g.grade for g in self.grades if g.pd is None or pd <= g.pd), None)

    def of(
        self, log_odds: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.intp]] | None:
        """Probabilities of default, points and grades of many scores; None without a calibration.

        Args:
            log_odds: of the scores, shape (n,).

        Returns:
            Probabilities of default, points and indices of grades, of shape (n,) each. Without a
            scale the points are empty; without grades the indices have no meaning.
        """
        if self.calibration is None:
            return None
        pd = expit(self.calibration.slope * log_odds + self.calibration.offset)
        points = [] if self.scale is None else [self.scale.of(one) for one in pd.tolist()]
        bounds = [grade.pd for grade in self.grades if grade.pd is not None]
        return pd, np.array(points, np.int64), np.searchsorted(bounds, pd)


def _numbers(metadata: Mapping[str, Any], key: str, names: Sequence[str]) -> list[float]:
    """The named numbers of an object in `model.json`."""
    values = metadata[key]
    if not isinstance(values, dict):
        raise BadFile(METADATA_FILE, f"{key} is not an object")
    for name in names:
        if not _is_number(values.get(name)) or abs(values[name]) > LARGEST_NUMBER:
            raise BadFile(METADATA_FILE, f"{key}: {name} is not a number within a thousand million")
    return [float(values[name]) for name in names]


def _grades(entries: object) -> tuple[Grade, ...]:
    """The grades in rising order of their bounds."""
    if not isinstance(entries, list) or not entries:
        raise BadFile(METADATA_FILE, "grades is not a list of grades")
    names = [entry.get("grade") if isinstance(entry, dict) else None for entry in entries]
    for index, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise BadFile(METADATA_FILE, f"grades: number {index + 1} has no name")
        if name in names[:index]:
            raise BadFile(METADATA_FILE, f"grades: {abridged(name)} is there twice")
    bounds: list[float] = []
    for name, entry in zip(names[:-1], entries[:-1], strict=True):
        bound = entry.get("pd")
        if not _is_number(bound) or not max([0.0, *bounds]) < bound < 1:
            raise BadFile(
                METADATA_FILE,
                f"grades: the bound of {abridged(name)} is not a probability above those before",
            )
        bounds.append(float(bound))
    if "pd" in entries[-1]:
        raise BadFile(METADATA_FILE, f"grades: {abridged(names[-1])}, the last one, has a bound")
    return tuple(
        Grade(str(name), bound) for name, bound in zip(names, [*bounds, None], strict=True)
    )


def _is_number(value: object) -> TypeGuard[float]:
    """True for a finite number; true and false are not numbers."""
    return isinstance(value, float | int) and type(value) is not bool and math.isfinite(value)
