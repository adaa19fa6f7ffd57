"""Intervals of one feature on which dependent features are monotone, proved by their formulas.

An operation of IEEE 754 is the exact one, rounded, and rounding keeps the order: a function that
rises in exact arithmetic never falls in doubles. So the direction of a formula on an interval
follows from the directions of its parts. If a part changes its sign, as a denominator does at a
pole, the interval is cut there.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.formulas import OPERATIONS, STATISTICS, Columns, compiled
from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below, first_true

MOST_INTERVALS = 64


class Interval(NamedTuple):
    """Doubles from `first` to `last`; monotone if a feature is proved monotone or missing there."""

    first: float
    last: float
    is_monotone: bool


class _Shape(NamedTuple):
    """A part of a formula on an interval.

    Attributes:
        direction: 1 if it rises, -1 if it falls, 0 if it is constant or missing, None if unknown.
        ends: its values at the first and the last double, shape (2,).
    """

    direction: int | None
    ends: Matrix

    @property
    def is_missing(self) -> bool:
        return self.direction == 0 and bool(np.isnan(self.ends[0]))

    @property
    def is_infinite(self) -> bool:
        """True if an end is infinite: arithmetic with it may give NaN."""
        return bool(np.isinf(self.ends).any())


class _Cut(Exception):
    """A part changes its sign within the interval."""

    def __init__(self, first: float) -> None:
        self.first = first  # the first double of the next interval


@dataclass(frozen=True, eq=False)
class Monotonicity:
    """Finds the intervals of one feature on which the features that depend on it are monotone.

    Attributes:
        feature: the name of the varied feature.
        trees: syntax trees of the dependent features' formulas, by name.
        own: the row's values of all features in the formulas, shape (1,).
        columns: gives the values of all these features for values of the varied one.
    """

    feature: str
    trees: Mapping[str, ast.expr]
    own: Columns
    columns: Callable[[Matrix], Columns]

    def intervals(self, name: str, low: float, high: float) -> list[Interval]:
        """Intervals from `low` to `high`, cut so that a feature is monotone on each if possible."""
        found: list[Interval] = []
        waiting = [(low, high)]
        while waiting:
            first, last = waiting.pop()
            try:
                with np.errstate(all="ignore"):
                    known = {self.feature: _Shape(1, np.array([first, last]))}
                    shape = self._shape(ast.Name(name), known)
            except _Cut as cut:
                if len(found) + len(waiting) < MOST_INTERVALS:
                    waiting += [(cut.first, last), (first, float(below(cut.first)))]
                    continue
                shape = _Shape(None, np.empty(2))
            found.append(Interval(first, last, shape.direction is not None))
        return found

    def _shape(self, node: ast.expr, known: dict[str, _Shape]) -> _Shape:
        """The shape of a part of a formula; shapes of dependent features are added to `known`."""
        match node:
            case ast.Name(id=name) if name in known or name in self.trees:
                if name not in known:
                    known[name] = self._shape(self.trees[name], known)
                return known[name]
            case ast.Name() | ast.Constant():
                return _Shape(0, np.broadcast_to(compiled(node)(self.own), 2))
            case ast.UnaryOp(op=op, operand=operand):
                shape = self._shape(operand, known)
                return shape if isinstance(op, ast.UAdd) else _negated(shape)
            case ast.BinOp(left=left, op=op, right=right):
                return self._of_two(left, op, right, known)
            case ast.Call(func=ast.Name(id=function), args=given):
                return _of_several(function, [self._shape(node, known) for node in given])
        raise AssertionError(node)  # the parser of formulas refuses it

    def _of_two(
        self, left: ast.expr, op: ast.operator, right: ast.expr, known: dict[str, _Shape]
    ) -> _Shape:
        one, other = self._shape(left, known), self._shape(right, known)
        values = OPERATIONS[type(op)](one.ends, other.ends)
        if one.is_missing or other.is_missing:
            return _Shape(0, np.full(2, np.nan))
        if one.direction == other.direction == 0:
            return _Shape(0, values)
        if one.direction is None or other.direction is None or one.is_infinite or other.is_infinite:
            return _Shape(None, values)
        match op:
            case ast.Add():
                return _Shape(_common(one.direction, other.direction), values)
            case ast.Sub():
                return _Shape(_common(one.direction, -other.direction), values)
            case ast.Mult():
                by_one = one.direction and one.direction * self._sign(right, other, known)
                by_other = other.direction and other.direction * self._sign(left, one, known)
                return _Shape(_common(by_one, by_other), values)
        denominator = self._sign(right, other, known)
        if denominator == 0:
            return _Shape(0, np.full(2, np.nan))
        # 1 / x falls on either side of zero.
        by_other = other.direction and -other.direction * self._sign(left, one, known)
        return _Shape(_common(one.direction * denominator, by_other), values)

    def _sign(self, node: ast.expr, shape: _Shape, known: dict[str, _Shape]) -> int:
        """The sign of a part on an interval.

        Raises:
            _Cut: the sign changes.
        """
        first, last = np.sign(shape.ends)
        if first == last:
            return int(first)
        compute = compiled(node)

        def differs(values: Matrix, _: object) -> NDArray[np.bool_]:
            return np.asarray(np.sign(compute(self.columns(values))) != first)

        low, high = np.split(known[self.feature].ends, 2)
        raise _Cut(float(first_true(differs, low, high)[0]))


def _negated(shape: _Shape) -> _Shape:
    direction = shape.direction
    return _Shape(None if direction is None else -direction, -shape.ends)


def _common(*directions: int) -> int | None:
    """The direction of a sum of parts; None if they are opposed."""
    found = set(directions) - {0}
    if len(found) > 1:
        return None
    return found.pop() if found else 0


def _of_several(function: str, shapes: list[_Shape]) -> _Shape:
    """The shape of a statistic: except for the variance, it rises if all present parts rise."""
    values = STATISTICS[function]([shape.ends for shape in shapes])
    present = [shape for shape in shapes if not shape.is_missing]
    directions = [shape.direction for shape in present]
    known = [direction for direction in directions if direction is not None]
    if len(known) < len(directions) or any(shape.is_infinite for shape in present):
        return _Shape(None, values)
    if function == "var" and any(known):
        return _Shape(None if len(present) > 1 else 0, values)
    return _Shape(_common(*known), values)
