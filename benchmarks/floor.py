"""The floor: what FastAPI costs on this server where a route does nothing.

GET  /N       a ready response of N bytes
POST /body/N  the same, once the body of the request was read

`FLOOR_BYTES` names the sizes there are: `FLOOR_BYTES=69,3426`.
"""

import os
from collections.abc import Awaitable, Callable, Iterable

from fastapi import FastAPI, Request, Response


def floor(sizes: Iterable[int]) -> FastAPI:
    """The application for answers of these sizes."""
    application = FastAPI()
    for size in sorted(set(sizes)):
        application.get(f"/{size}")(ready(size))
        application.post(f"/body/{size}")(ready_after_body(size))
    return application


def ready(size: int) -> Callable[[], Awaitable[Response]]:
    """A route that returns so many bytes."""
    content = b"0" * size

    async def route() -> Response:
        return Response(content, media_type="application/json")

    return route


def ready_after_body(size: int) -> Callable[[Request], Awaitable[Response]]:
    """A route that reads the body, then returns so many bytes."""
    content = b"0" * size

    async def route(request: Request) -> Response:
        await request.body()
        return Response(content, media_type="application/json")

    return route


app = floor(map(int, os.environ.get("FLOOR_BYTES", "2").split(",")))
