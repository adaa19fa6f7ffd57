"""`Bundle`: the clients, features and model of one folder, with predictions and SHAP values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from credit_scoring.data.artifacts import METADATA_FILE
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.data.tables import Matrix, Table
from credit_scoring.errors import InconsistentScore, UnknownClient, abridged, unknown_feature
from credit_scoring.model.classifiers.classifier import Classifier, RawOutput
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.scorecard import Scorecard, log_odds

Record = dict[str, float | str | None]


@dataclass(frozen=True)
class Prediction:
    """The probability of class 1 and the decision at the threshold."""

    probability: Annotated[float, Field(ge=0, le=1, examples=[0.08597658808541324])]
    prediction: Annotated[int, Field(ge=0, le=1, examples=[0], description="1: default expected")]
    threshold: Annotated[float, Field(ge=0, le=1, examples=[0.4])]


@dataclass(frozen=True, eq=False)
class Explanation:
    """SHAP values of class 1 for one client.

    ``base + values.sum()`` is the model's raw output for the client, see `Bundle.raw_output`.

    Attributes:
        names: of the transformed features, n of them.
        values: SHAP values, shape (n,).
        record: the transformed record, shape (n,), NaN where a value is missing.
        base: the expected raw output.
    """

    names: tuple[str, ...]
    values: Matrix
    record: Matrix
    base: float


@dataclass(frozen=True, eq=False)
class Bundle:
    """The content of one folder as `loader.load` returns it; it never changes.

    Attributes:
        features: names of the raw features.
        client_ids: of the new clients, in file order: all are integers, or all are texts.
        threshold: the decision threshold, a probability.
        model_file: the name of the model file.
        sha256: of each file in use except ``model.json``, by the file's name.
        metadata: the content of ``model.json``.
        metadata_sha256: of ``model.json``; None without that file.
        classifier: scores and explains transformed rows.
        names: of the transformed features, n of them, in the model's order.
        full_names: the names with the prefixes of the transformer, shape (n,).
        may_miss: true for a transformed feature that may be missing, shape (n,).
        raw: the new clients' raw values.
        transformed: the new clients' transformed values, shape (clients, n).
        reference: the reference population.
        scorer: scores raw rows, and has the feature dictionary.
        scorecard: gives the probability of default, points and grade of a score.
        probability_at_start: of the first new client.
    """

    features: tuple[str, ...]
    client_ids: tuple[ClientId, ...]
    threshold: float
    model_file: str
    sha256: Mapping[str, str]
    metadata: Mapping[str, Any]
    metadata_sha256: str | None
    classifier: Classifier
    names: tuple[str, ...]
    full_names: tuple[str, ...]
    may_miss: Sequence[bool]
    raw: Table
    transformed: Matrix
    reference: ReferencePopulation
    scorer: RawScorer
    scorecard: Scorecard
    probability_at_start: float

    @property
    def model_sha256(self) -> str:
        """The hash of the model file."""
        return self.sha256[self.model_file]

    @property
    def files(self) -> dict[str, str]:
        """The hash of each file in use, by the file's name."""
        metadata = {METADATA_FILE: self.metadata_sha256} if self.metadata_sha256 else {}
        return {**self.sha256, **metadata}

    @property
    def raw_output(self) -> RawOutput:
        """The unit of SHAP values."""
        return self.classifier.raw_output

    @property
    def dictionary(self) -> FeatureDictionary:
        """The dictionary of the raw features."""
        return self.scorer.dictionary

    @cached_property
    def has_text_ids(self) -> bool:
        """True if the clients' ids are texts."""
        return isinstance(self.client_ids[0], str)

    def raw_rows(self, rows: Sequence[int]) -> RawBatch:
        """A copy of some new clients' raw values, as the transformer takes them."""
        return RawBatch.of_table(self.raw.values[rows], self.raw.categories)

    @cached_property
    def threshold_log_odds(self) -> float:
        """The decision threshold in log-odds."""
        return log_odds(self.threshold)

    @cached_property
    def nullable(self) -> frozenset[str]:
        """The raw features that a client of either table lacks."""
        return frozenset(
            name
            for column, name in enumerate(self.features)
            if np.isnan(self.raw.values[:, column]).any()
            or np.isnan(self.reference.columns[column]).any()
        )

    @property
    def text_features(self) -> frozenset[str]:
        """The raw features that are text."""
        return frozenset(self.features[column] for column in self.raw.categories)

    def raw_record(self, client_id: ClientId) -> Record:
        """The client's raw values by feature, NaN or None where one is missing.

        Raises:
            UnknownClient: no new client has that id.
        """
        return dict(zip(self.features, self.raw.row(self.row_of(client_id)), strict=True))

    def transformed_record(self, client_id: ClientId) -> dict[str, float]:
        """The client's transformed values by feature, NaN where one is missing.

        Raises:
            UnknownClient: no new client has that id.
        """
        row = self.transformed[self.row_of(client_id)]
        return dict(zip(self.names, row.tolist(), strict=True))

    def predict(self, row: Matrix) -> Prediction:
        """Score a transformed row, shape (n,)."""
        probability = self.classifier.probability(row)
        return Prediction(probability, self.decision(probability), self.threshold)

    def decision(self, probability: float) -> int:
        """1, default expected, if a probability reaches the threshold, else 0."""
        return int(probability >= self.threshold)

    def explain(self, client_id: ClientId) -> Explanation:
        """SHAP values of one new client.

        Raises:
            UnknownClient: no new client has that id.
        """
        return self.explain_all([client_id])[0]

    def explain_all(self, client_ids: Sequence[ClientId]) -> list[Explanation]:
        """SHAP values of some new clients, each to the bits of `explain`.

        Raises:
            UnknownClient: no new client has one of these ids.
        """
        rows = self.transformed[[self.row_of(client_id) for client_id in client_ids]]
        values, base = self.classifier.contributions(rows)
        return [
            Explanation(self.names, *explained, base)
            for explained in zip(values, rows, strict=True)
        ]

    def reference_values(self, feature: str) -> tuple[Matrix | list[str], Matrix | list[str]]:
        """Values of a raw feature among reference clients of class 0, and of class 1.

        Missing values are left out, and the others are in file order.

        Raises:
            UnknownFeature: no feature has that name.
        """
        column = self._columns_by_any_name.get(feature)
        if column is None:
            raise unknown_feature(feature, len(self.features))
        return self.reference.of_class(0, column), self.reference.of_class(1, column)

    def raw_feature(self, name: str) -> str:
        """The raw feature that a query names.

        Raises:
            UnknownFeature: no raw feature has that name; the message corrects a full name.
        """
        column = self._columns_by_name.get(name)
        if column is None:
            raise unknown_feature(self.corrected.get(name, name), len(self.features))
        return self.features[column]

    def check(self) -> None:
        """Score the first new client again.

        Raises:
            InconsistentScore: the probability differs from that of the start.
        """
        if self.classifier.probability(self.transformed[0]) != self.probability_at_start:
            raise InconsistentScore("a client no longer scores as at start-up")

    def row_of(self, client_id: ClientId) -> int:
        """A client's row in `raw` and `transformed`.

        Raises:
            UnknownClient: no new client has that id.
        """
        row = self._rows.get(client_id)
        if row is None:
            raise UnknownClient(
                f"unknown client {abridged(client_id)},"
                f" not one of the {len(self.client_ids)} new clients"
            )
        return row

    @cached_property
    def _rows(self) -> dict[ClientId, int]:
        return {client_id: row for row, client_id in enumerate(self.client_ids)}

    @cached_property
    def short_names(self) -> dict[str, str]:
        """Names of transformed features, by those full names that differ from them."""
        pairs = zip(self.full_names, self.names, strict=True)
        return {full: name for full, name in pairs if full != name}

    @cached_property
    def corrected(self) -> dict[str, str]:
        """Hints for an error message, by full names that are not names of raw features."""
        return {full: f"{full} ({name} here)" for full, name in self._full_names.items()}

    @cached_property
    def _full_names(self) -> dict[str, str]:
        """Raw features by the full names that only the transformer gives them."""
        known = set(self.features)
        return {f: name for f, name in self.short_names.items() if name in known and f not in known}

    @cached_property
    def _columns_by_any_name(self) -> dict[str, int]:
        """Columns of raw features, by their names and full names in queries."""
        columns = {name: column for column, name in enumerate(self.features)}
        full = {full: columns[name] for full, name in self._full_names.items()}
        return _as_in_queries(full | columns)

    @cached_property
    def _columns_by_name(self) -> dict[str, int]:
        return _as_in_queries({name: column for column, name in enumerate(self.features)})


def _as_in_queries(columns: Mapping[str, int]) -> dict[str, int]:
    """Columns by name, and by the name that a query without escapes gives: ``+`` read as a space.

    A name with spaces that several columns would share is left out.
    """
    spaced = Counter(name.replace("+", " ") for name in columns)
    unescaped = {name.replace("+", " "): column for name, column in columns.items()}
    return {name: at for name, at in unescaped.items() if spaced[name] == 1} | dict(columns)
