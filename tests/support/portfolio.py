"""Runs of `python -m portfolio` in this process, on workers that are there, and what they leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pandas as pd

from api.desk_responses import score_body
from api.served_bundle import ServedBundle
from credit_scoring.data.artifacts import FILES, ID
from credit_scoring.decisions.application import Application
from credit_scoring.decisions.batch_scoring import COMPARE, MOST_REASONS
from portfolio import command
from portfolio.csv_cut import csv_pieces
from portfolio.job import Job, Piece, installed, sha256_of
from portfolio.parts import STATE
from portfolio.report import report
from portfolio.tables import Tables

SMALL = {"piece_bytes": 6_000, "piece_rows": 20}


def job_of(folder: Path, out: Path, **changes: Any) -> Job:
    """What workers are told of a folder; its parts may be written at once."""
    (out / STATE).mkdir(parents=True, exist_ok=True)
    hashes = {name: sha256_of(folder / name) for name in FILES if (folder / name).exists()}
    given = {"explained": "all", "quickly": False, "format": "parquet", "collect": False} | changes
    return Job(str(folder), hashes, installed(), out=str(out), **given)


def pieces_of(path: Path, size: int = 1 << 20) -> list[Piece]:
    """The pieces of a CSV file."""
    return [piece for piece in csv_pieces(path, path.name, 0, size) if isinstance(piece, Piece)]


@dataclass
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


def run(
    capsys: Any,
    folder: Path,
    *given: object,
    sizes: Mapping[str, int] = SMALL,
    with_report: bool = False,
) -> Ran:
    """The command with these arguments, on pieces of some rows; pictures take half a second."""
    find = Tables.find
    page = report if with_report else lambda _: ""

    def small(patterns: Sequence[str]) -> Tables:
        return Tables(find(patterns).files, **sizes)

    environment = {"RESSOURCES_DIR": str(folder)}
    with (
        mock.patch.object(Tables, "find", small),
        mock.patch("portfolio.report.report", page),
        mock.patch.dict("os.environ", environment),
    ):
        try:
            code = command.main(list(map(str, given)))
        except SystemExit as stop:
            code = stop.code
    captured = capsys.readouterr() if capsys else ("", "")
    return Ran(code, *captured)


def parts(out: Path) -> pd.DataFrame:
    """All parts, one after the other."""
    read = pd.read_csv if list(out.glob("part-*.csv")) else pd.read_parquet
    files = sorted(out.glob("part-*"))
    assert files
    found = pd.concat([read(file) for file in files], ignore_index=True)
    texts = [name for name in found if name == "grade" or name.startswith(("reason", "text"))]
    return found.astype(dict.fromkeys(texts, "str"))  # categories differ from part to part


def summary(out: Path) -> dict[str, Any]:
    return orjson.loads((out / "summary.json").read_bytes())


def desk_answers(served: ServedBundle, ids: Sequence[int]) -> list[dict[str, Any]]:
    """What `/score` answers to new clients."""
    if served.claim():
        served.prepare()
    asked = [Application(client, None, {}, None) for client in ids]
    peers = served.peers.result()
    assert not isinstance(peers, str), peers
    body = score_body(served.bundle, peers, (asked, True), MOST_REASONS, COMPARE)
    return orjson.loads(body)


def differing(rows: pd.DataFrame, answers: Sequence[dict[str, Any]], reasons: str) -> list[int]:
    """The ids of rows that do not say, to the last bit, what the desk answers.

    Args:
        rows: of parts.
        answers: of the desk, in the same order.
        reasons: for whom the rows have some.
    """
    found = []
    for (_, row), answer in zip(rows.iterrows(), answers, strict=True):
        wanted = {name: answer[name] for name in ("probability", "prediction")}
        wanted |= {name: answer.get(name) for name in ("pd", "points", "grade")}
        explained = reasons == "all" or (reasons == "refused" and answer["prediction"])
        given = answer["reasons"] if explained else []
        for place in range(MOST_REASONS):
            reason = given[place] if place < len(given) else {}
            wanted[f"reason_{place + 1}"] = reason.get("group")
            wanted[f"contribution_{place + 1}"] = reason.get("contribution")
            wanted[f"text_{place + 1}"] = reason.get("text")
        assert [ID, *wanted] == list(rows.columns)
        if any(not same(row[name], value) for name, value in wanted.items()):
            found.append(int(row[ID]))
    return found


def same(one: Any, other: Any) -> bool:
    return bool(pd.isna(one)) if other is None else bool(one == other)
