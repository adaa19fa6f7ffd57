"""Numbers that the processor computes side by side, for code that numba compiles.

numba makes such code of a loop only if no array that the loop writes can overlap another. `load`
and `spread` give `LANES` doubles as one value, which exists in compiled code alone and is added,
subtracted, multiplied and divided like a number.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from credit_scoring.explain.tree_kernel.treeshap import LANES

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_INDEX = ir.IntType(32)


class _LanesType(types.Type):
    """The type of `LANES` doubles in numba's compiled code."""

    def __init__(self) -> None:
        super().__init__("Lanes")


_lanes = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    """The processor's data type."""

    def __init__(self, manager: Any, lanes: Any) -> None:
        super().__init__(manager, lanes, _VECTOR)  # type: ignore[no-untyped-call]


def _let_compute(sign: Any, instruction: str) -> None:
    """Let numba compile an operator between two `Lanes`."""

    def find_type(context: Any) -> Any:
        return lambda one, other: _lanes if one == other == _lanes else None

    def code(context: Any, builder: Any, signature: Any, both: Any) -> Any:
        return getattr(builder, instruction)(*both)

    type_callable(sign)(find_type)
    lower_builtin(sign, _LanesType, _LanesType)(code)  # type: ignore[no-untyped-call]


_let_compute(operator.add, "fadd")
_let_compute(operator.sub, "fsub")
_let_compute(operator.mul, "fmul")
_let_compute(operator.truediv, "fdiv")


def _instruction(code: Callable[..., Any]) -> Any:
    """A function for compiled code alone, made of instructions; it has no type for mypy."""
    return intrinsic(code)


def _address(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    at = builder.mul(row, ir.Constant(row.type, LANES))
    return builder.bitcast(builder.gep(data, [at]), _VECTOR.as_pointer())


@_instruction
def load(typing_context: Any, array: Any, row: Any) -> Any:
    """A row of an array of shape (rows, LANES) in C order; the index is not checked."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        return builder.load(address, align=8)

    return _lanes(array, types.int64), code


@_instruction
def store(typing_context: Any, array: Any, row: Any, values: Any) -> Any:
    """Write a row of an array of shape (rows, LANES) in C order; the index is not checked."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], address, align=8)
        return context.get_dummy_value()

    return types.void(array, types.int64, _lanes), code


@_instruction
def spread(typing_context: Any, value: Any) -> Any:
    """Lanes of the same double."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first = builder.insert_element(
            ir.Constant(_VECTOR, ir.Undefined), arguments[0], ir.Constant(_INDEX, 0)
        )
        zeros = ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES)
        return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), zeros)

    return _lanes(types.float64), code


@_instruction
def total_of(typing_context: Any, values: Any) -> Any:
    """The sum over the lanes, from the first to the last."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = ir.Constant(ir.DoubleType(), 0.0)
        for lane in range(LANES):
            one = builder.extract_element(arguments[0], ir.Constant(_INDEX, lane))
            found = builder.fadd(found, one)
        return found

    return types.float64(_lanes), code


@_instruction
def dot(typing_context: Any, one: Any, other: Any) -> Any:
    """The sum of products over the lanes, from the first to the last."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        double = ir.DoubleType()
        add = builder.module.declare_intrinsic(
            "llvm.fmuladd", [double], ir.FunctionType(double, [double] * 3)
        )
        found = ir.Constant(double, 0.0)
        for lane in range(LANES):
            at = ir.Constant(_INDEX, lane)
            both = [builder.extract_element(values, at) for values in arguments]
            found = builder.call(add, [*both, found])
        return found

    return types.float64(_lanes, _lanes), code
