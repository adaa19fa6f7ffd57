"""A proxy before PostgreSQL whose connections end or stop exactly at COMMIT."""

import contextlib
import socket
from collections.abc import Callable
from threading import Event
from typing import Literal

from tests.support.servers.server import wait_for
from tests.support.servers.stopped_proxy import PIECE, StoppedProxy

COMMIT = b"COMMIT\0"  # the end of the client's message
BLOCK = b'INSERT INTO "block"'
Fault = Literal[
    "cut before",  # all connections end; the server does not get COMMIT
    "cut after",  # the server commits; then all connections end
    "late",  # the client's connection ends; the server gets COMMIT after `deliver`
    "stopped before",  # nothing is forwarded until `resume`, and COMMIT not before `deliver`
    "stopped after",  # the server commits; nothing is forwarded until `resume`
]


class CommitProxy(StoppedProxy):
    """A proxy that has a fault at the next COMMIT of a writer, once.

    Attributes:
        fault: the fault; None to forward COMMIT.
        is_committed: true when the server has committed.
        happened: set after the fault.
    """

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.fault: Fault | None = None
        self.is_committed: Callable[[], bool] = lambda: True
        self.happened, self._delivery = Event(), Event()

    def deliver(self) -> None:
        """Forward a COMMIT that is late."""
        self._delivery.set()

    def __exit__(self, *_: object) -> None:
        """End all connections."""
        self.deliver()
        super().__exit__()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        if target.getpeername()[1] == self.target:
            is_writer = False
            with contextlib.suppress(OSError):
                while piece := source.recv(PIECE):
                    is_writer |= BLOCK in piece  # later the statement is a prepared one
                    if is_writer and piece.endswith(COMMIT) and self.fault:
                        self._have_fault(piece, source, target)
                    else:
                        self._flows.wait()
                        target.sendall(piece)
        super()._pump(source, target)

    def _have_fault(self, commit: bytes, client: socket.socket, server: socket.socket) -> None:
        fault, self.fault = self.fault, None
        if fault in ("cut after", "stopped after"):
            self.stop()  # the answer does not arrive
            server.sendall(commit)
            wait_for(self.is_committed)
        if fault in ("cut before", "cut after"):
            self.drop()
            self.resume()
        elif fault == "late":
            client.shutdown(socket.SHUT_RDWR)
        else:
            self.stop()
        self.happened.set()
        if fault in ("late", "stopped before"):
            self._delivery.wait()
            server.sendall(commit)
