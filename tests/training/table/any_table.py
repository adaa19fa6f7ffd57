"""Random labelled tables, and the scores of their clients by every route and command."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from credit_scoring.data.artifacts import ID, NEW_FILE, PROBA, REFERENCE_FILE, TARGET, is_feature
from credit_scoring.data.table_files.cells import number_of, text_of
from main import create_app
from portfolio.tables.chunk import Chunk
from portfolio.tables.parquet_file import parquet_chunks
from portfolio.worker import score_chunk
from service.settings import Settings
from tests.support.bundles.folders import write_metadata
from tests.support.portfolio import chunks_of, job_of, read_parts
from tests.support.servers.inprocess import prepared_client

Random = np.random.Generator
Cells = list[str]

ROWS = 420
SENTENCES = ["one, two", 'say "no"', "first\rsecond", "first\nsecond", " spaced ", "Straße", "=1+1"]


def numbers(random: Random, risk: np.ndarray) -> Cells:
    return list(map(repr, (risk + random.normal(size=len(risk))).tolist()))


def counts(random: Random, risk: np.ndarray) -> Cells:
    return list(map(str, random.poisson(np.exp(np.clip(risk, -2, 2)))))


def flags(random: Random, risk: np.ndarray) -> Cells:
    return list(np.where(risk > random.normal(size=len(risk)), "1", "0"))


def booleans(random: Random, risk: np.ndarray) -> Cells:
    return list(np.where(risk > random.normal(size=len(risk)), "True", "False"))


def texts(random: Random, risk: np.ndarray) -> Cells:
    chosen = random.permutation(SENTENCES)[: random.integers(2, 7)]
    place = (risk + random.normal(size=len(risk)) > 0).astype(int) + random.integers(
        0, len(chosen) - 1, len(risk)
    )
    return [str(chosen[at]) for at in place]


def codes(random: Random, risk: np.ndarray) -> Cells:
    """Digits with leading zeros."""
    return [f"{(1 + value) * 1000:05}" for value in random.poisson(np.exp(np.clip(risk, -2, 1)))]


def mostly_missing(random: Random, risk: np.ndarray) -> Cells:
    there = random.choice(len(risk), random.integers(1, 8), replace=False)
    cells = [""] * len(risk)
    for at in there:
        cells[at] = str(random.choice(["rare", "7", "0.5"]))
    return cells


def constant(random: Random, risk: np.ndarray) -> Cells:
    return [str(random.choice(["3", "same", "", "1.50"]))] * len(risk)


def large(random: Random, risk: np.ndarray) -> Cells:
    return [repr(float(value) * 1e15) for value in risk + random.normal(size=len(risk))]


SORTS: list[Callable[[Random, np.ndarray], Cells]] = [
    numbers, counts, flags, booleans, texts, codes, mostly_missing, constant, large,
]  # fmt: skip
MISSING = ["", "NA", "NULL", "NaN", "None", "n/a", "<NA>"]
ODD = ["-", "HQ", "12", "0.5", "True", "007", "unknown", "1e3", " 4 "]


def any_table(seed: int) -> bytes:
    """A labelled table as CSV: columns of random sorts, with missing, rare and odd cells."""
    random = np.random.default_rng(seed)
    risk = random.normal(size=ROWS)
    columns: dict[str, Cells] = {
        ID: list(map(str, random.permutation(ROWS) + 100_001)),
        TARGET: list(np.where(risk + random.normal(size=ROWS) > 1, "1", "0")),
    }
    for number in range(random.integers(2, 7)):
        sort = SORTS[random.integers(len(SORTS))]
        cells = sort(random, risk)
        if random.random() < 0.5:
            for at in np.flatnonzero(random.random(ROWS) < random.choice([0.005, 0.1, 0.6])):
                cells[at] = str(random.choice(MISSING))
        if random.random() < 0.3:
            for at in random.choice(ROWS, random.integers(1, 4), replace=False):
                cells[at] = str(random.choice(ODD))
        columns[f"{sort.__name__} {number}"] = cells
    return table_of_columns(columns)


def table_of_columns(columns: dict[str, Cells]) -> bytes:
    return table_of_cells(list(columns), list(zip(*columns.values(), strict=True)))


def table_of_cells(header: list[str], rows: list[tuple[str, ...]]) -> bytes:
    """A CSV file in which each cell is in quotes: Python before 3.11.9 forgets some."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def reference_clients_as_new(folder: Path) -> dict[int, float]:
    """Let the new clients be the reference clients; their stored probabilities, by id."""
    with (folder / REFERENCE_FILE).open(newline="") as file:
        header, *rows = csv.reader(file)
    kept = [at for at, name in enumerate(header) if name == ID or is_feature(name)]
    (folder / NEW_FILE).write_bytes(
        table_of_cells([header[at] for at in kept], [tuple(row[at] for at in kept) for row in rows])
    )
    write_metadata(folder)
    return {int(row[header.index(ID)]): float(row[header.index(PROBA)]) for row in rows}


