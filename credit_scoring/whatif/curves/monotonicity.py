"""Intervals of one feature on which dependent features are monotone or linear, by their formulas.

An operation of IEEE 754 is the exact one, rounded, and rounding keeps the order: a function that
rises in exact arithmetic never falls in doubles. So the direction of a formula on an interval
follows from the directions of its parts. If a part changes its sign, as a denominator does at a
pole, the interval is cut there. A minimum, a maximum or a median of linear parts is linear between
the values at which two parts change places.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.features.formulas import OPERATIONS, STATISTICS, Columns, compiled
from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below, first_true

MOST_INTERVALS = 64
# Which of several parts, shape (parts, values), is the statistic; it bends where another one is.
PLACES: Mapping[str, Callable[[Matrix], NDArray[np.intp]]] = {
    "min": lambda parts: np.argmin(parts, axis=0),
    "max": lambda parts: np.argmax(parts, axis=0),
    "median": lambda parts: np.argsort(parts, axis=0, kind="stable"),
}


class Interval(NamedTuple):
    """Doubles from `first` to `last`, and what is proved of a feature there.

    Attributes:
        first, last: the ends.
        direction: 1 if it rises, -1 if it falls, 0 if it is constant or missing, None if unknown.
        is_linear: true if it is linear, except for rounding.
    """

    first: float
    last: float
    direction: int | None
    is_linear: bool

    @property
    def is_monotone(self) -> bool:
        """True if it is monotone or missing."""
        return self.direction is not None


class _Shape(NamedTuple):
    """A part of a formula on an interval.

    Attributes:
        direction: see `Interval`.
        ends: its values at the first and the last double, shape (2,).
        is_linear: see `Interval`.
    """

    direction: int | None
    ends: Matrix
    is_linear: bool = True

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
        cuts_bends: true to cut also where two linear parts of a minimum, a maximum or a median
            change places.
    """

    feature: str
    trees: Mapping[str, ast.expr]
    own: Columns
    columns: Callable[[Matrix], Columns]
    cuts_bends: bool = False

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
                shape = _Shape(None, np.empty(2), is_linear=False)
            is_linear = shape.is_linear or first == last
            found.append(Interval(first, last, shape.direction, is_linear))
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
                return self._of_several(function, given, known)
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
        if one.is_infinite or other.is_infinite:
            return _Shape(None, values, is_linear=False)
        is_linear = one.is_linear and other.is_linear
        if isinstance(op, ast.Mult):
            is_linear = is_linear and 0 in (one.direction, other.direction)
        elif isinstance(op, ast.Div):
            is_linear = is_linear and other.direction == 0
        if one.direction is None or other.direction is None:
            return _Shape(None, values, is_linear)
        match op:
            case ast.Add():
                return _Shape(_common(one.direction, other.direction), values, is_linear)
            case ast.Sub():
                return _Shape(_common(one.direction, -other.direction), values, is_linear)
            case ast.Mult():
                by_one = one.direction and one.direction * self._sign(right, other, known)
                by_other = other.direction and other.direction * self._sign(left, one, known)
                return _Shape(_common(by_one, by_other), values, is_linear)
        denominator = self._sign(right, other, known)
        if denominator == 0:
            return _Shape(0, np.full(2, np.nan))
        # 1 / x falls on either side of zero.
        by_other = other.direction and -other.direction * self._sign(left, one, known)
        return _Shape(_common(one.direction * denominator, by_other), values, is_linear)

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

        raise self._cut(differs, known)

    def _of_several(
        self, function: str, nodes: Sequence[ast.expr], known: dict[str, _Shape]
    ) -> _Shape:
        """The shape of a statistic: except for the variance, it rises if all present parts rise."""
        shapes = [self._shape(node, known) for node in nodes]
        values = STATISTICS[function]([shape.ends for shape in shapes])
        present = [shape for shape in shapes if not shape.is_missing]
        directions = [shape.direction for shape in present]
        found = [direction for direction in directions if direction is not None]
        if any(shape.is_infinite for shape in present):
            return _Shape(None, values, is_linear=False)
        is_linear = all(shape.is_linear for shape in present)
        if is_linear and any(found) and function in PLACES:
            given = [
                node for node, shape in zip(nodes, shapes, strict=True) if not shape.is_missing
            ]
            is_linear = self._keeps_places(
                function, given, [shape.ends for shape in present], known
            )
        if len(found) < len(directions):
            return _Shape(None, values, is_linear and function != "var")
        if function == "var" and any(found):
            is_single = len(present) == 1
            return _Shape(0 if is_single else None, values, is_single)
        return _Shape(_common(*found), values, is_linear)

    def _keeps_places(
        self,
        function: str,
        nodes: Sequence[ast.expr],
        ends: Sequence[Matrix],
        known: dict[str, _Shape],
    ) -> bool:
        """True if the same linear part is the minimum, maximum or median on an interval.

        Raises:
            _Cut: another part is, from there on, and intervals are cut at bends.
        """
        place = PLACES[function]
        first, last = place(np.stack(ends)).T
        if np.array_equal(first, last):
            return True
        if not self.cuts_bends:
            return False
        parts = [compiled(node) for node in nodes]

        def differs(values: Matrix, _: object) -> NDArray[np.bool_]:
            columns = self.columns(values)
            computed = [np.broadcast_to(part(columns), values.shape) for part in parts]
            moved = first != place(np.stack(computed)).T  # shape (values,) or (values, parts)
            return np.asarray(moved.reshape(len(values), -1).any(axis=1))

        raise self._cut(differs, known)

    def _cut(
        self,
        differs: Callable[[Matrix, NDArray[np.intp]], NDArray[np.bool_]],
        known: dict[str, _Shape],
    ) -> _Cut:
        """A cut at the first double for which a condition holds that the last one fulfils."""
        low, high = np.split(known[self.feature].ends, 2)
        return _Cut(float(first_true(differs, low, high)[0]))


def _negated(shape: _Shape) -> _Shape:
    direction = shape.direction
    return _Shape(None if direction is None else -direction, -shape.ends, shape.is_linear)


def _common(*directions: int) -> int | None:
    """The direction of a sum of parts; None if they are opposed."""
    found = set(directions) - {0}
    if len(found) > 1:
        return None
    return found.pop() if found else 0
