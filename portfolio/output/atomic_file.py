"""Files that are replaced as a whole: a reader never sees half of one."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from credit_scoring.errors import BadFile


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, which replaces another one once it is whole on the disk.

    Raises:
        BadFile: it cannot be written; then nothing is left of it.
    """
    aside = path.parent / f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}"
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)  # Arrow adds more words
        raise BadFile(str(path), f"cannot be written: {reason}") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
