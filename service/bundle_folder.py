"""The folder of the bundle in use: loaded at start, and again when its files change."""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future
from pathlib import Path
from typing import ClassVar

import orjson

from api.openapi import components
from api.responses import explanation_bodies, record_body, reference_body
from credit_scoring.data.artifacts import FILES, METADATA_FILE, MODEL_FILE, OPTIONAL_FILES
from credit_scoring.data.bundle_files import module_files
from credit_scoring.errors import (
    BadFile,
    InvalidRecord,
    UnknownFeature,
    describe,
    foreign_code,
    naming,
)
from credit_scoring.explain.wording import Wording
from credit_scoring.model.loader import load
from service.served_bundle import ServedBundle
from service.settings import Settings
from serving.hot_reload import ReloadedFolder
from serving.workers.gunicorn_worker import awaited, giving_way, thread_beside
from serving.workers.memory import give_back_memory
from serving.workers.worker_registry import WorkerRegistry

PREPARING_SECONDS = 5.0  # the longest wait of a request for the peers

log = logging.getLogger(__name__)


class BundleFolder(ReloadedFolder[ServedBundle]):
    """The folder of the bundle in use, `current`.

    Attributes:
        listeners: called with each bundle that comes into use; they return at once.
    """

    unusable: ClassVar = BadFile

    def __init__(self, settings: Settings, registry: WorkerRegistry) -> None:
        """Load the bundle.

        Args:
            settings: name the folder and the currency.
            registry: shows this worker's files to the other workers.

        Raises:
            BadFile: see `read_served_bundle`.
        """
        self._settings = settings
        self._preparing = thread_beside("preparing")
        self.listeners: list[Callable[[ServedBundle], object]] = []
        super().__init__(settings.ressources_dir, registry)

    def names(self) -> Sequence[str]:
        """The files of a bundle, and all modules that a model may import from its folder.

        Not ``requirements.txt``: `startup.sh` installs what it names, at the next start.
        """
        return [*FILES, *module_files(self._settings.ressources_dir)]

    def read(self, gone: Set[str]) -> ServedBundle:
        """Load the bundle; see `read_served_bundle`."""
        settings = self._settings
        return read_served_bundle(
            settings.ressources_dir, settings.model_sha256, gone, settings.currency
        )

    def prepare(self, current: ServedBundle) -> None:
        """Tell the listeners, and start to find the peers in another thread, once for a bundle."""

        def prepare_in_turn() -> None:
            if self.current is current:  # no request waits for a bundle that was replaced
                current.prepare(quickly=self._settings.fast_explanations)

        if current.claim():  # `Future.result` raises an exception again, which is then logged
            for listener in self.listeners:
                listener(current)
            self._preparing.submit(giving_way, prepare_in_turn).add_done_callback(Future.result)

    async def wait_for_peers(self, served: ServedBundle) -> None:
        """Wait until the peers of a bundle are found; another bundle may be in use by then.

        Raises:
            NotReady: the peers are not found in time; a later call may succeed.
            NoPeers: the reference clients cannot be scored.
        """
        self.prepare(served)
        await awaited(served.peers, PREPARING_SECONDS)
        _ = served.found_peers


def read_served_bundle(
    folder: Path, model_sha256: str | None, gone: Set[str], currency: str | None = None
) -> ServedBundle:
    """Load a folder, and write each kind of response once.

    Args:
        folder: see `load`.
        model_sha256: see `load`.
        gone: files that are no longer in the folder. An optional file must not be among them: the
            service would drop the checks or formulas of that file without notice.
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
    served = ServedBundle(bundle, orjson.dumps(ids), orjson.dumps(features), wording)
    with naming(MODEL_FILE, bundle.model_file):
        rehearse(served)
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


def rehearse(served: ServedBundle) -> None:
    """Write each kind of response once, to build decoders and caches before the first request.

    Raises:
        BadFile: a response cannot be written.
    """

    def unwritable(error: BaseException) -> str:
        return f"what is answered of it cannot be written: {describe(error)}"

    bundle = served.bundle
    client_id, feature = bundle.client_ids[0], bundle.features[0]
    with foreign_code(METADATA_FILE, unwritable):
        orjson.dumps(bundle.metadata)
    with foreign_code(MODEL_FILE, unwritable):
        record_body(bundle.raw_record(client_id))
        orjson.dumps(served.predict(orjson.dumps(bundle.transformed_record(client_id))))
        with contextlib.suppress(InvalidRecord):
            served.predict(b'{"":0}')
        explanation_bodies(bundle, [client_id])
        reference_body(bundle, feature, ("feat0", "feat1"))
        with contextlib.suppress(UnknownFeature):
            bundle.raw_feature("")
        orjson.dumps(components(bundle))
        served.applications.rehearse()
        bundle.scorer.transform(bundle.raw_rows([0]))
        bundle.scorer.transformer.unvectorised(bundle.raw_rows([0]))
        _ = bundle.scorer.transformer.traced_outputs, bundle.threshold_log_odds
