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

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    ID,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
)
from credit_scoring.data.raw_batch import RawBatch, frame_of
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.table_files.client_tables import (
    NewTable,
    ReferenceTable,
    name_ignored,
    read_new,
    read_reference,
)
from credit_scoring.data.table_files.column_types import (
    FittedInput,
    check_categories,
    is_plain,
    pandas_types,
    unify_texts,
)
from credit_scoring.data.tables import Categories, Table
from credit_scoring.errors import BadFile, cause, first_few, foreign_code, naming
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.checks.pipeline_checks import (
    check_explanations,
    check_rows,
    check_scores,
)
from credit_scoring.model.checks.proof import check_is_provable, check_original, prove
from credit_scoring.model.classifiers.classifier_input import without_prefixes
from credit_scoring.model.model_definition import ModelDefinition, read_model_definition
from credit_scoring.model.pipeline import (
    TRANSFORMED_AT_ONCE,
    Each,
    Transformed,
    inputs_of,
    transform,
)
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.reference_scores import reference_scores, transformed_reference
from credit_scoring.model.transformers.transformer import RawTransformer
from credit_scoring.model.transformers.transformer_trace import is_identity
from credit_scoring.model.transformers.vectorised_transformer import vectorise

log = logging.getLogger(__name__)


def load(folder: Path, model_sha256: str | None = None) -> Bundle:
    """Read and check a folder of files.

    Args:
        folder: holds ``model.joblib`` or ``model.skops``, ``train_samp.csv``, ``test_samp.csv``,
            and perhaps ``model.json``, ``features.csv`` and modules of the model's makers.
        model_sha256: the SHA-256 that the model file must have, whatever ``model.json`` says.

    Raises:
        BadFile: a file is missing, unreadable or contradicts another, or a client's score differs
            from that of the pipeline.
    """
    with foreign_code(str(folder), lambda error: f"cannot be loaded: {cause(error)}"):
        model = read_model_definition(folder, model_sha256)
        # They get this thread's profile function, which may measure it or make it give way.
        threads = ThreadPoolExecutor(2, initializer=sys.setprofile, initargs=(sys.getprofile(),))
        with naming(MODEL_FILE, model.file.name), warnings.catch_warnings(), threads:
            # `read_table` handles columns of mixed types itself.
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            return _load(folder, model, threads)


@dataclass(frozen=True, eq=False)
class _Tables:
    """Both tables with the same text features, checked against the model and the dictionary."""

    reference: ReferenceTable
    new: NewTable
    inputs: tuple[str, ...]  # features that the transformer takes, in its order
    dtypes: Mapping[str, Any]  # pandas' types of the inputs


def _load(folder: Path, model: ModelDefinition, threads: Executor) -> Bundle:
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
    check_is_provable(reference.stored, model.file.written_by)
    if (
        model.fitted.is_in_table_order
        and not model.fitted.is_unchanged
        and reference.stored is None
    ):
        log.warning(
            "%s: records no names of its columns: they are taken in the order of %s, and no column"
            " %s proves it",
            model.file.name,
            REFERENCE_FILE,
            PROBA,
        )
    population, table = tables.reference.population, tables.new.table
    known = _categories(population.categories, table.categories)
    model = model.taking_texts(tables.inputs, tables.dtypes, known)
    transformed = _transformed(model, tables, beginning, threads.map)
    scorer = _scorer(model, tables, transformed)
    scores = check_scores(scorer.classifier, transformed, threads.map)
    check_original(
        model.fitted, tables.new.frame, tables.dtypes, scores, scorer.classifier.tolerance
    )
    if scorer.classifier.needs_background:
        background = transformed_reference(scorer, tables.reference.population, threads.map)
        scorer = replace(scorer, classifier=scorer.classifier.explained_against(background))
    check_explanations(scorer.classifier, transformed)
    new, values = tables.new, transformed.values
    return Bundle(
        features=model.features,
        client_ids=tuple(new.ids),
        threshold=model.threshold,
        model_file=model.file.name,
        sha256={
            model.file.name: model.file.sha256,
            **model.file.modules,
            REFERENCE_FILE: reference.sha256,
            NEW_FILE: new.sha256,
            **({FEATURES_FILE: model.dictionary_sha256} if model.dictionary_sha256 else {}),
        },
        metadata=model.metadata,
        metadata_sha256=model.metadata_sha256,
        classifier=scorer.classifier,
        names=scorer.names,
        full_names=transformed.to_classifier.names,
        may_miss=np.asarray(np.isnan(values).any(axis=0)).tolist(),
        raw=new.table,
        transformed=values,
        reference=_checked_population(model, scorer, tables, transformed, threads.map),
        scorer=scorer,
        scorecard=model.scorecard,
        probability_at_start=scorer.classifier.probability(values[0]),
    )