def scores(folder: Path, scratch: Path) -> Iterator[tuple[str, dict[int, float]]]:
    """The probabilities of the new clients by id, for each route and command.

    Args:
        folder: of the model.
        scratch: a folder for the portfolio.
    """
    app = create_app(Settings(ressources_dir=folder))
    client = prepared_client(app)
    ids: list[int] = client.get("/get_ids").json()["data"]
    raw = {number: record_of(client, "/get_test", number) for number in ids}
    yield (
        "/prediction/",
        {
            number: client.post("/prediction/", json=record_of(client, "/get_json", number)).json()[
                "probability"
            ]
            for number in ids
        },
    )
    for name, applications in (
        ("/score by id", [{"client": number} for number in ids]),
        ("/score by record", [{"record": raw[number]} for number in ids]),
        ("/score by changes", [{"client": ids[0], "changes": raw[number]} for number in ids]),
    ):
        answers = client.post("/score?reasons=0", json=applications).json()
        assert isinstance(answers, list), answers
        found = [answer["probability"] for answer in answers]
        if "changes" not in name:  # formulas would follow changes
            found[:5] = [
                client.post("/score?reasons=0", json=one).json()["probability"]
                for one in applications[:5]
            ]
        yield name, dict(zip(ids, found, strict=True))
    bundle = app.service.current.bundle
    for name, chunks in portfolios(folder, scratch, {
        feature: bundle.scorer.literal.get(at) for at, feature in enumerate(bundle.features)
    }):  # fmt: skip
        out = scratch / name
        job = job_of(folder, out, explained="none")
        for chunk in chunks:
            problem = getattr(score_chunk(job, chunk), "text", None)
            assert problem is None, problem
        yield f"portfolio {name}", read_parts(out).set_index(ID)["probability"].to_dict()


def portfolios(
    folder: Path, scratch: Path, literal: dict[str, frozenset[str] | None]
) -> Iterator[tuple[str, list[Chunk]]]:
    """The new clients in chunks, as CSV and as Parquet.

    Args:
        folder: of the model.
        scratch: for the Parquet file.
        literal: see `text_of`, by the name of a feature; None for one that is numbers.
    """
    yield "csv", chunks_of(folder / NEW_FILE, 1 << 14)
    with (folder / NEW_FILE).open(newline="") as file:
        header, *rows = csv.reader(file)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    typed = {
        name: [number_of(cell)[0] for cell in cells]
        if literal.get(name) is None
        else pd.array([text_of(cell, literal[name]) for cell in cells], "str")
        for name, cells in columns.items()
    }
    path = scratch / "clients.parquet"
    pd.DataFrame(typed).astype({ID: int}).to_parquet(path, index=False)
    assert pq.ParquetFile(path).metadata.num_rows == len(rows)
    yield "parquet", [p for p in parquet_chunks(path, path.name, 0) if isinstance(p, Chunk)]


def record_of(client: httpx.Client, path: str, number: int) -> dict[str, float | str | None]:
    answer = client.get(path, params={"param_name": number})
    found: dict[str, float | str | None] = json.loads(answer.json()["data"])
    return found
