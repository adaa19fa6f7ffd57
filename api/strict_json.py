"""Strict JSON: an object or a list, parsed without repeated keys or NaN."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NoReturn

import msgspec
import numpy as np

from credit_scoring.errors import NEVER_MISSING, first_few

SPACE = b" \t\r\n"  # JSON's white space
STRUCTURE = b":,[{"  # structure characters: every value after the first has one
STRUCTURE_MORE = 1000  # more of them than in a record, parsed to name the error


class NotObject(ValueError):
    """A text is not the expected JSON object or list; the message gives the reason."""


class WholeNumber(str):
    """The digits of a number written without fraction or exponent, an id or a value.

    Python refuses to convert thousands of digits to an integer, but converts them to a double.
    """


def parse_object(
    text: bytes, most: int, noun: str, parse_int: Callable[[str], object] = float
) -> dict[str, Any]:
    """Parse a JSON object; 1e999 becomes infinity.

    Args:
        text: UTF-8.
        most: the largest number of structure characters, see `count_structure`.
        noun: the expected object, such as "a record", for messages.
        parse_int: converts the digits of a whole number.

    Raises:
        NotObject: the text is not a JSON object, repeats a key, or is too long.
    """
    if not text.strip():
        raise NotObject("empty, not a JSON object")
    parsed = _parse(text, most, noun, parse_int)
    if not isinstance(parsed, dict):
        raise NotObject("JSON, but not an object")
    return parsed


def parse_list(
    text: bytes, most: int, noun: str, parse_int: Callable[[str], object] = float
) -> list[Any]:
    """Parse a JSON list; see `parse_object`.

    Raises:
        NotObject: the text is not a JSON list, an object in it repeats a key, or it is too long.
    """
    if not text.strip():
        raise NotObject("empty, not a JSON list")
    parsed = _parse(text, most, noun, parse_int)
    if not isinstance(parsed, list):
        raise NotObject("JSON, but not a list")
    return parsed


def _parse(text: bytes, most: int, noun: str, parse_int: Callable[[str], object]) -> object:
    # Counted before parsing: a megabyte of values would stop the process for a second.
    if (structure := count_structure(text)) > most:
        raise NotObject(f"{structure} commas, colons and brackets, far more than {noun} has")
    try:
        parsed: object = json.loads(
            text.decode(), object_pairs_hook=_once, parse_constant=_refused, parse_int=parse_int
        )
    except NotObject:
        raise
    except (ValueError, RecursionError) as error:
        raise NotObject(f"not JSON: {error}") from error
    return parsed


def number_problem(value: object, may_miss: bool, largest: float) -> str | None:
    """The problem of a numeric feature's value, None for a valid one."""
    if value is None or value != value:
        return None if may_miss else NEVER_MISSING
    if not isinstance(value, (float, int)) or isinstance(value, bool):
        return "not a number"
    return None if abs(value) <= largest else "out of range"


def record_type(name: str, fields: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Any:
    """A type for msgspec's decoder whose fields have these names in JSON.

    If msgspec refuses a character of a name, the type accepts no text.
    """
    rename = {field[0]: given for field, given in zip(fields, names, strict=True)}
    try:
        return msgspec.defstruct(name, fields, rename=rename, forbid_unknown_fields=True)
    except ValueError:
        return Annotated[int, msgspec.Meta(gt=0, lt=0)]


def count_structure(text: bytes) -> int:
    """The number of commas, colons and opening brackets in a text."""
    return sum(count(text, chr(character)) for character in STRUCTURE)


def count(text: bytes, character: str) -> int:
    """The number of times that an ASCII character occurs in a text."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(character)))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = [name for name, number in counts.items() if number > 1]
        raise NotObject(f"more than once: {first_few(twice)}")
    return parsed


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
