"""Requests to `/monitoring` at the same time, and a register that does not answer."""

import asyncio
from collections.abc import Callable

import orjson
import pytest

from api.register.monitoring_query import FiguresQuery
from main import Application
from register.errors import FiguresAway
from service.recording.monitoring import monitoring
from tests.service.recording.asking import PEPPER, opened
from tests.support.servers.inprocess import LOOP, prepared_client
from tests.support.servers.server import HOST, free_port, wait_for


def test_equal_queries_at_once_are_computed_once(new_app: Callable[..., Application]):
    app = new_app()
    opened(app)
    given = [{}, {"by": "week"}, {}, {"by": "week", "features": "0"}]

    async def several() -> list[bytes]:
        answers = [app.service.register.monitoring.answer(FiguresQuery.read(one)) for one in given]
        return await asyncio.gather(*answers)

    found = LOOP.run_until_complete(several())
    assert found[0] == found[2] != found[1] == found[3]
    assert [orjson.loads(body)["by"] for body in found] == ["month", "week"] * 2


def test_too_many_queries_at_once_are_refused(
    new_app: Callable[..., Application], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(monitoring, "WAITING", 1)
    app = new_app()
    opened(app)
    given = [{}, {"by": "week"}, {"features": "1"}, {"by": "caller", "features": "1"}]

    async def several() -> list[bytes | BaseException]:
        answers = [app.service.register.monitoring.answer(FiguresQuery.read(one)) for one in given]
        return await asyncio.gather(*answers, return_exceptions=True)

    found = LOOP.run_until_complete(several())
    assert [isinstance(one, bytes) for one in found] == [True, False, True, False]
    for refused in (found[1], found[3]):
        assert isinstance(refused, FiguresAway)
        assert str(refused) == "too many other figures are asked for: ask again"


def test_a_request_does_not_wait_for_long(
    new_app: Callable[..., Application], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(monitoring, "WAIT_SECONDS", 0.001)
    http = opened(new_app())
    first = http.get("/monitoring")
    assert (first.status_code, first.json()) == (
        503,
        {"detail": "the figures are being computed: ask again"},
    )
    assert first.headers["Retry-After"] == "5"
    later = wait_for(lambda: (answer := http.get("/monitoring")).is_success and answer)
    assert later.json()["total"]["volume"] == 0
    assert http.get("/monitoring").content == later.content


def test_a_register_that_is_away(
    new_app: Callable[..., Application], caplog: pytest.LogCaptureFixture
):
    url = f"postgresql://anna:hunter2@{HOST}:{free_port()}/register"
    http = prepared_client(new_app(url))
    answer = http.get("/monitoring")
    assert (answer.status_code, answer.json()) == (
        503,
        {"detail": "the figures cannot be computed now: the log says why"},
    )
    assert answer.headers["Retry-After"] == "5"
    told = [line for line in caplog.messages if line.startswith("figures of the register: ")]
    assert told == [
        "figures of the register: the register's database: nothing listens at its address"
    ]
    assert "hunter2" not in caplog.text
    assert PEPPER not in caplog.text
