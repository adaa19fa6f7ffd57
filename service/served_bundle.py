"""A loaded bundle with its decoders, the responses of simple routes, and its peers."""

import contextlib
import logging
import time
from collections.abc import Set
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Self

import orjson

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from api.openapi import components
from api.record_decoder import RecordDecoder
from api.responses import explanation_bodies, record_body, reference_body
from credit_scoring.data.artifacts import (
    METADATA_FILE,
    MODEL_FILE,
    OPTIONAL_FILES,
    REFERENCE_FILE,
)
from credit_scoring.errors import (
    BadFile,
    InvalidRecord,
    NoPeers,
    UnknownFeature,
    describe,
    foreign_code,
    naming,
)
from credit_scoring.explain.peers import Peers, find_peers
from credit_scoring.explain.tree_kernel.acceleration import accelerate, is_compiled
from credit_scoring.explain.wording import Wording
from credit_scoring.model.bundle import Bundle, Prediction
from credit_scoring.model.loader import load
from credit_scoring.whatif.combinations import CombinationFinder
from serving.batching import ResponseCache
from serving.workers.memory import exclude_libraries, give_back_memory

REFERENCE_VALUES_KEPT = 8_000_000  # bytes of cached responses
CHECKED = 16  # clients whom both `treeshap` and LightGBM explain

