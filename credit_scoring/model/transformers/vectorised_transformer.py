"""A fitted transformer as a few operations on arrays: the same bits, without pandas.

scikit-learn takes milliseconds for a single row, nine tenths of it for columns and validation. Here
outputs with the same steps are computed together, and outputs made from texts are looked up. Rows
that this does not cover are left to the transformer itself.
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
from credit_scoring.model.transformers.traced_output import Step, side_by_side
from credit_scoring.model.transformers.transformer import RawTransformer, accept

AT_ONCE = 256  # clients of a chunk, which fit the processor's cache
MOST_LOOKED_UP = 4096  # values of a feature whose outputs are looked up
EXTREMES = (0.0, -0.0, 1e-36, -5e-324, 1e36, -1e100, 1e150, -1.7e308)

log = logging.getLogger(__name__)

Value = float | str | None
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Computed:
    """k outputs with the same steps.

    Attributes:
        inputs: columns of their raw features, shape (k,).
        outputs: columns of the outputs, shape (k,).
        steps: for values of shape (rows, k).
    """

    inputs: Indices
    outputs: Indices
    steps: tuple[Step, ...]

    def __call__(self, rows: RawBatch) -> Matrix | None:
        """The outputs, shape (rows, k); None if a feature is infinite."""
        values: Matrix = np.take(rows.numbers, self.inputs, axis=1)
        if np.isinf(values).any():
            return None
        for step in self.steps:
            values = step(values)
        return values


@dataclass(frozen=True, eq=False)
class LookedUp:
    """k outputs made from one feature that has few values.

    Attributes:
        column: of the raw feature.
        outputs: columns of the outputs, shape (k,).
        row_of: the row of `values` for each value of the feature, with None for NaN.
        values: the outputs, shape (values of the feature, k).
    """

    column: int
    outputs: Indices
    row_of: Mapping[Value, int]
    values: Matrix

    def __call__(self, rows: RawBatch) -> Matrix | None:
        """The outputs, shape (rows, k); None if the feature has an unknown value."""
        found = [self.row_of.get(value, -1) for value in _column(rows, self.column)]
        return None if -1 in found else self.values[found]


@dataclass(frozen=True, eq=False)
class VectorisedTransformer:
    """A transformer whose outputs are all computed or looked up.

    Attributes:
        parts: each output is in one of them.
        number: n, that of the outputs.
    """

    parts: tuple[Computed | LookedUp, ...]
    number: int

    def __call__(self, rows: RawBatch) -> Matrix | None:
        """Transform rows, shape (rows, n); None if they need the transformer itself."""
        transformed = np.empty((len(rows), self.number))
        try:
            # The transformer itself may refuse an overflow.
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


def vectorise(
    raw: RawTransformer, new: Table, texts: Mapping[int, frozenset[str | None]], expected: Matrix
) -> RawTransformer:
    """Vectorise a transformer if that gives each new client the same bits.

    Args:
        raw: the transformer, not vectorised.
        new: the new clients' raw values.
        texts: the categories of each text feature in the tables, by its column.
        expected: the new clients' values from the transformer itself, shape (clients, n).
    """
    client = _rows_of(new, slice(1))
    parts = _parts(raw, client, new, texts, expected.shape[1])
    if parts is None:
        log.info("raw records are transformed by the model's transformer itself")
        return raw
    vectorised = VectorisedTransformer(parts, expected.shape[1])
    # One call for all probes takes the transformer as long as one for a single row.
    probes = _probes(client)
    known = [row for row in range(len(probes)) if vectorised(probes.take([row])) is not None]
    if not _agree(raw, vectorised, probes.take(known)) or not all(
        _same(
            vectorised(_rows_of(new, slice(start, start + AT_ONCE))),
            expected[start : start + AT_ONCE],
        )
        for start in range(0, len(expected), AT_ONCE)
    ):
        log.warning("raw records are transformed by the model's transformer itself: arrays differ")
        return raw
    return replace(raw, vectorised=vectorised)


def _rows_of(table: Table, clients: slice) -> RawBatch:
    return RawBatch.of_table(np.array(table.values[clients]), table.categories)


def _same(found: Matrix | None, expected: Matrix) -> bool:
    """True if vectorised values have the expected bits, or are None.

    The sign of a zero may differ: pandas' whole numbers have none, and trees ignore it.
    """
    return found is None or np.array_equal(found, expected, equal_nan=True)


def _parts(
    raw: RawTransformer,
    client: RawBatch,
    new: Table,
    texts: Mapping[int, frozenset[str | None]],
    number: int,
) -> tuple[Computed | LookedUp, ...] | None:
    """All outputs in parts; None if one can neither be computed nor looked up."""
    columns = {name: column for column, name in enumerate(raw.features)}
    computed: dict[tuple[type, ...], list[tuple[int, int, tuple[Step, ...]]]] = defaultdict(list)
    looked_up: dict[int, list[int]] = defaultdict(list)
    traced = raw.traced_outputs
    if traced is None:
        return None
    for at, output in enumerate(traced):
        (source,) = output.sources
        column = columns[source]
        if output.steps is None or output.jumps is not None or column in texts:
            looked_up[column].append(at)
        else:
            computed[tuple(map(type, output.steps))].append((column, at, output.steps))
    parts: list[Computed | LookedUp] = []
    for some in computed.values():
        inputs, outputs, steps = zip(*some, strict=True)
        together = tuple(map(side_by_side, zip(*steps, strict=True)))
        parts.append(Computed(np.array(inputs, np.intp), np.array(outputs, np.intp), together))
    for column, some_outputs in looked_up.items():
        values: Sequence[Value] = (
            list(texts[column]) if column in texts else np.unique(new.values[:, column]).tolist()
        )
        if len(values) > MOST_LOOKED_UP:
            return None
        parts.append(_looked_up(raw, client, column, values, some_outputs, number))
    return tuple(parts)


def _looked_up(
    raw: RawTransformer,
    client: RawBatch,
    column: int,
    values: Sequence[Value],
    outputs: Sequence[int],
    number: int,
) -> LookedUp:
    """The outputs for each value of a feature, except values that the transformer refuses."""
    rows = client.take(np.zeros(len(values), np.intp))
    rows.replace(column, values)
    accepted, transformed = accept(raw, rows, number)
    known = _column(rows.take(accepted), column)
    row_of = {value: row for row, value in enumerate(known)}
    return LookedUp(column, np.array(outputs, np.intp), row_of, transformed[:, outputs])


def _column(rows: RawBatch, column: int) -> list[Value]:
    """The values of a feature, None for a missing one."""
    if column in rows.texts:
        texts: list[Value] = rows.texts[column].tolist()
        return texts
    return [None if value != value else value for value in rows.numbers[:, column].tolist()]


def _probes(client: RawBatch) -> RawBatch:
    """Copies of a client with all or every other feature missing, and with extreme numbers."""
    features = np.arange(client.numbers.shape[1])
    gaps = (features >= 0, features % 2 == 0, features % 2 == 1)
    rows = client.take(np.zeros(len(gaps) + len(EXTREMES), np.intp))
    for row, missing in enumerate(gaps):
        rows.numbers[row, missing] = np.nan
        for column, texts in rows.texts.items():
            if missing[column]:
                texts[row] = None
    numbers = [column not in rows.texts for column in features]
    for row, extreme in enumerate(EXTREMES, len(gaps)):
        rows.numbers[row, numbers] = extreme
    return rows


def _agree(raw: RawTransformer, vectorised: VectorisedTransformer, rows: RawBatch) -> bool:
    """True if the vectorised transformer agrees with the transformer itself on some rows."""
    if not len(rows):
        return True
    with suppress(BadFile), foreign_code(MODEL_FILE, describe):
        return _same(vectorised(rows), raw.unvectorised(rows))
    return False  # the transformer refuses the rows
