"""Counts of scored rows."""

import json

import numpy as np
import pytest

from portfolio.counts import Counts


@pytest.fixture
def two_rows():
    return Counts(
        2,
        np.array([1, 1]),
        np.array([2, 0]),
        score=np.array([1, 1]),
        numbers={0: np.array([1, 1])},
        texts={1: {"x": 1, None: 1}},
        themes={"Income": [1, 0]},
        explained=1,
    )


@pytest.fixture
def one_row():
    return Counts(
        1,
        np.array([1, 0]),
        np.array([0, 1]),
        score=np.array([1, 0]),
        numbers={0: np.array([0, 1])},
        texts={1: {"y": 1}},
    )


@pytest.fixture
def three_rows(two_rows, one_row):
    found = Counts()
    found.add(two_rows)
    found.add(one_row)
    return found


def test_counts_are_added_up(three_rows, two_rows):
    assert (three_rows.rows, three_rows.explained, three_rows.themes) == (3, 1, {"Income": [1, 0]})
    assert three_rows.predictions.tolist() == [2, 1]
    assert three_rows.grades.tolist() == [2, 1]
    assert three_rows.score.tolist() == [2, 1]
    assert three_rows.numbers[0].tolist() == [1, 2]
    assert three_rows.texts[1] == {"x": 1, None: 1, "y": 1}
    assert two_rows.rows == 2


def test_counts_survive_json(three_rows):
    again = Counts.from_json(json.loads(json.dumps(three_rows.to_json())))
    assert again.to_json() == three_rows.to_json()
    assert (again.rows, again.explained, again.themes) == (3, 1, {"Income": [1, 0]})
    assert again.numbers[0].tolist() == [1, 2]
    assert again.texts[1] == {"x": 1, None: 1, "y": 1}
