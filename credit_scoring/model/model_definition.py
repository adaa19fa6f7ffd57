"""`ModelDefinition`: the model of a folder and its description, read without the tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from credit_scoring.data.artifacts import (
    DEFAULT_THRESHOLD,
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    REFERENCE_FILE,
    Metadata,
    read_metadata,
)
from credit_scoring.data.features.feature_dictionary import FeatureDictionary, by_names
from credit_scoring.data.features.feature_file import read_features
from credit_scoring.data.model_file import ModelFile, read_model
from credit_scoring.data.table_files.client_tables import features_in
from credit_scoring.data.table_files.column_types import FittedInput, with_declared
from credit_scoring.errors import BadFile, describe, foreign_code, naming
from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.classifiers.fitted_categories import fitted_categories
from credit_scoring.model.classifiers.frame_model import FrameModel
from credit_scoring.model.containers.fitted_model import FittedModel, open_model
from credit_scoring.model.pipeline import takes_id
from credit_scoring.model.scorecard import Scorecard
from credit_scoring.model.transformers.fitted_inputs import fitted_inputs
from credit_scoring.model.transformers.transformer_trace import (
    is_element_by_element,
    is_identity,
)


@dataclass(frozen=True, eq=False)
class ModelDefinition:
    """A folder's model and feature dictionary.

    Attributes:
        metadata: the content of ``model.json``.
        metadata_sha256: of ``model.json``; None without that file.
        threshold: the decision threshold, a probability.
        scorecard: gives the probability of default, points and grade of a score.
        file: the model file.
        fitted: the model, opened from its containers.
        features: names of the features, in the order of the reference file.
        dictionary: of the features.
        dictionary_sha256: of ``features.csv``; None without that file.
        types: of features, recorded by the model or declared in the dictionary.
        is_element_by_element: true if the transformer surely treats each client alone.
        classifier: the last step of the model.
    """

    metadata: Mapping[str, Any]
    metadata_sha256: str | None
    threshold: float
    scorecard: Scorecard
    file: ModelFile
    fitted: FittedModel
    features: tuple[str, ...]
    dictionary: FeatureDictionary
    dictionary_sha256: str | None
    types: Mapping[str, FittedInput]
    is_element_by_element: bool
    classifier: Classifier

    def taking_texts(
        self,
        inputs: Sequence[str],
        dtypes: Mapping[str, Any],
        categories: Mapping[int, frozenset[str | None]],
    ) -> Self:
        """The model with a classifier that takes rows of doubles, if it takes texts itself.

        Args:
            inputs: the features that the model takes, in its order.
            dtypes: pandas' types of the inputs.
            categories: the texts of each text feature in both tables, by its column.
        """
        transformer, classifier = self.fitted.pipeline
        categorical = fitted_categories(classifier)
        known = {} if categorical is None else categorical.known
        texts = {
            at: sorted(
                text for text in {*categories[column], *known.get(at, ())} if isinstance(text, str)
            )
            for at, name in enumerate(inputs)
            if (column := self.features.index(name)) in categories
        }
        takes_frame = texts or (categorical is not None and categorical.columns)
        # LightGBM's codes of categories are those of `ClassifierInput`.
        if (
            not is_identity(transformer)
            or not takes_frame
            or isinstance(classifier, LGBMClassifier)
        ):
            return self
        levels = {}
        if categorical is not None and categorical.takes_levels:
            levels = {
                inputs[at]: pd.CategoricalDtype(pd.Index(np.array(values)))
                for at, values in known.items()
            }
        types = {**dtypes, **levels}
        taking = FrameModel(classifier, tuple(inputs), types, texts, frozenset(known))
        pipeline = Pipeline([("columns", transformer), ("model", taking)])
        return replace(
            self,
            fitted=replace(self.fitted, pipeline=pipeline),
            classifier=choose_classifier(taking, self.fitted.column),
        )


def read_model_definition(folder: Path, model_sha256: str | None = None) -> ModelDefinition:
    """Read all files except the tables, and the header of the reference file.

    Args:
        folder: has the files.
        model_sha256: the SHA-256 that the model file must have; None for any.

    Raises:
        BadFile: a file is missing, unreadable or contradicts another.
    """
    metadata = read_metadata(folder / METADATA_FILE)
    # It may refuse the folder before code is unpickled.
    scorecard = Scorecard.of_metadata(metadata.content)
    hashes = metadata.content.get("sha256", {})
    file = read_model(folder, hashes, model_sha256)
    with naming(MODEL_FILE, file.name):
        return _definition(folder, file, metadata, scorecard)


def _definition(
    folder: Path, file: ModelFile, metadata: Metadata, scorecard: Scorecard
) -> ModelDefinition:
    hashes = metadata.content.get("sha256", {})
    features = features_in(folder / REFERENCE_FILE)
    with foreign_code(MODEL_FILE, partial(_not_followed, file.model)):
        fitted = open_model(file.model, features, metadata.content.get("default_class"))
        transformer, classifier = fitted.pipeline
        with_id = takes_id(transformer)
    if with_id:
        features = features_in(folder / REFERENCE_FILE, with_id=True)
    dictionary, dictionary_sha256 = by_names(features), None
    if features:  # else `read_reference` refuses the table
        dictionary, dictionary_sha256 = read_features(
            folder / FEATURES_FILE, hashes.get(FEATURES_FILE), features
        )
    with foreign_code(MODEL_FILE, partial(_not_followed, transformer)):
        types = fitted_inputs(transformer, classifier, features)
        is_traced = is_element_by_element(transformer)
    return ModelDefinition(
        metadata=metadata.content,
        metadata_sha256=metadata.sha256,
        threshold=_threshold(metadata.content, fitted.threshold),
        scorecard=scorecard,
        file=file,
        fitted=fitted,
        features=tuple(features),
        dictionary=dictionary,
        dictionary_sha256=dictionary_sha256,
        types=with_declared(types, dictionary),
        is_element_by_element=is_traced,
        classifier=choose_classifier(classifier, fitted.column),
    )


def _not_followed(estimator: Any, error: BaseException) -> str:
    if isinstance(error, NotFittedError) or _is_unfitted(estimator):
        return "is not fitted: fit it, and write it again"
    return f"cannot be followed: {describe(error)}"


def _is_unfitted(estimator: Any) -> bool:
    """True for an estimator that scikit-learn takes for not fitted."""
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError) as error:
        return isinstance(error, NotFittedError)
    return False


def _threshold(metadata: Mapping[str, Any], own: float | None) -> float:
    """The decision threshold of ``model.json``, else that of the model itself, else the default."""
    stated: float | None = metadata.get("threshold")
    if stated is None:
        return DEFAULT_THRESHOLD if own is None else own
    if own is not None and stated != own:
        raise BadFile(
            METADATA_FILE,
            f"threshold is {stated!r}, and {MODEL_FILE} was fitted with {own!r}: leave it out here",
        )
    return stated
