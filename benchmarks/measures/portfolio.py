"""Benchmark of the portfolio: tables scored by workers, against plain loops."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.pipeline import Pipeline

from benchmarks.bench import Bench, say
from benchmarks.table import Row
from credit_scoring.data.artifacts import ID, MODEL_FILE, NEW_FILE
from credit_scoring.settings import BundleSettings
from portfolio import command
from portfolio.cluster import Workers, local_workers
from portfolio.job import Job
from portfolio.output.folder import open_folder
from portfolio.progress import Progress
from portfolio.run import Run
from portfolio.tables.table_files import TableFiles
from portfolio.worker import count_reference
from tests.support.servers.server import ROOT, Failed, wait_for

ROWS = 120_000
EXPLAINED = 3_000
MEMORY_ROWS = 100_000, 1_000_000
AT_ONCE = 5_000  # rows, in the plain loop: as many as a chunk of CSV has


def portfolio_part(bench: Bench) -> Iterator[Row]:
    """Measure rows a second of one and two workers, with and without reasons, memory and start."""
    table = repeated_table(bench, ROWS)
    with local_workers(1) as one:
        check(bench, one)
        took = rounds(bench, table, {"plain": None, "one": one})
        yield ratio("no reasons, one worker, against a plain loop", 0.9, took, "one", "plain")
        with local_workers(2) as two:
            load(bench, two, "none")
            yield two_against_one(rounds(bench, table, {"one": one, "two": two}))
        yield from explained_rows(bench, one)
    yield from memory(bench)
    say("the command, to its first part")
    first = [first_part(bench, table) for _ in range(bench.options.rounds)]
    yield Row("portfolio: from the start to the first part", ("≤", 10), first, unit=" s")


class Took(NamedTuple):
    """Seconds for some rows, and processor time of the workers and of this process.

    A plain loop counts as a worker.
    """

    seconds: float
    by_workers: float
    here: float = 0


Times = Mapping[str, Sequence[Took]]


def rounds(bench: Bench, table: Path, who: Mapping[str, Workers | None]) -> Times:
    """Time some workers, or the plain loop, in turns on the same table.

    A cluster that waits takes some hundredths of two cores: only those that are compared exist.
    """
    took: dict[str, list[Took]] = {name: [] for name in who}
    for turn in range(bench.options.rounds):
        for name in sorted(who, reverse=turn % 2 == 1):
            workers = who[name]
            found = plain(bench, table)[0] if workers is None else score(bench, workers, table)
            took[name].append(found)
    for name, times in took.items():
        say(f"{name}, rows a second: {[round(ROWS / found.seconds) for found in times]}")
    return took


def ratio(measure: str, target: float, took: Times, ours: str, other: str) -> Row:
    """Compare the speed of ours with another one, round by round."""
    pairs = list(zip(took[ours], took[other], strict=True))
    return Row(
        f"portfolio: {measure}",
        ("≥", target),
        [b.seconds / a.seconds for a, b in pairs],
        [b.by_workers / a.by_workers for a, b in pairs],
    )


def two_against_one(took: Times) -> Row:
    """Compare two workers with one; by processor time, on two cores without other work."""
    pairs = list(zip(took["two"], took["one"], strict=True))
    return Row(
        "portfolio: the same, two workers against one",
        ("≥", 1.7),
        [one.seconds / two.seconds for two, one in pairs],
        [2 * one.by_workers / (two.by_workers + two.here) for two, one in pairs],
    )


def repeated_table(bench: Bench, rows: int) -> Path:
    """Write a table that repeats the new clients of the large case under other ids."""
    path = bench.scratch / f"portfolio-{rows}.csv"
    if not path.exists():
        header, *lines = (bench.large / NEW_FILE).read_bytes().splitlines(keepends=True)
        at = header.decode().strip().split(",").index(ID)
        fields = [line.split(b",", at + 1) for line in lines]
        with path.open("wb") as file:
            file.write(header)
            for row in range(rows):
                before, rest = fields[row % len(lines)][:at], fields[row % len(lines)][at + 1]
                file.write(b",".join([*before, b"%d" % (row + 1), rest]))
    return path


def job_of(bench: Bench, explained: str) -> Job:
    """Describe a run as the command does."""
    out = bench.scratch / "scored"
    given = {"reasons": explained, "out": out, "format": "parquet", "bad_rows": None}
    job = command.job_of(Namespace(**given), BundleSettings(ressources_dir=bench.small))
    return replace(job, fast_explanations=os.environ.get("FAST_EXPLANATIONS") != "0")


def load(bench: Bench, workers: Workers, explained: str) -> None:
    """Let each process load the bundle, which it keeps, before it is timed."""
    workers.client.run(count_reference, job_of(bench, explained))


def score(bench: Bench, workers: Workers, table: Path, explained: str = "none") -> Took:
    """Time workers on a table, from the first byte to the last part."""
    job, files = job_of(bench, explained), TableFiles((str(table),))
    shutil.rmtree(job.out, ignore_errors=True)
    with (
        open_folder("scored", job, files.sizes, again=False) as folder,
        contextlib.closing(Progress(table.stat().st_size)) as progress,
    ):
        before = sum(workers.client.run(time.process_time).values())
        began, computed = time.perf_counter(), time.process_time()
        Run(files, folder, workers, progress).score_all()
        seconds, here = time.perf_counter() - began, time.process_time() - computed
        return Took(seconds, sum(workers.client.run(time.process_time).values()) - before, here)


def pipeline_of(bench: Bench) -> Pipeline:
    """Load the pipeline, and keep it on one thread."""
    pipeline = joblib.load(bench.small / MODEL_FILE)
    pipeline[-1].set_params(n_jobs=1)
    return pipeline


def plain(bench: Bench, table: Path) -> tuple[Took, list[np.ndarray]]:
    """Time the usual loop, which reads, transforms and predicts, and return its probabilities."""
    pipeline = pipeline_of(bench)
    features = list(pipeline[0].feature_names_in_)
    began, computed = time.perf_counter(), time.process_time()
    found = [
        pipeline.predict_proba(rows[features])[:, 1]
        for rows in pd.read_csv(table, chunksize=AT_ONCE)
    ]
    return Took(time.perf_counter() - began, time.process_time() - computed), found


def check(bench: Bench, workers: Workers) -> None:
    """Check that workers and the plain loop give the same probabilities.

    Raises:
        Failed: they do not.
    """
    table = repeated_table(bench, 2_000)
    score(bench, workers, table)
    parts = sorted((bench.scratch / "scored").glob("part-*"))
    ours = np.concatenate([pq.read_table(part)["probability"].to_numpy() for part in parts])
    if not np.array_equal(ours, np.concatenate(plain(bench, table)[1])):
        raise Failed("the workers give other probabilities than the pipeline")


def explained_rows(bench: Bench, one: Workers) -> Iterator[Row]:
    """Compare all reasons with one call of LightGBM's own SHAP values of the same rows."""
    say(f"reasons of {EXPLAINED:,} rows, and LightGBM's SHAP values of them")
    table, pipeline = repeated_table(bench, EXPLAINED), pipeline_of(bench)
    features = list(pipeline[0].feature_names_in_)
    rows = pipeline[0].transform(pd.read_csv(table)[features])
    took: dict[str, list[Took]] = {"ours": [], "lightgbm": []}
    load(bench, one, "all")
    for _ in range(bench.options.rounds):
        took["ours"].append(score(bench, one, table, "all"))
        began, computed = time.perf_counter(), time.process_time()
        pipeline[1].booster_.predict(rows, pred_contrib=True, num_threads=1)
        seconds, computed = time.perf_counter() - began, time.process_time() - computed
        took["lightgbm"].append(Took(seconds, computed))
    measure = "all reasons, one worker, against one call of `pred_contrib`"
    yield ratio(measure, 5, took, "ours", "lightgbm")


