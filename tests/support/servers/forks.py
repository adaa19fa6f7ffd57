"""Processes of Python that start with the libraries imported: each saves 3 s of processor time.

Run as a program, this module imports them and computes nothing, because LightGBM would hang in a
process that is forked later. For each order it forks two processes: one runs `python -m` or
`python -c`, the other waits for it and sends its exit code. multiprocessing's fork server cannot do
it: its processes end without the functions of `atexit`, where the log writes its last lines.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from tests.support.servers.processes import ROOT, inherited

# Not gunicorn and prometheus_client, which read the environment when they are imported.
LIBRARIES = (
    "fastapi", "lightgbm", "pandas", "pydantic_settings", "shap", "sklearn.ensemble", "structlog",
)  # fmt: skip
ORDER_BYTES = 1 << 16
NUMBER_BYTES = 20


class Forked:
    """A forked process, with the part of `subprocess.Popen` that a server needs."""

    def __init__(self, ended: socket.socket) -> None:
        """Read its process id; its exit code comes over the same connection."""
        self.ended = ended
        self.pid = int(ended.recv(NUMBER_BYTES))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; below 0 if a signal ended it.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self.returncode is None:
            if not select.select([self.ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            with self.ended:
                self.returncode = int(self.ended.recv(NUMBER_BYTES))
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, or None if it still runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def terminate(self) -> None:
        """Ask it to stop if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class Forks:
    """The program, which runs during a `with` block."""

    def __enter__(self) -> Self:
        """Start it."""
        self.orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.program = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=ROOT,
                env=inherited(),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )
        return self

    def __exit__(self, *_: object) -> None:
        """End it once all its processes have ended."""
        with self.orders:
            self.orders.shutdown(socket.SHUT_RDWR)
        self.program.wait()

    def begin(
        self, command: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int
    ) -> Forked:
        """Start a command as `processes.begin` does, in a process that has the libraries."""
        assert command[0] == sys.executable
        ended, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            order = json.dumps([command[1:], dict(environment)]).encode()
            socket.send_fds(self.orders, [order], [theirs.fileno(), stdout, stderr])
        return Forked(ended)


class Order(NamedTuple):
    """A command to run, with its environment and open files."""

    command: list[str]
    environment: dict[str, str]
    ended: socket.socket
    stdout: int
    stderr: int


def received(orders: socket.socket) -> Order | None:
    """The next order; None at the end."""
    order, files, *_ = socket.recv_fds(orders, ORDER_BYTES, 3)
    if not order:
        return None
    ended, stdout, stderr = files
    return Order(*json.loads(order), socket.socket(fileno=ended), stdout, stderr)


def main(number: int) -> None:
    """Take orders until there are no more; also returns in each process that has obeyed one."""
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()
    orders = socket.socket(fileno=number)
    while order := received(orders):
        if os.fork() == 0:
            orders.close()
            if process := os.fork():
                tell(process, order)
                os._exit(0)
            obey(order)
            return
        order.ended.close()
        os.close(order.stdout)
        os.close(order.stderr)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def tell(process: int, order: Order) -> None:
    """Send the id of a process and, when it has ended, its exit code."""
    os.close(order.stdout)
    os.close(order.stderr)
    order.ended.send(b"%d" % process)
    _, status = os.waitpid(process, 0)
    order.ended.send(b"%d" % os.waitstatus_to_exitcode(status))


def obey(order: Order) -> None:
    """Run as `python` would with these arguments."""
    os.setsid()
    order.ended.close()
    for file, number in ((order.stdout, 1), (order.stderr, 2)):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order.environment)
    option, what, *arguments = order.command
    sys.argv = [what, *arguments]
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(what, {"__name__": "__main__"})  # noqa: S102 - as `python -c` does


if __name__ == "__main__":
    main(int(sys.argv[1]))
