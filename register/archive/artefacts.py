"""Artefacts: files of bundles, each kept once in parts that are compressed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard
from sqlalchemy import Connection, func, select

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile, foreign_code
from register.tables import schema

# Bytes of a part before it is compressed. Never changed: workers of two releases may store the
# same file at once.
PART = 4_000_000
LEVEL = 3


@dataclass(frozen=True, eq=False)
class Artefact:
    """A file in parts.

    Attributes:
        sha256: of the file.
        size: of the file, in bytes.
        parts: compressed, in the order of the file.
    """

    sha256: bytes
    size: int
    parts: tuple[bytes, ...]

    @classmethod
    def of_file(cls, path: Path, name: str, sha256: str) -> "Artefact":
        """Read a file.

        Args:
            path: of the file.
            name: of the file in its folder.
            sha256: the hash that it had when it was loaded.

        Raises:
            BadFile: the file cannot be read, or has another hash.
        """
        compress = zstandard.ZstdCompressor(level=LEVEL).compress
        digest, size, parts = hashlib.sha256(), 0, []
        with foreign_code(name, unreadable), path.open("rb") as file:
            while content := file.read(PART):
                digest.update(content)
                size += len(content)
                parts.append(compress(content))
        if digest.hexdigest() != sha256:
            raise BadFile(name, "changed since it was loaded: it is kept after the next reload")
        return cls(digest.digest(), size, tuple(parts))

    def row(self) -> dict[str, object]:
        """The row of `schema.artefact`."""
        return {"sha256": self.sha256, "size": self.size, "parts": len(self.parts)}


def stored_parts(connection: Connection, sha256: bytes) -> set[int] | None:
    """Numbers of an artefact's parts that are stored; None if all are."""
    part = schema.artefact_part.c
    numbers = set(connection.scalars(select(part.number).where(part.sha256 == sha256)))
    artefact = schema.artefact.c
    expected = connection.scalar(select(artefact.parts).where(artefact.sha256 == sha256))
    return None if expected == len(numbers) else numbers


def contents(connection: Connection, name: str, sha256: str) -> Iterator[bytes]:
    """The content of an artefact, part by part.

    Args:
        connection: to the register.
        name: of the file, for errors.
        sha256: of the file.

    Raises:
        BadFile: the artefact is not stored or not whole, or has another hash: after the last part.
    """
    key = bytes.fromhex(sha256)
    artefact, part = schema.artefact.c, schema.artefact_part.c
    row = connection.execute(
        select(artefact.size, artefact.parts).where(artefact.sha256 == key)
    ).one_or_none()
    if row is None:
        raise BadFile(name, "is not in the register")
    stored = connection.scalar(select(func.count()).where(part.sha256 == key))
    if stored != row.parts:
        raise BadFile(name, f"the register has {stored} parts of it, expected {row.parts}")
    digest, size = hashlib.sha256(), 0
    for number in range(row.parts):
        at = (part.sha256 == key) & (part.number == number)
        content = _decompressed(name, connection.scalar(select(part.content).where(at)))
        digest.update(content)
        size += len(content)
        yield content
    if digest.digest() != key or size != row.size:
        raise BadFile(name, "the register's copy has another hash or size")


def _decompressed(name: str, content: bytes | None) -> bytes:
    if content is None:
        raise BadFile(name, "a part of it is not in the register")
    try:
        return zstandard.ZstdDecompressor().decompress(content, max_output_size=PART)
    except zstandard.ZstdError as error:
        raise BadFile(name, "a part of it is damaged in the register") from error
