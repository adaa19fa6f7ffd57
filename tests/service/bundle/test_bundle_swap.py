"""New files while a request waits: its answer is of one model all the same."""

import asyncio
import json
from pathlib import Path

import pytest
from starlette.types import Message

from main import Application, create_app
from service.served_bundle import ServedBundle
from service.settings import Settings
from tests.support.bundles.folders import another_model
from tests.support.servers.inprocess import LOOP, client_of, prepared_client


@pytest.fixture(scope="module")
def app(small_bundle_folder: Path) -> Application:
    return create_app(Settings(ressources_dir=small_bundle_folder, request_log=False))


@pytest.fixture(scope="module")
def other_bundle(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> ServedBundle:
    folder = tmp_path_factory.mktemp("other") / "ressources"
    another_model(small_bundle_folder, folder)
    served = ServedBundle.read(folder, None, frozenset())
    assert served.claim()
    served.prepare()
    return served


def first_client(app: Application) -> bytes:
    """The body of an application of the first client."""
    return json.dumps({"client": app.service.folder.current.bundle.client_ids[0]}).encode()


async def answer_of(
    app: Application, method: str, path: str, body: bytes = b"", when_read=lambda: None
) -> object:
    """Call the ASGI application; `when_read` is called when it waits for the body."""
    sent: list[Message] = []

    async def receive() -> Message:
        when_read()
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": [], "client": ("127.0.0.1", 1), "server": ("test", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    return json.loads(sent[1]["body"])


def test_a_score_is_of_the_model_that_was_in_use_when_the_request_came(
    app: Application, other_bundle: ServedBundle
):
    first, http, body = app.service.folder.current, prepared_client(app), first_client(app)
    expected = http.post("/score", content=body).json()

    def swap() -> None:
        app.service.folder.current = other_bundle

    found = LOOP.run_until_complete(answer_of(app, "POST", "/score", body, swap))
    later = http.post("/score", content=body).json()
    app.service.folder.current = first

    assert found == expected
    assert later["model"] != expected["model"]
    assert later["position"] != expected["position"]


@pytest.mark.parametrize("path", ["/importance", "/drift"])
def test_importance_and_drift_are_of_the_model_in_use_when_the_request_came(
    app: Application, other_bundle: ServedBundle, path: str
):
    expected = client_of(app).get(path).json()
    swapping_app = create_app(
        Settings(ressources_dir=app.service.settings.ressources_dir, request_log=False)
    )
    first, waiting = swapping_app.service.folder.current, asyncio.Event()
    # Only the test prepares the bundle, after the swap.
    swapping_app.service.folder.prepare = lambda _: waiting.set()

    async def ask() -> object:
        asking = asyncio.create_task(answer_of(swapping_app, "GET", path))
        await waiting.wait()
        swapping_app.service.folder.current = other_bundle
        first.prepare()
        return await asking

    assert LOOP.run_until_complete(ask()) == expected
    assert client_of(swapping_app).get(path).json() != expected
