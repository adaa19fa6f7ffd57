"""The model as a worker has it: loaded and checked once in a process."""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.batch_scoring import Explained
from credit_scoring.errors import describe, foreign_code
from credit_scoring.explain.acceleration import accelerate
from credit_scoring.explain.peers import Peers, compare
from credit_scoring.explain.reason_codes import WORDINGS, wording
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from credit_scoring.model.reference_scores import reference_scores
from credit_scoring.monitoring.psi import NumberBins, by_category
from portfolio.counts import Bins, intervals
from portfolio.job import Job, RunError, installed, sha256_of

CHECKED = 20  # clients who are explained in both ways

_one_at_a_time = Lock()


@dataclass(frozen=True, eq=False)
class Model:
    """What a worker needs beside a piece.

    Attributes:
        scorer: as the service loads it.
        comparison: what reasons compare with; None where none are wanted.
        reference_scores: probabilities of default of the reference clients.
        bins: of drift.
        texts: what reasons may say, by factor and wording.
    """

    bundle: Bundle
    peers: Peers | None
    reference_scores: Matrix
    bins: Bins
    texts: tuple[str, ...]

    @property
    def grades(self) -> list[str]:
        """The names of the grades."""
        return [grade.grade for grade in self.bundle.scale.grades]

    @property
    def groups(self) -> tuple[str, ...]:
        """The themes of reasons."""
        return self.peers.attribution.groups if self.peers else ()

    def wordings(self, strongest: NDArray[np.intp], which: NDArray[np.intp]) -> NDArray[np.intp]:
        """Positions among `texts`; see `Ranked`."""
        return np.where(which < 0, -1, strongest * len(WORDINGS) + which)


def model_of(job: Job) -> Model:
    """The model that a job is about.

    Raises:
        RunError: this process has other libraries.
        BadFile: the files are not those of the job, or no good.
    """
    here = installed()
    other = {name: has for name, has in here.items() if has != job.versions.get(name)}
    if other:
        wanted = ", ".join(f"{name} {job.versions.get(name)}" for name in other)
        raise RunError(
            f"a worker has {', '.join(' '.join(pair) for pair in other.items())},"
            f" where the run has {wanted}"
        )
    with _one_at_a_time:
        return _opened(
            Path(job.folder), tuple(sorted(job.sha256.items())), job.explained, job.quickly
        )


@lru_cache(maxsize=1)
def _opened(
    folder: Path, sha256: tuple[tuple[str, str], ...], explained: Explained, quickly: bool
) -> Model:
    hashes = dict(sha256)
    with _quiet(logging.getLogger("credit_scoring")):  # the service says it, and not each worker
        bundle = load(folder, hashes[MODEL_FILE])
    found = {**bundle.sha256}
    if METADATA_FILE in hashes and (folder / METADATA_FILE).exists():
        found[METADATA_FILE] = sha256_of(folder / METADATA_FILE)
    if found != hashes:
        names = sorted({*found, *hashes})
        differing = [name for name in names if found.get(name) != hashes.get(name)]
        raise RunError(f"a worker has another {', '.join(differing)} than the run")
    peers = None
    with foreign_code(MODEL_FILE, describe):
        if explained == "none":
            probabilities = reference_scores(bundle.scorer, bundle.reference)
        else:
            if quickly:
                accelerate(bundle.classifier, bundle.transformed[:CHECKED])
            peers = compare(bundle.scorer, bundle.reference, bundle.threshold)
            probabilities = peers.probabilities
    texts: tuple[str, ...] = ()
    if peers is not None:
        factors = range(len(peers.attribution.factors))
        texts = tuple(
            wording(peers.attribution, factor, which) for factor in factors for which in WORDINGS
        )
    return Model(bundle, peers, probabilities, _bins(bundle, probabilities), texts)


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Let a logger write errors alone."""
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _bins(bundle: Bundle, probabilities: Matrix) -> Bins:
    """The bins that drift is counted in."""
    texts = frozenset(bundle.scorer.texts)
    numbers = {
        position: NumberBins.of(column)
        for position, column in enumerate(bundle.reference.columns)
        if position not in texts
    }
    return Bins(numbers, texts, NumberBins.of(probabilities))


@dataclass(frozen=True, eq=False)
class ReferenceCounts:
    """What new clients are compared with, counted.

    Attributes:
        features: names, in the order of the tables.
        labels: of the features, in plain words.
        grades: names of the grades.
        threshold: of the decision, a probability.
        clients: how many reference clients there are.
        intervals: of their probabilities.
        score: their probabilities by bin of drift.
        numbers: by bin of drift, of each feature that is numbers.
        texts: by category, of each feature that is text.
    """

    features: tuple[str, ...]
    labels: tuple[str, ...]
    grades: tuple[str, ...]
    threshold: float
    clients: int
    intervals: NDArray[np.int64]
    score: NDArray[np.int64]
    numbers: dict[int, NDArray[np.int64]]
    texts: dict[int, dict[str | None, int]]


def reference_counts(job: Job) -> ReferenceCounts:
    """Count the reference clients of a job's model."""
    model = model_of(job)
    bundle, reference = model.bundle, model.bundle.reference
    return ReferenceCounts(
        bundle.features,
        tuple(feature.label for feature in bundle.dictionary.features.values()),
        tuple(model.grades),
        bundle.threshold,
        len(reference),
        intervals(model.reference_scores),
        model.bins.score.counts(model.reference_scores),
        {
            position: bins.counts(reference.columns[position])
            for position, bins in model.bins.numbers.items()
        },
        {
            position: by_category(
                reference.columns[position], tuple(reference.categories.get(position, ()))
            )
            for position in model.bins.texts
        },
    )
