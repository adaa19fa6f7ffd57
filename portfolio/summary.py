"""What came out, in figures: `summary.json`."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from credit_scoring.monitoring.psi import Drift, category_counts, drift
from portfolio.counts import Counts, Texts
from portfolio.job import Job
from portfolio.model import ReferenceCounts
from portfolio.run import Made


@dataclass(frozen=True, eq=False)
class Summary:
    """All figures of a run.

    Attributes:
        counts: of the rows that were scored.
        reference: the reference clients, counted alike.
        score: drift of the score.
        features: drift of each feature, the largest index first.
        figures: what `summary.json` says.
    """

    counts: Counts
    reference: ReferenceCounts
    score: Drift | None
    features: dict[str, Drift]
    figures: dict[str, Any]


def summarise(
    job: Job, made: Made, counts: Counts, reference: ReferenceCounts, seconds: float, workers: int
) -> Summary:
    """Put the figures together.

    Args:
        job: of the run.
        made: what it came to.
        counts: of all parts.
        reference: the reference clients, counted.
        seconds: that the run took.
        workers: threads that computed, one a process unless the cluster is otherwise.
    """
    score, features = _drift(counts, reference) if counts.rows else (None, {})
    now = made.scored - sum(made.found.values())
    refused, rows = int(counts.predictions[1]), counts.rows
    shares = {"accepted": 1 - refused / rows, "refused": refused / rows} if rows else {}
    figures = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": sum(made.read.values()),
        "scored": made.scored,
        "bad_rows": made.bad_rows,
        "decisions": {"accepted": rows - refused, "refused": refused},
        "shares": shares,
        "grades": _grades(counts, reference),
        "explained": counts.explained,
        "reasons": job.explained,
        "reasons_by_theme": _themes(counts),
        "threshold": reference.threshold,
        "seconds": round(seconds, 3),
        "rows_a_second": round(now / seconds, 1) if now else None,
        "workers": workers,
        "threads_a_worker": 1,
        "parts": made.parts,
        "parts_found": len(made.found),
        "files": [{"name": name, "sha256": sha256} for name, sha256 in made.hashes.items()],
        "model": dict(job.sha256),
        "versions": {"python": platform.python_version(), **job.versions},
        "drift": {
            "reference": reference.clients,
            "new": rows,
            "score": None if score is None else asdict(score),
            "features": [
                {"name": name, "label": _label(reference, name), **asdict(found)}
                for name, found in features.items()
            ],
        },
    }
    return Summary(counts, reference, score, features, figures)


def _label(reference: ReferenceCounts, name: str) -> str:
    return reference.labels[reference.features.index(name)]


def _drift(counts: Counts, reference: ReferenceCounts) -> tuple[Drift, dict[str, Drift]]:
    """The indices that `/drift` would give for these clients."""
    found = {}
    for position, name in enumerate(reference.features):
        if position in reference.texts:
            by_bin = category_counts(reference.texts[position], _last(counts.texts[position]))
        else:
            by_bin = np.stack([reference.numbers[position], counts.numbers[position]])
        found[name] = drift(by_bin.astype(np.float64))
    score = drift(np.stack([reference.score, counts.score]).astype(np.float64))
    order = sorted(found, key=lambda name: -found[name].index)
    return score, {name: found[name] for name in order}


def _last(texts: Texts) -> Texts:
    """Categories in the order in which they came, the missing one last."""
    return {text: count for text, count in texts.items() if text is not None} | {
        None: texts.get(None, 0)
    }


def _grades(counts: Counts, reference: ReferenceCounts) -> dict[str, dict[str, float]]:
    """How many clients have each grade, and their share; nothing without grades."""
    return {
        grade: {"clients": count, "share": count / counts.rows}
        for grade, count in zip(reference.grades, counts.grades.tolist(), strict=False)
    }


def _themes(counts: Counts) -> Mapping[str, list[int]]:
    """How often each theme is the first, second … reason, the most frequent one first."""
    order = sorted(counts.groups, key=lambda group: (-sum(counts.groups[group]), group))
    return {group: counts.groups[group] for group in order}
