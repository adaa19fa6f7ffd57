"""Part files, and the record of each: a part without a record is made again.

Both are replaced as a whole, the record last.
"""

import json
from collections.abc import Mapping, Sequence
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
from credit_scoring.data.table_files.csv_tables import quoting_of
from credit_scoring.decisions.batch_scoring import MOST_REASONS, Scores
from portfolio.counts import Bins, Counts, Labels, count_rows
from portfolio.job import Format, Job
from portfolio.output.atomic_file import replacing
from portfolio.tables.chunk import Chunk, ChunkRows
from portfolio.tables.row_ids import Ids, are_texts

NULLABLE = {pa.int64(): pd.Int64Dtype()}
STATE = "_state"  # readers of Parquet folders skip such names


@dataclass(frozen=True, eq=False)
class PartRecord:
    """Facts about a part file.

    Attributes:
        number: of the part and its chunk.
        chunk_key: see `Chunk.key`.
        job_key: see `Job.key`.
        bytes: of the part file.
        read: rows of the chunk.
        bad: reasons why rows were not scored, by row number, counted from 1.
        ignored: columns that are not features.
        has_text_ids: true if the ids are texts.
        counts: of the scored rows.
    """

    number: int
    chunk_key: Sequence[object]
    job_key: str
    bytes: int
    read: int
    bad: Mapping[int, str]
    ignored: Sequence[str]
    has_text_ids: bool
    counts: Counts

    def to_json(self) -> dict[str, Any]:
        """Convert the record for JSON."""
        return vars(self) | {"bad": sorted(self.bad.items()), "counts": self.counts.to_json()}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> "PartRecord":
        """Restore a record from the JSON of `to_json`."""
        changed = {"bad": dict(map(tuple, read["bad"])), "counts": Counts.from_json(read["counts"])}
        return cls(**dict(read) | changed)


def part_path(out: Path, number: int, format: Format) -> Path:  # noqa: A002 - the option's name
    """Path of a part file."""
    return out / f"part-{number:06}.{format}"


def record_path(out: Path, number: int) -> Path:
    """Path of the record of a part file."""
    return out / STATE / f"part-{number:06}.json"


def part_table(ids: Ids, scores: Scores, labels: Labels) -> pa.Table:
    """Arrange scores as the rows of a part file.

    Args:
        ids: of the clients, shape (rows,).
        scores: of the clients.
        labels: of the bundle.
    """
    rows = len(ids)
    columns: dict[str, pa.Array] = {
        ID: pa.array(ids, pa.string() if are_texts(ids) else pa.int64()),
        "probability": pa.array(scores.probability, pa.float64()),
        "prediction": pa.array(scores.prediction, pa.int8()),
        "pd": pa.nulls(rows, pa.float64()) if scores.pd is None else pa.array(scores.pd),
        "points": pa.nulls(rows, pa.int64()) if scores.points is None else pa.array(scores.points),
        "grade": _named(scores.grade, labels.grades, rows),
    }
    for rank in range(MOST_REASONS):
        theme, text = np.full(rows, -1), np.full(rows, None, object)
        contribution = np.full(rows, np.nan)
        ranked, texts = scores.ranked, scores.texts
        if ranked is not None and texts is not None and rank < ranked.themes.shape[1]:
            theme[scores.explained] = ranked.themes[:, rank]
            contribution[scores.explained] = ranked.contributions[:, rank]
            text[scores.explained] = texts[:, rank]
        columns[f"reason_{rank + 1}"] = _named(theme, labels.themes, rows)
        columns[f"contribution_{rank + 1}"] = pa.array(contribution, from_pandas=True)
        columns[f"text_{rank + 1}"] = pa.array(text, pa.string()).dictionary_encode()
    return pa.table(columns)


def _named(indices: NDArray[np.intp] | None, names: Sequence[str], rows: int) -> pa.Array:
    """Name indices; -1 becomes null."""
    if indices is None:
        indices = np.full(rows, -1)
    keys = pa.array(indices.astype(np.int32), mask=indices < 0)
    return pa.DictionaryArray.from_arrays(keys, pa.array(list(names), pa.string()))


class PartWriter:
    """Collects the scored rows of a chunk, and writes its part file and record."""

    def __init__(self, job: Job, chunk: Chunk, bins: Bins, labels: Labels) -> None:
        self.job, self.chunk, self.bins, self.labels = job, chunk, bins, labels
        self._tables: list[pa.Table] = []
        self._counts, self._read, self._has_text_ids = Counts(), 0, False
        self._bad: dict[int, str] = {}

    def add(self, rows: ChunkRows, scores: Scores) -> None:
        """Add rows of the chunk, with the scores of the good ones."""
        self._tables.append(part_table(rows.ids, scores, self.labels))
        self._has_text_ids = are_texts(rows.ids)
        self._counts.add(count_rows(rows.values, scores, self.bins, self.labels))
        self._bad |= rows.bad
        self._read += rows.read

    def write(self, ignored: Sequence[str]) -> PartRecord:
        """Write the part file, and then its record.

        Args:
            ignored: columns that are not features.

        Raises:
            BadFile: one cannot be written.
        """
        table = pa.concat_tables(self._tables).unify_dictionaries()
        out, number = Path(self.job.out), self.chunk.number
        path = part_path(out, number, self.job.format)
        with replacing(path) as aside:
            write_table(table, aside, self.job.format)
        record = PartRecord(
            number, self.chunk.key, self.job.key, path.stat().st_size, self._read, self._bad,
            ignored, self._has_text_ids, self._counts,
        )  # fmt: skip
        with replacing(record_path(out, number)) as aside:
            aside.write_text(json.dumps(record.to_json()), encoding="utf-8")
        return record


def write_table(table: pa.Table, path: Path, format: Format) -> None:  # noqa: A002
    """Write the rows of a part file."""
    if format == "parquet":
        pq.write_table(table, path, compression="zstd")
        return
    for at, kind in enumerate(table.schema.types):
        if pa.types.is_dictionary(kind):
            table = table.set_column(at, table.column_names[at], table[at].cast(pa.string()))
    # pandas writes doubles in their shortest exact form; whole numbers stay whole.
    rows = table.to_pandas(types_mapper=NULLABLE.get)
    rows.to_csv(path, index=False, lineterminator="\n", quoting=quoting_of(rows))


def read_ids(path: Path, *, has_text_ids: bool) -> Ids:
    """Read the ids of a part file, in its order."""
    if path.suffix == ".parquet":
        table = pq.read_table(path, columns=[ID], use_threads=False)
    else:
        kind = pa.string() if has_text_ids else pa.int64()
        options = pa_csv.ConvertOptions(include_columns=[ID], column_types={ID: kind})
        parse = pa_csv.ParseOptions(newlines_in_values=True)
        table = pa_csv.read_csv(path, parse_options=parse, convert_options=options)
    ids: Ids = table[ID].to_numpy()
    return ids
