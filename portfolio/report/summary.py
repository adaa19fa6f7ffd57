"""The figures of a run: `summary.json`."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from credit_scoring.monitoring.psi import Drift, category_counts, drift
from portfolio.counts import Counts, TextCounts
from portfolio.job import Job
from portfolio.run import Outcome
from portfolio.worker import ReferenceCounts


@dataclass(frozen=True, eq=False)
class Summary:
    """All figures of a run.

    Attributes:
        counts: of the scored rows.
        reference: population that the rows are compared with.
        figures: the content of `summary.json`.
    """

    counts: Counts
    reference: ReferenceCounts
    figures: dict[str, Any]

    def to_json(self) -> str:
        """Write the figures as text."""
        return json.dumps(self.figures, indent=1, ensure_ascii=False) + "\n"


def summarise(
    job: Job, outcome: Outcome, counts: Counts, reference: ReferenceCounts, seconds: float,
    workers: int,
) -> Summary:  # fmt: skip
    """Compute the figures of a run.

    Args:
        job: of the run.
        outcome: of the run.
        counts: of all parts.
        reference: population that the rows are compared with.
        seconds: that the run took.
        workers: threads that computed, usually one per process.
    """
    refused, rows = int(counts.predictions[1]), counts.rows
    read = sum(part.read for part in outcome.parts.values())
    existed = [part for part in outcome.parts.values() if part.existed]
    made = outcome.scored - sum(part.scored for part in existed)
    shares = {"accepted": 1 - refused / rows, "refused": refused / rows} if rows else {}
    figures = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": read,
        "scored": outcome.scored,
        "bad_rows": read - outcome.scored,
        "decisions": {"accepted": rows - refused, "refused": refused},
        "shares": shares,
        "grades": {
            grade: {"clients": count, "share": count / rows}
            for grade, count in zip(reference.grades, counts.grades.tolist(), strict=False)
        },
        "explained": counts.explained,
        "reasons": job.explained,
        "reasons_by_theme": _most_frequent_first(counts.themes),
        "threshold": reference.threshold,
        "seconds": round(seconds, 3),
        "rows_a_second": round(made / seconds, 1) if made else None,
        "workers": workers,
        "threads_a_worker": 1,
        "parts": len(outcome.parts),
        "parts_found": len(existed),
        "files": [{"name": name, "sha256": sha256} for name, sha256 in outcome.hashes.items()],
        "model": dict(job.sha256),
        "versions": {"python": platform.python_version(), **job.versions},
        "drift": _drift(counts, reference),
    }
    return Summary(counts, reference, figures)


def _drift(counts: Counts, reference: ReferenceCounts) -> dict[str, Any]:
    """Compute the figures that `/drift` would give for these clients."""
    features: list[dict[str, Any]] = []
    score = None
    if counts.rows:
        score = asdict(_psi(reference.counts.score, counts.score))
        for at, (name, label) in enumerate(zip(reference.features, reference.labels, strict=True)):
            if at in reference.counts.texts:
                by_bin = category_counts(
                    reference.counts.texts[at], _missing_last(counts.texts[at])
                )
                found = drift(by_bin.astype(np.float64))
            else:
                found = _psi(reference.counts.numbers[at], counts.numbers[at])
            features.append({"name": name, "label": label, **asdict(found)})
        features.sort(key=lambda feature: -feature["index"])
    sizes = {"reference": reference.counts.rows, "new": counts.rows}
    return sizes | {"score": score, "features": features}


def _psi(reference: np.ndarray, new: np.ndarray) -> Drift:
    return drift(np.stack([reference, new]).astype(np.float64))


def _missing_last(texts: TextCounts) -> TextCounts:
    """Sort categories in the order in which they came, the missing one last."""
    return {text: count for text, count in texts.items() if text is not None} | {
        None: texts.get(None, 0)
    }


def _most_frequent_first(themes: Mapping[str, list[int]]) -> dict[str, list[int]]:
    return dict(sorted(themes.items(), key=lambda item: (-sum(item[1]), item[0])))
