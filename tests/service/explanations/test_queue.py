"""The queue of explanations: one computation for a client, none for unknown clients."""

import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from credit_scoring.data.artifacts import METADATA_FILE
from main import create_app
from service.settings import Settings
from serving.batching import CallQueue, Responses
from tests.service.known_answers import known_answers
from tests.support.bundles.folders import slow_to_explain
from tests.support.servers.forks import Forks
from tests.support.servers.inprocess import client_of
from tests.support.servers.server import RESSOURCES, Server, wait_for
from tests.support.servers.traffic import (
    Tally,
    caller,
    connected,
    request,
)

CLIENTS = 2_000
UNKNOWN = 10**9


@pytest.fixture(scope="module")
def server(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, whose explanations take a millisecond or more each, and which logs no request.

    model.json is absent. The clients have the ids from 1 to `CLIENTS`.
    """
    folder = tmp_path_factory.mktemp("slow") / "ressources"
    slow_to_explain(RESSOURCES, folder, CLIENTS, trees=200)
    (folder / METADATA_FILE).unlink()
    with Server(folder, workers=1, begin=forks.begin, REQUEST_LOG="0") as server:
        yield server


def test_a_start_without_model_json_logs_the_threshold(server: Server):
    assert server.ask_json("/model")["threshold"] == 0.4
    assert server.said("model.json: absent, the threshold is 0.40") == 1


def explained_at_once(server: Server, ids: list[int]) -> list[tuple[int, bytes]]:
    """Status and body for each client, requested together over connections of their own."""

    async def ask() -> list[tuple[int, bytes]]:
        connections = [await connected(server.port) for _ in ids]
        answers = [
            connection.ask(request(f"/get_shap?param_name={client_id}"))
            for connection, client_id in zip(connections, ids, strict=True)
        ]
        found = await asyncio.gather(*answers)
        for connection in connections:
            connection.transport.close()
        return found

    return uvloop.run(ask())


def explanations(server: Server) -> dict[str, float]:
    text = server.raw(
        b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    ).body.decode()
    found = re.findall(r'^explanations_total\{origin="(\w+)"\} (\S+)$', text, re.MULTILINE)
    return {origin: float(count) for origin, count in found}


def test_unknown_clients_are_refused_while_the_queue_is_full(server: Server):
    """More explanations are requested than may wait, with unknown clients between them."""
    known = list(range(1, 60))
    ids = [client_id for n in known for client_id in (n, UNKNOWN + n)]
    answers = explained_at_once(server, ids)
    statuses = Counter(
        (client_id > UNKNOWN, status) for client_id, (status, _) in zip(ids, answers, strict=True)
    )
    assert statuses[True, 404] == len(known)
    assert statuses.keys() <= {(True, 404), (False, 200), (False, 503)}
    assert statuses[False, 200] > 0
    for client_id, (status, body) in zip(ids, answers, strict=True):
        if status == 404:
            assert json.loads(body)["detail"].startswith(f"unknown client {client_id}, not one of")
        if status == 503:
            assert json.loads(body) == {"detail": "too many explanations at once"}


def test_many_requests_for_one_client_are_one_computation(server: Server):
    before = explanations(server)
    answers = explained_at_once(server, [CLIENTS] * 100)
    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    after = explanations(server)
    assert after["computed"] == before["computed"] + 1
    assert after["reused"] == before.get("reused", 0) + 99


def test_an_overload_is_refused_and_health_is_answered(server: Server):
    """experiments/service/overload.py measures the rate."""
    clients = range(100, CLIENTS)
    explain = ((request(f"/get_shap?param_name={n}"), is_explanation) for n in clients)
    health = itertools.repeat((request("/health"), bool))

    async def overload() -> tuple[Tally, Tally]:
        flood, probes = Tally(), Tally()
        callers = [caller(server.port, itertools.islice(explain, 4), flood) for _ in range(100)]
        probing = caller(server.port, itertools.islice(health, 40), probes)
        await asyncio.gather(*callers, probing)
        return flood, probes

    flood, probes = uvloop.run(overload())
    answer = server.get("/get_shap?param_name=1")
    assert server.requests() == []
    assert flood.wrong == 0
    assert flood.statuses.keys() <= {200, 503}
    assert flood.statuses.total() == 400
    assert probes.statuses == {200: 40}
    assert answer.status_code == 200


def test_an_explanation_is_refused_with_503_if_the_queue_is_full(small_bundle_folder: Path):
    full = create_app(Settings(ressources_dir=small_bundle_folder))
    nobody: CallQueue[bytes] = CallQueue(0, "none")
    full.service.explanations = Responses(nobody)
    http = client_of(full)
    client_id = full.service.folder.current.bundle.client_ids[0]
    answer = http.get("/get_shap", params={"param_name": client_id})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json() == {"detail": "too many explanations at once"}
    assert http.get("/get_shap", params={"param_name": -7}).status_code == 404
    assert http.get("/health").status_code == 200


def is_explanation(body: bytes) -> bool:
    return body.startswith(b'{"values":[[') and body.endswith(b"]}")


def unread(port: int) -> int:
    """Bytes that were sent to a server and that it has not read, and connections not accepted."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    to_port = [row for row in rows if row[1].endswith(f":{port:04X}")]
    return sum(int(row[4].partition(":")[2], 16) for row in to_port)


def test_a_stopping_server_answers_the_accepted_requests(server: Server):
    """The last test of this server. experiments/service/faults.py stops one under full load."""
    known = known_answers(server)
    *_, prediction = known
    ids = server.ask_json("/get_ids")["data"]

    async def stop() -> list[tuple[int, bytes]]:
        """Stop it while predictions are half sent and explanations wait."""
        callers = [await connected(server.port) for _ in range(8)]
        others = [await connected(server.port) for _ in range(16)]
        found = [connection.ask(prediction[:-5]) for connection in callers]
        for connection, client_id in zip(others, ids[-len(others) :], strict=False):
            found.append(connection.ask(request(f"/get_shap?param_name={client_id}")))
        await asyncio.to_thread(wait_for, lambda: unread(server.port) == 0)
        server.process.terminate()
        await asyncio.to_thread(wait_for, lambda: "Shutting down" in server.log())
        for connection in callers:
            connection.transport.write(prediction[-5:])
        answers = await asyncio.gather(*found)
        for connection in callers + others:
            connection.transport.close()
        return answers

    answers = uvloop.run(stop())
    assert [status for status, _ in answers] == [200] * 24
    assert [body for _, body in answers[:8]] == [known[prediction]] * 8
    assert server.process.wait(20) == 0
