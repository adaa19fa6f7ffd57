"""Servers to measure, and the load on them: all on the loopback interface, stopped in any case."""

import contextlib
import http.client
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
START_SECONDS = 300  # how long a server may take to answer
STOP_SECONDS = 10  # how long it may take to stop before it is killed
WARM_SECONDS = 1  # how long one caller asks, one request after the other, before a load
LONGEST_LOAD = 30  # seconds
GUNICORN = (sys.executable, "-m", "gunicorn", "--workers", "1", "--timeout", str(START_SECONDS))
SERVICE = "main:app"
# What everything but the service gets in place of its worker, whose bounds on requests cost time.
USUAL_WORKER = ("--worker-class", "uvicorn_worker.UvicornWorker")
TICKS = os.sysconf("SC_CLK_TCK")

Requests = Sequence[tuple[str, bytes]]  # path and body; without a body it is a GET, else a POST


class Failed(RuntimeError):
    """A server or a load did not do what it should: a wrong answer would be a fast one."""


@dataclass(frozen=True)
class Speed:
    """What a load gave.

    Attributes:
        per_second: requests a second.
        per_processor_second: requests for each second that the server's processes computed. Other
            programs on the machine hardly change it.
        p99: milliseconds, within which 99 of 100 requests were answered.
    """

    per_second: float
    per_processor_second: float
    p99: float = math.nan


@dataclass(frozen=True)
class Memory:
    """Resident memory of a worker in bytes: now, and at its peak."""

    now: int
    peak: int


class Server:
    """A running server; leaving its context stops it."""

    def __init__(
        self, name: str, port: int, command: Sequence[str], environment: dict[str, str], log: Path
    ) -> None:
        """Start it."""
        self.name = name
        self.port = port
        self.log = log
        self.began = time.perf_counter()
        with log.open("wb") as file:
            self.process = subprocess.Popen(  # noqa: S603 - this project's own commands
                command,
                cwd=REPOSITORY,
                env={key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
                | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
                | environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def __enter__(self) -> "Server":
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it and all that it started, by force where it does not stop."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)

    def wait(self, path: str) -> float:
        """Seconds from the start of the process to the first answer.

        Raises:
            Failed: it ended, or took too long.
        """
        while self.process.poll() is None and time.perf_counter() - self.began < START_SECONDS:
            with contextlib.suppress(ConnectionError, Failed):
                self.ask(path)
                return time.perf_counter() - self.began
            time.sleep(0.002)
        raise Failed(f"{self.name} does not answer:\n{self.log.read_text()[-2000:]}")

    def ask(self, path: str, body: bytes = b"") -> bytes:
        """The body of an answer.

        Raises:
            Failed: it is an error.
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=START_SECONDS)
        with contextlib.closing(connection):
            method = "POST" if body else "GET"
            connection.request(method, path, body or None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise Failed(f"{self.name} answers {path} with {answer.status}: {content[:500]!r}")
        return content

    def ask_json(self, path: str, body: bytes = b"") -> Any:
        """An answer, decoded."""
        return json.loads(self.ask(path, body))

    def memory(self) -> Memory:
        """Memory of the worker: the first process that gunicorn started."""
        worker = children(self.process.pid)[0]
        lines = Path(f"/proc/{worker}/status").read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        now, peak = (int(facts[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM"))
        return Memory(now, peak)

    def processor_seconds(self) -> float:
        """How long all of its processes have computed."""
        ticks = 0
        processes = [self.process.pid]
        for process in processes:  # grows meanwhile
            processes += children(process)
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS


def children(process: int) -> list[int]:
    """The processes that a process started."""
    files = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        port: int = listening.getsockname()[1]
        return port


def gunicorn(name: str, application: str, environment: dict[str, str], scratch: Path) -> Server:
    """An application on one worker, with the flags of gunicorn.conf.py."""
    worker = () if application == SERVICE else USUAL_WORKER
    port = free_port()
    counts = scratch / f"{name}-{port}-counts"  # where the service's workers count together
    counts.mkdir()
    return Server(
        name,
        port,
        (*GUNICORN, *worker, "--bind", f"{HOST}:{port}", application),
        {"PROMETHEUS_MULTIPROC_DIR": str(counts)} | environment,
        scratch / f"{name}-{port}.log",
    )


def warm(server: Server, requests: Requests) -> float:
    """Ask for a moment, one request after the other; the median time of an answer, in seconds."""
    times = []
    began = time.perf_counter()
    for path, body in requests:
        asked = time.perf_counter()
        server.ask(path, body)
        times.append(time.perf_counter() - asked)
        if time.perf_counter() - began > WARM_SECONDS:
            break
    return sorted(times)[len(times) // 2]


def seconds_needed(seconds: int, answer_seconds: float, connections: int) -> int:
    """How long a load has to last so that each connection gets a few answers."""
    return min(LONGEST_LOAD, max(seconds, math.ceil(4 * connections * answer_seconds)))


@contextlib.contextmanager
def wrk(
    server: Server, requests: Requests, seconds: int, connections: int, scratch: Path
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
    server: Server, requests: Requests, seconds: int, connections: int, scratch: Path
) -> Speed:
    """Requests a second of a server under load.

    Raises:
        Failed: a request was refused.
    """
    before = server.processor_seconds()
    with wrk(server, requests, seconds, connections, scratch) as process:
        output = process.communicate()[0]
    return parsed(output, server.processor_seconds() - before)


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
