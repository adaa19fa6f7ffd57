"""Raw rows of applications: computed features and changes applied."""

from collections import defaultdict
from dataclasses import dataclass
from typing import cast

import numpy as np

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.decisions.application import Applications
from credit_scoring.model.bundle import Bundle


@dataclass(frozen=True, eq=False)
class AppliedChanges:
    """Raw rows of applications, before and after their changes.

    Attributes:
        rows: raw values after the changes, a row for each application.
        before: raw values before the changes, a row for each application with changes.
        changed: indices of the applications with changes.
        recomputed, stale: features by application, see `RawScorer.follow`.
    """

    rows: RawBatch
    before: RawBatch
    changed: list[int]
    recomputed: list[list[str]]
    stale: list[list[str]]


def apply_changes(bundle: Bundle, applications: Applications) -> AppliedChanges:
    """Make the raw rows of applications: compute what is left out, then apply the changes.

    Raises:
        UnknownClient: no new client has a requested id.
        InvalidApplication: a computed value is out of range.
    """
    scorer = bundle.scorer
    rows = _rows(bundle, applications)
    left_out: dict[frozenset[str], list[int]] = defaultdict(list)
    changed: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, application in enumerate(applications.items):
        if application.record and application.record.left_out:
            left_out[application.record.left_out].append(row)
        if application.changes:
            changed[tuple(application.changes)].append(row)
    for absent, some in left_out.items():
        part = rows.take(some)
        with applications.located(some):
            scorer.compute(part, [*filter(absent.__contains__, scorer.dictionary.formulas)])
        rows.put(some, part)

    recomputed: list[list[str]] = [[] for _ in applications.items]
    stale: list[list[str]] = [[] for _ in applications.items]
    with_changes = sorted(row for some in changed.values() for row in some)
    before = rows.take(with_changes)
    for names, some in changed.items():
        part = rows.take(some)
        for name in names:
            values = [applications.items[row].changes[name] for row in some]
            part.replace(scorer.column_of(name), values)
        with applications.located(some):
            followed, left = scorer.follow(part, set(names))
        rows.put(some, part)
        for row in some:
            recomputed[row], stale[row] = followed, left
    return AppliedChanges(rows, before, with_changes, recomputed, stale)


def _rows(bundle: Bundle, applications: Applications) -> RawBatch:
    """The given values, NaN or None for features that are left out."""
    texts, features = bundle.scorer.texts, bundle.features
    rows = RawBatch(
        np.full((len(applications), len(features)), np.nan),
        {column: np.full(len(applications), None, object) for column in texts},
    )
    for row, application in enumerate(applications.items):
        if application.record is None:
            with applications.located([row]):
                client = bundle.row_of(cast(int, application.client))
            rows.put([row], bundle.raw_rows([client]))
            continue
        rows.numbers[row] = application.record.numbers
        for column in texts:
            rows.texts[column][row] = application.record.texts[column]
    return rows
