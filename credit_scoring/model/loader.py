"""Loading a folder of files into a checked `Bundle`."""

import logging
import sys
import warnings
from collections.abc import Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    read_metadata,
    read_pipeline,
)
from credit_scoring.data.client_tables import (
    NewTable,
    ReferenceTable,
    features_in,
    name_ignored,
    read_new,
    read_reference,
)
from credit_scoring.data.column_types import (
    FittedInput,
    check_categories,
    is_plain,
    pandas_types,
    unify_texts,
    with_declared,
)
from credit_scoring.data.feature_dictionary import FeatureDictionary, by_names, read_features
from credit_scoring.data.raw_batch import RawBatch, frame_of
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Categories, Table
from credit_scoring.errors import BadFile, cause, describe, first_few, foreign_code
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.classifiers.classifier import Classifier, choose_classifier
from credit_scoring.model.classifiers.classifier_input import without_prefixes
from credit_scoring.model.pipeline import (
    TRANSFORMED_AT_ONCE,
    Each,
    Transformed,
    inputs_of,
    transform,
)
from credit_scoring.model.pipeline_checks import (
    check_explanations,
    check_rows,
    check_scores,
    check_stored_probabilities,
)
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.reference_scores import reference_scores
from credit_scoring.model.scorecard import Scorecard
from credit_scoring.model.transformers.fitted_inputs import fitted_inputs
from credit_scoring.model.transformers.transformer import RawTransformer
from credit_scoring.model.transformers.transformer_trace import is_element_by_element
from credit_scoring.model.transformers.vectorised_transformer import vectorise

log = logging.getLogger(__name__)


def load(folder: Path, model_sha256: str | None = None) -> Bundle:
    """Read and check a folder of files.

    Args:
        folder: holds ``model.joblib``, ``train_samp.csv``, ``test_samp.csv`` and perhaps
            ``model.json`` and ``features.csv``.
        model_sha256: the SHA-256 that ``model.joblib`` must have, whatever ``model.json`` says.

    Raises:
        BadFile: a file is missing, unreadable or contradicts another, or a client's score differs
            from that of the pipeline.
    """
    with foreign_code(str(folder), lambda error: f"cannot be loaded: {cause(error)}"):
        model = _read_model(folder, model_sha256)
        # They get this thread's profile function, which may measure it or make it give way.
        threads = ThreadPoolExecutor(2, initializer=sys.setprofile, initargs=(sys.getprofile(),))
        with warnings.catch_warnings(), threads:
            # `read_table` handles columns of mixed types itself.
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            return _load(folder, model, threads)


@dataclass(frozen=True, eq=False)
class _Model:
    """A folder's model and feature dictionary, read without its tables."""

    metadata: Mapping[str, Any]
    scorecard: Scorecard
    pipeline: Pipeline
    sha256: str
    features: tuple[str, ...]  # in the order of the reference file
    dictionary: FeatureDictionary
    dictionary_sha256: str | None
    types: Mapping[str, FittedInput]  # recorded by the model or declared in the dictionary
    is_element_by_element: bool
    classifier: Classifier


@dataclass(frozen=True, eq=False)
class _Tables:
    """Both tables with the same text features, checked against the model and the dictionary."""

    reference: ReferenceTable
    new: NewTable
    inputs: tuple[str, ...]  # features that the transformer takes, in its order
    dtypes: Mapping[str, Any]  # pandas' types of the inputs


def _load(folder: Path, model: _Model, threads: Executor) -> Bundle:
    """Read both tables beside each other, then transform, score and check their clients."""
    hashes = model.metadata.get("sha256", {})
    reading = threads.submit(
        read_new, folder / NEW_FILE, hashes.get(NEW_FILE), model.features, model.types
    )
    beginning = _begin_transforming(model, reading, threads)
    reference = read_reference(
        folder / REFERENCE_FILE, hashes.get(REFERENCE_FILE), model.features, model.types
    )
    tables = _checked_tables(model, reference, reading.result())
    transformed = _transformed(model, tables, beginning, threads.map)
    scorer = _scorer(model, tables, transformed)
    check_scores(model.classifier, transformed, threads.map)
    raw_output = check_explanations(model.classifier, transformed)
    new, values = tables.new, transformed.values
    return Bundle(
        features=model.features,
        client_ids=tuple(new.ids),
        threshold=model.metadata["threshold"],
        sha256={
            MODEL_FILE: model.sha256,
            REFERENCE_FILE: reference.sha256,
            NEW_FILE: new.sha256,
            **({FEATURES_FILE: model.dictionary_sha256} if model.dictionary_sha256 else {}),
        },
        metadata=model.metadata,
        classifier=model.classifier,
        names=scorer.names,
        full_names=transformed.to_classifier.names,
        may_miss=np.asarray(np.isnan(values).any(axis=0)).tolist(),
        raw=new.table,
        transformed=values,
        reference=_checked_population(scorer, tables, transformed, threads.map),
        scorer=scorer,
        scorecard=model.scorecard,
        raw_output=raw_output,
        probability_at_start=model.classifier.probability(values[0]),
    )


