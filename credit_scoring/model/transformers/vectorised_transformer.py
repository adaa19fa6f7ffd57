"""A fitted transformer as a few operations on arrays: the same bits, without pandas' columns.

scikit-learn takes milliseconds for a single row, nine tenths of it for columns and validation. What
`outputs` knows of a transformer is put side by side here: outputs with the same steps are computed
together, and outputs made from a text are looked up. Whatever is not known for sure is left to the
transformer itself.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix, Table
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.transformers.transformer import RawTransformer, accept
from credit_scoring.model.transformers.transformer_trace import Step, side_by_side

AT_ONCE = 256  # clients, so that they stay in the processor's cache
MOST_LOOKED_UP = 4096  # values of a feature
EXTREMES = (0.0, -0.0, 1e-36, -5e-324, 1e36, -1e100, 1e150, -1.7e308)

log = logging.getLogger(__name__)

Value = float | str | None
Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Computed:
    """Outputs with the same steps.

    Attributes:
        inputs: positions of their raw features, shape (k,).
        outputs: their own positions, shape (k,).
        steps: for values of shape (rows, k).
    """

    inputs: Positions
    outputs: Positions
    steps: tuple[Step, ...]

    def __call__(self, rows: RawBatch) -> Matrix | None:
        """Their values, shape (rows, k); None where a feature is infinite."""
        values: Matrix = np.take(rows.numbers, self.inputs, axis=1)
        if np.isinf(values).any():
            return None
        for step in self.steps:
            values = step(values)
        return values


@dataclass(frozen=True, eq=False)
class LookedUp:
    """Outputs made from one feature that has few values.

    Attributes:
        position: of the raw feature.
        outputs: their own positions, shape (k,).
        row_of: the rows of `values`, by the feature's value; NaN is there as None.
        values: shape (values of the feature, k).
    """

    position: int
    outputs: Positions
    row_of: Mapping[Value, int]
    values: Matrix

    def __call__(self, rows: RawBatch) -> Matrix | None:
        """Their values, shape (rows, k); None where a feature has a value that is not known."""
        found = [self.row_of.get(value, -1) for value in _column(rows, self.position)]
        return None if -1 in found else self.values[found]


@dataclass(frozen=True, eq=False)
class ArrayTransformer:
    """A transformer that is known in all its outputs, n of them."""

    parts: tuple[Computed | LookedUp, ...]
    number: int

    def __call__(self, rows: RawBatch) -> Matrix | None:
        """Rows transformed, shape (rows, n); None where the transformer itself has to be asked."""
        transformed = np.empty((len(rows), self.number))
        try:
            # What goes on from an overflow is the transformer's own affair: it may refuse it.
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                for part in self.parts:
                    values = part(rows)
                    if values is None:
                        return None
                    if len(part.outputs) == self.number:
                        return np.ascontiguousarray(values)
                    transformed[:, part.outputs] = values
        except FloatingPointError:
            return None
        return transformed


def with_arrays(
    raw: RawTransformer, new: Table, texts: Mapping[int, frozenset[str | None]], expected: Matrix
) -> RawTransformer:
    """The same transformer by way of arrays if that gives each new client the same bits.

    Args:
        raw: the transformer.
        new: the new clients' raw values, which it accepts.
        texts: the categories in the tables, by the position of a text feature.
        expected: the new clients, transformed by the transformer itself, shape (clients, n).
    """
    client = _rows_of(new, slice(1))
    parts = _parts(raw, client, new, texts, expected.shape[1])
    if parts is None:
        log.info("raw records are transformed by the model's transformer itself")
        return raw
    quickly = ArrayTransformer(parts, expected.shape[1])
    # In one call, which takes the transformer as long as one row: it is element by element.
    probes = _probes(client)
    known = [row for row in range(len(probes)) if quickly(probes.take([row])) is not None]
    if not _agree(raw, quickly, probes.take(known)) or not all(
        _same(
            quickly(_rows_of(new, slice(start, start + AT_ONCE))), expected[start : start + AT_ONCE]
        )
        for start in range(0, len(expected), AT_ONCE)
    ):
        log.warning("raw records are transformed by the model's transformer itself: arrays differ")
        return raw
    return replace(raw, quickly=quickly)


def _rows_of(table: Table, clients: slice) -> RawBatch:
    return RawBatch.of_table(np.array(table.values[clients]), table.categories)


def _same(found: Matrix | None, expected: Matrix) -> bool:
    """True if arrays give the same bits, or leave the rows to the transformer.

    A zero's sign may differ: pandas' whole numbers have none, and no tree asks for it.
    """
    return found is None or np.array_equal(found, expected, equal_nan=True)


def _parts(
    raw: RawTransformer,
    client: RawBatch,
    new: Table,
    texts: Mapping[int, frozenset[str | None]],
    number: int,
) -> tuple[Computed | LookedUp, ...] | None:
    """The outputs in parts; None where one is neither computed nor looked up."""
    positions = {name: position for position, name in enumerate(raw.features)}
    computed: dict[tuple[type, ...], list[tuple[int, int, tuple[Step, ...]]]] = defaultdict(list)
    looked_up: dict[int, list[int]] = defaultdict(list)
    traced = raw.outputs
    if traced is None:
        return None
    for at, output in enumerate(traced):
        (source,) = output.sources
        position = positions[source]
        if output.steps is None or position in texts:
            looked_up[position].append(at)
        else:
            computed[tuple(map(type, output.steps))].append((position, at, output.steps))
    parts: list[Computed | LookedUp] = []
    for some in computed.values():
        inputs, outputs, steps = zip(*some, strict=True)
        together = tuple(map(side_by_side, zip(*steps, strict=True)))
        parts.append(Computed(np.array(inputs, np.intp), np.array(outputs, np.intp), together))
    for position, some_outputs in looked_up.items():
        values: Sequence[Value] = (
            list(texts[position])
            if position in texts
            else np.unique(new.values[:, position]).tolist()
        )
        if len(values) > MOST_LOOKED_UP:
            return None
        parts.append(_looked_up(raw, client, position, values, some_outputs, number))
    return tuple(parts)


def _looked_up(
    raw: RawTransformer,
    client: RawBatch,
    position: int,
    values: Sequence[Value],
    outputs: Sequence[int],
    number: int,
) -> LookedUp:
    """What the transformer itself makes of each value, but for those that it refuses."""
    rows = client.take(np.zeros(len(values), np.intp))
    rows.replace(position, values)
    accepted, transformed = accept(raw, rows, number)
    known = _column(rows.take(accepted), position)
    row_of = {value: row for row, value in enumerate(known)}
    return LookedUp(position, np.array(outputs, np.intp), row_of, transformed[:, outputs])


def _column(rows: RawBatch, position: int) -> list[Value]:
    """The values of a feature, None where one is missing."""
    if position in rows.texts:
        texts: list[Value] = rows.texts[position].tolist()
        return texts
    return [None if value != value else value for value in rows.numbers[:, position].tolist()]


def _probes(client: RawBatch) -> RawBatch:
    """A client with everything missing, with every other thing missing, and with extremes."""
    features = np.arange(client.numbers.shape[1])
    gaps = (features >= 0, features % 2 == 0, features % 2 == 1)
    rows = client.take(np.zeros(len(gaps) + len(EXTREMES), np.intp))
    for row, missing in enumerate(gaps):
        rows.numbers[row, missing] = np.nan
        for position, texts in rows.texts.items():
            if missing[position]:
                texts[row] = None
    numbers = [position not in rows.texts for position in features]
    for row, extreme in enumerate(EXTREMES, len(gaps)):
        rows.numbers[row, numbers] = extreme
    return rows


def _agree(raw: RawTransformer, quickly: ArrayTransformer, rows: RawBatch) -> bool:
    """Whether arrays give the transformer's bits, or leave rows to it."""
    if not len(rows):
        return True
    with suppress(BadFile), foreign_code(MODEL_FILE, describe):
        return _same(quickly(rows), raw.itself(rows))
    return False  # it refuses them
