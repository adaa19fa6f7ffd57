"""Proof that the service gives the probabilities of a model's makers, and of the model as stored.

A file that other versions of the libraries wrote is accepted only with this proof. It may open
without an error and give other numbers.
"""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, PROBA, REFERENCE_FILE
from credit_scoring.data.opening.libraries import installed_version
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, cause, foreign_code
from credit_scoring.model.classifiers.frame_model import FrameModel, as_levels
from credit_scoring.model.containers.fitted_model import FittedModel

log = logging.getLogger(__name__)


def check_is_provable(stored: Matrix | None, written_by: Mapping[str, str]) -> None:
    """Check that a file of other versions comes with a stored probability in every row.

    Args:
        stored: the column `proba`, shape (clients,), NaN for a client without a value; None without
            the column.
        written_by: the versions that wrote the model file, of libraries that are installed in
            another version.

    Raises:
        BadFile: a probability is missing.
    """
    if not written_by:
        return
    if stored is None:
        raise BadFile(
            MODEL_FILE,
            f"was written by {_versions(written_by)}; it is accepted if {REFERENCE_FILE} has a"
            f" column {PROBA} with the probabilities that it gave there: python -m training adopt"
            " makes one, or train the model again",
        )
    if np.isnan(stored).any():
        raise BadFile(
            REFERENCE_FILE,
            f"row {int(np.isnan(stored).argmax()) + 1}: {PROBA} is missing, and {MODEL_FILE} was"
            f" written by {_versions(written_by)}: every row must have the probability that it gave"
            " there",
        )


def prove(
    scores: Matrix, stored: Matrix, tolerance: float, file: str, written_by: Mapping[str, str]
) -> None:
    """Check that the reference clients have the probabilities that the model's makers stored.

    Args:
        scores: by the service, shape (clients,).
        stored: the column `proba`, shape (clients,), NaN for a client without a value.
        tolerance: the largest difference of two equal probabilities.
        file: the name of the model file.
        written_by: see `check_is_provable`.

    Raises:
        BadFile: a client's probability differs; the message has both numbers.
    """
    difference = np.abs(scores - stored)
    differs = difference > tolerance
    if differs.any():
        row = int(differs.argmax())
        raise BadFile(
            REFERENCE_FILE,
            f"row {row + 1}: {PROBA} is {float(stored[row])!r}, and {MODEL_FILE} gives"
            f" {float(scores[row])!r}; so in {differs.sum()} of {len(stored)} rows: the model or"
            " the values are not those of its makers",
        )
    if written_by:
        log.warning(
            "%s: written by %s; its probabilities for all %d reference clients are those of its"
            " makers (largest difference %.1e)",
            file,
            _versions(written_by),
            len(stored),
            difference.max(),
        )


def check_original(
    model: FittedModel,
    frame: pd.DataFrame,
    dtypes: Mapping[str, Any],
    scores: Matrix,
    tolerance: float,
) -> None:
    """Check that new clients have the probabilities of the model as it was stored.

    Args:
        model: opened from its containers.
        frame: the new clients.
        dtypes: pandas' types of the columns that the model takes, by name, in its order.
        scores: by the service, shape (clients,).
        tolerance: the largest difference of two equal probabilities.

    Raises:
        BadFile: a client's probability differs, or the stored model refuses the clients.
    """
    if model.is_unchanged or model.original is None:
        return

    def refused(error: BaseException) -> str:
        return f"refuses the clients of {NEW_FILE} ({cause(error)})"

    with foreign_code(MODEL_FILE, refused):
        classifier = model.pipeline[1]
        types = classifier.dtypes if isinstance(classifier, FrameModel) else dtypes
        rows = as_levels(frame[list(types)], types)
        given = rows.to_numpy() if model.is_in_table_order else rows
        own = np.asarray(model.original.predict_proba(given), np.float64)[:, model.column]
    differs = ~(np.abs(own - scores) <= tolerance)
    if differs.any():
        row = int(differs.argmax())
        raise BadFile(
            MODEL_FILE,
            f"row {row + 1} of {NEW_FILE}: the stored model gives {float(own[row])!r}, its opened"
            f" parts give {float(scores[row])!r}: store a Pipeline",
        )


def _versions(written_by: Mapping[str, str]) -> str:
    """The versions that wrote the file, and those that are installed."""
    return ", ".join(
        f"{library} {written} ({installed_version(library) or 'none'} is installed)"
        for library, written in written_by.items()
    )
