"""Ranges of values that are moved equally far, against counting clients."""

import numpy as np
import pytest

from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.float_search import above
from credit_scoring.whatif.pairs.axis import Axis

REFERENCE = np.array([1.0, 2.0, 2.0, 3.5, 5.0, 8.0, 8.0, 9.0])
FEATURE = Feature("f", "f", "", "f")


def share(own: float, value: float) -> float:
    known = REFERENCE
    passed = (known > own) & (known <= value) | (known < own) & (known >= value)
    return float(passed.mean())


@pytest.mark.parametrize("own", [0.5, 2.0, 4.0, 9.0, 11.0])
@pytest.mark.parametrize("is_whole", [False, True])
@pytest.mark.parametrize("ends", [(0.0, 12.0), (None, 12.0), (0.0, None)])
def test_ranges_hold_all_other_values_once(own: float, is_whole: bool, ends: tuple):
    low, high = (own if end is None else end for end in ends)
    axis = Axis(FEATURE, own, low, high, is_whole, REFERENCE)
    cuts = np.array([2.75, 6.0])
    pieces = axis.pieces(cuts)
    tried = np.unique(
        np.concatenate([REFERENCE, above(REFERENCE), cuts, np.arange(13), [2.2, 7.1]])
    )
    for value in tried[(tried >= low) & (tried <= high)]:
        inside = (pieces.first <= value) & (value <= pieces.last)
        if value == own:
            assert not inside.any()
        elif value == int(value) or not is_whole:
            (at,) = np.flatnonzero(inside)
            assert pieces.moved[at] == share(own, value) == axis.moved_to(value)
            assert not ((pieces.first[at] < cuts) & (cuts <= pieces.last[at])).any() or is_whole
    assert (pieces.first <= pieces.last).all()
    assert not is_whole or (pieces.first == np.round(pieces.first)).all()


def test_jumps_end_with_the_next_value():
    axis = Axis(FEATURE, 4.0, 0.0, 12.0, is_whole=False, reference=REFERENCE)
    jumps = axis.jumps_back(8.0)
    assert jumps[:3].tolist() == [6.0, 7.0, 7.5]
    assert jumps[-1] == np.nextafter(8.0, 0)
    whole = Axis(FEATURE, 4.0, 0.0, 12.0, is_whole=True, reference=REFERENCE)
    assert {*whole.jumps_back(9.0).tolist()} == {7.0, 8.0}
    assert len(whole.jumps_back(5.0)) == 0


def test_jumps_on_begin_with_the_value_and_its_last_bits():
    axis = Axis(FEATURE, 4.0, 0.0, 12.0, is_whole=False, reference=REFERENCE)
    jumps = axis.jumps_on(8.0, 4.0)
    assert (jumps[0], jumps[-1], jumps[-2]) == (8.0, 6.0, 7.0)
    assert np.nextafter(8.0, 0) in jumps
    assert (np.diff(jumps) <= 0).all()
    whole = Axis(FEATURE, 4.0, 0.0, 12.0, is_whole=True, reference=REFERENCE)
    assert {*whole.jumps_on(8.0, 12.0).tolist()} == {8.0, 9.0, 10.0}
