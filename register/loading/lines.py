"""Lines of JSON, with the number of each; the message about a bad one has no value of it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile, is_unicode

LONGEST = 8_000_000  # bytes of a line
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ].+", re.ASCII)
CALLER = re.compile(r"[A-Za-z0-9_.@-]{1,64}", re.ASCII)


class BadLine(ValueError):
    """A line cannot be loaded; the message has no value of it."""


@dataclass(frozen=True)
class Line:
    """A line of a file.

    Attributes:
        number: in the file, from 1.
        values: the JSON object; None for a bad line.
        problem: of a bad line.
    """

    number: int
    values: Mapping[str, Any] | None = None
    problem: str = ""

    def of(self, needed: Sequence[str], others: Sequence[str]) -> Mapping[str, Any]:
        """The values of a line with some keys.

        Args:
            needed: keys that it must have.
            others: keys that it may have.

        Raises:
            BadLine: the line is bad, or a key is missing or unknown.
        """
        if self.values is None:
            raise BadLine(self.problem)
        if missing := [name for name in needed if name not in self.values]:
            raise BadLine(f"lacks {', '.join(missing)}")
        if self.values.keys() - {*needed, *others}:
            raise BadLine(f"has other keys than {', '.join([*needed, *others])}")
        return self.values


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file in UTF-8; empty ones are left out.

    Raises:
        BadFile: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while text := file.readline(LONGEST + 1):
                number += 1
                if len(text) > LONGEST:
                    raise BadFile(path.name, f"line {number} has more than {LONGEST:,} bytes")
                if text.strip():
                    yield _line(number, text)
    except OSError as error:
        raise BadFile(path.name, unreadable(error)) from error


def _line(number: int, text: bytes) -> Line:
    try:
        return Line(number, parsed(text))
    except BadLine as problem:
        return Line(number, problem=str(problem))


def parsed(text: bytes) -> Mapping[str, Any]:
    """The JSON object of a line.

    Raises:
        BadLine: it is not one, or repeats a key.
    """
    try:
        found = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except BadLine:
        raise
    except (ValueError, RecursionError) as error:
        raise BadLine("is not JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise BadLine("is not a JSON object")
    return found


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadLine("repeats a key")
    return found


def _refuse(_: str) -> NoReturn:
    raise BadLine("has a number that is not finite")


def time_of(value: object, now: datetime) -> datetime:
    """A time in UTC.

    Args:
        value: such as ``2026-11-28T13:05:01.123456Z``; with an offset.
        now: the present time.

    Raises:
        BadLine: it is not a time with an offset, or in the future.
    """
    problem = "at is not a time such as 2026-11-28T13:05:01.123456Z"
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise BadLine(problem)
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise BadLine(f"{problem}, with its offset from UTC")
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadLine):
            raise
        raise BadLine(problem) from error
    if found > now:
        raise BadLine("at is in the future")
    return found


def text_of(values: Mapping[str, Any], name: str, longest: int, shortest: int = 1) -> str:
    """A text of a line that a database can keep.

    Raises:
        BadLine: it is not a text, or too short or too long.
    """
    value = values[name]
    if (
        not isinstance(value, str)
        or not shortest <= len(value) <= longest
        or "\0" in value
        or not is_unicode(value)
    ):
        raise BadLine(f"{name} is not a text of {shortest} to {longest} characters")
    return value


def caller_of(values: Mapping[str, Any]) -> str:
    """The name of a caller.

    Raises:
        BadLine: it is not one.
    """
    value = values["caller"]
    if not isinstance(value, str) or not CALLER.fullmatch(value):
        raise BadLine("caller is not a text of 1 to 64 letters, digits or _ . @ -")
    return value
