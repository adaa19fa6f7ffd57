"""Scores of changed rows, computed by the pipeline, pandas and numpy only."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import FEATURES_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.model.bundle import Bundle
from tests.support.bundles.artefacts import AWKWARD, NUMBERS, Folder, make_folder
from tests.support.bundles.cases import Case


class NumpyFormula(NamedTuple):
    """A formula as text, and as a function of numpy."""

    text: str
    apply: Callable[[pd.DataFrame], np.ndarray | pd.Series]


def ratio(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(other == 0, np.nan, one / other)


def side_by_side(*columns: np.ndarray | float) -> pd.DataFrame:
    return pd.DataFrame(np.column_stack(np.broadcast_arrays(*columns)))


RISK, POLE, MIDDLE, PRODUCT, LEAST = AWKWARD
# RISK is of both signs, OWN_CAR_AGE is missing for some. Each comes after those it builds on.
PROVED = {
    POLE: NumpyFormula(f"AMT_CREDIT / `{RISK}`", lambda f: ratio(f["AMT_CREDIT"], f[RISK])),
    MIDDLE: NumpyFormula(
        f"median(`{RISK}`, OWN_CAR_AGE / 20 - 1, 0.5)",
        lambda f: side_by_side(f[RISK], f["OWN_CAR_AGE"] / 20 - 1, 0.5).median(axis=1),
    ),
    PRODUCT: NumpyFormula(
        f"(`{RISK}` - 0.2) * OWN_CAR_AGE", lambda f: (f[RISK] - 0.2) * f["OWN_CAR_AGE"]
    ),
    LEAST: NumpyFormula(
        f"min(2 * `{RISK}`, DAYS_BIRTH / -20000, `{PRODUCT}`)",
        lambda f: side_by_side(2 * f[RISK], f["DAYS_BIRTH"] / -20000, f[PRODUCT]).min(axis=1),
    ),
}
UNPROVED = {
    MIDDLE: NumpyFormula(
        f"var(`{RISK}`, OWN_CAR_AGE / 20, 0.5)",
        lambda f: np.nanvar(side_by_side(f[RISK], f["OWN_CAR_AGE"] / 20, 0.5), axis=1),
    ),
    PRODUCT: NumpyFormula(
        f"(`{RISK}` + 3) * (3 - `{RISK}`)", lambda f: (f[RISK] + 3) * (3 - f[RISK])
    ),
}


def with_formulas(
    path: Path,
    pipeline: Pipeline,
    computed: Mapping[str, NumpyFormula],
    more: Mapping[str, Mapping[str, str]] | None = None,
) -> Folder:
    """Write a folder, some of whose features are computed from others.

    Args:
        path: a folder that does not exist yet.
        pipeline: not fitted.
        computed: by feature.
        more: cells of features.csv by feature and column.
    """
    folder = make_folder(
        path, pipeline, NUMBERS, lambda frame: frame.assign(**applied(computed, frame))
    )
    write_features(folder, {name: {"formula": one.text} for name, one in computed.items()}, more)
    return folder


def write_features(folder: Folder, *cells: Mapping[str, Mapping[str, str]] | None) -> None:
    rows: dict[str, dict[str, str]] = {}
    for some in cells:
        for name, row in (some or {}).items():
            rows[name] = rows.get(name, {"name": name}) | row
    pd.DataFrame(list(rows.values())).to_csv(folder / FEATURES_FILE, index=False)


def applied(computed: Mapping[str, NumpyFormula], frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The computed features of a table."""
    frame = frame.copy()
    for name, formula in computed.items():
        frame[name] = np.asarray(formula.apply(frame))
    return {name: frame[name].to_numpy() for name in computed}


class WhatIfCase(NamedTuple):
    """A folder as the product loads it, and as pandas and joblib read it, for changed rows."""

    folder: Folder
    bundle: Bundle
    pipeline: Pipeline
    computed: Mapping[str, NumpyFormula]
    tables: tuple[pd.DataFrame, pd.DataFrame]  # of reference and of new clients

    @classmethod
    def of_folder(
        cls, folder: Folder, computed: Mapping[str, NumpyFormula] | None = None
    ) -> "WhatIfCase":
        """Load a folder, some of whose features are computed by formulas."""
        return cls.of_case(Case.of_folder(folder), computed)

    @classmethod
    def of_case(
        cls, case: Case, computed: Mapping[str, NumpyFormula] | None = None
    ) -> "WhatIfCase":
        """Add the tables of a case, some of whose features are computed by formulas."""
        tables = case.folder.read(REFERENCE_FILE), case.folder.read(NEW_FILE)
        return cls(case.folder, case.bundle, case.pipeline, computed or {}, tables)

    def row(self, client: int) -> RawBatch:
        """The raw values of a new client, by row."""
        return RawBatch.of_table(self.bundle.raw.values[[client]], self.bundle.raw.categories)

    def range(self, feature: str) -> tuple[float, float]:
        """The lowest and the highest value of a feature."""
        values = pd.concat([table[feature] for table in self.tables])
        return float(values.min()), float(values.max())

    def scores(self, client: int, feature: str, values: np.ndarray) -> np.ndarray:
        """Probabilities of a new client with each value of one feature."""
        with np.errstate(all="ignore"):
            return self.pipeline.predict_proba(self._changed(client, feature, values))[:, 1]

    def single_scores(self, client: int, feature: str, values: np.ndarray) -> np.ndarray:
        """Probabilities by a call for each value: matrix products differ in the last bits."""
        found = [self.scores(client, feature, values[[at]]) for at in range(len(values))]
        return np.concatenate([np.empty(0), *found])

    def scores_alone(self, client: int, feature: str, values: np.ndarray) -> np.ndarray:
        """Probabilities by one call of the classifier a value, the values transformed together.

        The transformer must work element by element. A row of a table in Fortran's order would be
        another vector to the classifier.
        """
        transformed = self.pipeline[0].transform(self._changed(client, feature, values))
        rows = np.ascontiguousarray(transformed)
        found = [self.pipeline[-1].predict_proba(row[None])[0, 1] for row in rows]
        return np.array(found, np.float64)

    def scores_of(self, client: int, changes: Mapping[str, np.ndarray]) -> np.ndarray:
        """Probabilities of a new client with values of several features, side by side."""
        with np.errstate(all="ignore"):
            return self.pipeline.predict_proba(self._with(client, changes))[:, 1]

    def _changed(self, client: int, feature: str, values: np.ndarray) -> pd.DataFrame:
        return self._with(client, {feature: values})

    def _with(self, client: int, changes: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """The pipeline's inputs for a new client with values of some features, side by side."""
        number = len(next(iter(changes.values())))
        changed = self.tables[1].iloc[[client] * number].reset_index(drop=True)
        for feature, values in changes.items():
            changed[feature] = values
        for name, formula in self.computed.items():
            if name not in changes:
                changed[name] = np.asarray(formula.apply(changed))
        return changed[list(self.pipeline.feature_names_in_)]
