"""Servers to measure, and the load on them: all on the loopback interface, stopped in any case."""

import contextlib
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers.server import (
    HOST,
    SERVICE,
    START_SECONDS,
    TICKS,
    AnyServer,
    Failed,
    free_port,
    wait_for,
)
from tests.support.servers.server import gunicorn as served_by_gunicorn

HERE = Path(__file__).resolve().parent
LONGEST_LOAD = 30  # seconds
PATIENT = ("--timeout", str(START_SECONDS))  # of a large folder
# What everything but the service gets in place of its worker, whose bounds on requests cost time.
USUAL_WORKER = ("--worker-class", "uvicorn_worker.UvicornWorker")

# The servers' python: of an environment as deployed, without what checks and cluster need.
PYTHON = os.environ.get("BENCHMARK_PYTHON", sys.executable)

Requests = Sequence[tuple[str, bytes]]  # path and body; without a body it is a GET, else a POST


@dataclass(frozen=True)
class Speed:
    """The result of a load.

    Attributes:
        per_second: requests a second.
        per_processor_second: requests for each second that the server's processes computed. Other
            programs on the machine hardly change it.
        p99: milliseconds, within which 99 of 100 requests were answered.
    """

    per_second: float
    per_processor_second: float
    p99: float = math.nan


class Program(AnyServer):
    """A server to measure, with a name for the table; its block does not wait until it is up."""

    def __init__(
        self, name: str, port: int, command: Sequence[str], environment: dict[str, str]
    ) -> None:
        """Set what to run."""
        # Every server compiles its modules anew, whatever was started before it.
        super().__init__(command, port, {"PYTHONDONTWRITEBYTECODE": "1"} | environment)
        self.name = name


def gunicorn(name: str, application: str, environment: dict[str, str]) -> Program:
    """An application on one worker, as gunicorn.conf.py says."""
    worker = () if application == SERVICE else USUAL_WORKER
    port = free_port()
    command = (PYTHON, *served_by_gunicorn(application, port, *PATIENT, *worker)[1:])
    return Program(name, port, command, {"WEB_CONCURRENCY": "1"} | environment)


def wait_until_prepared(server: Program) -> None:
    """Wait until a service prepares nothing any more: explains as fast as it will, and compares."""
    server.wait("/importance")
    if os.environ.get("FAST_EXPLANATIONS") != "0":
        wait_for(lambda: "explained by" in server.log())


def warm(server: Program, requests: Requests, seconds: float) -> float:
    """Ask for a moment, one request after the other; the median time of an answer, in seconds."""
    times = []
    began = time.perf_counter()
    for path, body in requests:
        asked = time.perf_counter()
        server.ask(path, body)
        times.append(time.perf_counter() - asked)
        if time.perf_counter() - began > seconds:
            break
    return sorted(times)[len(times) // 2]


def seconds_needed(seconds: int, answer_seconds: float, connections: int) -> int:
    """How long a load has to last so that each connection gets a few answers."""
    return min(LONGEST_LOAD, max(seconds, math.ceil(4 * connections * answer_seconds)))


@contextlib.contextmanager
def wrk(
    server: Program, requests: Requests, seconds: int, connections: int, scratch: Path
) -> Iterator["subprocess.Popen[str]"]:
    """A load on a server, running meanwhile; what it prints is for `parsed`."""
    file = scratch / f"{server.name}-{server.port}-{connections}.requests"
    file.write_bytes(b"".join(path.encode() + b" " + body + b"\n" for path, body in requests))
    process = subprocess.Popen(  # noqa: S603 - a fixed command
        (
            *("wrk", "--threads", "1", "--connections", str(connections)),
            *("--duration", f"{seconds}s", "--timeout", f"{LONGEST_LOAD}s"),
            *("--script", str(HERE / "load.lua"), f"http://{HOST}:{server.port}", "--", str(file)),
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def load(
    server: Program, requests: Requests, seconds: int, connections: int, scratch: Path
) -> Speed:
    """Requests a second of a server under load.

    Raises:
        Failed: a request was refused.
    """
    before = server.processor_seconds()
    with wrk(server, requests, seconds, connections, scratch) as process:
        output = process.communicate()[0]
    return parsed(output, server.processor_seconds() - before)


def ask_each(server: Program, requests: Requests) -> Speed:
    """The speed at which one caller in this process gets each answer, once."""
    before, began = server.processor_seconds(), time.perf_counter()
    for path, body in requests:
        server.ask(path, body)
    seconds, computed = time.perf_counter() - began, server.processor_seconds() - before
    return Speed(len(requests) / seconds, len(requests) / max(computed, 1 / TICKS))


def parsed(output: str, processor_seconds: float) -> Speed:
    """The line that `load.lua` prints.

    Raises:
        Failed: requests failed, or there were none.
    """
    lines = [line for line in output.splitlines() if line.startswith("load ")]
    if not lines:
        raise Failed(f"wrk measured nothing: {output}")
    facts = json.loads(lines[-1].removeprefix("load "))
    if facts["failed"] or not facts["requests"]:
        raise Failed(f"{facts['failed']} of {facts['requests']} requests failed")
    return Speed(
        facts["requests"] / facts["seconds"],
        facts["requests"] / max(processor_seconds, 1 / TICKS),
        facts["p99_ms"],
    )


def gets(path: str, values: Iterable[object] = ()) -> Requests:
    """Requests without a body: of a path, or with each value as `param_name`."""
    return [(f"{path}?param_name={value}", b"") for value in values] or [(path, b"")]
