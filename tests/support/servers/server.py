"""Real servers for tests, experiments and benchmarks, each on a free port of loopback."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.servers.processes import ROOT, Begin, begin, inherited

HOST = "127.0.0.1"
RESSOURCES = Path(os.environ.get("RESSOURCES_DIR") or ROOT / "ressources")
SERVICE = "main:app"
START_SECONDS = 300
STOP_SECONDS = 25  # gunicorn's grace time, and a little
TICKS = os.sysconf("SC_CLK_TCK")
MB = 1e6  # bytes
SELDOM = 0.3  # seconds between two requests to a server that has other work


class Failed(RuntimeError):
    """A server did not do what it should."""


def wait_for(condition: Callable[[], Any], seconds: float = 120, pause: float = 0.05) -> Any:
    """Call a condition again and again until it is true, and give its value.

    Args:
        condition: a function without arguments.
        seconds: the time limit.
        pause: seconds between two calls; see `SELDOM`.

    Raises:
        TimeoutError: the condition is not true within the time limit.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(pause)
    return found


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def everything(connection: socket.socket) -> bytes:
    """The bytes that come until the other end closes a connection."""
    received = bytearray()
    while piece := connection.recv(1 << 16):
        received += piece
    return bytes(received)


def parsed(received: bytes) -> Answer:
    """Parse the bytes of an answer."""
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


@dataclass(frozen=True)
class WorkerMemory:
    """Resident memory of all workers together, in bytes: now, and at each one's peak."""

    now: float
    peak: float


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
        return port


def children(process: int) -> list[int]:
    """The processes that a process started, in their order."""
    files = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def gunicorn(application: str, port: int, *flags: str) -> tuple[str, ...]:
    """The command that runs an application as gunicorn.conf.py says, on loopback."""
    return (sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", *flags, application)


class AnyServer:
    """A server that runs from `with` to the end of its block."""

    begin: Begin = staticmethod(begin)

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        environment: Mapping[str, str],
        output: int | None = None,
        begin: Begin | None = None,
    ) -> None:
        """Set what to run.

        Args:
            command: starts it, in the folder of the project.
            port: on which it will listen.
            environment: variables beside the few that it inherits.
            output: where its standard output and error go instead of a file that `log` reads.
            begin: starts the process; by default anew.
        """
        self.command = command
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self.output = output
        if begin:
            self.begin = begin
        self.scratch = Path(tempfile.mkdtemp(prefix="server-"))
        self.log_file = self.scratch / "log"
        own = {"PROMETHEUS_MULTIPROC_DIR": str(self.scratch)}
        self.environment = inherited() | own | environment

    def start(self) -> None:
        """Start it, without waiting."""
        self.began = time.perf_counter()
        with self.log_file.open("wb") as log:
            output = self.output or log.fileno()
            self.process = self.begin(self.command, self.environment, output, output)

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """End its processes, by force if they do not stop."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)

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
        raise Failed(f"{' '.join(self.command)} does not answer:\n{self.log()[-2000:]}")

    def ask(self, path: str, body: bytes = b"", **headers: str) -> bytes:
        """The body of an answer, over a connection of its own; with a body it is a POST.

        Raises:
            Failed: it is an error.
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=START_SECONDS)
        with contextlib.closing(connection):
            method = "POST" if body else "GET"
            headers = {"Content-Type": "application/json"} | headers
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status not in (http.HTTPStatus.OK, http.HTTPStatus.CREATED):
            raise Failed(f"{path} is answered with {answer.status}: {content[:500]!r}")
        return content

    def ask_json(self, path: str, body: bytes = b"", **headers: str) -> Any:
        """An answer, decoded; see `ask`."""
        return json.loads(self.ask(path, body, **headers))

    def get(self, path: str, **options: Any) -> httpx.Response:
        """An answer over a connection of its own, which any worker may take."""
        return httpx.get(self.url + path, timeout=120, verify=False, **options)

    def raw(self, *pieces: bytes, seconds: float = 30) -> Answer:
        """Send bytes as they are, and read until the server closes the connection."""
        with socket.create_connection((HOST, self.port), seconds) as connection:
            for piece in pieces:
                connection.sendall(piece)
            return parsed(everything(connection))

    def log(self) -> str:
        """Its output so far."""
        return self.log_file.read_text()

    def pids(self) -> list[int]:
        """The workers that run now."""
        return children(self.process.pid)

    def memory(self) -> WorkerMemory:
        """Memory of the workers."""
        lines = [
            line.split()
            for pid in self.pids()
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        ]
        now, peak = (
            sum(1024.0 * int(line[1]) for line in lines if line[0] == f"{kind}:")
            for kind in ("VmRSS", "VmHWM")
        )
        return WorkerMemory(now, peak)

    def processor_seconds(self) -> float:
        """How long all of its processes have computed."""
        ticks = 0
        processes = [self.process.pid]
        for process in processes:  # grows meanwhile
            processes += children(process)
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def open_files(self) -> int:
        """Files and sockets that the workers hold."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.pids())


class Server(AnyServer):
    """The service as startup.sh runs it; its block begins when every worker is ready."""

    def __init__(
        self,
        folder: Path = RESSOURCES,
        workers: int = 2,
        output: int | None = None,
        begin: Begin | None = None,
        **settings: str,
    ) -> None:
        """Set what to run.

        Args:
            folder: the files that it loads.
            workers: processes.
            output, begin: see `AnyServer`.
            settings: environment variables.
        """
        port = free_port()
        self.workers = workers
        given = {"RESSOURCES_DIR": str(folder), "WEB_CONCURRENCY": str(workers)} | settings
        super().__init__(gunicorn(SERVICE, port), port, given, output, begin)

    def __enter__(self) -> Self:
        """Start it, and wait until it is up."""
        self.start()
        try:
            wait_for(lambda: self.process.poll() is not None or self.is_up())
            assert self.process.poll() is None, self.log()
        except BaseException:
            self.stop()
            raise
        return self

    def is_up(self) -> bool:
        """Whether every worker is ready."""
        if self.output is None:
            return self.ready() >= self.workers
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def ready(self) -> int:
        """The number of workers that have been ready so far, with those that have ended."""
        return self.log().count("Application startup complete")

    def said(self, *texts: str) -> int:
        """The number of log lines that have all of some texts: each worker writes its own."""
        return sum(all(text in line for text in texts) for line in self.log().splitlines())

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log, decoded."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def requests(self) -> list[dict[str, Any]]:
        """The lines of its request log."""
        return [line for line in self.lines() if "request_id" in line]
