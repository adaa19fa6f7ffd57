"""Labels of outcomes and classes, however they are written, and which of them means default."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.errors import abridged
from training.adopt.problems import NotAdopted
from training.quality import auc_interval

CHANCE = 0.5  # the AUC of a model that knows nothing
NUMBERS = {"False": "0", "True": "1"}  # the same outcome, as pandas and as a model write it


@dataclass(frozen=True)
class DefaultClass:
    """Which class of a model means default.

    Attributes:
        column: its index in the columns of ``predict_proba``.
        stated: what ``model.json`` says of it; None if it need not.
        notes: lines on why.
    """

    column: int
    stated: Any
    notes: Sequence[str]


def spelled(label: object) -> str:
    """A label as text: whole numbers without decimals, so that 1, "1" and 1.0 are one."""
    text = str(label).strip()
    whole, point, decimals = text.partition(".")
    if point and whole.lstrip("-").isdecimal() and set(decimals) <= {"0"}:
        return whole
    return text


def default_class(
    classes: Sequence[Any],
    labels: Sequence[str],
    default_label: str,
    is_default: NDArray[np.bool_],
    probabilities: Matrix,
) -> DefaultClass:
    """Find the class of a model that means default.

    If the model's classes are the labels of the table, it is the one of that label. Else it is the
    class whose probability ranks clients in default above the others.

    Args:
        classes: of the model.
        labels: both labels of the table's outcome.
        default_label: the one that means default.
        is_default: true for clients in default, shape (clients,).
        probabilities: of both classes, shape (clients, 2).

    Raises:
        NotAdopted: the model has not two classes, or the other ones cannot be told apart.
    """
    if len(classes) != probabilities.shape[1]:
        raise NotAdopted(
            [f"the model knows {len(classes)} classes ({', '.join(map(str, classes))}), and two are"
             " served: train it on two"]
        )  # fmt: skip
    auc, low, high = auc_interval(is_default.astype(np.int64), probabilities[:, 1])
    names = [spelled(label) for label in classes]
    known = [NUMBERS.get(name, name) for name in names]
    notes = []
    if set(known) == {NUMBERS.get(label, label) for label in labels}:
        column = known.index(NUMBERS.get(default_label, default_label))
        ranks = auc if column == 1 else 1 - auc
        if ranks < CHANCE:
            other = next(label for label in labels if label != default_label)
            notes.append(
                f"warning: AUC {ranks:.3f} on its own outcome, below 0.5: {abridged(other)} may be"
                f" the value that means default: --default {abridged(other)}"
            )
    else:
        column = int(auc >= CHANCE)
        if low <= CHANCE <= high:
            raise NotAdopted(
                [f"the model knows the classes {' and '.join(names)}, the table"
                 f" {' and '.join(labels)}, and neither ranks defaults above the others (AUC"
                 f" {auc:.3f}): write the outcome in the table as the model knows it"]
            )  # fmt: skip
        notes.append(
            f"class {names[column]} of the model means {abridged(default_label)}: its probability"
            f" ranks these clients above the others, AUC {max(auc, 1 - auc):.3f}"
        )
    label = classes[column]
    is_usual = column == 1 and names in (["0", "1"], ["False", "True"], ["-1", "1"])
    return DefaultClass(column, None if is_usual else label, notes)