# Likely causes of a model that ranks clients the wrong way round.
REVERSED = (
    "it may have been fitted with the classes reversed, 1 being a good client; if so, put"
    f' "default_class": 0 into {METADATA_FILE}'
)
CHOSEN = f"the default_class of {METADATA_FILE} may be that of a good client"

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ServedBundle:
    """A loaded bundle with its decoders, cached responses and peers.

    Attributes:
        bundle: the loaded bundle.
        ids: the body of `/get_ids`.
        features: the body of `/get_feat`.
        wording: the words of answers, by language.
        reference_values: cached bodies of `/get_kde`.
        peers: the peers, or the reason why there are none; set by `prepare`.
    """

    bundle: Bundle
    ids: bytes
    features: bytes
    wording: Wording
    reference_values: ResponseCache[tuple[str, tuple[str, str]]] = field(
        default_factory=lambda: ResponseCache(REFERENCE_VALUES_KEPT)
    )
    peers: Future[Peers | str] = field(default_factory=Future)
    _claimed: Lock = field(default_factory=Lock)

    @classmethod
    def read(
        cls, folder: Path, model_sha256: str | None, gone: Set[str], currency: str | None = None
    ) -> Self:
        """Load a folder, and write each kind of response once.

        Args:
            folder: see `load`.
            model_sha256: see `load`.
            gone: files that are no longer in the folder. An optional file must not be among them:
                the service would drop the checks or formulas of that file without notice.
            currency: the name of the currency in answers; None to keep the word `currency`.

        Raises:
            BadFile: see `load`; or a response cannot be written.
        """
        began = time.perf_counter()
        for file in OPTIONAL_FILES:
            if file in gone:
                raise BadFile(file, "was there and is gone; to go on without it, restart")
        bundle = load(folder, model_sha256)
        ids, features = ({"data": names} for names in (bundle.client_ids, bundle.features))
        wording = Wording(bundle.dictionary, currency)
        served = cls(bundle, orjson.dumps(ids), orjson.dumps(features), wording)
        with naming(MODEL_FILE, bundle.model_file):
            served._rehearse()
        give_back_memory()
        log.info(
            "loaded %s in %.2f s: %s %s, threshold %s, %d features, %d reference and %d new",
            folder,
            time.perf_counter() - began,
            bundle.model_file,
            bundle.model_sha256,
            bundle.threshold,
            len(bundle.features),
            len(bundle.reference),
            len(bundle.client_ids),
        )
        return served

    def _rehearse(self) -> None:
        """Write each kind of response once, to build decoders and caches before the first request.

        Raises:
            BadFile: a response cannot be written.
        """

        def unwritable(error: BaseException) -> str:
            return f"what is answered of it cannot be written: {describe(error)}"

        bundle, scorer = self.bundle, self.bundle.scorer
        client_id, feature = bundle.client_ids[0], bundle.features[0]
        with foreign_code(METADATA_FILE, unwritable):
            orjson.dumps(bundle.metadata)
        with foreign_code(MODEL_FILE, unwritable):
            record_body(bundle.raw_record(client_id))
            orjson.dumps(self.predict(orjson.dumps(bundle.transformed_record(client_id))))
            with contextlib.suppress(InvalidRecord):
                self.predict(b'{"":0}')
            explanation_bodies(bundle, [client_id])
            reference_body(bundle, feature, ("feat0", "feat1"))
            with contextlib.suppress(UnknownFeature):
                bundle.raw_feature("")
            orjson.dumps(components(bundle))
            self.applications.rehearse()
            scorer.transform(bundle.raw_rows([0]))
            scorer.transformer.unvectorised(bundle.raw_rows([0]))
            _ = scorer.transformer.traced_outputs, bundle.threshold_log_odds

    @cached_property
    def records(self) -> RecordDecoder:
        """The decoder of transformed records."""
        return RecordDecoder.of(self.bundle)

    @cached_property
    def applications(self) -> ApplicationDecoder:
        """The decoder of applications."""
        return ApplicationDecoder(ApplicationReader.of(self.bundle))

    def predict(self, text: bytes) -> Prediction:
        """Score a transformed record in JSON text.

        Raises:
            InvalidRecord: see `RecordDecoder.row_of_json`.
        """
        return self.bundle.predict(self.records.row_of_json(text))

    def reference_body(self, feature: str, class_names: tuple[str, str]) -> bytes:
        """The body of `/get_kde`.

        Raises:
            UnknownFeature: no feature has that name.
        """
        body = self.reference_values.get((feature, class_names))
        if body is None:
            body = reference_body(self.bundle, feature, class_names)
            self.reference_values.keep((feature, class_names), body)
        return body

    @cached_property
    def combination_finder(self) -> CombinationFinder:
        """Finds combinations of changes."""
        bundle = self.bundle
        return CombinationFinder(bundle.scorer, bundle.threshold, bundle.reference, bundle.raw)

    @cached_property
    def found_peers(self) -> Peers:
        """The peers, after `prepare` has ended.

        Raises:
            NoPeers: the reference clients cannot be scored.
        """
        found = self.peers.result(0)
        if isinstance(found, str):
            raise NoPeers(found)
        return found

    def claim(self) -> bool:
        """True for the first caller, who has to call `prepare`."""
        return self._claimed.acquire(blocking=False)

    def prepare(self, *, quickly: bool = False) -> None:
        """Find the peers; log a problem in one line.

        Args:
            quickly: true to accelerate explanations: before, or afterwards if that takes seconds.
        """
        bundle = self.bundle

        def failed(error: BaseException) -> str:
            """Leave out the error's own text, which may quote a client's value."""
            return (
                f"cannot score and explain the clients of {REFERENCE_FILE} ({type(error).__name__})"
            )

        first = quickly and self._accelerate(only_soon=True)
        result: Peers | str
        try:
            with naming(MODEL_FILE, bundle.model_file), foreign_code(MODEL_FILE, failed):
                _ = bundle.classifier.split_points  # computed and cached
                result = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
        except BadFile as problem:
            result = str(problem)
        if isinstance(result, str):
            log.error("the credit desk has nothing to compare with: %s", result)
        elif (auc := result.reversed_auc()) is not None:
            log.warning(
                "the model ranks the clients of %s the wrong way round (AUC %.3f on their TARGET):"
                " %s; in TARGET, 1 must be a client in default",
                REFERENCE_FILE,
                auc,
                CHOSEN if "default_class" in bundle.metadata else REVERSED,
            )
        self.peers.set_result(result)
        if quickly and not first:  # requests do not wait for the compiler
            self._accelerate(only_soon=False)
        give_back_memory()

    def _accelerate(self, *, only_soon: bool) -> bool:
        """Accelerate explanations, and return true if it was tried.

        After any exception of numba, LightGBM goes on explaining.

        Args:
            only_soon: true to do nothing if that takes long.
        """
        classifier = self.bundle.classifier
        try:
            with foreign_code(MODEL_FILE, describe):
                if only_soon and not is_compiled(classifier):
                    return False
                accelerate(classifier, self.bundle.transformed[:CHECKED])
        except BadFile as problem:
            log.warning("explained by LightGBM itself: %s", problem.__cause__)
        if classifier.is_quick:
            exclude_libraries()  # numba, above all
        return True

    def state(self) -> dict[str, Any]:
        """The hashes and the threshold that this worker shows to the others."""
        return {"sha256": self.bundle.sha256, "threshold": self.bundle.threshold}
