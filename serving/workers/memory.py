"""Memory given back to the system, and objects that no garbage collection walks."""

import contextlib
import ctypes
import gc
from functools import cache


def give_back_memory() -> None:
    """Return freed memory to the system: glibc keeps a quarter of a large process."""
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


@cache  # an earlier model, which a later call would keep, is garbage
def exclude_libraries() -> None:
    """Exclude the objects that live at the first call from garbage collections.

    Libraries that a thread has imported after the start leave 160,000 objects for ever. A full
    collection holds the event loop up for 30 ms with them, and for 4 ms without.
    """
    gc.freeze()
