"""A worker: it loads the bundle once, and makes the part file of one chunk after another."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import MODEL_FILE, unreadable
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.batch_scoring import BatchScorer, Explained
from credit_scoring.errors import BadFile, describe, errors_only, foreign_code, naming
from credit_scoring.explain.peers import find_peers
from credit_scoring.explain.tree_kernel.acceleration import accelerate
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from credit_scoring.model.reference_scores import reference_scores
from credit_scoring.monitoring.psi import NumberBins, by_category
from portfolio.counts import Bins, Counts, Labels, count_intervals
from portfolio.job import Job, Problem, RunError, installed, sha256_of
from portfolio.output.part import PartRecord, PartWriter
from portfolio.tables.chunk import Chunk, ChunkRows, Columns, repeated_in_chunk
from portfolio.tables.csv_file import read_csv_chunk
from portfolio.tables.parquet_file import read_parquet_chunk

CHECKED = 20  # clients that are explained in both ways

_one_at_a_time = Lock()


@dataclass(frozen=True, eq=False)
class WorkerBundle:
    """The bundle, and all that is computed from it once.

    Attributes:
        scorer: has the bundle.
        reference_probabilities: of default, of the reference population.
        bins: of the population stability index.
        labels: of grades and themes.
    """

    scorer: BatchScorer
    reference_probabilities: Matrix
    bins: Bins
    labels: Labels


@dataclass(frozen=True, eq=False)
class ReferenceCounts:
    """Counts of the reference population, with which scored rows are compared.

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


class BadRow(RunError):
    """A row that ends the run."""

    def __init__(self, row: int, text: str) -> None:
        super().__init__(text)
        self.row = row


def count_reference(job: Job) -> ReferenceCounts | Problem:
    """Count the reference population of a job's bundle, or say why it cannot be used."""
    try:
        with foreign_code(job.folder, _failed):
            return _reference_counts(job)
    except BadFile as error:
        return _problem(error)


def score_chunk(job: Job, chunk: Chunk) -> PartRecord | Problem:
    """Make the part file of a chunk and its record, or say why it cannot be made."""
    try:
        with foreign_code(chunk.file, _failed):
            return _make_part(job, chunk)
    except BadFile as error:
        return _problem(error)


def _failed(error: BaseException) -> str:
    """Describe an error without its text, which may hold a client's value."""
    if isinstance(error, OSError):
        return unreadable(error)
    return f"cannot be scored ({type(error).__name__})"


def _problem(error: BadFile) -> Problem:
    """Describe an error to the command: `foreign_code` has made it a `BadFile`."""
    cause = error.__cause__
    row = cause.row if isinstance(cause, BadRow) else None
    return Problem(str(cause if isinstance(cause, RunError) else error), row)


def _make_part(job: Job, chunk: Chunk) -> PartRecord:
    bundle = _bundle_of(job)
    scorer, columns = bundle.scorer, Columns.find(bundle.scorer.bundle, chunk)
    part = PartWriter(job, chunk, bundle.bins, bundle.labels)
    for rows in _distinct_rows(chunk, columns):
        given = [*columns.numbers, *columns.texts]
        good = rows.without_indices(scorer.problems(rows.values, given))
        transformed = scorer.transform(good.values, columns.computed)
        good = good.without_indices(transformed.refused)
        if good.bad and not job.collects_bad_rows:
            raise BadRow(*min(good.bad.items()))
        part.add(good, scorer.score(good.values, transformed.values))
    return part.write(columns.ignored)


def _distinct_rows(chunk: Chunk, columns: Columns) -> Iterator[ChunkRows]:
    """Read the rows that are to be scored, without those whose id occurs before."""
    left_out = dict(chunk.left_out)
    ids: NDArray[Any] = np.empty(0, object if columns.has_text_ids else np.int64)
    row_numbers = np.empty(0, np.int64)
    for found in (
        read_parquet_chunk(chunk, columns) if chunk.groups else [read_csv_chunk(chunk, columns)]
    ):
        rows = found.without(left_out)
        ids, row_numbers = np.append(ids, rows.ids), np.append(row_numbers, rows.row_numbers)
        yield rows.without(repeated_in_chunk(ids, row_numbers))


def _reference_counts(job: Job) -> ReferenceCounts:
    loaded = _bundle_of(job)
    bundle, bins, probabilities = loaded.scorer.bundle, loaded.bins, loaded.reference_probabilities
    columns, categories = bundle.reference.columns, bundle.reference.categories
    counts = Counts(
        len(bundle.reference),
        intervals=count_intervals(probabilities),
        score=bins.score.counts(probabilities),
        numbers={at: number_bins.counts(columns[at]) for at, number_bins in bins.numbers.items()},
        texts={at: by_category(columns[at], tuple(categories.get(at, ()))) for at in bins.texts},
    )
    labels = tuple(feature.label for feature in bundle.dictionary.features.values())
    return ReferenceCounts(bundle.features, labels, loaded.labels.grades, bundle.threshold, counts)


def _bundle_of(job: Job) -> WorkerBundle:
    """Return the bundle of a job, which is loaded for the first chunk of a process."""
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
            Path(job.folder), job.model_file, tuple(sorted(job.sha256.items())), job.explained,
            job.fast_explanations,
        )  # fmt: skip


@lru_cache(maxsize=1)
def _load(
    folder: Path,
    model_file: str,
    sha256: tuple[tuple[str, str], ...],
    explained: Explained,
    fast: bool,
) -> WorkerBundle:
    hashes = dict(sha256)
    with errors_only():
        bundle = load(folder, hashes[model_file])
    _check_hashes(folder, bundle, hashes)
    peers, grades = None, tuple(grade.grade for grade in bundle.scorecard.grades)
    labels = Labels(grades)
    with naming(MODEL_FILE, bundle.model_file), foreign_code(MODEL_FILE, describe):
        if explained == "none":
            probabilities = reference_scores(bundle.scorer, bundle.reference)
        else:
            if fast:
                accelerate(bundle.classifier, bundle.transformed[:CHECKED])
            peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
            probabilities = peers.probabilities
            labels = Labels(grades, peers.attribution.themes)
    text_features = frozenset(bundle.scorer.texts)
    numbers = {
        at: NumberBins.of(column)
        for at, column in enumerate(bundle.reference.columns)
        if at not in text_features
    }
    bins = Bins(numbers, text_features, NumberBins.of(probabilities))
    return WorkerBundle(BatchScorer(bundle, peers, explained), probabilities, bins, labels)


def _check_hashes(folder: Path, bundle: Bundle, hashes: dict[str, str]) -> None:
    found = dict(bundle.sha256)
    for name in hashes.keys() - found.keys():  # model.json, and modules that are not imported
        if (folder / name).exists():
            found[name] = sha256_of(folder / name)
    differing = sorted(name for name in {*found, *hashes} if found.get(name) != hashes.get(name))
    if differing:
        raise RunError(f"a worker has another {', '.join(differing)} than the run")
