"""Requests to an application in this process, without the threads of Starlette's client."""

import asyncio
import atexit
import sys
from importlib.util import find_spec

import httpx
from starlette.types import ASGIApp

from main import Application

LOOP = asyncio.new_event_loop()
atexit.register(LOOP.close)
# httpx looks for it at each request: where it is not installed, in all folders of modules.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None


class InProcess(httpx.BaseTransport):
    """A transport to an application; errors after its answer are left to its own log."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()  # a body that comes in pieces, too
        return LOOP.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=await answer.aread()
        )


def prepared_client(app: Application) -> httpx.Client:
    """A client of an application whose bundle is prepared: peers and importance are ready."""
    served = app.service.folder.current
    if served.claim():
        served.prepare()
    return client_of(app)


def client_of(app: ASGIApp) -> httpx.Client:
    return httpx.Client(transport=InProcess(app), base_url="http://testserver", verify=False)
