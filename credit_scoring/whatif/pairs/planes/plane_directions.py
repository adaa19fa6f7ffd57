"""Directions in which a formula of two features is proved to rise or fall, on a rectangle.

Rounding keeps the order, as `monotonicity` says: a function that rises in exact arithmetic never
falls in doubles. So each part of a formula has its lowest and highest value at corners, and a
product or a ratio has a direction as long as its parts keep their signs.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from credit_scoring.data.features.formulas import OPERATIONS, STATISTICS, Columns, compiled
from credit_scoring.data.tables import Matrix

Directions = tuple[int, int]  # along both features: 1 rises, -1 falls, 0 does not depend


class _Unproved(Exception):
    """A part of the formula has no direction."""


class _Part(NamedTuple):
    """A part of a formula on the rectangle.

    Attributes:
        directions: along both features.
        low, high: bounds of its values, NaN if it is missing.
    """

    directions: Directions
    low: float
    high: float

    @property
    def is_missing(self) -> bool:
        return bool(np.isnan(self.low))

    @property
    def sign(self) -> int:
        """The sign of all values.

        Raises:
            _Unproved: they have several signs.
        """
        if np.sign(self.low) != np.sign(self.high):
            raise _Unproved
        return int(np.sign(self.low))


@dataclass(frozen=True, eq=False)
class PlaneDirections:
    """Proves directions of features computed from two others.

    Attributes:
        ranges: the range of both features, by name, in their order.
        trees: syntax trees of the dependent features' formulas, by name.
        own: the row's values of all other features in the formulas, shape (1,).
    """

    ranges: Mapping[str, tuple[float, float]]
    trees: Mapping[str, ast.expr]
    own: Columns

    def of(self, name: str) -> Directions | None:
        """The directions of a feature along both others; None without a proof."""
        try:
            with np.errstate(all="ignore"):
                part = self._part(ast.Name(name))
        except _Unproved:
            return None
        return part.directions

    def _part(self, node: ast.expr) -> _Part:
        match node:
            case ast.Name(id=name) if name in self.ranges:
                one, other = (int(name == varied) for varied in self.ranges)
                return _Part((one, other), *self.ranges[name])
            case ast.Name(id=name) if name in self.trees:
                return self._part(self.trees[name])
            case ast.Name() | ast.Constant():
                value = float(np.broadcast_to(compiled(node)(self.own), 1)[0])
                return _Part((0, 0), value, value)
            case ast.UnaryOp(op=op, operand=operand):
                part = self._part(operand)
                return part if isinstance(op, ast.UAdd) else _negated(part)
            case ast.BinOp(left=left, op=op, right=right):
                return _of_two(self._part(left), op, self._part(right))
            case ast.Call(func=ast.Name(id=function), args=given):
                return _of_several(function, [self._part(part) for part in given])
        raise AssertionError(node)  # the parser of formulas refuses it


def _of_two(one: _Part, op: ast.operator, other: _Part) -> _Part:
    if one.is_missing or other.is_missing:
        return _Part((0, 0), np.nan, np.nan)
    match op:
        case ast.Add():
            directions = _common(one.directions, other.directions)
        case ast.Sub():
            directions = _common(one.directions, _times(-1, other.directions))
        case ast.Mult():
            directions = _common(
                _times(_sign_for(other, one), one.directions),
                _times(_sign_for(one, other), other.directions),
            )
        case _:
            if other.sign == 0:
                return _Part((0, 0), np.nan, np.nan)
            directions = _common(
                _times(other.sign, one.directions),
                _times(-_sign_for(one, other), other.directions),
            )
    corners = np.array(list(product((one.low, one.high), (other.low, other.high))))
    return _bounded(directions, OPERATIONS[type(op)](corners[:, 0], corners[:, 1]))


def _sign_for(part: _Part, other: _Part) -> int:
    """The sign of a factor; not asked for if the other factor does not vary."""
    return 0 if other.directions == (0, 0) else part.sign


def _of_several(function: str, parts: Sequence[_Part]) -> _Part:
    """A statistic: except for the variance, it rises if all present parts rise."""
    present = [part for part in parts if not part.is_missing]
    if not present:
        return _Part((0, 0), np.nan, np.nan)
    directions = _common(*(part.directions for part in present))
    if function == "var" and directions != (0, 0):
        raise _Unproved
    ends = STATISTICS[function]([np.array([part.low, part.high]) for part in present])
    return _bounded(directions, ends)


def _bounded(directions: Directions, values: Matrix) -> _Part:
    if not np.isfinite(values).all():
        raise _Unproved
    return _Part(directions, float(values.min()), float(values.max()))


def _negated(part: _Part) -> _Part:
    return _Part(_times(-1, part.directions), -part.high, -part.low)


def _times(sign: int, directions: Directions) -> Directions:
    return sign * directions[0], sign * directions[1]


def _common(*several: Directions) -> Directions:
    """The directions of a sum of parts.

    Raises:
        _Unproved: two parts are opposed.
    """
    found = []
    for along in zip(*several, strict=True):
        signs = set(along) - {0}
        if len(signs) > 1:
            raise _Unproved
        found.append(signs.pop() if signs else 0)
    return found[0], found[1]
