"""What a request passes on its way to a route, one concern each."""

import hmac
from collections.abc import Callable, Sequence

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HAS_KEY = "has_key"  # in a request's scope: whether it came with a key, or none is needed


class ApiKey:
    """Ask for a key wherever a path is not listed as open: a route added tomorrow is closed."""

    def __init__(self, app: ASGIApp, keys: Sequence[bytes], is_open: Callable[[str], bool]) -> None:
        """Wrap an application.

        Args:
            app: what is asked once the key is right.
            keys: any of them will do; without one everybody may ask.
            is_open: whether a path needs no key.
        """
        self.app = app
        self.keys = keys
        self.is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with 401."""
        if scope["type"] != "lifespan":
            scope[HAS_KEY] = self._has_key(scope)
            if not scope[HAS_KEY] and not self.is_open(scope["path"]):
                await _refuse(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _has_key(self, scope: Scope) -> bool:
        if not self.keys:
            return True
        given = next((value for name, value in scope["headers"] if name == b"x-api-key"), b"")
        # Every key is compared, each in constant time, so that time tells nothing of any.
        matches = [hmac.compare_digest(given, key) for key in self.keys]
        return any(matches)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # refused by policy
        return
    answer = JSONResponse(
        {"detail": "a valid key is needed in X-API-Key"}, 401, {"WWW-Authenticate": "APIKey"}
    )
    await answer(scope, receive, send)