def _begin_transforming(
    model: ModelDefinition, reading: Future[NewTable], threads: Executor
) -> Future[Transformed] | None:
    """Transform the first new clients while the reference file is read.

    None if that file may still change the types of the inputs.
    """
    inputs: list[str] = []
    with suppress(BadFile):  # `_checked_tables` raises it, after errors of the tables
        inputs = inputs_of(model.fitted.pipeline[0], model.features)
    is_settled = model.is_element_by_element and all(
        name in model.types and is_plain(model.types[name]) for name in inputs
    )
    if is_settled and is_identity(model.fitted.pipeline[0]):  # see `taking_texts`
        is_settled = all(model.types[name].kind == "number" for name in inputs)
    if not inputs or not is_settled:
        return None

    def first_chunk() -> Transformed:
        frame = reading.result().frame[:TRANSFORMED_AT_ONCE]
        return transform(model.fitted, model.classifier, frame, inputs)

    return threads.submit(first_chunk)


def _checked_tables(model: ModelDefinition, reference: ReferenceTable, new: NewTable) -> _Tables:
    """Unify the text features of both tables, and check all values."""
    features, dictionary = model.features, model.dictionary
    name_ignored(new.frame, features)
    inputs = inputs_of(model.fitted.pipeline[0], features)
    population, table = unify_texts(features, inputs, reference.population, new.table)
    dictionary.check_kinds({features[column] for column in table.categories})
    for file, columns, categories in (
        (REFERENCE_FILE, population.columns, population.categories),
        (NEW_FILE, list(table.values.T), table.categories),
    ):
        check_categories(file, features, model.types, columns, categories)
        dictionary.check(file, dict(zip(features, columns, strict=True)))
    if ID in features:
        log.warning("the model takes the clients' ids, %s, as a feature: was it meant to?", ID)
    if protected := [feature.label for feature in dictionary.protected]:
        log.warning("the model uses features that law protects: %s", first_few(protected))
    dtypes = pandas_types(inputs, model.types, reference.dtypes, dict(new.frame.dtypes))
    return _Tables(
        replace(reference, population=population), replace(new, table=table), tuple(inputs), dtypes
    )


def _transformed(
    model: ModelDefinition, tables: _Tables, beginning: Future[Transformed] | None, each: Each
) -> Transformed:
    """All new clients, transformed and scored by the pipeline."""
    fitted, classifier, new = model.fitted, model.classifier, tables.new
    if beginning is not None:
        begun = beginning.result()
        return transform(fitted, classifier, new.frame, tables.inputs, begun, each)
    rows = RawBatch.of_table(np.array(new.table.values), new.table.categories)
    columns = {name: model.features.index(name) for name in tables.inputs}
    frame = frame_of(rows, columns, tables.dtypes)
    return transform(fitted, classifier, frame, tables.inputs)


def _scorer(model: ModelDefinition, tables: _Tables, transformed: Transformed) -> RawScorer:
    transformer = RawTransformer(
        model.fitted.pipeline[0],
        model.features,
        tables.inputs,
        transformed.to_classifier,
        tables.dtypes,
    )
    table = tables.new.table
    texts = _categories(tables.reference.population.categories, table.categories)
    return RawScorer(
        transformer=vectorise(transformer, table, texts, transformed.values),
        classifier=model.classifier,
        dictionary=model.dictionary,
        names=tuple(without_prefixes(model.fitted.pipeline[0], transformed.to_classifier.names)),
        texts=texts,
        literal={
            column: model.types.get(model.features[column], FittedInput("text")).literal
            for column in texts
        },
    )


def _checked_population(
    model: ModelDefinition, scorer: RawScorer, tables: _Tables, transformed: Transformed, each: Each
) -> ReferencePopulation:
    """The reference population, scored if its file has probabilities to compare with."""
    population, stored = tables.reference.population, tables.reference.stored
    if scorer.transformer.vectorised is None:
        reference = Table(np.column_stack(population.columns), population.categories)
        check_rows(scorer.transformer, tables.new.table, transformed.values, reference)
    if stored is None:
        return population
    scores = reference_scores(scorer, population, each)
    file, tolerance = model.file, scorer.classifier.tolerance
    prove(scores, stored, tolerance, file.name, file.written_by)
    return replace(population, scores=scores)


def _categories(*tables: Categories) -> dict[int, frozenset[str | None]]:
    """The categories of each text feature in all tables, and None for a missing one, by column."""
    columns = sorted({column for categories in tables for column in categories})
    return {
        column: frozenset({None}.union(*(table.get(column, ()) for table in tables)))
        for column in columns
    }
