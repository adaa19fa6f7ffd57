"""The files of one table, cut into chunks one after the other."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile, foreign_code
from portfolio.tables.chunk import Chunk
from portfolio.tables.csv_file import CHUNK_BYTES, csv_chunks
from portfolio.tables.parquet_file import CHUNK_ROWS, MAGIC, parquet_chunks


@dataclass(frozen=True)
class TableFiles:
    """The files of one table.

    Attributes:
        names: of the files as messages call them, in their order.
        chunk_bytes: size of a chunk of a CSV file.
        chunk_rows: rows of a chunk of a Parquet file.
    """

    names: tuple[str, ...]
    chunk_bytes: int = CHUNK_BYTES
    chunk_rows: int = CHUNK_ROWS

    @classmethod
    def find(cls, patterns: Sequence[str]) -> "TableFiles":
        """Find the files that patterns name; those of one pattern are sorted by name.

        Raises:
            BadFile: a pattern names no file, or a folder.
        """
        names: dict[Path, str] = {}
        for pattern in patterns:
            found = [pattern]
            if not Path(pattern).exists():
                found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute
            if not found:
                raise BadFile(pattern, "no such file")
            for name in found:
                if Path(name).is_dir():
                    raise BadFile(name, "is a folder: name its files, as with 'folder/*.parquet'")
                names.setdefault(Path(name).resolve(), name)
        return cls(tuple(names.values()))

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file, by name.

        Raises:
            BadFile: a file is gone.
        """
        sizes = {}
        for name in self.names:
            with foreign_code(name, unreadable):
                sizes[name] = Path(name).stat().st_size
        return sizes

    def chunks(self) -> Iterator[Chunk]:
        """Cut the files into chunks.

        Raises:
            BadFile: a file cannot be read or is not a table.
        """
        number = 0
        for name in self.names:
            path = Path(name).resolve()
            with foreign_code(name, unreadable), path.open("rb") as file:
                is_parquet = file.read(len(MAGIC)) == MAGIC
            for chunk in (
                parquet_chunks(path, name, number, self.chunk_rows)
                if is_parquet
                else csv_chunks(path, name, number, self.chunk_bytes)
            ):
                yield chunk
                number = chunk.number + 1
