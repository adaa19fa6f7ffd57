"""A TCP proxy that stops forwarding but stays connected, like a hung server."""

import contextlib
import socket
from select import POLLRDHUP, poll
from threading import Event, Lock, Thread
from typing import Self

from tests.support.servers.server import HOST

PIECE = 1 << 16  # bytes


class StoppedProxy:
    """Forwards connections to a port of loopback, from `with` to the end of its block.

    While it is stopped, it accepts connections and bytes, and keeps the bytes until it resumes.

    Attributes:
        port: on which it listens.
        kept: bytes that came and are not forwarded yet.
    """

    def __init__(self, target: int) -> None:
        """Set the port that connections go to."""
        self.target = target
        self._flows = Event()
        self._flows.set()
        self.kept = 0
        self._lock = Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Start to listen."""
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        self.resume()

    def stop(self) -> None:
        """Forward nothing from now on."""
        self._flows.clear()

    def resume(self) -> None:
        """Forward what came meanwhile, and go on."""
        self._flows.set()

    def drop(self) -> None:
        """End all connections at once; what was not forwarded is lost."""
        with self._lock:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            with self._lock:
                self._sockets.add(client)
            Thread(target=self._forward, args=[client], daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            self._flows.wait()
            if has_ended(client):
                return
            with socket.create_connection((HOST, self.target)) as server:
                with self._lock:
                    self._sockets.add(server)
                back = Thread(target=self._pump, args=[server, client], daemon=True)
                back.start()
                self._pump(client, server)
                back.join()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                with self._lock:
                    self.kept += len(piece)
                self._flows.wait()
                with self._lock:
                    self.kept -= len(piece)
                target.sendall(piece)
        self._flows.wait()
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def has_ended(connection: socket.socket) -> bool:
    """True if the other end closed a connection."""
    waiting = poll()
    waiting.register(connection, POLLRDHUP)
    return bool(waiting.poll(0))
