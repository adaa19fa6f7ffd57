"""A real server for experiments: gunicorn and its uvicorn workers on a free port of loopback."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).resolve().parents[2]
RESSOURCES = Path(os.environ.get("RESSOURCES_DIR") or ROOT / "ressources")
SETTINGS = ("API_KEY", "MODEL_SHA256", "KDE_SWAP_CLASSES", "MAX_BODY_BYTES", "REQUEST_LOG", "PORT")
SHUTDOWN_SECONDS = 25  # gunicorn's grace time, and a little


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> Any:
    """What the condition gives, asked again and again until it is true.

    Raises:
        TimeoutError: it is not in that time.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.02)
    return found


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def parsed(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


class Server:
    """The service as startup.sh runs it, from `with` to the end of its block, whatever happens."""

    def __init__(
        self,
        folder: Path = RESSOURCES,
        workers: int = 2,
        output: IO[bytes] | int | None = None,
        **settings: str,
    ) -> None:
        """Set what to run.

        Args:
            folder: the files that it loads.
            workers: processes.
            output: where its standard output and error go instead of a file that `log` reads.
            settings: environment variables.
        """
        self.scratch = Path(tempfile.mkdtemp(prefix="credit-scoring-"))
        self.log_file = self.scratch / "log"
        self.output = output
        self.workers = workers
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        self.environment = inherited | {
            "RESSOURCES_DIR": str(folder),
            "PROMETHEUS_MULTIPROC_DIR": str(self.scratch),
            "OMP_NUM_THREADS": "1",
            **settings,
        }

    def start(self) -> None:
        """Start it, without waiting."""
        at = f"--workers {self.workers} --bind 127.0.0.1:{self.port}"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "main:app", *at.split()],
                cwd=ROOT,
                env=self.environment,
                stdout=self.output or log,
                stderr=self.output or log,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        self.start()
        try:
            wait_for(lambda: self.process.poll() is not None or self.is_up(), 120)
            assert self.process.poll() is None, self.log()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End what is left of it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(SHUTDOWN_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def is_up(self) -> bool:
        """Whether every worker is ready."""
        if self.output is None:
            return self.log().count("Application startup complete") >= self.workers
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        """What it has written so far."""
        return self.log_file.read_text()

    def said(self, *texts: str) -> int:
        """In how many lines of the log all of some texts come: each worker writes its own."""
        return sum(all(text in line for text in texts) for line in self.log().splitlines())

    def requests(self) -> list[dict[str, Any]]:
        """The lines of its request log."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if "request_id" in line]

    def pids(self) -> list[int]:
        """The workers that run now."""
        pid = self.process.pid
        return [int(child) for child in _proc(pid, f"task/{pid}/children").split()]

    def memory(self, kind: str = "VmRSS") -> float:
        """Megabytes of all workers together; `VmHWM` is each one's largest so far."""
        status = [_proc(pid, "status").splitlines() for pid in self.pids()]
        lines = [line for worker in status for line in worker if line.startswith(f"{kind}:")]
        return sum(int(line.split()[1]) for line in lines) / 1024

    def open_files(self) -> int:
        """Files and sockets that the workers hold."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.pids())

    def unread(self) -> int:
        """Bytes that were sent to it and that it has not read, and connections not accepted."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        port = f":{self.port:04X}"
        return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(port))

    def get(self, path: str, **headers: str) -> Any:
        """The JSON of a path that answers 200, over a connection of its own."""
        request = urllib.request.Request(self.url + path, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def raw(self, *pieces: bytes, seconds: float = 30) -> Answer:
        """Send bytes as they are; what came back until the server closed the connection."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as connection:
            for piece in pieces:
                connection.sendall(piece)
            received = bytearray()
            while piece := connection.recv(1 << 16):
                received += piece
        return parsed(bytes(received))


def _proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()
