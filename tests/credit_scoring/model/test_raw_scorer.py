"""Which of many rows a transformer refuses, found without asking it of each."""

from dataclasses import replace

import numpy as np
import pytest

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.errors import InvalidApplication
from credit_scoring.model.raw_scorer import RawScorer

LOWEST = -1e6


class Refusing:
    """A transformer that takes no table with a value below a bound, and counts its calls."""

    def __init__(self, transformer) -> None:
        self.transformer = transformer
        self.calls = 0

    def transform(self, frame):
        self.calls += 1
        if (frame.to_numpy() < LOWEST).any():
            raise ValueError("a value that is nobody else's business")
        return self.transformer.transform(frame)


@pytest.fixture
def refusing(simple) -> tuple[RawScorer, Refusing]:
    desk = simple.bundle.scorer
    transformer = Refusing(desk.transformer.transformer)
    raw = replace(desk.transformer, transformer=transformer, quickly=None)
    raw.__dict__["is_element_by_element"] = True  # as that of the transformer behind it
    return replace(desk, transformer=raw), transformer


def rows_of(simple, number: int) -> RawBatch:
    return simple.bundle.raw_rows([row % len(simple.bundle.client_ids) for row in range(number)])


@pytest.mark.parametrize("wrong", [[0], [17], [99], [17, 18, 60], [40, 99]])
def test_the_first_row_that_is_refused_is_named(simple, refusing, wrong):
    desk, transformer = refusing
    rows = rows_of(simple, 100)
    rows.numbers[wrong, desk.column_by_name[desk.transformer.inputs[0]]] = 2 * LOWEST

    with pytest.raises(InvalidApplication) as refused:
        desk.transform(rows)

    assert refused.value.row == wrong[0]
    assert str(refused.value) == "the model's transformer refuses it (ValueError)"
    assert transformer.calls < 20


def test_accepted_rows_are_those_of_the_transformer(simple, refusing):
    desk, transformer = refusing
    rows = rows_of(simple, 100)

    expected = np.tile(simple.bundle.transformed, (5, 1))
    assert np.array_equal(desk.transform(rows), expected, equal_nan=True)
    assert transformer.calls == 1
