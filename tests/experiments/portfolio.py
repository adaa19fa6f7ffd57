"""A run whose workers are killed or interrupted or lose their scheduler, compared with `/score`.

    python -m tests.experiments.portfolio TABLE [kill] [interrupt] [scheduler]

`kill` ends a worker with SIGKILL, twice. `interrupt` sends SIGINT to the command and its workers,
as a terminal does, and starts it again. `scheduler` ends the scheduler of a cluster that was
started by hand, and starts it and its workers again. Each time, the rows of 1,000 random clients
are compared with the responses of a server to the same records, to the last bit.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from credit_scoring.data.artifacts import ID
from tests.support.portfolio import read_parts, read_summary, rows_unlike
from tests.support.servers.server import (
    HOST,
    RESSOURCES,
    ROOT,
    Server,
    children,
    free_port,
    wait_for,
)

SAMPLE = 1_000
AT_ONCE = 500  # records of one request
READ_ROWS = 20_000  # rows of the table that are read at a time

Process = subprocess.Popen[Any]


def python(*arguments: object, quiet: bool = False) -> Process:
    """Start a program of this project in a session of its own."""
    return subprocess.Popen(
        (sys.executable, *map(str, arguments)),
        cwd=ROOT,
        env=os.environ | {"RESSOURCES_DIR": str(RESSOURCES)},
        stderr=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
    )


def workers_of(command: Process) -> list[int]:
    """Find the processes that score: they are forked from one that the command has started."""
    return [pid for child in children(command.pid) for pid in children(child)]


def made(out: Path) -> int:
    return len([*out.glob("part-*")])


def kill(table: Path, out: Path) -> Process:
    command = python("-m", "portfolio", table, out)
    killed: set[int] = set()
    for parts_there in (3, 10):
        wait_for(lambda there=parts_there: made(out) >= there or command.poll() is not None)
        (worker, *_) = [pid for pid in workers_of(command) if pid not in killed]
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)
        print(f"killed {worker} after {made(out)} parts")
    command.wait()
    return command


def interrupt(table: Path, out: Path) -> Process:
    command = python("-m", "portfolio", table, out)
    wait_for(lambda: made(out) >= 3)
    os.killpg(command.pid, signal.SIGINT)
    print(f"interrupted after {made(out)} parts: exit code {command.wait()}")
    command = python("-m", "portfolio", table, out)
    command.wait()
    return command


@contextlib.contextmanager
def cluster(port: int) -> Iterator[list[Process]]:
    """Start a scheduler and two workers as a user does by hand."""
    at = f"tcp://{HOST}:{port}"
    listen = ("--host", HOST, "--port", port, "--no-dashboard")
    found = [python("-m", "distributed.cli.dask_scheduler", *listen, quiet=True)]
    time.sleep(3)
    options = (at, "--nthreads", 1, "--no-dashboard")
    found += [python("-m", "distributed.cli.dask_worker", *options, quiet=True) for _ in range(2)]
    try:
        yield found
    finally:
        for process in found:
            process.terminate()
        for process in found:
            process.wait()


def scheduler(table: Path, out: Path) -> Process:
    port = free_port()
    with cluster(port) as (first, *_):
        command = python("-m", "portfolio", table, out, "--scheduler", f"tcp://{HOST}:{port}")
        wait_for(lambda: made(out) >= 3)
        first.kill()
        first.wait()
        print(f"the scheduler ended after {made(out)} parts")
    with cluster(port):
        command.wait()
    return command


def compare(table: Path, out: Path, server: Server) -> None:
    """Compare a sample with the responses of a server to the same records."""
    rows = read_parts(out)
    assert rows[ID].is_unique
    sample = sorted(random.Random(0).sample(range(len(rows)), min(SAMPLE, len(rows))))
    wanted = set(sample)
    chunks = [
        chunk[[row in wanted for row in chunk.index]]
        for chunk in pd.read_csv(table, chunksize=READ_ROWS, index_col=False)
    ]
    raw = pd.concat(chunks)
    assert raw[ID].tolist() == rows.loc[sample, ID].tolist()
    features = server.ask_json("/get_feat")["data"]
    unlike = []
    for start in range(0, len(sample), AT_ONCE):
        some = raw[features].iloc[start : start + AT_ONCE]
        records = [
            {"record": {name: None if value != value else value for name, value in row.items()}}
            for row in some.to_dict("records")
        ]
        responses = server.ask_json("/score", orjson.dumps(records))
        unlike += rows_unlike(rows.loc[sample[start : start + AT_ONCE]], responses, "refused")
    figures = read_summary(out)
    print(
        f"{figures['scored']:,} rows in {figures['parts']} parts, {figures['seconds']:.1f} s,"
        f" {figures['rows_a_second']:,.0f} rows/s; refused {figures['decisions']['refused']:,};"
        f" of a sample of {len(sample):,} differ {len(unlike)}",
        flush=True,
    )


EXPERIMENTS: dict[str, Callable[[Path, Path], Process]] = {
    "kill": kill,
    "interrupt": interrupt,
    "scheduler": scheduler,
}


def main(table: Path, *names: str) -> None:
    with Server(RESSOURCES, workers=1) as server, tempfile.TemporaryDirectory() as scratch:
        if os.environ.get("FAST_EXPLANATIONS") != "0":
            wait_for(lambda: "explained by" in server.log())
        for name in names or EXPERIMENTS:
            out = Path(scratch) / name
            print(f"\n{name}", flush=True)
            command = EXPERIMENTS[name](table, out)
            print(f"exit code {command.returncode}")
            compare(table, out, server)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
