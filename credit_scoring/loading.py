"""A folder of files, read and checked, to a `Scorer`."""

import logging
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from credit_scoring.array_transformer import with_arrays
from credit_scoring.classifier import choose_classifier
from credit_scoring.errors import BadFile, describe, first_few, foreign_code
from credit_scoring.features import read_features
from credit_scoring.files import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    read_metadata,
    read_pipeline,
    unreadable,
)
from credit_scoring.pipeline import check_scores, inputs_of, transform, without_prefixes
from credit_scoring.raw_rows import RawTransformer
from credit_scoring.raw_scorer import RawScorer
from credit_scoring.records import RecordReader
from credit_scoring.reference import Reference
from credit_scoring.scale import Scale
from credit_scoring.scorer import Scorer
from credit_scoring.tables import (
    Categories,
    Table,
    as_float_columns,
    check_kinds,
    check_range,
    classes,
    client_ids,
    features_of,
    read_table,
)

CHECKED_CLIENTS = 8  # how many clients are scored both ways and explained

log = logging.getLogger(__name__)


def load(folder: Path, model_sha256: str | None = None) -> Scorer:
    """Read and check a folder of files.

    Args:
        folder: holds ``model.joblib``, ``train_samp.csv``, ``test_samp.csv`` and perhaps
            ``model.json`` and ``features.csv``.
        model_sha256: the SHA-256 that ``model.joblib`` must have, whatever ``model.json`` says.

    Raises:
        BadFile: a file is missing, unreadable or at odds with the others.
    """
    with foreign_code(str(folder), lambda error: f"cannot be loaded: {describe(error)}"):
        return _load(folder, model_sha256)


def _load(folder: Path, model_sha256: str | None) -> Scorer:
    metadata = read_metadata(folder / METADATA_FILE)
    scale = Scale.of_metadata(metadata)  # what is malformed is refused before unpickling
    hashes = metadata.get("sha256", {})
    pipeline, model_hash = read_pipeline(
        folder / MODEL_FILE, [hashes.get(MODEL_FILE), model_sha256]
    )
    reference_path, new_path = folder / REFERENCE_FILE, folder / NEW_FILE
    features = _features_in(reference_path)
    # What keeps this thread from holding others up, or measures it, has the second one too.
    second = ThreadPoolExecutor(1, initializer=sys.setprofile, initargs=(sys.getprofile(),))
    with warnings.catch_warnings(), second as beside:
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # `read_table` looks for itself
        # One thread takes these in turn: the second finds the first one done.
        reading = beside.submit(_read_new, new_path, hashes.get(NEW_FILE), features)
        transforming = beside.submit(lambda: transform(pipeline[0], reading.result()[0], features))
        reference, reference_hash = _read_reference(
            reference_path, hashes.get(REFERENCE_FILE), features
        )
        new, ids, raw, new_hash = reading.result()
        _name_ignored(new, features)
        check_kinds(
            features,
            (reference.columns, reference.categories),
            (list(raw.values.T), raw.categories),
        )
        dictionary, dictionary_hash = read_features(
            folder / FEATURES_FILE,
            hashes.get(FEATURES_FILE),
            features,
            {features[position] for position in (*reference.categories, *raw.categories)},
        )
        for file, columns in ((REFERENCE_FILE, reference.columns), (NEW_FILE, raw.values.T)):
            dictionary.check(file, dict(zip(features, columns, strict=True)))
        if protected := [feature.label for feature in dictionary.protected]:
            log.warning("the model uses features that law protects: %s", first_few(protected))
        full_names, transformed = transforming.result()
    names = without_prefixes(pipeline[0], full_names)
    classifier = choose_classifier(pipeline[1], names)
    largest = classifier.largest
    beyond = (transformed > largest).any(axis=0) | (transformed < -largest).any(axis=0)
    check_range(NEW_FILE, [names[column] for column in np.flatnonzero(beyond)])

    checked = np.unique(np.linspace(0, len(new) - 1, CHECKED_CLIENTS, dtype=int))
    inputs = inputs_of(pipeline[0], features)
    raw_output = check_scores(pipeline, classifier, new.iloc[checked][inputs], transformed[checked])
    texts = _categories(reference.categories, raw.categories)
    transformer = RawTransformer(
        pipeline[0],
        tuple(features),
        tuple(inputs),
        {str(name): dtype for name, dtype in new.dtypes.items()},
    )
    may_miss = np.asarray(np.isnan(transformed).any(axis=0)).tolist()
    return Scorer(
        features=tuple(features),
        client_ids=tuple(ids),
        threshold=metadata["threshold"],
        sha256={
            MODEL_FILE: model_hash,
            REFERENCE_FILE: reference_hash,
            NEW_FILE: new_hash,
            **({FEATURES_FILE: dictionary_hash} if dictionary_hash else {}),
        },
        metadata=metadata,
        classifier=classifier,
        records=RecordReader(tuple(names), tuple(full_names), may_miss, largest),
        raw=raw,
        transformed=transformed,
        reference=reference,
        desk=RawScorer(
            transformer=with_arrays(transformer, raw, texts, len(names)),
            classifier=classifier,
            dictionary=dictionary,
            names=tuple(names),
            texts=texts,
        ),
        scale=scale,
        raw_output=raw_output,
        probability_at_start=classifier.probability(transformed[0]),
    )


def _categories(*tables: Categories) -> dict[int, frozenset[str | None]]:
    """The categories of either table, and None for a missing one, by a text feature's position."""
    positions = sorted({position for categories in tables for position in categories})
    return {
        position: frozenset({None}.union(*(table.get(position, ()) for table in tables)))
        for position in positions
    }


def _features_in(path: Path) -> list[str]:
    """The features that the header names; what is wrong with it is said when all is read."""
    with foreign_code(path.name, unreadable), suppress(OSError, ValueError):
        return features_of(pd.read_csv(path, nrows=0))
    return []


def _read_reference(
    path: Path, expected: str | None, features: Sequence[str]
) -> tuple[Reference, str]:
    """The reference clients, and the file's SHA-256."""
    with foreign_code(path.name, unreadable):
        frame, sha256 = read_table(path, expected)
        client_ids(path.name, frame)
        labels = classes(path.name, frame)
        if features_of(frame) != features:
            raise BadFile(path.name, "changed while it was read")
        by_class = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
        return Reference(*as_float_columns(path.name, frame, features), by_class), sha256


def _read_new(
    path: Path, expected: str | None, features: Sequence[str]
) -> tuple[pd.DataFrame, list[int], Table, str]:
    """The new clients as pandas reads them, their ids and values, and the file's SHA-256."""
    with foreign_code(path.name, unreadable):
        frame, sha256 = read_table(path, expected)
        ids = client_ids(path.name, frame)
        missing = [name for name in features if name not in frame]
        if missing:
            raise BadFile(path.name, f"lacks features of {REFERENCE_FILE}: {first_few(missing)}")
        columns, categories = as_float_columns(path.name, frame, features)
        values = np.empty((len(frame), len(features)))
        for position, column in enumerate(columns):
            values[:, position] = column
        return frame, ids, Table(values, categories), sha256


def _name_ignored(new: pd.DataFrame, features: Sequence[str]) -> None:
    """Name what else is there, and is not served."""
    known = set(features)
    others = [name for name in features_of(new) if name not in known]
    if others:
        log.warning(
            "%s: columns that %s lacks are ignored: %s", NEW_FILE, REFERENCE_FILE, first_few(others)
        )
