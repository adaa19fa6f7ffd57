"""The row that a transformer refuses, found among many with few calls."""

from dataclasses import replace

import numpy as np
import pytest

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.errors import InvalidApplication
from credit_scoring.model.raw_scorer import RawScorer

LOWEST = -1e6


class RefusingTransformer:
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
def refusing_scorer(lightgbm_case) -> tuple[RawScorer, RefusingTransformer]:
    scorer = lightgbm_case.bundle.scorer
    transformer = RefusingTransformer(scorer.transformer.transformer)
    raw = replace(scorer.transformer, transformer=transformer, vectorised=None)
    raw.__dict__["is_element_by_element"] = True  # as that of the transformer behind it
    return replace(scorer, transformer=raw), transformer


def rows_of(lightgbm_case, number: int) -> RawBatch:
    return lightgbm_case.bundle.raw_rows(
        [row % len(lightgbm_case.bundle.client_ids) for row in range(number)]
    )


@pytest.mark.parametrize("wrong", [[0], [17], [99], [17, 18, 60], [40, 99]])
def test_the_first_row_that_is_refused_is_named(lightgbm_case, refusing_scorer, wrong):
    scorer, transformer = refusing_scorer
    rows = rows_of(lightgbm_case, 100)
    rows.numbers[wrong, scorer.column_by_name[scorer.transformer.inputs[0]]] = 2 * LOWEST

    with pytest.raises(InvalidApplication) as refused:
        scorer.transform(rows)

    assert refused.value.row == wrong[0]
    assert str(refused.value) == "the model's transformer refuses it (ValueError)"
    assert transformer.calls < 20


def test_accepted_rows_are_those_of_the_transformer(lightgbm_case, refusing_scorer):
    scorer, transformer = refusing_scorer
    rows = rows_of(lightgbm_case, 100)

    expected = np.tile(lightgbm_case.bundle.transformed, (5, 1))
    assert np.array_equal(scorer.transform(rows), expected, equal_nan=True)
    assert transformer.calls == 1