def memory(bench: Bench) -> Iterator[Row]:
    """Compare the peak memory of a worker after many rows with that after few.

    Both are of one process, because two processes differ by some hundredths for the same rows.
    """
    few, many = (repeated_table(bench, rows) for rows in MEMORY_ROWS)
    ratios = []
    for _ in range(bench.options.rounds):
        peaks = []
        with local_workers(1) as workers:
            for table, rows in zip((few, many), MEMORY_ROWS, strict=True):
                score(bench, workers, table)
                (found,) = workers.client.run(peak).values()
                say(f"  a worker after {rows:,} rows: {found / 1e6:.0f} MB")
                peaks.append(found)
        ratios.append(peaks[1] / peaks[0])
    many.unlink()  # gigabytes
    measure = (
        f"portfolio: peak memory of a worker, {MEMORY_ROWS[1]:,} rows against {MEMORY_ROWS[0]:,}"
    )
    yield Row(measure, ("≤", 1.05), ratios)


def peak() -> float:
    """Peak memory of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return 1024.0 * int(line.split()[1])


def first_part(bench: Bench, table: Path) -> float:
    """Time the command from its start to its first part."""
    out = bench.scratch / "first"
    shutil.rmtree(out, ignore_errors=True)
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - a fixed command
        (sys.executable, "-m", "portfolio", str(table), str(out)),
        cwd=ROOT,
        env=os.environ | {"RESSOURCES_DIR": str(bench.small.resolve())},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: process.poll() is not None or [*out.glob("part-*")], pause=0.01)
        took = time.perf_counter() - began
        if process.poll():
            raise Failed("the command failed")
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
    return took
