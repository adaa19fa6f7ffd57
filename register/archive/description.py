"""`Description`: all that decides the figures of a bundle, as the register keeps it."""

import hashlib
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from credit_scoring.environment import installed
from register.stored import StoredBundle

PACKAGES = ("credit_scoring",)  # their code decides the figures of a decision
PROCESSORS = Path("/proc/cpuinfo")


@dataclass(frozen=True, kw_only=True)
class Description:
    """The files of a bundle, and the environment that they were loaded in.

    Attributes:
        model: the name of the model file.
        files: SHA-256 of each file, by its name in the folder.
        versions: see `environment`.
        features: names of the raw features, in the order of a stored record.
        fast_explanations: true if trees may be explained by this project's own code.
    """

    model: str
    files: Mapping[str, str]
    versions: Mapping[str, str]
    features: Sequence[str]
    fast_explanations: bool

    @classmethod
    def of_text(cls, text: str) -> "Description":
        """The description in the column `description` of `schema.bundle`."""
        return cls(**orjson.loads(text))

    @property
    def text(self) -> str:
        """The description as JSON; equal descriptions have equal texts."""
        return orjson.dumps(vars(self), option=orjson.OPT_SORT_KEYS).decode()

    @property
    def sha256(self) -> bytes:
        """The hash of the text."""
        return hashlib.sha256(self.text.encode()).digest()

    @property
    def model_sha256(self) -> str:
        """The hash of the model file."""
        return self.files[self.model]

    @property
    def stored(self) -> StoredBundle:
        """The part that a reader of a decision is shown."""
        return StoredBundle(
            sha256=self.sha256.hex(),
            model=self.model_sha256,
            files=self.files,
            versions=self.versions,
        )


def environment() -> dict[str, str]:
    """Releases of Python, the libraries and this project's code, and the processor's name.

    On another processor a library may take other instructions, which round the last bits
    differently.
    """
    return {
        "python": platform.python_version(),
        **installed(PACKAGES),
        "platform": f"{sys.platform} {platform.machine()}",
        "processor": _processor(),
    }


def _processor() -> str:
    with suppress(OSError):
        for line in PROCESSORS.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return "unknown"
