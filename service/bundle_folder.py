"""The folder of the bundle in use: loaded at start, and again when its files change."""

from collections.abc import Callable, Set
from concurrent.futures import Future
from typing import ClassVar

from credit_scoring.data.bundle_files import Fingerprint, fingerprint
from credit_scoring.errors import BadFile
from service.served_bundle import ServedBundle
from service.settings import Settings
from serving.hot_reload import ReloadedFolder
from serving.workers.gunicorn_worker import awaited, giving_way, thread_beside
from serving.workers.worker_registry import WorkerRegistry

PREPARING_SECONDS = 5.0  # the longest wait of a request for the peers


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
            BadFile: see `ServedBundle.read`.
        """
        self._settings = settings
        self._preparing = thread_beside("preparing")
        self.listeners: list[Callable[[ServedBundle], object]] = []
        super().__init__(settings.ressources_dir, registry)

    def fingerprint(self) -> Fingerprint:
        """Times, size and inode of the bundle's files, and of modules that a model may import.

        Not of ``requirements.txt``: `startup.sh` installs what it names, at the next start.
        """
        return fingerprint(self._settings.ressources_dir)

    def read(self, gone: Set[str]) -> ServedBundle:
        """Load the bundle; see `ServedBundle.read`."""
        settings = self._settings
        return ServedBundle.read(
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
        if not served.peers.done():
            self.prepare(served)
            await awaited(served.peers, PREPARING_SECONDS)
        _ = served.found_peers
