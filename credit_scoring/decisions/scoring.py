"""What the credit desk answers to applications: score, decision, position, reasons."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, cast

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.application import Application
from credit_scoring.errors import InvalidApplication, UnknownClient
from credit_scoring.explain.peers import Compare, Peers
from credit_scoring.explain.reason_codes import Reason, reasons
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.scorecard import Scale, log_odds


@dataclass(frozen=True, eq=False)
class Applied:
    """Applications as rows.

    Attributes:
        rows: their raw values, changes made.
        before: the same without changes, of those that have some.
        changed: the positions of these.
        recomputed, stale: of each application, see `RawScorer.follow`.
    """

    rows: RawBatch
    before: RawBatch
    changed: list[int]
    recomputed: list[list[str]]
    stale: list[list[str]]


def assess(
    bundle: Bundle,
    peers: Peers,
    applications: Sequence[Application],
    most_reasons: int,
    compare: Compare,
    *,
    is_list: bool,
) -> Iterator[dict[str, Any]]:
    """Score applications, each as if it were alone; each answer is made when it is taken.

    Args:
        scorer: of the model.
        comparison: of the same model.
        applications: one or more.
        most_reasons: how many reasons each gets at most; with none nothing is explained.
        compare: with whom.
        is_list: whether what is wrong with one is said with its position.

    Raises:
        UnknownClient: no new client has an id.
        InvalidApplication: one cannot be scored.
    """
    if not most_reasons and bundle.is_known(applications):
        position = bundle.position(cast(int, applications[0].client))
        probability = bundle.classifier.probability(bundle.transformed[position])
        answer = _answer(bundle, peers, applications[0], probability)
        yield answer | _explained(bundle, compare, [], None) | _followed(bundle, [], [])
        return
    applied = apply(bundle, applications, is_list=is_list)
    with _positioned(is_list=is_list):
        transformed = _transformed(bundle, applications, applied.rows)
    probabilities = bundle.classifier.probabilities(transformed)
    earlier: dict[int, float] = {}
    if applied.changed:
        unchanged = [replace(applications[row], changes={}) for row in applied.changed]
        with _positioned(is_list=is_list, positions=applied.changed):
            before = _transformed(bundle, unchanged, applied.before)
        found = bundle.classifier.probabilities(before).tolist()
        earlier = dict(zip(applied.changed, found, strict=True))
    explained: Iterator[tuple[list[Reason], float | None]] = repeat(([], None))
    if most_reasons:
        contributions, _ = bundle.classifier.contributions(transformed)
        explained = reasons(
            peers, peers.groups[compare], applied.rows, transformed, contributions,
            most_reasons,
        )  # fmt: skip
    for row, (application, why) in enumerate(zip(applications, explained, strict=False)):
        yield (
            _answer(bundle, peers, application, float(probabilities[row]))
            | _explained(bundle, compare, *why)
            | ({"before": decided(bundle, earlier[row])} if row in earlier else {})
            | _followed(bundle, applied.recomputed[row], applied.stale[row])
        )


def apply(bundle: Bundle, applications: Sequence[Application], *, is_list: bool) -> Applied:
    """The rows of applications: what is left out is computed, what changes is changed.

    Raises:
        UnknownClient: no new client has an id.
        InvalidApplication: what is computed is out of range.
    """
    scorer = bundle.scorer
    rows = _rows(bundle, applications, is_list=is_list)
    left_out: dict[frozenset[str], list[int]] = defaultdict(list)
    for row, application in enumerate(applications):
        if application.record and application.record.left_out:
            left_out[application.record.left_out].append(row)
    for absent, some in left_out.items():
        part = rows.take(some)
        with _positioned(is_list=is_list, positions=some):
            scorer.compute(part, [*filter(absent.__contains__, scorer.dictionary.formulas)])
        rows.put(some, part)

    changed: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, application in enumerate(applications):
        if application.changes:
            changed[tuple(application.changes)].append(row)
    recomputed: list[list[str]] = [[] for _ in applications]
    stale: list[list[str]] = [[] for _ in applications]
    with_changes = sorted(row for some in changed.values() for row in some)
    before = rows.take(with_changes)
    for names, some in changed.items():
        part = rows.take(some)
        for name in names:
            part.replace(scorer.position(name), [applications[row].changes[name] for row in some])
        with _positioned(is_list=is_list, positions=some):
            followed, left = scorer.follow(part, set(names))
        rows.put(some, part)
        for row in some:
            recomputed[row], stale[row] = followed, left
    return Applied(rows, before, with_changes, recomputed, stale)


def _rows(bundle: Bundle, applications: Sequence[Application], *, is_list: bool) -> RawBatch:
    """The values that were given, NaN or None for what is left out."""
    texts, features = bundle.scorer.texts, bundle.features
    rows = RawBatch(
        np.full((len(applications), len(features)), np.nan),
        {position: np.full(len(applications), None, object) for position in texts},
    )
    for row, application in enumerate(applications):
        if application.record is None:
            try:
                position = bundle.position(cast(int, application.client))
            except UnknownClient as unknown:
                where = f"applications[{row}]: " if is_list else ""
                raise UnknownClient(f"{where}{unknown}") from unknown
            rows.put([row], bundle.raw_rows([position]))
            continue
        rows.numbers[row] = application.record.numbers
        for text in texts:
            rows.texts[text][row] = application.record.texts[text]
    return rows


def _transformed(bundle: Bundle, applications: Sequence[Application], rows: RawBatch) -> Matrix:
    """Their rows transformed, each as if it were alone: for clients as they are it was done."""
    if not bundle.scorer.transformer.is_element_by_element:
        return bundle.scorer.transform(rows)
    transformed = np.empty((len(applications), len(bundle.names)))
    others = []
    for row, application in enumerate(applications):
        if application.client is None or application.changes:
            others.append(row)
        else:
            transformed[row] = bundle.transformed[bundle.position(application.client)]
    if others:
        try:
            transformed[others] = bundle.scorer.transform(rows.take(others))
        except InvalidApplication as refused:
            raise InvalidApplication(str(refused), others[refused.row]) from refused
    return transformed


def _answer(
    bundle: Bundle, peers: Peers, application: Application, probability: float
) -> dict[str, Any]:
    """What is said of one application, but for its reasons."""
    margin = log_odds(probability)
    class0, class1 = peers.position(probability)
    asked: dict[str, Any] = {"client": application.client, "reference": application.reference}
    return (
        {name: value for name, value in asked.items() if value is not None}
        | decided(bundle, probability)
        | {"threshold": bundle.threshold, "margin": margin - bundle.threshold_log_odds}
        | _on_scale(bundle.scale, margin)
        | {"position": {"class0": class0, "class1": class1}}
    )


def _explained(
    bundle: Bundle, compare: Compare, given: list[Reason], other: float | None
) -> dict[str, Any]:
    return {
        "reasons": given,
        "compare": compare,
        "other": other,
        "contributions_in": bundle.raw_output,
    }


def _followed(bundle: Bundle, recomputed: list[str], stale: list[str]) -> dict[str, Any]:
    return {"recomputed": recomputed, "stale": stale, "model": bundle.sha256[MODEL_FILE]}


def decided(bundle: Bundle, probability: float) -> dict[str, Any]:
    """A probability and the decision taken on it, as answers say them."""
    return {"probability": probability, "prediction": bundle.decision(probability)}


def _on_scale(scale: Scale, margin: float) -> dict[str, Any]:
    """What model.json says how to compute, and nothing of the rest."""
    pd = scale.pd(margin)
    if pd is None:
        return {}
    found = {"pd": pd, "points": scale.points(pd), "grade": scale.grade(pd)}
    return {name: value for name, value in found.items() if value is not None}


@contextmanager
def _positioned(*, is_list: bool, positions: Sequence[int] | None = None) -> Iterator[None]:
    """Say the position in the list of what is refused.

    Args:
        is_list: whether there is one.
        positions: in the list, of the rows in the block; the same where there is none.

    Raises:
        InvalidApplication: as in the block.
    """
    try:
        yield
    except InvalidApplication as refused:
        row = refused.row if positions is None else positions[refused.row]
        where = f"applications[{row}]: " if is_list else ""
        raise InvalidApplication(f"{where}{refused}", row) from refused
