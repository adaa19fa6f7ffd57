"""Files to pieces, one file after the other."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile, foreign_code
from portfolio.csv_cut import PIECE, csv_pieces
from portfolio.job import Piece
from portfolio.parquet import MAGIC, ROWS, parquet_pieces


@dataclass(frozen=True)
class Tables:
    """The files of one table.

    Attributes:
        files: as they are called in messages, in their order.
        piece_bytes, piece_rows: how large a piece is, of CSV and of Parquet.
    """

    files: tuple[str, ...]
    piece_bytes: int = PIECE
    piece_rows: int = ROWS

    @classmethod
    def find(cls, patterns: Sequence[str]) -> "Tables":
        """The files that patterns name, those of one pattern by name.

        Raises:
            BadFile: one names none.
        """
        files: dict[Path, str] = {}
        for pattern in patterns:
            found = [pattern]
            if not Path(pattern).exists():
                found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute
            if not found:
                raise BadFile(pattern, "no such file")
            for name in found:
                if Path(name).is_dir():
                    raise BadFile(name, "is a folder: name its files, as with 'folder/*.parquet'")
                files.setdefault(Path(name).resolve(), name)
        return cls(tuple(files.values()))

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file.

        Raises:
            BadFile: one is gone.
        """
        sizes = {}
        for name in self.files:
            with foreign_code(name, unreadable):
                sizes[name] = Path(name).stat().st_size
        return sizes

    def pieces(self, hashes: dict[str, str]) -> Iterator[Piece]:
        """The pieces of all files.

        Args:
            hashes: gets the SHA-256 of each file once its last piece was taken.

        Raises:
            BadFile: a file cannot be read or is no table.
        """
        number = 0
        for name in self.files:
            path = Path(name).resolve()
            with foreign_code(name, unreadable), path.open("rb") as file:
                is_parquet = file.read(len(MAGIC)) == MAGIC
            found = (
                parquet_pieces(path, name, number, self.piece_rows)
                if is_parquet
                else csv_pieces(path, name, number, self.piece_bytes)
            )
            for piece in found:
                if isinstance(piece, str):
                    hashes[name] = piece
                else:
                    yield piece
                    number += 1
