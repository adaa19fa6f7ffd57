"""Combinations of two changes as pandas and the pipeline see them, by plain loops."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest

from credit_scoring.whatif.combinations import Combination, CombinationFinder
from tests.credit_scoring.whatif.what_if_case import WhatIfCase

WHOLE = ("DAYS_BIRTH", "OWN_CAR_AGE")


def finder_of(what_if_case: WhatIfCase, threshold: float) -> CombinationFinder:
    bundle = what_if_case.bundle
    return CombinationFinder(bundle.scorer, threshold, bundle.reference, bundle.raw)


def probability_of(what_if_case: WhatIfCase, client: int) -> float:
    return float(what_if_case.bundle.scorer.probabilities(what_if_case.row(client))[0])


def beneath(what_if_case: WhatIfCase, client: int, share: float = 0.03) -> float:
    """A threshold that refuses a client by a little."""
    return probability_of(what_if_case, client) * (1 - share)


def share_passed(
    what_if_case: WhatIfCase, feature: str, own: float, value: np.ndarray
) -> np.ndarray:
    known = what_if_case.tables[0][feature].dropna().to_numpy()[None]
    value = np.asarray(value, float)[:, None]
    passed = (known > own) & (known <= value) | (known < own) & (known >= value)
    return passed.mean(axis=1)


def allowed_values(
    what_if_case: WhatIfCase, client: int, feature: str, change: str, number: int
) -> np.ndarray:
    """Values of the reference clients, their neighbours and others, in the allowed direction."""
    low, high = what_if_case.range(feature)
    own = float(what_if_case.tables[1][feature][client])
    known = what_if_case.tables[0][feature].dropna().unique()
    known = np.sort(known)[np.linspace(0, len(known) - 1, number).astype(int)]
    if feature in WHOLE:
        values = np.unique(
            np.concatenate([known, known + 1, known - 1, np.arange(own - 9, own + 9)])
        )
    else:
        beside = [np.nextafter(known, np.inf), np.nextafter(known, -np.inf)]
        values = np.unique(np.concatenate([known, *beside, np.linspace(low, high, number)]))
    values = values[(values >= low) & (values <= high) & (values != own)]
    if change == "down":
        return values[values < own]
    return values[values > own] if change == "up" else values


def assert_combination(
    what_if_case: WhatIfCase,
    client: int,
    one: Combination,
    threshold: float,
    changes: Mapping[str, Mapping[str, str]],
) -> None:
    """Both values turn the decision, none alone, nor with one step towards the client's own."""
    row = what_if_case.tables[1].iloc[client]
    values = {change.feature: float(change.value) for change in one.changes}
    names = list(values)
    assert names == [name for name in row.index if name in values]
    tried = [values]
    for name in names:
        own = float(row[name])
        step = values[name] - np.sign(values[name] - own)
        back = step if name in WHOLE else float(np.nextafter(values[name], own))
        tried += [values | {name: back}, values | {name: own}]
    columns = {name: np.array([each[name] for each in tried]) for name in names}
    scores = [
        what_if_case.scores_of(client, {name: column[[at]] for name, column in columns.items()})[0]
        for at in range(len(tried))
    ]
    assert scores[0] == one.probability
    assert [score < threshold for score in scores] == [True] + [False] * 4
    for change in one.changes:
        own = float(row[change.feature])
        allowed = changes[change.feature]["change"]
        assert change.direction == ("up" if values[change.feature] > own else "down")
        assert allowed in ("any", change.direction)
        assert change.label == changes[change.feature].get("label", change.feature)
        passed = share_passed(what_if_case, change.feature, own, [values[change.feature]])[0]
        assert change.moved == pytest.approx(passed, abs=1e-12)
        low, high = what_if_case.range(change.feature)
        assert low <= values[change.feature] <= high
        assert change.feature not in WHOLE or float(change.value).is_integer()
    assert one.moved == pytest.approx(sum(change.moved for change in one.changes), abs=1e-12)


def nearest_by_trying(
    what_if_case: WhatIfCase,
    client: int,
    names: tuple[str, str],
    threshold: float,
    changes: Mapping[str, Mapping[str, str]],
    number: int = 40,
) -> float:
    """The least moved pair of a grid, before the values that turn the decision alone."""
    row, grids = what_if_case.tables[1].iloc[client], []
    for name in names:
        values = allowed_values(what_if_case, client, name, changes[name]["change"], number)
        scores = what_if_case.scores(client, name, values) if len(values) else np.empty(0)
        grids.append(before_turning(values, scores < threshold, float(row[name])))
    if not all(map(len, grids)):
        return np.inf
    one, other = (np.array(each) for each in zip(*product(*grids), strict=True))
    turned = what_if_case.scores_of(client, {names[0]: one, names[1]: other}) < threshold
    moved = share_passed(what_if_case, names[0], float(row[names[0]]), one) + share_passed(
        what_if_case, names[1], float(row[names[1]]), other
    )
    return float(moved[turned].min(initial=np.inf))


def before_turning(values: np.ndarray, turns: np.ndarray, own: float) -> np.ndarray:
    """Values nearer to the own one than any value beyond it that turns the decision alone."""
    up, down = values[turns & (values > own)], values[turns & (values < own)]
    below = values < up.min(initial=np.inf)
    return values[below & (values > down.max(initial=-np.inf))]
