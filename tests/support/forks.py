"""Processes of Python that begin with the libraries imported: that is most of what a start costs.

Run as a program this imports them, and computes nothing: LightGBM would hang in a process that was
forked afterwards. For each order it makes two processes by a fork: one that does what `python -m`
or `python -c` would do, and one that waits for it and tells how it ended.
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

from tests.support.processes import ROOT, inherited

# None that reads the environment when it is imported: gunicorn and prometheus_client do.
LIBRARIES = (
    "fastapi", "lightgbm", "pandas", "pydantic_settings", "shap", "sklearn.ensemble", "structlog",
)  # fmt: skip
ORDER_BYTES = 1 << 16
NUMBER_BYTES = 20


class Forked:
    """A process, with what a server needs of `subprocess.Popen`."""

    def __init__(self, ended: socket.socket) -> None:
        """Read its number; its exit code comes over the same connection."""
        self.ended = ended
        self.pid = int(ended.recv(NUMBER_BYTES))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; less than 0 where a signal ended it.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        if self.returncode is None:
            if not select.select([self.ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            with self.ended:
                self.returncode = int(self.ended.recv(NUMBER_BYTES))
        return self.returncode

    def poll(self) -> int | None:
        """The same; None where it runs on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def terminate(self) -> None:
        """Ask it to stop, where it runs on."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class Forks:
    """The program, from `with` to the end of its block."""

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
        """Let it end, when all that it made have ended."""
        with self.orders:
            self.orders.shutdown(socket.SHUT_RDWR)
        self.program.wait()

    def begin(
        self, command: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int
    ) -> Forked:
        """What `processes.begin` does, in a process that has the libraries."""
        assert command[0] == sys.executable
        ended, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            order = json.dumps([command[1:], dict(environment)]).encode()
            socket.send_fds(self.orders, [order], [theirs.fileno(), stdout, stderr])
        return Forked(ended)


class Order(NamedTuple):
    """What the program is told."""

    command: list[str]
    environment: dict[str, str]
    ended: socket.socket
    stdout: int
    stderr: int


def received(orders: socket.socket) -> Order | None:
    """The next one; None at the end."""
    order, files, *_ = socket.recv_fds(orders, ORDER_BYTES, 3)
    if not order:
        return None
    ended, stdout, stderr = files
    return Order(*json.loads(order), socket.socket(fileno=ended), stdout, stderr)


def main(number: int) -> None:
    """Take orders until there are no more; it returns in the processes that obey one, too."""
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
    """Say its number, and how it ended."""
    os.close(order.stdout)
    os.close(order.stderr)
    order.ended.send(b"%d" % process)
    _, status = os.waitpid(process, 0)
    order.ended.send(b"%d" % os.waitstatus_to_exitcode(status))


def obey(order: Order) -> None:
    """Be what `python` would be with these arguments."""
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
