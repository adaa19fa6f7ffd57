"""`Bundle`: the clients, features and model of one folder, and what can be asked of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from api.application_errors import ApplicationReader
from api.record_decoder import RecordReader
from credit_scoring.data.feature_dictionary import FeatureDictionary
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix, Table
from credit_scoring.decisions.application import Application
from credit_scoring.errors import InconsistentScore, UnknownClient, abridged, unknown_feature
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.pipeline_checks import RawOutput
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.scorecard import Scale, log_odds

Record = dict[str, float | str | None]


@dataclass(frozen=True)
class Prediction:
    """The probability of default and the decision taken on it.

    Attributes:
        probability: probability of class 1, in [0, 1].
        prediction: 1 (default expected) where ``probability >= threshold``, else 0.
        threshold: the decision threshold, a probability.
    """

    probability: float
    prediction: int
    threshold: float


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
        records: reads transformed records, and knows the names of their features.
        raw: the new clients' raw values.
        transformed: the same transformed, shape (new clients, n).
        reference: the reference clients' raw values.
        desk: scores raw rows, and knows what is known of the features beside their values.
        scale: what a score means in other words.
        raw_output: what SHAP values are parts of.
        probability_at_start: of the first new client.
    """

    features: tuple[str, ...]
    client_ids: tuple[int, ...]
    threshold: float
    sha256: Mapping[str, str]
    metadata: Mapping[str, Any]
    classifier: Classifier
    records: RecordReader
    raw: Table
    transformed: Matrix
    reference: ReferencePopulation
    scorer: RawScorer
    scale: Scale
    raw_output: RawOutput
    probability_at_start: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the transformed features, in the model's order."""
        return self.records.names

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
    def applications(self) -> ApplicationReader:
        """Reads what is asked at the credit desk."""
        missing = {
            name
            for position, name in enumerate(self.features)
            if np.isnan(self.raw.values[:, position]).any()
            or np.isnan(self.reference.columns[position]).any()
        }
        return ApplicationReader(
            self.features,
            {self.features[position]: kept for position, kept in self.scorer.literal.items()},
            frozenset(missing),
            frozenset(self.dictionary.formulas),
            self._corrected,
        )

    def is_known(self, applications: Sequence[Application]) -> bool:
        """Whether one alone is asked for, of a client whose transformed values are known."""
        return self.scorer.transformer.is_element_by_element and [
            application.record is None and not application.changes for application in applications
        ] == [True]

    def is_ready(self, applications: Sequence[Application]) -> bool:
        """Whether one alone is asked for, and its transformed values are known or quickly made."""
        if len(applications) != 1 or self.scorer.transformer.quickly is None:
            return self.is_known(applications)
        (application,) = applications
        # A category that nobody has goes to the transformer itself, which takes long.
        return all(
            (application.record is None or application.record.texts[position] in known)
            and application.changes.get(self.features[position]) in known
            for position, known in self.scorer.texts.items()
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
        return dict(zip(self.features, self.raw.row(self.position(client_id)), strict=True))

    def transformed_record(self, client_id: int) -> dict[str, float]:
        """The client's row after the pipeline's transformer, NaN where a value is missing.

        Raises:
            UnknownClient: no new client has that id.
        """
        row = self.transformed[self.position(client_id)]
        return dict(zip(self.names, row.tolist(), strict=True))

    def predict(self, record: Mapping[str, object]) -> Prediction:
        """Score a transformed record, whatever the order of its keys.

        Raises:
            InvalidRecord: see `RecordReader.row`.
        """
        return self._scored(self.records.row(record))

    def predict_json(self, text: bytes) -> Prediction:
        """Score a transformed record that is JSON text: as `predict`, but faster.

        Raises:
            InvalidRecord: see `RecordReader.row_of_json`.
        """
        return self._scored(self.records.row_of_json(text))

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
        rows = self.transformed[[self.position(client_id) for client_id in client_ids]]
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
            raise unknown_feature(self._corrected.get(name, name), len(self.features))
        return self.features[position]

    def check(self) -> None:
        """Score the first new client again.

        Raises:
            InconsistentScore: the probability is not the one found at start-up.
        """
        if self.classifier.probability(self.transformed[0]) != self.probability_at_start:
            raise InconsistentScore("a client no longer scores as at start-up")

    def position(self, client_id: int) -> int:
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
    def _full_names(self) -> dict[str, str]:
        """The raw features that the transformer calls otherwise, by what it calls them."""
        features = set(self.features)
        pairs = self.records.short_names.items()
        return {full: name for full, name in pairs if name in features and full not in features}

    @cached_property
    def _corrected(self) -> dict[str, str]:
        """What is said of such a name where raw values are wanted: the transformer's are others."""
        return {full: f"{full} ({name} here)" for full, name in self._full_names.items()}

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

    def _scored(self, row: Matrix) -> Prediction:
        probability = self.classifier.probability(row)
        return Prediction(probability, self.decision(probability), self.threshold)


def _as_in_queries(known: Mapping[str, int]) -> dict[str, int]:
    """Positions by name, and by any name of one alone as a query without escapes gives it: ``+`` as
    a space."""
    spaced = Counter(name.replace("+", " ") for name in known)
    unescaped = {name.replace("+", " "): position for name, position in known.items()}
    return {name: at for name, at in unescaped.items() if spaced[name] == 1} | dict(known)
