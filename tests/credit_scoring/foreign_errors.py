"""Errors of every kind that foreign code raises."""

from asyncio import CancelledError
from zipfile import BadZipFile

FOREIGN = [
    RuntimeError("why"),
    StopIteration("why"),
    MemoryError("why"),
    BadZipFile("why"),
    SystemExit("why"),
    GeneratorExit("why"),
    CancelledError("why"),
    Exception("why"),
    Warning("why"),
]
