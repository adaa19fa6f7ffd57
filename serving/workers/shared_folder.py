"""The folder where the workers of a server add up their counts and publish their states."""

import os
from contextlib import suppress
from pathlib import Path

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the environment variable that names it
LIVE = "gauge_livesum"  # of metrics whose values end with their worker
KINDS = "counter", "histogram", LIVE  # of metrics; prometheus_client has a file for each
RESERVED = 1 << 17  # bytes of each file; every route with every status takes less


def shared_folder() -> Path | None:
    """The folder; None for a single process, and for a worker that found no room in it."""
    folder = os.environ.get(SHARED_FOLDER)
    return Path(folder) if folder else None


def join_shared_folder() -> str | None:
    """Reserve room for this process' counts; without room, unset the variable and say why.

    prometheus_client reads the variable when it is imported, and maps its files into memory. On a
    full file system the first write to a new page would end the process with SIGBUS.
    """
    folder = os.environ.get(SHARED_FOLDER)
    if not folder:
        return None
    files = [Path(folder) / f"{kind}_{os.getpid()}.db" for kind in KINDS]
    try:
        for path in files:
            with path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVED)
    except OSError as error:
        del os.environ[SHARED_FOLDER]
        with suppress(OSError):
            for path in files:
                path.unlink(missing_ok=True)
        return f"{folder}: {error.strerror}"
    return None


def forget_live_values(pid: int) -> None:
    """Remove the live values of a dead worker, however it ended.

    As prometheus_client's `mark_process_dead`. gunicorn's main process must not import that: it
    would choose, for each worker, that there is room.
    """
    if folder := shared_folder():
        with suppress(OSError):
            (folder / f"{LIVE}_{pid}.db").unlink(missing_ok=True)
