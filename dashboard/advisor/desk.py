"""The service as one page sees it: every answer is of one model and of one state of its files."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

import streamlit as st

from advisor.answers import (
    Alternatives,
    Application,
    DriftReport,
    Explanation,
    Feature,
    Importance,
    ModelFacts,
    Record,
    Score,
    Sensitivity,
)
from advisor.client import Compare, Service
from advisor.errors import ModelChanged

MODEL_FILE = "model.joblib"
A_WHILE = 3600  # seconds
MOST_KEPT = 200  # answers: one of a feature of 70,000 clients takes 700 kB
Answer = TypeVar("Answer", Score, Sensitivity, Alternatives)
Files = tuple[tuple[str, str], ...]


def files_of(facts: ModelFacts) -> Files:
    """The hash of each file in use, the same in every process of the service.

    Raises:
        ModelChanged: the processes are of different minds, as they are for seconds after a swap.
    """
    own = facts["sha256"]
    if any(worker["sha256"] != own for worker in facts.get("workers") or ()):
        raise ModelChanged
    return tuple(sorted(own.items()))


@st.cache_data(show_spinner=False, ttl=A_WHILE, max_entries=MOST_KEPT)
def kept(url: str, files: Files, what: str, argument: str | int, _ask: Callable[[], Any]) -> object:
    """An answer that stays the same as long as the files do."""
    return _ask()


@dataclass(frozen=True)
class Desk:
    """Answers of the model that `/model` named when the page was begun.

    Answers that carry the model's hash are held against it. Those that carry none are kept, and
    counted as this model's where `/model` says the same before and after.
    """

    service: Service
    facts: ModelFacts
    files: Files

    @classmethod
    def of(cls, service: Service) -> "Desk":
        """Ask which model is in use."""
        facts = service.model()
        return cls(service, facts, files_of(facts))

    @property
    def model(self) -> str:
        """The SHA-256 of the model."""
        return self.facts["sha256"][MODEL_FILE]

    def score(self, application: Application, reasons: int = 4, compare: Compare = "near") -> Score:
        """See `Service.score`."""
        return self._checked(self.service.score(application, reasons, compare))

    def sensitivity(self, application: Application, feature: str) -> Sensitivity:
        """See `Service.sensitivity`."""
        return self._checked(self.service.sensitivity(application, feature))

    def alternatives(self, client: int) -> Alternatives:
        """See `Service.alternatives`."""
        return self._checked(self.service.alternatives(client))

    def ids(self) -> list[int]:
        """Ids of the new clients."""
        return cast(list[int], self._kept("ids", "", self.service.ids))

    @cached_property
    def features(self) -> dict[str, Feature]:
        """What each feature means, by name, in the order of the files."""
        found = cast(list[Feature], self._kept("features", "", self.service.features))
        return {feature["name"]: feature for feature in found}

    @cached_property
    def labels(self) -> frozenset[str]:
        """The data team's words for features and themes."""
        features = self.features.values()
        return frozenset(text for each in features for text in (each["label"], each["group"]))

    def importance(self) -> Importance:
        """See `Service.importance`."""
        return cast(Importance, self._kept("importance", "", self.service.importance))

    def drift(self) -> DriftReport:
        """See `Service.drift`."""
        return cast(DriftReport, self._kept("drift", "", self.service.drift))

    def record(self, client: int) -> Record:
        """See `Service.record`."""
        return cast(Record, self._kept("record", client, lambda: self.service.record(client)))

    def explanation(self, client: int) -> Explanation:
        """See `Service.explanation`."""
        ask = self.service.explanation
        return cast(Explanation, self._kept("explanation", client, lambda: ask(client)))

    def reference_values(self, feature: str) -> tuple[list[Any], list[Any]]:
        """A feature's values among those who paid and those who did not."""
        ask = self.service.reference_values
        found: Any = self._kept("values", feature, lambda: ask(feature))
        names = self.facts.get("get_kde") or {"feat0": "class 0", "feat1": "class 1"}
        by_class = {meaning: found[name] for name, meaning in names.items()}
        return by_class["class 0"], by_class["class 1"]

    def limit(self) -> float:
        """The expected share of defaults from which on an application is refused.

        It is the calibration of model.json at the threshold; without one, the threshold.
        """
        threshold = self.facts["threshold"]
        calibration = self.facts["facts"].get("calibration")
        if calibration is None or not 0 < threshold < 1:
            return threshold
        margin = calibration["slope"] * log_odds(threshold) + calibration["offset"]
        return 1 / (1 + math.exp(-margin))

    def _checked(self, answer: Answer) -> Answer:
        if answer["model"] != self.model:
            raise ModelChanged
        return answer

    def _kept(self, what: str, argument: str | int, ask: Callable[[], object]) -> object:
        def ask_between() -> object:
            answer = ask()
            if files_of(self.service.model()) != self.files:
                raise ModelChanged
            return answer

        return kept(self.service.url, self.files, what, argument, ask_between)


def log_odds(probability: float) -> float:
    """The logit."""
    return math.log(probability / (1 - probability))
