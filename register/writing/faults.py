"""Faults of this program, or of an entry's values, in words without values."""

import traceback
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

FAULTS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError,
    SQLAlchemyError, TypeError, ValueError,
)  # fmt: skip


def described(fault: Exception) -> str:
    """The class of a fault, and the line that raised it; the database's message has no values."""
    place = traceback.extract_tb(fault.__traceback__)[-1]
    words = [type(fault).__name__]
    original = getattr(fault, "orig", None)
    if original is not None:
        words.append(str(original))
    return f"{' '.join(words)} at {Path(place.filename).name}:{place.lineno}"
