"""Jobs of a portfolio, the files in its output folder, and responses to compare them with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from api.responses import score_body
from credit_scoring.data.artifacts import ID
from credit_scoring.data.bundle_files import files_of_bundle
from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.decisions.application import Application, Applications
from credit_scoring.decisions.batch_scoring import COMPARE, MOST_REASONS
from credit_scoring.decisions.scoring import ApplicationScorer
from credit_scoring.explain.peers import find_peers
from credit_scoring.model.loader import load
from portfolio.job import Job, installed, sha256_of
from portfolio.output.part import STATE
from portfolio.tables.chunk import Chunk
from portfolio.tables.csv_file import csv_chunks


def job_of(folder: Path, out: Path, **changes: Any) -> Job:
    """A job with the bundle of a folder; a worker may write its parts at once."""
    (out / STATE).mkdir(parents=True, exist_ok=True)
    hashes = {name: sha256_of(folder / name) for name in files_of_bundle(folder)}
    options = {
        "explained": "all", "fast_explanations": False, "format": "parquet",
        "collects_bad_rows": False,
    } | changes  # fmt: skip
    return Job(str(folder), next(iter(hashes)), hashes, installed(), out=str(out), **options)


def chunks_of(path: Path, size: int = 1 << 20) -> list[Chunk]:
    """The chunks of a CSV file."""
    return list(csv_chunks(path, path.name, 0, size))


def read_parts(out: Path) -> pd.DataFrame:
    """The rows of all part files."""
    read = pd.read_csv if list(out.glob("part-*.csv")) else pd.read_parquet
    files = sorted(out.glob("part-*"))
    assert files
    rows = pd.concat([read(file) for file in files], ignore_index=True)
    texts = [name for name in rows if name == "grade" or name.startswith(("reason", "text"))]
    return rows.astype(dict.fromkeys(texts, "str"))  # categories differ from part to part


def read_summary(out: Path) -> dict[str, Any]:
    """The content of `summary.json`."""
    return orjson.loads((out / "summary.json").read_bytes())


def application_scorer(folder: Path) -> ApplicationScorer:
    """The scorer of `POST /score`, with the bundle of a folder."""
    bundle = load(folder, None)
    peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
    return ApplicationScorer(bundle, peers, MOST_REASONS, COMPARE)


def score_responses(scorer: ApplicationScorer, ids: Sequence[ClientId]) -> list[dict[str, Any]]:
    """The responses of `POST /score` to new clients."""
    applications = Applications([Application(client) for client in ids], is_list=True)
    return orjson.loads(score_body(scorer, applications))


def rows_unlike(
    rows: pd.DataFrame, responses: Sequence[dict[str, Any]], reasons: str
) -> list[ClientId]:
    """The ids of rows that differ from the responses of `/score`, if only in the last bit.

    Args:
        rows: of part files.
        responses: to the same clients, in the same order.
        reasons: the rows that have reasons.
    """
    unlike = []
    for (_, row), response in zip(rows.iterrows(), responses, strict=True):
        wanted = {name: response[name] for name in ("probability", "prediction")}
        wanted |= {name: response.get(name) for name in ("pd", "points", "grade")}
        explained = reasons == "all" or (reasons == "refused" and response["prediction"])
        given = response["reasons"] if explained else []
        for rank in range(MOST_REASONS):
            reason = given[rank] if rank < len(given) else {}
            wanted[f"reason_{rank + 1}"] = reason.get("group")
            wanted[f"contribution_{rank + 1}"] = reason.get("contribution")
            wanted[f"text_{rank + 1}"] = reason.get("text")
        assert [ID, *wanted] == list(rows.columns)
        if any(not _is_same(row[name], value) for name, value in wanted.items()):
            unlike.append(row[ID])
    return unlike


def _is_same(one: Any, other: Any) -> bool:
    return bool(pd.isna(one)) if other is None else bool(one == other)
