"""A folder of files, read and checked, to a `Bundle`."""

import logging
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    read_metadata,
    read_pipeline,
)
from credit_scoring.data.client_tables import features_in, name_ignored, read_new, read_reference
from credit_scoring.data.column_types import (
    FittedInput,
    check_categories,
    is_plain,
    pandas_types,
    unify_texts,
    with_declared,
)
from credit_scoring.data.feature_dictionary import by_names, read_features
from credit_scoring.data.raw_batch import RawBatch, frame_of
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import (
    Categories,
    Table,
)
from credit_scoring.errors import BadFile, cause, describe, first_few, foreign_code
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.classifiers.classifier import choose_classifier
from credit_scoring.model.classifiers.classifier_input import without_prefixes
from credit_scoring.model.pipeline import TRANSFORMED_AT_ONCE, inputs_of, transform
from credit_scoring.model.pipeline_checks import (
    check_explanations,
    check_rows,
    check_scores,
    check_witness,
)
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.reference_scores import reference_scores
from credit_scoring.model.scorecard import Scorecard
from credit_scoring.model.transformers.fitted_inputs import fitted_inputs
from credit_scoring.model.transformers.transformer import RawTransformer
from credit_scoring.model.transformers.transformer_trace import is_element_by_element
from credit_scoring.model.transformers.vectorised_transformer import with_arrays

log = logging.getLogger(__name__)


def load(folder: Path, model_sha256: str | None = None) -> Bundle:
    """Read and check a folder of files.

    Args:
        folder: holds ``model.joblib``, ``train_samp.csv``, ``test_samp.csv`` and perhaps
            ``model.json`` and ``features.csv``.
        model_sha256: the SHA-256 that ``model.joblib`` must have, whatever ``model.json`` says.

    Raises:
        BadFile: a file is missing, unreadable or at odds with the others, or a client does not
            score as by the pipeline.
    """
    with foreign_code(str(folder), lambda error: f"cannot be loaded: {cause(error)}"):
        return _load(folder, model_sha256)


def _load(folder: Path, model_sha256: str | None) -> Bundle:
    metadata = read_metadata(folder / METADATA_FILE)
    scorecard = Scorecard.of_metadata(metadata)  # what is malformed is refused before unpickling
    hashes = metadata.get("sha256", {})
    pipeline, model_hash = read_pipeline(
        folder / MODEL_FILE, [hashes.get(MODEL_FILE), model_sha256]
    )
    reference_path, new_path = folder / REFERENCE_FILE, folder / NEW_FILE
    features = features_in(reference_path)
    dictionary, dictionary_hash = by_names(features), None
    if features:  # else the table is refused below
        dictionary, dictionary_hash = read_features(
            folder / FEATURES_FILE, hashes.get(FEATURES_FILE), features
        )
    with foreign_code(MODEL_FILE, lambda error: f"cannot be followed: {describe(error)}"):
        fitted = fitted_inputs(pipeline[0], pipeline[1], features)
        is_traced = is_element_by_element(pipeline[0])
    types = with_declared(fitted, dictionary)
    classifier = choose_classifier(pipeline[1])
    inputs: list[str] = []
    with suppress(BadFile):  # raised below, after errors of the tables
        inputs = inputs_of(pipeline[0], features)
    # What keeps this thread from holding others up, or measures it, these have too.
    threads = ThreadPoolExecutor(2, initializer=sys.setprofile, initargs=(sys.getprofile(),))
    with warnings.catch_warnings(), threads as beside:
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # `read_table` looks for itself
        reading = beside.submit(read_new, new_path, hashes.get(NEW_FILE), features, types)
        # The types of both tables count for a model that does not record its own.
        is_settled = is_traced and all(name in types and is_plain(types[name]) for name in inputs)
        transforming = None
        if inputs and is_settled:
            transforming = beside.submit(
                lambda: transform(
                    pipeline, classifier, reading.result().frame[:TRANSFORMED_AT_ONCE], inputs
                )
            )
        reference = read_reference(reference_path, hashes.get(REFERENCE_FILE), features, types)
        new = reading.result()
        name_ignored(new.frame, features)
        inputs = inputs_of(pipeline[0], features)
        unify_texts(
            features,
            inputs,
            (reference.columns, reference.categories),
            (list(new.values.T), new.categories),
        )
        dictionary.check_kinds({features[position] for position in new.categories})
        for file, columns, categories in (
            (REFERENCE_FILE, reference.columns, reference.categories),
            (NEW_FILE, list(new.values.T), new.categories),
        ):
            check_categories(file, features, types, columns, categories)
            dictionary.check(file, dict(zip(features, columns, strict=True)))
        if protected := [feature.label for feature in dictionary.protected]:
            log.warning("the model uses features that law protects: %s", first_few(protected))
        dtypes = pandas_types(inputs, types, reference.dtypes, dict(new.frame.dtypes))
        raw = Table(new.values, new.categories)
        if transforming is not None:
            begun = transforming.result()
            transformed = transform(pipeline, classifier, new.frame, inputs, begun, beside.map)
        else:
            rows = RawBatch.of_table(np.array(raw.values), raw.categories)
            places = {name: features.index(name) for name in inputs}
            frame = frame_of(rows, places, dtypes)
            transformed = transform(pipeline, classifier, frame, inputs)
        names = without_prefixes(pipeline[0], transformed.given.names)
        texts = _categories(reference.categories, raw.categories)
        transformer = RawTransformer(
            pipeline[0], tuple(features), tuple(inputs), transformed.given, dtypes
        )
        scorer = RawScorer(
            transformer=with_arrays(transformer, raw, texts, transformed.values),
            classifier=classifier,
            dictionary=dictionary,
            names=tuple(names),
            texts=texts,
            literal={at: types.get(features[at], FittedInput("text")).literal for at in texts},
        )
        clients = ReferencePopulation(reference.columns, reference.categories, reference.by_class)
        check_scores(classifier, transformed, beside.map)
        raw_output = check_explanations(classifier, transformed)
        if scorer.transformer.quickly is None:
            every = Table(np.column_stack(reference.columns), reference.categories)
            check_rows(scorer.transformer, raw, transformed.values, every)
        if reference.stored is not None:
            scores = reference_scores(scorer, clients, beside.map)
            check_witness(scores, reference.stored)
            clients = replace(clients, scores=scores)
    may_miss = np.asarray(np.isnan(transformed.values).any(axis=0)).tolist()
    return Bundle(
        features=tuple(features),
        client_ids=tuple(new.ids),
        threshold=metadata["threshold"],
        sha256={
            MODEL_FILE: model_hash,
            REFERENCE_FILE: reference.sha256,
            NEW_FILE: new.sha256,
            **({FEATURES_FILE: dictionary_hash} if dictionary_hash else {}),
        },
        metadata=metadata,
        classifier=classifier,
        names=tuple(names),
        full_names=transformed.given.names,
        may_miss=may_miss,
        raw=raw,
        transformed=transformed.values,
        reference=clients,
        scorer=scorer,
        scorecard=scorecard,
        raw_output=raw_output,
        probability_at_start=classifier.probability(transformed.values[0]),
    )


def _categories(*tables: Categories) -> dict[int, frozenset[str | None]]:
    """The categories of either table, and None for a missing one, by a text feature's position."""
    positions = sorted({position for categories in tables for position in categories})
    return {
        position: frozenset({None}.union(*(table.get(position, ()) for table in tables)))
        for position in positions
    }
