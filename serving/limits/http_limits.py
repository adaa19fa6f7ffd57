"""uvicorn's HTTP protocol with limits on the head of a request and on its time to arrive.

uvicorn keeps all headers and waits for them for ever; gunicorn's own limits do not apply to its
workers. One connection could fill the memory, or stay open for ever.
"""

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

SECONDS = 30.0  # from the first byte of a request, or the connection, to its last byte
HEAD_BYTES = 64 * 1024  # of the request line and the headers, or of a chunked body's trailers
HEADER_LINES = 100
LINGER_SECONDS = 2.0  # for a client that still sends to read the refusal

TOO_LARGE = (
    431,
    f"a request has at most {HEADER_LINES} headers, of {HEAD_BYTES} bytes with its path",
)
TOO_SLOW = 408, f"a request must arrive within {SECONDS:.0f} seconds"
NO_HTTP = 400, "this is no HTTP/1.1 request"


class _BeyondLimits(Exception):
    """Stops the parser amid the received bytes."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection that ends with 431, 408 or 400 in JSON if a request exceeds a limit."""

    seconds = SECONDS
    linger_seconds = LINGER_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None  # of the arriving request; None between two
        self._received = 0  # bytes since the start of a request, or of a piece of its body
        self._head_bytes = 0
        self._header_lines = 0
        self._silent = True  # no byte has arrived yet
        self._unsent = 0  # bytes of answers that the client has not taken
        self._unsent_since = 0.0
        self._refusal: tuple[int, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a request."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + self.seconds
        self._timer = self.loop.call_later(self.seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop to wait."""
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse bytes, unless the connection is refused already."""
        if self._refusal is not None:
            return
        self._start_clock()
        self._silent = False
        self._received += len(data)
        super().data_received(data)
        if self._received > HEAD_BYTES and self._refusal is None:
            self._refuse(TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start to count, also if the request arrived in one piece with the last one."""
        super().on_message_begin()
        self._start_clock()
        self._head_bytes = self._header_lines = 0

    def on_url(self, url: bytes) -> None:
        """Count a piece of the path and query."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, or a trailer."""
        self._header_lines += 1
        self._count(len(name) + len(value) + 4)  # with colon, blank and line end
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start to count the bytes of the body."""
        self._received = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Start to count again: the application limits the body itself."""
        self._received = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the clock: the service takes its time from here on."""
        self._received = 0
        self._deadline = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on, or answer the next request if it was refused."""
        if self.cycle.response_complete:
            self.cycle.body.clear()  # else it stays until the next request
        super().on_response_complete()
        if self._deadline is not None:  # the next request has begun to arrive
            self._unset_keepalive_if_required()
        closing = self.transport.is_closing()
        if self._refusal is not None and self.cycle.response_complete and not closing:
            self._send_refusal(self._refusal)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be parsed, in JSON instead of uvicorn's plain text."""
        self._refuse(TOO_LARGE if self._is_too_large() else NO_HTTP)

    def _start_clock(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.time() + self.seconds

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._is_too_large():
            raise _BeyondLimits

    def _is_too_large(self) -> bool:
        return self._head_bytes > HEAD_BYTES or self._header_lines > HEADER_LINES

    def _look(self) -> None:
        """End the connection if a request is late or an answer is not read; else look later."""
        now, unsent = self.loop.time(), self.transport.get_write_buffer_size()
        if unsent != self._unsent or not unsent:
            self._unsent, self._unsent_since = unsent, now
        if self._refusal is None and self._deadline is not None and self.flow.read_paused:
            self._deadline = now + self.seconds  # the service has not read the bytes yet
        if now - self._unsent_since >= self.seconds:
            self.transport.abort()
        elif self._deadline is None or now < self._deadline:
            next_time = now + self.seconds
            self._timer = self.loop.call_at(min(self._deadline or next_time, next_time), self._look)
        elif self._silent or self._refusal is not None:
            self.transport.abort()  # no request came, or it has its answer
        else:
            self._refuse(TOO_SLOW)

    def _refuse(self, refusal: tuple[int, str]) -> None:
        """Read no more of this connection, and send the reason after the answers still due."""
        self._refusal = refusal
        self._deadline = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.more_body:  # this is the refused request
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
                return
        elif cycle is not None and not cycle.response_complete:
            return
        self._send_refusal(refusal)

    def _send_refusal(self, refusal: tuple[int, str]) -> None:
        status, detail = refusal
        body = orjson.dumps({"detail": detail})
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        lines = [STATUS_LINE[status], *[b"%b: %b\r\n" % header for header in headers], b"\r\n"]
        self._unset_keepalive_if_required()
        self.transport.write(b"".join([*lines, body]))
        if refusal == TOO_SLOW:
            self.transport.close()
            return
        # If closed at once, with unread bytes, the system would discard the answer.
        self.transport.write_eof()
        self._deadline = self.loop.time() + self.linger_seconds
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._deadline, self._look)
