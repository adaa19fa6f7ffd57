"""JSON text to one object, by the standard library: what is wrong is found before it is built."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NoReturn

import msgspec
import numpy as np

from credit_scoring.errors import NEVER_MISSING, first_few

SPACE = b" \t\r\n"  # what JSON has between its values
STRUCTURE = b":,[{"  # characters without which JSON has no second value
STRUCTURE_MORE = 1000  # more of them than a record has, still read to say what is wrong


class NoObject(ValueError):
    """What is wrong with a text that is no JSON object."""


class Whole(str):
    """The text of a number that was written as a whole one: an id may be one, and so may any value.

    Python makes no text of thousands of digits an integer; a double it makes of any.
    """


def parse_object(
    text: bytes, most: int, noun: str, parse_int: Callable[[str], object] = float
) -> dict[str, Any]:
    """The object that a text is; it knows a repeated key, and gives 1e999 as infinity.

    Args:
        text: UTF-8.
        most: characters that JSON is made of, beyond which nothing is read.
        noun: what has fewer than these.
        parse_int: makes a number of one that is written as a whole one.

    Raises:
        NoObject: it is none.
    """
    if not text.strip():
        raise NoObject("empty, not a JSON object")
    # Before anything is built of it: a megabyte of values holds the process for a second.
    if (structure := count_structure(text)) > most:
        raise NoObject(f"{structure} commas, colons and brackets, far more than {noun} has")
    try:
        parsed = json.loads(
            text.decode(), object_pairs_hook=_once, parse_constant=_refused, parse_int=parse_int
        )
    except NoObject:
        raise
    except (ValueError, RecursionError) as error:
        raise NoObject(f"not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise NoObject("JSON, but not an object")
    return parsed


def number_problem(value: object, may_miss: bool, largest: float) -> str | None:
    """What is wrong with a feature's value that is to be a number, None where nothing is."""
    if value is None or value != value:
        return None if may_miss else NEVER_MISSING
    if not isinstance(value, (float, int)) or isinstance(value, bool):
        return "not a number"
    return None if abs(value) <= largest else "out of range"


def record_type(name: str, fields: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Any:
    """A type for msgspec's decoder with fields of these names; one that fits no text where a name
    has characters that msgspec takes in none."""
    rename = {field[0]: given for field, given in zip(fields, names, strict=True)}
    try:
        return msgspec.defstruct(name, fields, rename=rename, forbid_unknown_fields=True)
    except ValueError:
        return Annotated[int, msgspec.Meta(gt=0, lt=0)]


def count_structure(text: bytes) -> int:
    """How many commas, colons and opening brackets a text has."""
    return sum(count(text, chr(character)) for character in STRUCTURE)


def count(text: bytes, character: str) -> int:
    """How often an ASCII character comes in a text."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(character)))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = [name for name, number in counts.items() if number > 1]
        raise NoObject(f"more than once: {first_few(twice)}")
    return parsed


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
