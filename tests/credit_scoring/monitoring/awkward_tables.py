"""Tables of reference and new clients; each feature drifts in an awkward way of its own."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import TARGET
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.table_files.column_types import unify_texts
from credit_scoring.data.tables import Table, as_float_columns, features_of
from tests.support.bundles.artefacts import clients

NAMES = ["yes, rarely", "yes, mostly", "yes or no", "one value", "another value", "never known",
         "known later", "no longer known", "few values", "beyond", "text no longer known",
         "text known later", "other texts", "around zero"]  # fmt: skip


def awkward(rows: int, seed: int, *, later: bool) -> pd.DataFrame:
    """Clients with a known outcome; later ones have values that earlier ones do not have."""
    random = np.random.default_rng(seed)
    frame = clients(rows, seed=seed)
    frame["FLAG_WORK_PHONE"] = frame["FLAG_WORK_PHONE"].astype(float)
    frame["FLAG_EMAIL"] = frame["FLAG_EMAIL"].astype(float)
    values = [
        random.random(rows) < (0.08 if later else 0.04),
        random.random(rows) < 0.95,
        random.random(rows) < 0.5,
        np.full(rows, 3.5),
        np.full(rows, 4.5 if later else 3.5),
        np.full(rows, np.nan),
        random.normal(size=rows) if later else np.full(rows, np.nan),
        np.full(rows, np.nan) if later else random.normal(size=rows),
        random.poisson(1.2, rows),
        random.normal(50 if later else 0, 1, rows),
        np.full(rows, np.nan) if later else random.choice(["a", "b"], rows),
        random.choice(["b", "a"], rows) if later else np.full(rows, np.nan),
        random.choice(["d", "b", "c"] if later else ["a", "b", "c"], rows),
        np.where(random.random(rows) < 0.4, 0, random.normal(size=rows)),
    ]
    for name, column in zip(NAMES, values, strict=True):
        frame[name] = column.astype(float) if column.dtype == bool else column
    return frame


def reference_of(frame: pd.DataFrame) -> ReferencePopulation:
    features = features_of(frame)
    classes = [np.flatnonzero(frame[TARGET] == label) for label in (0, 1)]
    return ReferencePopulation(*as_float_columns("", frame, features), (classes[0], classes[1]))


def table_of(frame: pd.DataFrame, features: Sequence[str] | None = None) -> Table:
    columns, categories = as_float_columns("", frame, features or features_of(frame))
    return Table(np.column_stack(columns), categories)


REFERENCE = awkward(410, 5, later=False)
NEW = awkward(130, 6, later=True)
FEATURES = features_of(REFERENCE)


def awkward_tables() -> tuple[ReferencePopulation, Table]:
    """Both tables as a loaded folder has them: a feature that is text in one is text in both."""
    return unify_texts(FEATURES, FEATURES, reference_of(REFERENCE), table_of(NEW, FEATURES))
