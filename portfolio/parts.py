"""One part on the disk: written aside, renamed, and its record.

The record is renamed last: a part counts as made once its record is there.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID
from credit_scoring.data.csv_tables import quoting_of
from credit_scoring.decisions.batch_scoring import MOST_REASONS, Scores
from credit_scoring.errors import BadFile
from portfolio.counts import Counts
from portfolio.job import Format, Job, Piece

NULLABLE = {pa.int64(): pd.Int64Dtype()}
STATE = "_state"  # readers of Parquet folders pass over such names


@dataclass(frozen=True, eq=False)
class Record:
    """What is known of a part.

    Attributes:
        number: of the piece and the part.
        key: see `Piece.key`.
        figures: see `Job.figures`; its hash.
        bytes: of the part.
        read: rows of the piece.
        bad: those that were not scored, counted from 1, and why.
        ignored: columns that are no features.
        seconds: that it took.
        counts: of the rows that were scored.
    """

    number: int
    key: Sequence[object]
    figures: str
    bytes: int
    read: int
    bad: Mapping[int, str]
    ignored: Sequence[str]
    seconds: float
    counts: Counts

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return fields | {"bad": sorted(self.bad.items()), "counts": self.counts.to_json()}

    @classmethod
    def of_json(cls, read: Mapping[str, Any]) -> "Record":
        """What `to_json` gave."""
        more = {"bad": dict(map(tuple, read["bad"])), "counts": Counts.of_json(read["counts"])}
        return cls(**dict(read) | more)


def part_path(out: Path, number: int, format: Format) -> Path:  # noqa: A002 - the option's name
    """Where a part is."""
    return out / f"part-{number:06}.{format}"


def record_path(out: Path, number: int) -> Path:
    """Where its record is."""
    return out / STATE / f"part-{number:06}.json"


def part_table(
    ids: NDArray[np.int64], scores: Scores, grades: Sequence[str], groups: Sequence[str],
    texts: Sequence[str], wordings: NDArray[np.intp] | None,
) -> pa.Table:  # fmt: skip
    """What is said of some rows, a row each.

    Args:
        ids: of the clients.
        scores: of them.
        grades: their names.
        groups: the themes of reasons.
        texts: what reasons may say.
        wordings: positions among these, shape (explained rows, most reasons); -1 for none.
    """
    rows = len(ids)
    columns: dict[str, pa.Array] = {
        ID: pa.array(ids, pa.int64()),
        "probability": pa.array(scores.probability, pa.float64()),
        "prediction": pa.array(scores.prediction, pa.int8()),
        "pd": pa.nulls(rows, pa.float64()) if scores.pd is None else pa.array(scores.pd),
        "points": pa.nulls(rows, pa.int64()) if scores.points is None else pa.array(scores.points),
        "grade": _named(scores.grade, grades, rows),
    }
    for place in range(MOST_REASONS):
        theme, text = np.full(rows, -1), np.full(rows, -1)
        contribution = np.full(rows, np.nan)
        ranked = scores.ranked
        if ranked is not None and wordings is not None and place < ranked.themes.shape[1]:
            theme[scores.explained] = ranked.themes[:, place]
            contribution[scores.explained] = ranked.contributions[:, place]
            text[scores.explained] = wordings[:, place]
        columns[f"reason_{place + 1}"] = _named(theme, groups, rows)
        columns[f"contribution_{place + 1}"] = pa.array(contribution, from_pandas=True)
        columns[f"text_{place + 1}"] = _named(text, texts, rows)
    return pa.table(columns)


def _named(positions: NDArray[np.intp] | None, names: Sequence[str], rows: int) -> pa.Array:
    """Names by their positions, none where one is -1."""
    if positions is None:
        positions = np.full(rows, -1)
    indices = pa.array(positions.astype(np.int32), mask=positions < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(names), pa.string()))


def write_part(job: Job, piece: Piece, table: pa.Table) -> int:
    """Write a part aside and rename it; its size in bytes.

    Raises:
        BadFile: it cannot be written.
    """
    path = part_path(Path(job.out), piece.number, job.format)
    with written(path) as aside:
        if job.format == "parquet":
            pq.write_table(table, aside, compression="zstd")
        else:
            plain = pa.table(
                {
                    name: column.cast(pa.string())
                    if pa.types.is_dictionary(column.type)
                    else column
                    for name, column in zip(table.column_names, table.columns, strict=True)
                }
            )
            # pandas writes doubles in their shortest exact form; whole numbers stay whole.
            rows = plain.to_pandas(types_mapper=NULLABLE.get)
            rows.to_csv(aside, index=False, lineterminator="\n", quoting=quoting_of(rows))
    return path.stat().st_size


def write_record(job: Job, record: Record) -> None:
    """Write the record of a part, which makes it count.

    Raises:
        BadFile: it cannot be written.
    """
    with written(record_path(Path(job.out), record.number)) as aside:
        aside.write_text(json.dumps(record.to_json()), encoding="utf-8")


@contextlib.contextmanager
def written(path: Path) -> Iterator[Path]:
    """A path beside another one, for a file that takes its place once it is whole on the disk.

    Raises:
        BadFile: it cannot be written; nothing is left of it.
    """
    aside = path.parent / f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}"
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)  # Arrow adds more words
        raise BadFile(str(path), f"cannot be written: {reason}") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def ids_of(path: Path) -> NDArray[np.int64]:
    """The ids in a part, in its order."""
    found: NDArray[np.int64]
    if path.suffix == ".parquet":
        found = pq.read_table(path, columns=[ID], use_threads=False)[ID].to_numpy()
        return found
    options = pa_csv.ConvertOptions(include_columns=[ID], column_types={ID: pa.int64()})
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    found = pa_csv.read_csv(path, parse_options=parse, convert_options=options)[ID].to_numpy()
    return found
