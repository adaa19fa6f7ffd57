"""Memory given back to the system."""

import contextlib
import ctypes


def give_back_memory() -> None:
    """Return freed memory to the system: glibc keeps a quarter of a large process."""
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
