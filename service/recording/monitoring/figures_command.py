"""The command `figures` of the register, in a process beside the service.

The process computes for seconds, so it has the lowest claim to the processor, one thread, and no
secret but the database's URL, which is in its environment, not among its arguments. It ends with
this process, however that ends: its standard input is a pipe from here.
"""

import logging
import os
import re
import selectors
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import register
from api.register.monitoring_query import FiguresQuery
from register.errors import FiguresAway
from register.priority import give_way
from register.settings import RegisterSettings

MOST_BYTES = 32_000_000  # of an answer
MOST_ERROR_BYTES = 100_000
CHUNK = 1 << 16
PROJECT = Path(register.__file__).parents[1]
NOT_GIVEN = {"API_KEY", "REGISTER_PEPPER"}
OWN_LINE = re.compile(rb"^register: (.*)$", re.MULTILINE)
EXCEPTION = re.compile(rb"^([\w.]+)(?::.*)?$", re.MULTILINE)
PLACE = re.compile(rb'^  File "([^"]+)", line (\d+)', re.MULTILINE)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """Text that a process wrote until it ended.

    Attributes:
        answer: its standard output.
        errors: its standard error.
    """

    answer: bytes
    errors: bytes


class _TooMuch(Exception):
    """A process takes too long or writes too much; the message ends a sentence on figures."""


class FiguresCommand:
    """Runs `python -m register figures`, until it is stopped."""

    def __init__(self, settings: RegisterSettings) -> None:
        """Start no process yet.

        Args:
            settings: name the register.
        """
        url = settings.register_url
        given = {name: text for name, text in os.environ.items() if name not in NOT_GIVEN}
        self._environment = given | {
            "OMP_NUM_THREADS": "1",
            "REGISTER_URL": url.get_secret_value() if url else "",
            "PERFORMANCE_MONTHS": str(settings.performance_months),
        }
        self._lock = Lock()
        self._is_stopped = False
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, query: FiguresQuery, seconds: float) -> bytes:
        """The figures as JSON text.

        Args:
            query: the decisions and cells.
            seconds: the process is ended after them.

        Raises:
            FiguresAway: there are none; the log says why.
        """
        with ExitStack() as stack:
            process = stack.enter_context(self._start(query))
            stack.callback(self._running.discard, process)
            stack.callback(process.kill)
            try:
                written = collected(process, time.monotonic() + seconds)
            except _TooMuch as error:
                log.warning("figures of the register: %s", error)
                raise FiguresAway(f"the figures {error}: ask for a shorter period") from error
        if self._is_stopped:
            raise FiguresAway("the service stops")
        if process.returncode:
            log.warning("figures of the register: %s", reason(process.returncode, written.errors))
            raise FiguresAway("the figures cannot be computed now: the log says why")
        return written.answer

    def stop(self) -> None:
        """End what runs; nothing begins any more."""
        with self._lock:
            self._is_stopped = True
            for process in list(self._running):
                process.kill()

    def _start(self, query: FiguresQuery) -> subprocess.Popen[bytes]:
        """Start a process.

        Raises:
            FiguresAway: the service stops, or the system has no room for a process.
        """
        command = [sys.executable, "-m", "register", "figures", *arguments(query), "--with-parent"]
        with self._lock:
            if self._is_stopped:
                raise FiguresAway("the service stops")
            try:
                # No session of its own: where the kernel groups processes by session, a nice
                # value counts inside of its group only.
                process = subprocess.Popen(  # noqa: S603 - the query is checked
                    command,
                    cwd=PROJECT,
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            except OSError as error:
                log.warning("figures of the register: no process: %s", error.strerror)
                raise FiguresAway("the figures cannot be computed now: the log says why") from error
            self._running.add(process)
            give_way(process.pid)
        return process


def arguments(query: FiguresQuery) -> list[str]:
    """The options of the command for a query; it has the same defaults."""
    options = ["--by", query.by]
    for name, moment in (("--from", query.start), ("--to", query.until)):
        if moment is not None:
            options += [name, moment.isoformat()]
    if query.group is not None:
        options += [f"--group={query.group}"]  # it may begin with a hyphen
    return [*options, "--features"] if query.features else options


def collected(process: subprocess.Popen[bytes], end: float) -> Written:
    """Read what a process writes until it ends.

    Args:
        process: with pipes.
        end: time of the monotonic clock after which it is not waited for.

    Raises:
        _TooMuch: it takes longer, or writes too much.
    """
    answer, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        if process.stdout is not None and process.stderr is not None:
            selector.register(process.stdout, selectors.EVENT_READ, (answer, MOST_BYTES))
            selector.register(process.stderr, selectors.EVENT_READ, (errors, MOST_ERROR_BYTES))
        while selector.get_map():
            ready = selector.select(max(end - time.monotonic(), 0.0))
            if not ready:
                raise _TooMuch("take too long")
            for key, _ in ready:
                kept, most = key.data
                if chunk := os.read(key.fd, CHUNK):
                    kept += chunk
                else:
                    selector.unregister(key.fileobj)
                if len(kept) > most:
                    raise _TooMuch("are too large")
    process.wait()  # which ends now: it has closed its output
    return Written(bytes(answer), bytes(errors))


def reason(code: int, errors: bytes) -> str:
    """Why a process failed, in one line without values of the register or the environment.

    Args:
        code: its exit code, below 0 if a signal ended it.
        errors: its standard error.
    """
    if own := OWN_LINE.findall(errors):
        return str(own[-1], "utf-8", "replace")
    if code < 0:
        return f"ended by signal {-code}"
    places = list(PLACE.finditer(errors))
    exception = EXCEPTION.search(errors, places[-1].end()) if places else None
    if exception is None:
        return f"ended with code {code}"
    file, line = (part.decode(errors="replace") for part in places[-1].groups())
    return f"{exception[1].decode()} in {file}, line {line}"