def _read_model(folder: Path, model_sha256: str | None) -> _Model:
    """Read all files except the tables, and the header of the reference file."""
    metadata = read_metadata(folder / METADATA_FILE)
    scorecard = Scorecard.of_metadata(metadata)  # may refuse the folder before code is unpickled
    hashes = metadata.get("sha256", {})
    pipeline, sha256 = read_pipeline(folder / MODEL_FILE, [hashes.get(MODEL_FILE), model_sha256])
    features = features_in(folder / REFERENCE_FILE)
    dictionary, dictionary_sha256 = by_names(features), None
    if features:  # else `read_reference` refuses the table
        dictionary, dictionary_sha256 = read_features(
            folder / FEATURES_FILE, hashes.get(FEATURES_FILE), features
        )
    with foreign_code(MODEL_FILE, lambda error: f"cannot be followed: {describe(error)}"):
        fitted = fitted_inputs(pipeline[0], pipeline[1], features)
        is_traced = is_element_by_element(pipeline[0])
    return _Model(
        metadata=metadata,
        scorecard=scorecard,
        pipeline=pipeline,
        sha256=sha256,
        features=tuple(features),
        dictionary=dictionary,
        dictionary_sha256=dictionary_sha256,
        types=with_declared(fitted, dictionary),
        is_element_by_element=is_traced,
        classifier=choose_classifier(pipeline[1]),
    )


def _begin_transforming(
    model: _Model, reading: Future[NewTable], threads: Executor
) -> Future[Transformed] | None:
    """Transform the first new clients while the reference file is read.

    None if that file may still change the types of the inputs.
    """
    inputs: list[str] = []
    with suppress(BadFile):  # `_checked_tables` raises it, after errors of the tables
        inputs = inputs_of(model.pipeline[0], model.features)
    is_settled = model.is_element_by_element and all(
        name in model.types and is_plain(model.types[name]) for name in inputs
    )
    if not inputs or not is_settled:
        return None

    def first_chunk() -> Transformed:
        frame = reading.result().frame[:TRANSFORMED_AT_ONCE]
        return transform(model.pipeline, model.classifier, frame, inputs)

    return threads.submit(first_chunk)


def _checked_tables(model: _Model, reference: ReferenceTable, new: NewTable) -> _Tables:
    """Unify the text features of both tables, and check all values."""
    features, dictionary = model.features, model.dictionary
    name_ignored(new.frame, features)
    inputs = inputs_of(model.pipeline[0], features)
    population, table = unify_texts(features, inputs, reference.population, new.table)
    dictionary.check_kinds({features[column] for column in table.categories})
    for file, columns, categories in (
        (REFERENCE_FILE, population.columns, population.categories),
        (NEW_FILE, list(table.values.T), table.categories),
    ):
        check_categories(file, features, model.types, columns, categories)
        dictionary.check(file, dict(zip(features, columns, strict=True)))
    if protected := [feature.label for feature in dictionary.protected]:
        log.warning("the model uses features that law protects: %s", first_few(protected))
    dtypes = pandas_types(inputs, model.types, reference.dtypes, dict(new.frame.dtypes))
    return _Tables(
        replace(reference, population=population), replace(new, table=table), tuple(inputs), dtypes
    )


def _transformed(
    model: _Model, tables: _Tables, beginning: Future[Transformed] | None, each: Each
) -> Transformed:
    """All new clients, transformed and scored by the pipeline."""
    pipeline, classifier, new = model.pipeline, model.classifier, tables.new
    if beginning is not None:
        begun = beginning.result()
        return transform(pipeline, classifier, new.frame, tables.inputs, begun, each)
    rows = RawBatch.of_table(np.array(new.table.values), new.table.categories)
    columns = {name: model.features.index(name) for name in tables.inputs}
    frame = frame_of(rows, columns, tables.dtypes)
    return transform(pipeline, classifier, frame, tables.inputs)


def _scorer(model: _Model, tables: _Tables, transformed: Transformed) -> RawScorer:
    transformer = RawTransformer(
        model.pipeline[0], model.features, tables.inputs, transformed.to_classifier, tables.dtypes
    )
    table = tables.new.table
    texts = _categories(tables.reference.population.categories, table.categories)
    return RawScorer(
        transformer=vectorise(transformer, table, texts, transformed.values),
        classifier=model.classifier,
        dictionary=model.dictionary,
        names=tuple(without_prefixes(model.pipeline[0], transformed.to_classifier.names)),
        texts=texts,
        literal={
            column: model.types.get(model.features[column], FittedInput("text")).literal
            for column in texts
        },
    )


def _checked_population(
    scorer: RawScorer, tables: _Tables, transformed: Transformed, each: Each
) -> ReferencePopulation:
    """The reference population, scored if its file has probabilities to compare with."""
    population, stored = tables.reference.population, tables.reference.stored
    if scorer.transformer.vectorised is None:
        reference = Table(np.column_stack(population.columns), population.categories)
        check_rows(scorer.transformer, tables.new.table, transformed.values, reference)
    if stored is None:
        return population
    scores = reference_scores(scorer, population, each)
    check_stored_probabilities(scores, stored)
    return replace(population, scores=scores)


def _categories(*tables: Categories) -> dict[int, frozenset[str | None]]:
    """The categories of each text feature in all tables, and None for a missing one, by column."""
    columns = sorted({column for categories in tables for column in categories})
    return {
        column: frozenset({None}.union(*(table.get(column, ()) for table in tables)))
        for column in columns
    }
