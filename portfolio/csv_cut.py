"""A CSV file to pieces that end where rows do, in one pass that also hashes it.

A line end within quotes is no end of a row: once there are quotes, a piece is read again to find
its end. Quotes are those of RFC 4180, and a quote that does not begin a field is a character like
others, as for Python's and pandas's readers.
"""

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile, foreign_code
from portfolio.columns import check_header
from portfolio.job import Piece, guarded, stamp_of

PIECE = 1 << 25  # bytes, ten thousand rows of hundreds of columns
AT_ONCE = 1 << 18  # bytes that are read, so that they are hashed in the processor's cache
MOST_PIECES_A_ROW = 4  # beyond, a quote was not closed
LARGEST_HEADER = 1 << 24  # bytes
CHANGED = "changed while it was read"
ANYTHING = re.compile(rb"\S")
QUOTE = ord('"')
AROUND = np.frombuffer(b',\n\r"', np.uint8)  # what may stand before or behind a quoted field


def csv_pieces(path: Path, name: str, number: int, size: int = PIECE) -> Iterator[Piece | str]:
    """The pieces of a file, and at last its SHA-256.

    Args:
        path: of the file.
        name: as it is called in messages.
        number: of its first piece.
        size: of a piece, in bytes; the rest of a row comes to it.

    Raises:
        BadFile: it has no header or no row, or no row ends.
    """
    return guarded(name, unreadable, _pieces(path, name, number, size))


def _pieces(path: Path, name: str, number: int, size: int) -> Iterator[Piece | str]:
    buffer = bytearray(AT_ONCE)
    with path.open("rb") as file, memoryview(buffer) as view:
        stamp = stamp_of(os.fstat(file.fileno()))
        header, start = _header(name, file.read(LARGEST_HEADER))
        check_header(name, header)
        file.seek(0)
        digest = hashlib.sha256(file.read(start))
        end = at = start
        has_rows = has_quotes = is_last = False
        while not is_last:
            goal = at + size
            while at < goal and not is_last:
                wanted = min(AT_ONCE, goal - at)
                read = file.readinto(view[:wanted])
                digest.update(view[:read])
                has_rows = has_rows or ANYTHING.search(buffer, 0, read) is not None
                has_quotes = has_quotes or buffer.find(b'"', 0, read) >= 0
                if (line_end := buffer.rfind(b"\n", 0, read)) >= 0:
                    end = at + line_end + 1
                at, is_last = at + read, read < wanted
            if has_quotes and not is_last:
                file.seek(start)
                end = start + last_border(file.read(at - start))
            end = at if is_last else end
            if end == start and at - start >= MOST_PIECES_A_ROW * size:
                raise BadFile(name, f"no row ends in {at - start:,} bytes: a quote is not closed")
            if has_rows and end > start:
                sha256, length = digest.copy().hexdigest(), end - start
                yield Piece(
                    number, name, str(path), header, sha256, stamp, start, length, weight=length
                )
                number += 1
            start = end
        if not has_rows:
            raise BadFile(name, "holds no client")
        yield digest.hexdigest()


def last_border(data: bytes) -> int:
    """Where the last row that ends in some bytes does; 0 where none does.

    Args:
        data: begins where a row does.
    """
    characters = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(characters == QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    before = characters[opening[opening > 0] - 1]
    behind = characters[closing[closing < len(data) - 1] + 1]
    if not (np.isin(before, AROUND).all() and np.isin(behind, AROUND).all()):
        opening, closing = _fields_in_quotes(data, quotes.tolist())
    starts = np.append(0, closing + 1)
    ends = opening if len(opening) == len(starts) else np.append(opening, len(data))
    for start, end in zip(starts[::-1].tolist(), ends[::-1].tolist(), strict=True):
        if (found := data.rfind(b"\n", start, end)) >= 0:
            return found + 1
    return 0


def _fields_in_quotes(data: bytes, quotes: list[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where fields in quotes begin and end, if there are quotes that do neither."""
    opening: list[int] = []
    closing: list[int] = []
    passed = -1
    for at in quotes:
        if len(opening) == len(closing):
            if at == 0 or (data[at - 1] in b",\n\r" and at - 1 > passed):
                opening.append(at)
        elif at > passed:
            if data[at + 1 : at + 2] == b'"':
                passed = at + 1  # two for one
            else:
                closing.append(at)
                passed = at
    return np.array(opening, np.intp), np.array(closing, np.intp)


def _header(name: str, data: bytes) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and where the rows begin."""
    if data.startswith((b"\x1f\x8b", b"PK", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")):
        raise BadFile(name, "is compressed: unpack it, a file is read in pieces")
    end = data.find(b"\n") + 1
    while end and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end) + 1
    if not end and len(data) == LARGEST_HEADER:
        raise BadFile(name, "is not a CSV table: its header does not end")
    text = data[: end or None].decode("utf-8-sig")
    fields = next(csv.reader(io.StringIO(text, newline="")), [])
    if not fields:
        raise BadFile(name, "is not a CSV table: its first line is no header")
    if "\r" in text.rstrip("\r\n") and text.count('"') == 0:
        raise BadFile(name, "is not a CSV table: its lines end with carriage returns alone")
    return tuple(map(str, fields)), end or len(data)


def read_piece(piece: Piece) -> bytes:
    """The bytes of a piece.

    Raises:
        BadFile: the file changed since it was cut.
    """
    with foreign_code(piece.name, unreadable), Path(piece.path).open("rb") as file:
        file.seek(piece.start)
        data = file.read(piece.length)
        if len(data) != piece.length or stamp_of(os.fstat(file.fileno())) != piece.stamp:
            raise BadFile(piece.name, CHANGED)
    return data
