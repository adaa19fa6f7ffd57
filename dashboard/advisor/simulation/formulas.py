"""Features that follow from others by a formula of features.csv, computed for one record.

The service computes the same values for a score, but a response has only the names of the features
that changed. The service accepts a formula only if it gives its column of both tables.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from statistics import fmean, median, pvariance

from advisor.service_client.response_models import Feature, Record, Value

QUOTED = re.compile("`([^`]+)`")
OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda one, other: one / other if other else math.nan,
}
STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
    "sum": math.fsum,
    "var": pvariance,
}
Columns = Callable[[str], float]


@cache
def parsed(formula: str) -> tuple[ast.expr, Mapping[str, str]]:
    """A formula's tree, and the names that stood in backticks by their stand-ins."""
    stand_in = "quoted"
    while stand_in in formula:
        stand_in += "_"
    quoted = {f"{stand_in}{at}": name for at, name in enumerate(QUOTED.findall(formula))}
    stand_ins = iter(quoted)
    text = QUOTED.sub(lambda _: next(stand_ins), formula)
    return ast.parse(text.strip(), mode="eval").body, quoted


def computed(formula: str, columns: Columns) -> float:
    """The value of a formula; NaN if it is missing.

    Raises:
        ValueError: the formula has a part that no formula of the service has.
    """
    tree, quoted = parsed(formula)

    def value(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return columns(quoted.get(name, name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return value(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
                return OPERATIONS[type(op)](value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=given) if name in STATISTICS:
                known = [each for each in map(value, given) if not math.isnan(each)]
                return STATISTICS[name](known) if known else math.nan
        raise ValueError(ast.unparse(node))

    return value(tree)


def after_change(
    features: Mapping[str, Feature], record: Record, changes: Record, name: str
) -> Value:
    """A feature's value after changes of a record; its own if it does not follow from them."""
    if name in changes:
        return changes[name]
    if name not in features or not (formula := features[name]["formula"]):
        return record.get(name)
    before: dict[str, Value] = {}

    def column(other: str) -> float:
        value = before[other] = after_change(features, record, changes, other)
        return value if isinstance(value, float | int) else math.nan

    value = computed(formula, column)
    if all(record.get(other) == now for other, now in before.items()):
        return record.get(name)
    return None if math.isnan(value) else value
