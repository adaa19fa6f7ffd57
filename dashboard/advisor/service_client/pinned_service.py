"""The service pinned to one model: every response of a page is of the same files."""

import math
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import streamlit as st

from advisor.service_client.errors import ModelChanged
from advisor.service_client.response_models import Application, Feature, ModelFacts
from advisor.service_client.service_api import ServiceApi

MODEL_FILES = ("model.joblib", "model.skops")  # one of them is in use
OF_A_MODEL = {*MODEL_FILES, "model.json"}  # a new model may come with these files only
# Routes whose responses name the model, and routes whose responses have the data team's words.
SIGNED_ROUTES = ("/score", "/sensitivity", "/alternatives", "/combinations")
WORDED_ROUTES = ("/score", "/alternatives", "/combinations", "/features", "/importance", "/drift")
CACHE_SECONDS = 3600
CACHED_RESPONSES = 200  # one of a feature of 70,000 clients takes 700 kB
CLASS_FIELDS = {"feat0": "class 0", "feat1": "class 1"}  # of reference values, unless swapped
FileHashes = tuple[tuple[str, str], ...]  # names and SHA-256


def file_hashes(facts: ModelFacts) -> FileHashes:
    """The SHA-256 of each file in use.

    Raises:
        ModelChanged: the service's processes use different files, as for seconds after a swap.
    """
    own = facts["sha256"]
    if any(worker["sha256"] != own for worker in facts.get("workers") or ()):
        raise ModelChanged
    return tuple(sorted(own.items()))


@st.cache_data(show_spinner=False, ttl=CACHE_SECONDS, max_entries=CACHED_RESPONSES)
def cached_response(
    url: str, files: FileHashes, path: str, query: dict[str, Any], _fetch: Callable[[], Any]
) -> Any:
    """A response that stays valid as long as the files do; `_fetch` gets it the first time."""
    return _fetch()


class PinnedService(ServiceApi):
    """The service, limited to the model that `/model` named when the page was begun.

    A response that names its model is compared with that one. Any other response is cached, and
    accepted only if `/model` names the same files before and after it. Each method raises
    `ModelChanged` for a response of another model.

    Attributes:
        facts: the response of `/model`.
        files: the SHA-256 of each file in use.
        language: the language of labels, themes and reasons; empty for that of features.csv.
    """

    def __init__(self, api: ServiceApi, language: str = "") -> None:
        """Ask for the model.

        Args:
            api: the service.
            language: the wanted language of labels, themes and reasons.
        """
        super().__init__(api.connection)
        self.facts = self.model()
        self.files = file_hashes(self.facts)
        self.language = language if language in self.facts["languages"] else ""

    @property
    def model_sha256(self) -> str:
        """The SHA-256 of the model file."""
        own = self.facts["sha256"]
        return next(own[name] for name in MODEL_FILES if name in own)

    def has_data_of(self, other: "PinnedService") -> bool:
        """True if only the model is another one: clients and features are the same."""
        return {name for name, _ in {*self.files} ^ {*other.files}} <= OF_A_MODEL

    @cached_property
    def feature_by_name(self) -> dict[str, Feature]:
        """Features by name, in the order of the files."""
        return {feature["name"]: feature for feature in self.features()}

    @cached_property
    def labels(self) -> frozenset[str]:
        """The data team's words for features and themes."""
        features = self.feature_by_name.values()
        return frozenset(text for each in features for text in (each["label"], each["group"]))

    def values_by_class(self, feature: str) -> tuple[list[Any], list[Any]]:
        """A feature's values among the reference clients who paid, and who did not."""
        found: Any = self.reference_values(feature)
        fields = self.facts.get("get_kde") or CLASS_FIELDS
        by_class = {meaning: found[name] for name, meaning in fields.items()}
        return by_class["class 0"], by_class["class 1"]

    def pd_limit(self) -> float:
        """The lowest expected share of defaults that is refused.

        It is the threshold after the calibration of model.json, or the threshold itself.
        """
        threshold = self.facts["threshold"]
        calibration = self.facts["facts"].get("calibration")
        if calibration is None or not 0 < threshold < 1:
            return threshold
        margin = calibration["slope"] * log_odds(threshold) + calibration["offset"]
        return 1 / (1 + math.exp(-margin))

    def request(
        self, method: str, path: str, query: dict[str, Any], body: Application | None = None
    ) -> Any:
        """The decoded body of a response of the pinned model; the cached one if there is one."""
        if path == "/model":
            return super().request(method, path, query, body)
        if self.language and path in WORDED_ROUTES:
            query = {**query, "language": self.language}
        fetch = partial(super().request, method, path, query, body)
        if path in SIGNED_ROUTES:
            response = fetch()
            if response["model"] != self.model_sha256:
                raise ModelChanged
            return response

        def fetch_unsigned() -> Any:
            response = fetch()
            if file_hashes(self.model()) != self.files:
                raise ModelChanged
            return response

        return cached_response(self.connection.url, self.files, path, query, fetch_unsigned)


def log_odds(probability: float) -> float:
    """The log-odds of a probability between 0 and 1."""
    return math.log(probability / (1 - probability))
