"""Formulas of `features.csv`: arithmetic on features, by a small grammar.

    sum       = product {("+" | "-") product}
    product   = sign {("*" | "/") sign}
    sign      = ["+" | "-"] value
    value     = number | feature | function "(" sum {"," sum} ")" | "(" sum ")"
    feature   = identifier | "`" any name "`"
    function  = "mean" | "median" | "min" | "max" | "sum" | "var"

Python's `ast` parses the text, and `parse` refuses every node outside of the grammar: nothing is
evaluated by Python. All arithmetic is element by element, so that a client has the same bits alone
and among others.
"""

import ast
import itertools
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from credit_scoring.data.tables import Matrix

LONGEST = 2_000  # characters
DEEPEST = 100  # nested nodes

Columns = Mapping[str, Matrix]
Node = Callable[[Columns], Matrix]


class NotAFormula(ValueError):
    """The text is not a formula; the message names the problem."""


@dataclass(frozen=True, eq=False)
class Formula:
    """The arithmetic by which one feature follows from others.

    Attributes:
        inputs: the names of the other features, each once.
        tree: the parsed text; each `ast.Name` has the name of a feature.
    """

    inputs: tuple[str, ...]
    tree: ast.expr
    _compute: Node

    def __call__(self, columns: Columns) -> Matrix:
        """The computed feature, shape (clients,), NaN where a value is missing.

        Args:
            columns: values of the inputs by name, all of shape (clients,).
        """
        with np.errstate(all="ignore"):
            return self._compute(columns)


def parse(text: str) -> Formula:
    """Read a formula.

    Raises:
        NotAFormula: the text does not follow the grammar.
    """
    if len(text) > LONGEST:
        raise NotAFormula(f"longer than {LONGEST} characters")
    stand_in = "quoted"  # begins the identifiers that replace names in backticks
    while stand_in in text:
        stand_in += "_"
    quoted = re.findall("`([^`]+)`", text)
    numbers = itertools.count()
    plain = re.sub("`[^`]+`", lambda _: f" {stand_in}{next(numbers)} ", text)
    names = {f"{stand_in}{number}": name for number, name in enumerate(quoted)}
    if "#" in plain:  # begins a comment in Python
        raise NotAFormula("# is not accepted")
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise NotAFormula("no expression of + - * /, parentheses and functions") from error
    inputs: dict[str, None] = {}  # in the order of the text
    compute = _compile(tree, names, inputs, DEEPEST)
    if not inputs:
        raise NotAFormula("names no feature")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return Formula(tuple(inputs), tree, compute)


def compiled(part: ast.expr) -> Node:
    """The function that computes a part of a formula's tree."""
    return _compile(part, {}, {}, DEEPEST)


def _compile(
    node: ast.AST, names: Mapping[str, str], inputs: dict[str, None], deepest: int
) -> Node:
    """The function that computes a node; adds the names of its features to `inputs`."""
    if not deepest:
        raise NotAFormula(f"more than {DEEPEST} levels deep")

    def inner(node: ast.AST) -> Node:
        return _compile(node, names, inputs, deepest - 1)

    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            if not abs(number) <= sys.float_info.max:
                raise NotAFormula("a number is out of range")
            constant = np.array(number, np.float64)
            return lambda _: constant
        case ast.Name(id=identifier):
            name = names.get(identifier, identifier)
            inputs[name] = None
            return lambda columns: columns[name]
        case ast.UnaryOp(op=ast.UAdd() | ast.USub() as sign, operand=operand):
            value = inner(operand)
            return value if isinstance(sign, ast.UAdd) else lambda columns: -value(columns)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            apply, one, other = OPERATIONS[type(op)], inner(left), inner(right)
            return lambda columns: apply(one(columns), other(columns))
        case ast.Call(func=ast.Name(id=function), args=[_, *_] as given, keywords=[]) if (
            function in STATISTICS
        ):
            statistic, several = STATISTICS[function], [inner(argument) for argument in given]
            return lambda columns: statistic([value(columns) for value in several])
    raise NotAFormula(
        f"{type(node).__name__} is not accepted, only + - * /, parentheses, numbers,"
        f" features and {', '.join(STATISTICS)}"
    )


def _divide(one: Matrix, other: Matrix) -> Matrix:
    return np.where(other == 0, np.nan, np.divide(one, other))


def _sum(values: Sequence[Matrix]) -> Matrix:
    """The sum of the values present, added in their order; NaN if all are missing."""
    total = reduce(np.add, [np.where(np.isnan(value), 0.0, value) for value in values])
    return np.where(_count(values) == 0, np.nan, total)


def _count(values: Sequence[Matrix]) -> Matrix:
    return reduce(np.add, [np.where(np.isnan(value), 0.0, 1.0) for value in values])


def _mean(values: Sequence[Matrix]) -> Matrix:
    return np.divide(_sum(values), _count(values))


def _variance(values: Sequence[Matrix]) -> Matrix:
    """The population variance: the mean squared distance from the mean."""
    mean = _mean(values)
    return _mean([np.square(value - mean) for value in values])


def _median(values: Sequence[Matrix]) -> Matrix:
    """The median of the values present."""
    ordered = np.sort(np.stack(np.broadcast_arrays(*values)), axis=0)  # NaN come last
    count = _count(values).astype(np.intp)
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    one, other = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (low, high))
    return np.asarray(np.where(low == high, one, (one + other) / 2))


OPERATIONS: Mapping[type[ast.operator], Callable[[Matrix, Matrix], Matrix]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _divide,
}
STATISTICS: Mapping[str, Callable[[Sequence[Matrix]], Matrix]] = {
    "mean": _mean,
    "median": _median,
    "min": lambda values: reduce(np.fmin, values),
    "max": lambda values: reduce(np.fmax, values),
    "sum": _sum,
    "var": _variance,
}
