"""How much memory Python holds."""

import tracemalloc
from collections.abc import Callable


def held_after(call: Callable[[], object]) -> int:
    """How many bytes more are held after a call than before it."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
