"""Limits on the bodies of requests: of each one, and of all in a worker."""

from dataclasses import dataclass, field
from io import BytesIO

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHORT = 65_536  # bytes; a body up to this length does not count in the budget
BUDGET = 64_000_000  # bytes of all long bodies in a worker


async def body_of(request: Request, largest: int) -> bytes:
    """Read a body of any Content-Type, up to a number of bytes.

    Raises:
        HTTPException: 413 if it is larger; 503 if it exceeds the budget.
    """
    too_large = HTTPException(413, f"the body is larger than the {largest} bytes accepted")
    if _declared(request.scope) > largest:
        raise too_large
    body = BytesIO()  # gives its bytes without a copy, unlike a list of chunks
    async for chunk in request.stream():
        if body.tell() + len(chunk) > largest:
            raise too_large
        body.write(chunk)
    return body.getvalue()


@dataclass
class BodyBudget:
    """Limit the bytes of the long bodies that are read or in use at the same time.

    A body reserves its Content-Length before its first byte is read, or else the bytes that have
    arrived; the answer, or the end of the connection, frees them. A body without others passes
    whatever its length.
    """

    app: ASGIApp
    budget: int = BUDGET
    _held: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reserved = received = 0

        def reserve(size: int) -> None:
            nonlocal reserved
            if size <= max(SHORT, reserved):
                return
            others = self._held - reserved
            if others and others + size > self.budget:
                detail, headers = "too many large bodies at once", {"Retry-After": "1"}
                raise HTTPException(503, detail, headers)
            self._held += size - reserved
            reserved = size

        async def receive_within_budget() -> Message:
            nonlocal received
            reserve(_declared(scope))
            message = await receive()
            received += len(message.get("body", b""))
            reserve(received)
            return message

        try:
            await self.app(scope, receive_within_budget, send)
        finally:
            self._held -= reserved


def _declared(scope: Scope) -> int:
    """The Content-Length of a request, 0 without one."""
    length = Headers(scope=scope).get("Content-Length", "")
    return int(length) if length.isdecimal() else 0
