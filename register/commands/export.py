"""`python -m register export`: recorded decisions as Parquet or as lines of JSON."""

import argparse
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from portfolio.output.atomic_file import replacing
from portfolio.progress import number
from register.commands.shared.open_store import CALLER
from register.commands.shared.period_options import add_period, period
from register.database.opening import register_database
from register.export.export_record import ExportRecord
from register.export.exported_rows import DECISION, EVIDENCE, LATER, Export, ExportedRow
from register.settings import RegisterSettings
from register.tables.column_types import moment_text

HELP = "write recorded decisions, their final decisions and last outcomes into a file"
TIME = pa.timestamp("us", "UTC")
TYPES = {
    "id": pa.string(), "at": TIME, "caller": pa.string(), "request_id": pa.string(),
    "subject": pa.string(), "reference": pa.string(), "bundle": pa.int32(),
    "probability": pa.float64(), "margin": pa.float64(), "pd": pa.float64(), "points": pa.int32(),
    "grade": pa.string(), "prediction": pa.int8(), "threshold": pa.float64(),
    "compare": pa.string(), "automated": pa.bool_(), "commitment": pa.string(),
    "audit_commitment": pa.string(),
    "block": pa.int64(), "model": pa.string(), "final": pa.int8(), "reviews": pa.int32(),
    "reviewed_at": TIME, "reviewer": pa.string(), "review_reason": pa.string(),
    "outcome": pa.string(), "outcome_observed": pa.date32(), "outcome_definition": pa.string(),
    "client": pa.string(), "external_id": pa.string(), "reasons": pa.int16(), "quick": pa.bool_(),
    "record": pa.string(), "answer": pa.string(),
}  # fmt: skip
JSON_TEXTS = ("client", "record", "answer")

Pages = Iterable[list[ExportedRow]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("file", type=Path, metavar="FILE", help="to write, as a whole at the end")
    parser.add_argument(
        "--format", choices=sorted(WRITERS), default="parquet",
        help="of the file (default: %(default)s)",
    )  # fmt: skip
    add_period(parser)
    parser.add_argument(
        "--with-evidence", action="store_true",
        help="add the clients' ids, raw records and answers: personal data",
    )  # fmt: skip


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Export decisions of the register of the settings; gives the exit code."""
    names = [*DECISION, *LATER, *(EVIDENCE if options.with_evidence else ())]
    with closing(register_database(settings)) as database:
        database.check()
        record = ExportRecord.prepare(database, CALLER)
        export = Export(database, period(options), options.with_evidence)
        with replacing(options.file) as aside:
            count = WRITERS[options.format](aside, export.pages(), names)
            record.write(
                export.period,
                options.format,
                with_evidence=options.with_evidence,
                decisions=count,
            )
    sys.stdout.write(f"{options.file}: {number(count, 'decision')}\n")
    return 0


def write_parquet(path: Path, pages: Pages, names: list[str]) -> int:
    """Write rows, each page as a row group; gives their number."""
    schema = pa.schema([(name, TYPES[name]) for name in names])
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for page in pages:
            writer.write_table(pa.Table.from_pylist(list(map(dict, page)), schema))
            rows += len(page)
    return rows


def write_ndjson(path: Path, pages: Pages, names: list[str]) -> int:
    """Write rows as objects, one a line; gives their number."""
    rows = 0
    with path.open("wb") as file:
        for page in pages:
            for row in page:
                values = {name: _json(name, row[name]) for name in names}
                file.write(orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE))
            rows += len(page)
    return rows


def _json(name: str, value: Any) -> Any:
    """A value as orjson takes it; JSON texts stay as they are."""
    if value is not None and name in JSON_TEXTS:
        return orjson.Fragment(value)
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value


WRITERS: dict[str, Callable[[Path, Pages, list[str]], int]] = {
    "parquet": write_parquet,
    "ndjson": write_ndjson,
}
