"""A folder as it was read, with the answers made from it so far: what a reload swaps."""

import contextlib
import ctypes
import logging
import time
from collections.abc import Set
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from cachetools import LRUCache

from api.openapi import components
from api.responses import explanation_bodies, record_body, reference_body
from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, OPTIONAL_FILES, REFERENCE_FILE
from credit_scoring.errors import BadFile, InvalidRecord, UnknownFeature, describe, foreign_code
from credit_scoring.explain.acceleration import accelerate, is_compiled
from credit_scoring.explain.peers import Peers, compare
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load

EXPLANATIONS_KEPT = 16_000_000  # bytes of answers, about 600 clients of 347 features
REFERENCE_VALUES_KEPT = 8_000_000  # bytes of answers
CHECKED = 16  # clients who are explained in both ways

log = logging.getLogger(__name__)


class AnswerCache(LRUCache[Any, bytes]):
    """The answers asked for last, up to a number of bytes."""

    def __init__(self, largest: int) -> None:
        super().__init__(largest, getsizeof=len)

    def keep(self, key: object, body: bytes) -> None:
        """Keep an answer, where it is not larger than all that may be kept.

        It is copied: orjson's bytes hold on to more room than they fill.
        """
        with contextlib.suppress(ValueError):
            self[key] = bytes(memoryview(body))


@dataclass(frozen=True, eq=False)
class ServedBundle:
    """What was loaded, and answers of it that are ready.

    Attributes:
        scorer: what was loaded.
        ids: the body of `/get_ids`.
        features: the body of `/get_feat`.
        explanations: bodies of `/get_shap` by client and by how they were computed.
        reference_values: bodies of `/get_kde` by feature, as it was named.
        comparison: with what scores are compared, or why there is nothing; prepared once, beside
            requests.
        tables: bodies of answers that depend on the model alone, by their route.
    """

    bundle: Bundle
    ids: bytes
    features: bytes
    explanations: AnswerCache = field(default_factory=lambda: AnswerCache(EXPLANATIONS_KEPT))
    reference_values: AnswerCache = field(
        default_factory=lambda: AnswerCache(REFERENCE_VALUES_KEPT)
    )

    peers: Future[Peers | str] = field(default_factory=Future)
    tables: dict[str, bytes] = field(default_factory=dict)
    _claimed: Lock = field(default_factory=Lock)

    def claim(self) -> bool:
        """Whether the caller is the first one, and so has to call `prepare`."""
        return self._claimed.acquire(blocking=False)

    def prepare(self, *, quickly: bool = False) -> None:
        """Score and explain the reference clients; what is wrong is logged in one line.

        Args:
            quickly: whether explanations are to be made faster, see `Classifier.quicken`: first,
                or, where that takes seconds, afterwards.
        """
        bundle = self.bundle

        def failed(error: BaseException) -> str:
            """Without the error's own text: it may hold a client's value."""
            return (
                f"cannot score and explain the clients of {REFERENCE_FILE} ({type(error).__name__})"
            )

        first = quickly and self._quicken(only_soon=True)
        result: Peers | str
        try:
            with foreign_code(MODEL_FILE, failed):
                _ = bundle.classifier.thresholds  # found once, too
                result = compare(bundle.scorer, bundle.reference, bundle.threshold)
        except BadFile as problem:
            result = str(problem)
        if isinstance(result, str):
            log.error("the credit desk has nothing to compare with: %s", result)
        elif (auc := result.reversed_auc()) is not None:
            log.warning(
                "the model ranks the clients of %s the wrong way round (AUC %.3f on their TARGET):"
                " it may have been fitted with the classes reversed; 1 must be a client in default",
                REFERENCE_FILE,
                auc,
            )
        self.peers.set_result(result)
        if quickly and not first:  # the desk does not wait for the compiler
            self._quicken(only_soon=False)
        _give_back_memory()

    def _quicken(self, *, only_soon: bool) -> bool:
        """Let explanations be made faster, or if that takes long do nothing; whether it was done.

        Whatever numba raises, they stay as they are.
        """
        classifier = self.bundle.classifier
        try:
            with foreign_code(MODEL_FILE, describe):
                if only_soon and not is_compiled(classifier):
                    return False
                accelerate(classifier, self.bundle.transformed[:CHECKED])
        except BadFile as problem:
            log.warning("explained by LightGBM itself: %s", problem.__cause__)
        return True

    def state(self) -> dict[str, Any]:
        """What is in use, as every worker tells it."""
        return {"sha256": self.bundle.sha256, "threshold": self.bundle.threshold}


def read_served_bundle(folder: Path, model_sha256: str | None, gone: Set[str]) -> ServedBundle:
    """Load a folder, and write each kind of answer once.

    Args:
        folder: see `load`.
        model_sha256: see `load`.
        gone: files that were in the folder before. One that may be absent else must not be among
            them: what it says, of hashes or of formulas, would hold no longer.

    Raises:
        BadFile: see `load`, or an answer cannot be written.
    """
    began = time.perf_counter()
    for file in OPTIONAL_FILES:
        if file in gone:
            raise BadFile(file, "was there and is gone; to go on without it, restart")
    bundle = load(folder, model_sha256)
    rehearse(bundle)
    _give_back_memory()
    log.info(
        "loaded %s in %.2f s: %s %s, threshold %s, %d features, %d reference and %d new",
        folder,
        time.perf_counter() - began,
        MODEL_FILE,
        bundle.sha256[MODEL_FILE],
        bundle.threshold,
        len(bundle.features),
        len(bundle.reference),
        len(bundle.client_ids),
    )
    ids, features = ({"data": names} for names in (bundle.client_ids, bundle.features))
    return ServedBundle(bundle, orjson.dumps(ids), orjson.dumps(features))


def rehearse(bundle: Bundle) -> None:
    """Write each kind of answer once, before anybody asks.

    What is made once for a model is made here, and not while a request waits.

    Raises:
        BadFile: one cannot be written.
    """

    def unwritable(error: BaseException) -> str:
        return f"what is answered of it cannot be written: {describe(error)}"

    client_id, feature = bundle.client_ids[0], bundle.features[0]
    with foreign_code(METADATA_FILE, unwritable):
        orjson.dumps(bundle.metadata)
    with foreign_code(MODEL_FILE, unwritable):
        record_body(bundle.raw_record(client_id))
        record = orjson.dumps(bundle.transformed_record(client_id))
        orjson.dumps(bundle.predict_json(record))
        with contextlib.suppress(InvalidRecord):
            bundle.predict_json(b'{"":0}')
        explanation_bodies(bundle, [client_id])
        reference_body(bundle, feature, ("feat0", "feat1"))
        with contextlib.suppress(UnknownFeature):
            bundle.raw_feature("")
        orjson.dumps(components(bundle))
        bundle.applications.rehearse()
        bundle.scorer.transform(bundle.raw_rows([0]))
        bundle.scorer.transformer.itself(bundle.raw_rows([0]))
        _ = bundle.scorer.outputs, bundle.threshold_log_odds


def _give_back_memory() -> None:
    """Let the system have what reading or preparing took: glibc keeps a quarter of a large process.

    Called when nothing holds a frame, or what is made of the reference clients, any more.
    """
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
