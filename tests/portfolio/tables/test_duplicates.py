"""Ids that occur twice."""

import numpy as np
import pytest

from portfolio import duplicates
from portfolio.duplicates import find_duplicates


@pytest.mark.parametrize("at_once", [7, 1 << 20])
def test_ids_that_occur_twice_are_found_with_their_first_row(monkeypatch, tmp_path, at_once):
    monkeypatch.setattr(duplicates, "AT_ONCE", at_once)
    rng = np.random.default_rng(1)
    parts = [(number, rng.integers(-30, 60, 20)) for number in range(4)]
    first, wanted = {}, set()
    for number, ids in parts:
        for row, client in enumerate(ids.tolist()):
            if client in first:
                wanted.add(((number, row), first[client]))
            first.setdefault(client, (number, row))
    found = [*find_duplicates(parts, 80, tmp_path)]
    assert wanted
    assert (set(found), len(found)) == (wanted, len(wanted))
    assert [*tmp_path.iterdir()] == []
