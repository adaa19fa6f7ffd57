"""A folder with a stored model, and the probabilities that its makers compute."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    ID,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    PROBA,
    REFERENCE_FILE,
    TARGET,
)
from tests.kinds.containers import Stored
from tests.kinds.kinds import NUMBERS, TEXTS, clients

REFERENCE_CLIENTS, NEW_CLIENTS = 260, 24
CHANGES = {"AMT_CREDIT": "any", "EXT SOURCE": "any", "CHILDREN": "any"}


class KindFolder:
    """A folder that the service loads, with its makers' probabilities.

    Attributes:
        path: of the folder.
        stored: the model.
        new: the new clients' features.
        expected: their probabilities of class 1, each alone.
    """

    def __init__(
        self, path: Path, classifier: Any, container: Callable[..., Stored], **metadata: Any
    ) -> None:
        """Fit a classifier in a container, and write the folder."""
        path.mkdir()
        self.path = path
        self.kind = type(classifier).__name__.lower()
        reference, new = clients(REFERENCE_CLIENTS, 1), clients(NEW_CLIENTS, 2)
        self.stored = container(classifier, reference, reference[TARGET])
        self.new = new[[*NUMBERS, *TEXTS]]
        # Each client alone: the products of linear models differ in the last bits in company.
        self.expected = [
            float(self.stored.probabilities(self.new.iloc[[row]])[0]) for row in range(NEW_CLIENTS)
        ]
        joblib.dump(self.stored.model, path / MODEL_FILE)
        self.ids = list(range(2001, 2001 + NEW_CLIENTS))
        # The table's order is not the model's, and it has a column that the model does not take.
        columns = (
            [*sorted(self.stored.features, key=NUMBERS.index)]
            if not set(self.stored.features) & set(TEXTS)
            else [*NUMBERS, *TEXTS]
        )
        self.reference = reference.assign(**{ID: range(1001, 1001 + REFERENCE_CLIENTS)})
        self.reference[PROBA] = self.stored.probabilities(reference)
        self.reference[[ID, *columns, TARGET, PROBA]].to_csv(path / REFERENCE_FILE, index=False)
        self.new.assign(**{ID: self.ids})[[ID, *columns]].to_csv(path / NEW_FILE, index=False)
        (path / METADATA_FILE).write_text(json.dumps(metadata))
        (path / FEATURES_FILE).write_text(
            "name,change\n" + "".join(f"{name},{CHANGES.get(name, 'none')}\n" for name in columns)
        )

    def probability(self, client: int, **changes: float | str) -> float:
        """The makers' probability for a client with changed features."""
        row = self.new.iloc[[self.ids.index(client)]].copy()
        for name, value in changes.items():
            if isinstance(value, str):
                row[name] = row[name].astype(object)
            row[name] = value
        return float(self.stored.probabilities(row)[0])
