"""A small folder as the product loads it, and as pandas and joblib read it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from api.record_decoder import RecordDecoder
from credit_scoring.data.artifacts import ID, NEW_FILE
from credit_scoring.model.bundle import Bundle, Prediction
from tests.support.bundles.artefacts import Folder
from tests.support.bundles.recipes import NESTED_NAMES


class Case(NamedTuple):
    """A folder, what was loaded from it, and the same files as pandas and joblib read them."""

    folder: Folder
    bundle: Bundle
    pipeline: Pipeline
    inputs: pd.DataFrame  # the new clients' features, as the transformer takes them

    @classmethod
    def of_folder(cls, folder: Folder) -> "Case":
        """Load a folder by the product, and by pandas and joblib."""
        pipeline = folder.pipeline()
        if isinstance(pipeline[-1], RandomForestClassifier):
            pipeline[-1].n_jobs = 1  # several threads add up the trees in the order they finish
        new = folder.read(NEW_FILE).set_index(ID, drop=False)
        return cls(folder, folder.load(), pipeline, new[list(pipeline.feature_names_in_)])

    @property
    def classifier(self):
        return self.pipeline[-1]

    def predict(self, record: Mapping[str, object]) -> Prediction:
        """The score of a transformed record."""
        return predict(self.bundle, record)

    def transformed(self) -> pd.DataFrame:
        """The output of the transformer for all new clients at once."""
        output = self.pipeline[0].transform(self.inputs)
        rows = np.asarray(output.toarray() if issparse(output) else output, dtype=float)
        return pd.DataFrame(rows, self.inputs.index, list(self.full_names().values()))

    def full_names(self) -> dict[str, str]:
        """The served name of each output, by the transformer's own name for it."""
        full = [str(name) for name in self.pipeline[0].get_feature_names_out()]
        labels = ("one_hot__", "ordinal__", "flags__", "remainder__")
        return {
            name: NESTED_NAMES.get(name)
            or (name.partition("__")[2] if name.startswith(labels) else name)
            for name in full
        }

    def plain_probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """Probabilities by the classifier's own interface, from the type it was fitted on."""
        fitted_on_frame = isinstance(self.pipeline[0].transform(self.inputs), pd.DataFrame)
        return self.classifier.predict_proba(rows if fitted_on_frame else rows.to_numpy())[:, 1]


def predict(bundle: Bundle, record: Mapping[str, object]) -> Prediction:
    """The score of a transformed record, as the service decodes it."""
    return bundle.predict(RecordDecoder.of(bundle).row(record))
