"""`Bundle`: the clients, features and model of one folder, and what can be asked of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from credit_scoring.data.feature_dictionary import FeatureDictionary
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix, Table
from credit_scoring.errors import InconsistentScore, UnknownClient, abridged, unknown_feature
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.pipeline_checks import RawOutput
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.scorecard import Scorecard, log_odds

Record = dict[str, float | str | None]


@dataclass(frozen=True)
class Prediction:
    """The probability of default of class 1, and the decision taken on it."""

    probability: Annotated[float, Field(ge=0, le=1, examples=[0.08597658808541324])]
    prediction: Annotated[int, Field(ge=0, le=1, examples=[0], description="1: default expected")]
    threshold: Annotated[float, Field(ge=0, le=1, examples=[0.4])]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a client scores as it does: SHAP values of class 1 in the model's raw output.

    The raw output is the log-odds for boosted trees, the probability for forests;
    ``base + values.sum()`` is the model's raw output for that client.

    Attributes:
        names: names of the transformed features, n of them.
        values: SHAP values, shape (n,).
        record: the transformed record, shape (n,), NaN where a value is missing.
        base: the expected value.
    """

    names: tuple[str, ...]
    values: Matrix
    record: Matrix
    base: float


@dataclass(frozen=True, eq=False)
class Bundle:
    """Everything that was loaded from one folder; made by `loading.load`, never changed.

    Attributes:
        features: names of the raw features.
        client_ids: of the new clients, in file order.
        threshold: the decision threshold, a probability.
        sha256: of each file that has one.
        metadata: what ``model.json`` says.
        classifier: scores and explains transformed rows.
        names: of the transformed features, n of them, in the model's order.
        full_names: the same as the transformer gives them, with its prefixes.
        may_miss: true for a transformed feature that may be missing, shape (n,).
        raw: the new clients' raw values.
        transformed: the same transformed, shape (new clients, n).
        reference: the reference clients' raw values.
        scorer: scores raw rows, and has the feature dictionary.
        scorecard: from a score to a probability of default, points and a grade.
        raw_output: what SHAP values are parts of.
        probability_at_start: of the first new client.
    """

    features: tuple[str, ...]
    client_ids: tuple[int, ...]
    threshold: float
    sha256: Mapping[str, str]
    metadata: Mapping[str, Any]
    classifier: Classifier
    names: tuple[str, ...]
    full_names: tuple[str, ...]
    may_miss: Sequence[bool]
    raw: Table
    transformed: Matrix
    reference: ReferencePopulation
    scorer: RawScorer
    scorecard: Scorecard
    raw_output: RawOutput
    probability_at_start: float

    @property
    def dictionary(self) -> FeatureDictionary:
        """What is known of the raw features beside their values."""
        return self.scorer.dictionary

    def raw_rows(self, positions: Sequence[int]) -> RawBatch:
        """Some new clients' raw values as the transformer takes them, copied."""
        return RawBatch.of_table(self.raw.values[positions], self.raw.categories)

    @cached_property
    def threshold_log_odds(self) -> float:
        """The decision threshold in log-odds."""
        return log_odds(self.threshold)

    @cached_property
    def nullable(self) -> frozenset[str]:
        """The raw features that a client of either table lacks, and so may be missing."""
        return frozenset(
            name
            for column, name in enumerate(self.features)
            if np.isnan(self.raw.values[:, column]).any()
            or np.isnan(self.reference.columns[column]).any()
        )

    @property
    def text_features(self) -> frozenset[str]:
        """The raw features that are text."""
        return frozenset(self.features[position] for position in self.raw.categories)

    def raw_record(self, client_id: int) -> Record:
        """The client's row as the CSV has it, NaN or None where a value is missing.

        Raises:
            UnknownClient: no new client has that id.
        """
        return dict(zip(self.features, self.raw.row(self.row_of(client_id)), strict=True))

    def transformed_record(self, client_id: int) -> dict[str, float]:
        """The client's row after the pipeline's transformer, NaN where a value is missing.

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
        """1, default expected, where a probability reaches the threshold, else 0."""
        return int(probability >= self.threshold)

    def explain(self, client_id: int) -> Explanation:
        """SHAP values of one new client; see `Explanation` for units and shapes.

        Raises:
            UnknownClient: no new client has that id.
        """
        return self.explain_all([client_id])[0]

    def explain_all(self, client_ids: Sequence[int]) -> list[Explanation]:
        """The same of some new clients, each to the bits of `explain`.

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
        """Raw values of a feature among reference clients of class 0 and of class 1.

        Missing values are left out; each list is in the order of the file.

        Raises:
            UnknownFeature: no feature has that name.
        """
        column = self._feature_position.get(feature)
        if column is None:
            raise unknown_feature(feature, len(self.features))
        return self.reference.of_class(0, column), self.reference.of_class(1, column)

    def raw_feature(self, name: str) -> str:
        """The raw feature that a query names.

        Raises:
            UnknownFeature: none has that name; the message corrects one that the transformer has.
        """
        position = self._raw_position.get(name)
        if position is None:
            raise unknown_feature(self.corrected.get(name, name), len(self.features))
        return self.features[position]

    def check(self) -> None:
        """Score the first new client again.

        Raises:
            InconsistentScore: the probability is not the one found at start-up.
        """
        if self.classifier.probability(self.transformed[0]) != self.probability_at_start:
            raise InconsistentScore("a client no longer scores as at start-up")

    def row_of(self, client_id: int) -> int:
        """The client's row in both tables.

        Raises:
            UnknownClient: no new client has that id.
        """
        position = self._position.get(client_id)
        if position is None:
            raise UnknownClient(
                f"unknown client {abridged(client_id)},"
                f" not one of the {len(self.client_ids)} new clients"
            )
        return position

    @cached_property
    def _position(self) -> dict[int, int]:
        return {client_id: position for position, client_id in enumerate(self.client_ids)}

    @cached_property
    def short_names(self) -> dict[str, str]:
        """The names of transformed features whose full names are others, by the full names."""
        pairs = zip(self.full_names, self.names, strict=True)
        return {full: name for full, name in pairs if full != name}

    @cached_property
    def corrected(self) -> dict[str, str]:
        """Raw features with a hint, by the full names that only the transformer has."""
        return {full: f"{full} ({name} here)" for full, name in self._full_names.items()}

    @cached_property
    def _full_names(self) -> dict[str, str]:
        """The raw features that the transformer calls otherwise, by its full names."""
        known = set(self.features)
        return {f: name for f, name in self.short_names.items() if name in known and f not in known}

    @cached_property
    def _feature_position(self) -> dict[str, int]:
        """Positions by name as a query may give it, and by the transformer's full names."""
        features = {name: position for position, name in enumerate(self.features)}
        return _as_in_queries(
            {full: features[name] for full, name in self._full_names.items()} | features
        )

    @cached_property
    def _raw_position(self) -> dict[str, int]:
        return _as_in_queries({name: position for position, name in enumerate(self.features)})


def _as_in_queries(known: Mapping[str, int]) -> dict[str, int]:
    """Positions by name, and by any name of one alone as a query without escapes gives it: ``+`` as
    a space."""
    spaced = Counter(name.replace("+", " ") for name in known)
    unescaped = {name.replace("+", " "): position for name, position in known.items()}
    return {name: at for name, at in unescaped.items() if spaced[name] == 1} | dict(known)
