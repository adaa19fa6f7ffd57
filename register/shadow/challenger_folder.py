"""`ChallengerFolder`: the files of a challenger, which are loaded when they change."""

import time
from pathlib import Path

from credit_scoring.data.artifacts import REQUIREMENTS_FILE
from credit_scoring.data.bundle_files import Fingerprint, fingerprint
from credit_scoring.errors import errors_only
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load

RETRY_SECONDS = 60.0  # until refused files are read again


class ChallengerFolder:
    """A folder of files that is looked at now and then.

    Attributes:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        """Look at the folder for the first time, without loading."""
        self.path = path
        self._seen = self._fingerprint()
        self._tried: Fingerprint | None = None
        self._retry_at: float | None = None  # on the monotonic clock; None if they were loaded

    def changed(self) -> Bundle | None:
        """The loaded files if they changed and lie still, or if it is time to try them again.

        Raises:
            BadFile: they cannot be loaded.
        """
        before, self._seen = self._seen, self._fingerprint()
        is_due = self._retry_at is not None and time.monotonic() >= self._retry_at
        if self._seen != before or (self._seen == self._tried and not is_due):
            return None
        self._tried, self._retry_at = self._seen, time.monotonic() + RETRY_SECONDS
        with errors_only():
            bundle = load(self.path)
        self._retry_at = None
        if self._fingerprint() != self._seen:  # they may not belong together
            self._tried = None
            return None
        return bundle

    def refuse(self) -> None:
        """Try the loaded files again later, because they could not be used."""
        self._retry_at = time.monotonic() + RETRY_SECONDS

    def _fingerprint(self) -> Fingerprint:
        return fingerprint(self.path, [REQUIREMENTS_FILE])


def load_challenger(path: Path) -> Bundle:
    """Load a folder once.

    Raises:
        BadFile: the files cannot be loaded.
    """
    with errors_only():
        return load(path)
