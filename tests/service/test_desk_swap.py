"""Files that come into use while a request waits: its answer is of one model all the same."""

import asyncio
import json
from pathlib import Path

import pytest
from starlette.types import Message

from main import Application, create_app
from service.bundle_folder import read_served_bundle
from service.served_bundle import ServedBundle
from service.settings import Settings
from tests.support.folders import another_model
from tests.support.inprocess import LOOP, client_of, prepared_client


@pytest.fixture(scope="module")
def application(sound: Path) -> Application:
    return create_app(Settings(ressources_dir=sound, request_log=False))


@pytest.fixture(scope="module")
def other(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> ServedBundle:
    folder = tmp_path_factory.mktemp("other") / "ressources"
    another_model(sound, folder)
    served = read_served_bundle(folder, None, frozenset())
    assert served.claim()
    served.prepare()
    return served


def first_client(application: Application) -> bytes:
    """An application."""
    return json.dumps({"client": application.service.folder.current.bundle.client_ids[0]}).encode()


async def asked(
    application: Application, method: str, path: str, body: bytes = b"", when_read=lambda: None
) -> object:
    """An answer; `when_read` is called where the request waits for its body."""
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
    await application(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    return json.loads(sent[1]["body"])


def test_a_score_is_of_the_model_that_was_in_use_at_first(
    application: Application, other: ServedBundle
):
    first, http, body = (
        application.service.folder.current,
        prepared_client(application),
        first_client(application),
    )
    expected = http.post("/score", content=body).json()

    def swap() -> None:
        application.service.folder.current = other

    found = LOOP.run_until_complete(asked(application, "POST", "/score", body, swap))
    later = http.post("/score", content=body).json()
    application.service.folder.current = first

    assert found == expected
    assert later["model"] != expected["model"]
    assert later["position"] != expected["position"]


@pytest.mark.parametrize("path", ["/importance", "/drift"])
def test_what_is_kept_for_a_model_is_its_own(
    application: Application, other: ServedBundle, path: str
):
    expected = client_of(application).get(path).json()
    swapped = create_app(
        Settings(ressources_dir=application.service.settings.ressources_dir, request_log=False)
    )
    first, waiting = swapped.service.folder.current, asyncio.Event()
    swapped.service.folder.prepare = lambda _: waiting.set()  # the test prepares, after the swap

    async def ask() -> object:
        asking = asyncio.create_task(asked(swapped, "GET", path))
        await waiting.wait()
        swapped.service.folder.current = other
        first.prepare()
        return await asking

    assert LOOP.run_until_complete(ask()) == expected
    assert client_of(swapped).get(path).json() != expected
