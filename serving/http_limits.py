"""uvicorn's HTTP protocol with bounds: on a request's head, and on how long one may take to arrive.

uvicorn keeps all headers that come, and waits for as long as they take; gunicorn's own limits do
not reach its workers. One connection could fill the memory, or be held for ever.
"""

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

SECONDS = 30.0  # from a request's first byte to its last; for the first one from the connection on
HEAD_BYTES = 64 * 1024  # of the request line and the headers, or of a chunked body's trailers
HEADER_LINES = 100
LINGER_SECONDS = 2.0  # in which who is still sending can read why he is refused

TOO_LARGE = (
    431,
    f"a request has at most {HEADER_LINES} headers, of {HEAD_BYTES} bytes with its path",
)
TOO_SLOW = 408, f"a request must arrive within {SECONDS:.0f} seconds"
NO_HTTP = 400, "this is no HTTP/1.1 request"


class _BeyondBounds(Exception):
    """Stops the parser within what it has received."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection: 431, 408 or 400 in JSON, and its end, where a request breaks a bound."""

    seconds = SECONDS
    linger_seconds = LINGER_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None  # of the request that arrives; None between two
        self._received = 0  # bytes since a request began, or since a piece of its body
        self._head_bytes = 0
        self._header_lines = 0
        self._silent = True  # nothing ever came
        self._unsent = 0  # bytes of answers that wait for their reader
        self._unsent_since = 0.0
        self._refusal: tuple[int, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + self.seconds
        self._timer = self.loop.call_later(self.seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless the connection is refused already."""
        if self._refusal is not None:
            return
        self._start_clock()
        self._silent = False
        self._received += len(data)
        super().data_received(data)
        if self._received > HEAD_BYTES and self._refusal is None:
            self._refuse(TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin to count, also where the request came in one piece with the one before."""
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
        """Count what follows anew."""
        self._received = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what follows anew: the application bounds the body itself."""
        self._received = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the clock: from here on the time is the service's."""
        self._received = 0
        self._deadline = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on, or answer the request after this one, which was refused."""
        if self.cycle.response_complete:
            self.cycle.body.clear()  # else it stays until the next request, read or not
        super().on_response_complete()
        if self._deadline is not None:  # the next one has begun to arrive
            self._unset_keepalive_if_required()
        closing = self.transport.is_closing()
        if self._refusal is not None and self.cycle.response_complete and not closing:
            self._send_refusal(self._refusal)

    def send_400_response(self, msg: str) -> None:
        """Answer what could not be parsed; uvicorn's own answer is plain text."""
        self._refuse(TOO_LARGE if self._is_too_large() else NO_HTTP)

    def _start_clock(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.time() + self.seconds

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._is_too_large():
            raise _BeyondBounds

    def _is_too_large(self) -> bool:
        return self._head_bytes > HEAD_BYTES or self._header_lines > HEADER_LINES

    def _look(self) -> None:
        """See whether a request is overdue, or nobody reads an answer; look again later."""
        now, unsent = self.loop.time(), self.transport.get_write_buffer_size()
        if unsent != self._unsent or not unsent:
            self._unsent, self._unsent_since = unsent, now
        if self._refusal is None and self._deadline is not None and self.flow.read_paused:
            self._deadline = now + self.seconds  # the service has not taken what was sent
        if now - self._unsent_since >= self.seconds:
            self.transport.abort()
        elif self._deadline is None or now < self._deadline:
            next_time = now + self.seconds
            self._timer = self.loop.call_at(min(self._deadline or next_time, next_time), self._look)
        elif self._silent or self._refusal is not None:
            self.transport.abort()  # nothing was asked, or it had its answer
        else:
            self._refuse(TOO_SLOW)

    def _refuse(self, refusal: tuple[int, str]) -> None:
        """Take no more of this connection, and say why once what it asked before is answered."""
        self._refusal = refusal
        self._deadline = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.more_body:  # it is this request that is refused
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
        # Closed at once, with bytes unread, the system would throw the answer away.
        self.transport.write_eof()
        self._deadline = self.loop.time() + self.linger_seconds
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._deadline, self._look)
