"""Processes of the project: each starts in its folder, in a session of its own."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
# Of other variables a setting of the caller's counts.
INHERITED = ("FAST_EXPLANATIONS", "HOME", "LD_LIBRARY_PATH", "PATH", "TMPDIR")

# A process like those of subprocess, of a command, an environment, and where its output and its
# errors go.
Begin = Callable[[Sequence[str], Mapping[str, str], int, int], Any]


def inherited() -> dict[str, str]:
    """The environment variables that every process has."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return kept | {"OMP_NUM_THREADS": "1"}


def begin(
    command: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int
) -> subprocess.Popen[bytes]:
    """Start a command in a new process."""
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=stdout, stderr=stderr, start_new_session=True
    )
