"""The bundle as a worker needs it: loaded, checked and prepared once in a process."""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.batch_scoring import BatchScorer, Explained
from credit_scoring.errors import describe, foreign_code
from credit_scoring.explain.acceleration import accelerate
from credit_scoring.explain.peers import find_peers
from credit_scoring.explain.reason_codes import WORDINGS, wording
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from credit_scoring.model.reference_scores import reference_scores
from credit_scoring.monitoring.psi import NumberBins, by_category
from portfolio.counts import Bins, Counts, Labels, count_intervals
from portfolio.job import Job, RunError, installed, sha256_of

CHECKED = 20  # clients that are explained in both ways

_one_at_a_time = Lock()


@dataclass(frozen=True, eq=False)
class WorkerBundle:
    """A bundle and all that is computed from it once.

    Attributes:
        bundle: as the service loads it.
        scorer: of many rows.
        reference_probabilities: of default, of the reference population.
        bins: of the population stability index.
        labels: of grades, themes and texts.
    """

    bundle: Bundle
    scorer: BatchScorer
    reference_probabilities: Matrix
    bins: Bins
    labels: Labels


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference population, with which scored rows are compared.

    Attributes:
        features: names, in the order of the tables.
        labels: words for the features.
        grades: names of the grades.
        threshold: decision threshold, a probability.
        counts: of its clients; without decisions, grades and reasons.
    """

    features: tuple[str, ...]
    labels: tuple[str, ...]
    grades: tuple[str, ...]
    threshold: float
    counts: Counts


def bundle_of(job: Job) -> WorkerBundle:
    """Return the bundle of a job, which is loaded for the first chunk of a process.

    Raises:
        RunError: this process has other libraries or another bundle.
        BadFile: the bundle cannot be used.
    """
    here = installed()
    other = {name: has for name, has in here.items() if has != job.versions.get(name)}
    if other:
        wanted = ", ".join(f"{name} {job.versions.get(name)}" for name in other)
        raise RunError(
            f"a worker has {', '.join(' '.join(pair) for pair in other.items())},"
            f" but the run has {wanted}"
        )
    with _one_at_a_time:
        return _load(
            Path(job.folder), tuple(sorted(job.sha256.items())), job.explained,
            job.fast_explanations,
        )  # fmt: skip


@lru_cache(maxsize=1)
def _load(
    folder: Path, sha256: tuple[tuple[str, str], ...], explained: Explained, fast: bool
) -> WorkerBundle:
    hashes = dict(sha256)
    with _errors_only(logging.getLogger("credit_scoring")):
        bundle = load(folder, hashes[MODEL_FILE])
    _check_hashes(folder, bundle, hashes)
    peers, grades = None, tuple(grade.grade for grade in bundle.scorecard.grades)
    labels = Labels(grades)
    with foreign_code(MODEL_FILE, describe):
        if explained == "none":
            probabilities = reference_scores(bundle.scorer, bundle.reference)
        else:
            if fast:
                accelerate(bundle.classifier, bundle.transformed[:CHECKED])
            peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
            probabilities = peers.probabilities
            attribution = peers.attribution
            factors = range(len(attribution.factors))
            texts = [
                wording(attribution, factor, which) for factor in factors for which in WORDINGS
            ]
            labels = Labels(grades, tuple(attribution.themes), tuple(texts))
    text_features = frozenset(bundle.scorer.texts)
    numbers = {
        at: NumberBins.of(column)
        for at, column in enumerate(bundle.reference.columns)
        if at not in text_features
    }
    bins = Bins(numbers, text_features, NumberBins.of(probabilities))
    return WorkerBundle(bundle, BatchScorer(bundle, peers, explained), probabilities, bins, labels)


def _check_hashes(folder: Path, bundle: Bundle, hashes: dict[str, str]) -> None:
    found = dict(bundle.sha256)
    if METADATA_FILE in hashes and (folder / METADATA_FILE).exists():
        found[METADATA_FILE] = sha256_of(folder / METADATA_FILE)
    differing = sorted(name for name in {*found, *hashes} if found.get(name) != hashes.get(name))
    if differing:
        raise RunError(f"a worker has another {', '.join(differing)} than the run")


@contextlib.contextmanager
def _errors_only(logger: logging.Logger) -> Iterator[None]:
    """Silence warnings, which the service logs: each worker would repeat them."""
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def count_reference(job: Job) -> Reference:
    """Count the reference population of a job's bundle.

    Raises:
        RunError: see `bundle_of`.
        BadFile: see `bundle_of`.
    """
    loaded = bundle_of(job)
    bundle, bins, probabilities = loaded.bundle, loaded.bins, loaded.reference_probabilities
    columns, categories = bundle.reference.columns, bundle.reference.categories
    counts = Counts(
        len(bundle.reference),
        intervals=count_intervals(probabilities),
        score=bins.score.counts(probabilities),
        numbers={at: number_bins.counts(columns[at]) for at, number_bins in bins.numbers.items()},
        texts={at: by_category(columns[at], tuple(categories.get(at, ()))) for at in bins.texts},
    )
    labels = tuple(feature.label for feature in bundle.dictionary.features.values())
    return Reference(bundle.features, labels, loaded.labels.grades, bundle.threshold, counts)
