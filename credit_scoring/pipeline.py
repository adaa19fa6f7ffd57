"""The pipeline's own arithmetic: transforming, names of outputs, the proof that scores agree."""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from credit_scoring.classifier import Classifier
from credit_scoring.errors import BadFile, describe, first_few, foreign_code, is_unicode
from credit_scoring.files import MODEL_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.tables import Matrix, is_text

TOLERANCE = 1e-9  # how far base + SHAP values may be from the model's raw output
TRANSFORMED_AT_ONCE = 4096  # rows: bounds the transformer's temporary copies

RawOutput = Literal["log-odds", "probability"]
Prefixes = list[dict[str, "Prefixes"]]


def inputs_of(transformer: Any, features: Sequence[str]) -> list[str]:
    """The features that the transformer was fitted on, in its order.

    Raises:
        BadFile: the reference clients lack one.
    """
    inputs = list(getattr(transformer, "feature_names_in_", features))
    known = set(features)
    missing = [name for name in inputs if name not in known]
    if missing:
        raise BadFile(
            REFERENCE_FILE, f"lacks columns that {MODEL_FILE} needs: {first_few(missing)}"
        )
    return inputs


def transform(
    transformer: Any, frame: pd.DataFrame, features: Sequence[str]
) -> tuple[list[str], Matrix]:
    """Names, as the transformer gives them, and values of records, shape (clients, names).

    Raises:
        BadFile: the transformer refuses the table, or its outputs or their names are of no use.
    """
    inputs = inputs_of(transformer, features)
    text = [name for name in inputs if is_text(frame[name])]

    def refused(error: BaseException) -> str:
        """Without the error's own text: it may hold a client's value."""
        return (
            f"the transformer of {MODEL_FILE} refuses it ({type(error).__name__});"
            f" its text columns: {first_few(text) or 'none'}"
        )

    transformed = np.empty((0, 0))
    names: list[str] = []
    for start in range(0, len(frame), TRANSFORMED_AT_ONCE):
        part = frame.iloc[start : start + TRANSFORMED_AT_ONCE][inputs]
        with foreign_code(NEW_FILE, refused):
            output = transformer.transform(part)
            if np.ma.isMaskedArray(output):
                raise BadFile(MODEL_FILE, "its transformer gives a masked array")
            rows = dense(output, len(part))
        if start == 0:
            names = _output_names(transformer, output)
            transformed = np.empty((len(frame), rows.shape[1]))
        transformed[start : start + len(rows)] = rows
    if len(names) != transformed.shape[1] or len(set(names)) != len(names):
        raise BadFile(MODEL_FILE, "its transformer does not give each of its outputs a name")
    return names, transformed


def dense(output: Any, clients: int) -> Matrix:
    """What a transformer gives, as doubles of shape (clients, n)."""
    values = np.asarray(output.toarray() if issparse(output) else output, dtype=np.float64)
    return values.reshape(clients, -1)


def without_prefixes(transformer: Any, full_names: Sequence[str]) -> list[str]:
    """The names less the prefixes of column transformers, where what remains is unique."""
    prefixes = _prefixes(transformer)
    short = [_without_prefix(name, prefixes) for name in full_names]
    counts, taken = Counter(short), set(full_names)
    return [
        name if counts[name] == 1 and name not in taken else full
        for full, name in zip(full_names, short, strict=True)
    ]


def check_scores(
    pipeline: Pipeline, classifier: Classifier, raw: pd.DataFrame, rows: Matrix
) -> RawOutput:
    """Check that the classifier scores clients one by one as the pipeline does, and explains them.

    Args:
        pipeline: as it was unpickled.
        classifier: of its last step.
        raw: some clients as the pipeline takes them.
        rows: the same clients' transformed values, shape (clients, n).

    Returns:
        What the SHAP values are parts of.

    Raises:
        BadFile: it does not, a probability is none, or the SHAP values do not add up.
    """

    def failed(error: BaseException) -> str:
        return f"cannot score the clients of {NEW_FILE}: {describe(error)}"

    with foreign_code(MODEL_FILE, failed):
        whole = np.asarray(pipeline.predict_proba(raw)[:, 1], np.float64)
        alone = np.array([classifier.probability(row) for row in rows])
        values, base = classifier.contributions(rows)
    if not ((whole >= 0) & (whole <= 1)).all():
        raise BadFile(MODEL_FILE, "gives a client a probability outside of 0 to 1")
    # Not to the last bit: matrix products may differ there between one client and several.
    if not np.allclose(alone, whole, rtol=0, atol=TOLERANCE):
        raise BadFile(MODEL_FILE, "scores a client differently alone and among others")
    output = base + values.sum(axis=1)
    if np.abs(logistic(output) - alone).max() <= TOLERANCE:
        return "log-odds"
    if not classifier.is_logistic and np.abs(output - alone).max() <= TOLERANCE:
        return "probability"
    raise BadFile(MODEL_FILE, "its SHAP values do not add up to its raw output")


def logistic(output: Matrix) -> Matrix:
    """The probability that log-odds stand for."""
    probability: Matrix = 1 / (1 + np.exp(-output))
    return probability


def _output_names(transformer: Any, output: Any) -> list[str]:
    """The names of the transformed features; none where the transformer does not tell."""
    names: list[Any] = []
    with suppress(BadFile), foreign_code(MODEL_FILE, describe):
        names = list(
            output.columns if hasattr(output, "columns") else transformer.get_feature_names_out()
        )
    wrong = [name for name in names if not isinstance(name, (str, int, np.integer))]
    if wrong:
        kind = type(wrong[0]).__name__
        raise BadFile(MODEL_FILE, f"its transformer names an output by a {kind}, not by a text")
    texts = list(map(str, names))  # NumPy's own texts become Python's
    if unwritable := [text for text in texts if not is_unicode(text)]:
        raise BadFile(
            MODEL_FILE,
            f"its transformer names an output by what is no text: {first_few(unwritable)}",
        )
    return texts


def _prefixes(transformer: Any) -> Prefixes:
    """The labels that column transformers put before names, the last one's first.

    Each label comes with those that the transformer under it has put there before.
    """
    steps = [step for _, step in transformer.steps] if isinstance(transformer, Pipeline) else []
    return [
        {label: _prefixes(inner) for label, inner, _ in step.transformers_}
        for step in reversed(steps or [transformer])
        if isinstance(step, ColumnTransformer) and step.verbose_feature_names_out is True
    ]


def _without_prefix(name: str, prefixes: Prefixes) -> str:
    for labels in prefixes:
        ends = [found.start() for found in re.finditer("(?=__)", name)]
        if label := max((name[:end] for end in ends if name[:end] in labels), key=len, default=""):
            name = _without_prefix(name[len(label) + 2 :], labels[label])
    return name
