"""Faults, load and what an operator sees, on real servers: the short form of `resilience/`."""

import asyncio
import functools
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvloop
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from resilience.folders import BROKEN, MODEL, another_model, flipped_byte, put, slow_to_explain
from resilience.service import RESSOURCES, Server, wait_for
from resilience.traffic import (
    LOST,
    Tally,
    Work,
    caller,
    connected,
    drip,
    questions,
    request,
    running,
)

from credit_scoring import loading
from main import VERSION, Settings, create_app
from serving.workers import BoundedPool

MADE_ID = re.compile("[0-9a-f]{32}")


def get(server: Server, path: str, **options) -> httpx.Response:
    """Over a connection of its own, which either worker may take."""
    return httpx.request("GET", server.url + path, timeout=120, **options)


def known_answers(server: Server) -> dict[bytes, bytes]:
    """Requests of all kinds about five clients, with their answers."""
    return uvloop.run(answers(server.port, questions(server.get, 5)))


async def answers(port: int, asked: list[bytes]) -> dict[bytes, bytes]:
    connection = await connected(port)
    found = {}
    for message in asked:
        status, body = await connection.ask(message)
        assert status == 200
        found[message] = body
    connection.transport.close()
    return found


def work(known: dict[bytes, bytes]) -> Iterator[Work]:
    """The questions for ever, each with the one answer that is right."""
    return itertools.cycle([(asked, right.__eq__) for asked, right in known.items()])


# What an operator sees


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def logged(server: Server, request_id: str) -> dict:
    """The line of a request, which may come after its answer."""
    wanted = [request_id]
    lines = wait_for(lambda: [a for a in server.requests() if [a["request_id"]] == wanted])
    assert len(lines) == 1
    return lines[0]


def test_start_says_what_was_loaded(server: Server):
    lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
    facts = server.get("/model")
    loaded = [line for line in lines if line.get("event", "").startswith("loaded ")]
    assert len(loaded) == 2
    for line in loaded:
        assert line["level"] == "info"
        assert re.fullmatch(
            rf"loaded {re.escape(str(RESSOURCES))} in [0-9]+\.[0-9]{{2}} s:"
            rf" model.joblib {facts['sha256'][MODEL]}, threshold {facts['threshold']},"
            rf" {facts['features']} features, {facts['reference_clients']} reference"
            rf" and {facts['new_clients']} new",
            line["event"],
        )
    warnings = [line["event"] for line in lines if line.get("level") == "warning"]
    assert warnings == ["API_KEY is not set: everybody who reaches the service may ask"] * 2


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/get_ids", "/get_ids", 200),
        ("//get_ids/", "/get_ids", 200),
        ("/prediction", "/prediction/", 422),
        ("/get_shap?param_name=-7", "/get_shap", 404),
        ("/docs/assets/swagger-ui.css", "/docs/assets", 200),
        ("/nowhere/-7", "unknown", 404),
    ],
)
def test_request_is_one_line_of_json(server: Server, path: str, route: str, status: int):
    answer = get(server, path)
    line = logged(server, answer.headers["X-Request-ID"])
    assert list(line) == [
        *("time", "event", "method", "route", "status", "milliseconds", "request_id")
    ]
    assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
    assert answer.status_code == status
    assert isinstance(line["milliseconds"], float)
    assert line["milliseconds"] > 0
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)


def test_each_line_has_a_time_of_its_own(server: Server):
    ids = [get(server, "/get_ids").headers["X-Request-ID"] for _ in range(9)]
    lines = [logged(server, request_id) for request_id in ids]
    moments = [datetime.fromisoformat(line["time"]) for line in lines]
    assert len(set(moments)) == 9


@pytest.mark.parametrize("given", ["7", "a.B_c:d-9", "0" * 64, "01HZY-trace:1.2"])
def test_request_id_is_the_callers(server: Server, given: str):
    answer = get(server, "/health", headers={"X-Request-ID": given})
    assert answer.headers.get_list("X-Request-ID") == [given]
    assert logged(server, given)["route"] == "/health"


@pytest.mark.parametrize(
    "given",
    [b"", b"a b", b"5" * 65, b"x" * 10_000, b'"}{"', b"a\tb", b"\xe9", b"a,b", b"<script>"],
    ids=lambda given: repr(given[:9]),
)
def test_request_id_is_made_where_the_callers_is_nonsense(server: Server, given: bytes):
    head = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: %b\r\n\r\n"
    made = server.raw(head % given).headers["x-request-id"]
    assert MADE_ID.fullmatch(made)
    assert logged(server, made)["status"] == 200
    assert given.decode("latin-1")[:60] not in server.log() or given in (b"", b'"}{"')


@pytest.mark.parametrize("end", [b"\r\n ", b"\n", b"\n\t", b"\r"])
def test_request_id_cannot_add_a_line(server: Server, end: bytes):
    """uvicorn refuses some of them, takes others as the header's end."""
    head = b'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: a%b{"b":1}'
    assert server.raw(head % end + b"\r\n\r\n").status in {200, 400}
    assert '{"b":1}' not in server.log()


def test_metrics_count_every_request_of_every_worker(server: Server):
    before = counts(server)
    facts = server.get("/model")
    client_id = server.get("/get_ids")["data"][0]
    text = server.get(f"/get_json?param_name={client_id}")["data"]
    pids = set(server.pids())
    assert len(pids) == 2
    decisions = Counter()
    for _ in range(40):  # each over a connection of its own
        answer = httpx.post(f"{server.url}/prediction/", content=text)
        decisions[str(answer.json()["prediction"])] += 1
        assert get(server, f"/get_shap?param_name={client_id}").status_code == 200
        assert get(server, "/get_shap?param_name=-7").status_code == 404
        assert get(server, "/nowhere").status_code == 404
    added = counts(server) - before
    assert added["http_requests_total", "/prediction/", "200"] == 40
    assert added["http_requests_total", "/get_shap", "200"] == 40
    assert added["http_requests_total", "/get_shap", "404"] == 40
    assert added["http_requests_total", "unknown", "404"] == 40
    assert added["http_request_duration_seconds_count", "/get_shap"] == 80
    assert added["http_request_duration_seconds_count", "/prediction/"] == 40
    assert added["http_request_duration_seconds_bucket", "+Inf", "/prediction/"] == 40
    assert added["http_request_duration_seconds_sum", "/prediction/"] > 0
    assert {key[1]: n for key, n in added.items() if key[0] == "predictions_total"} == decisions
    computed = added["explanations_total", "computed"]
    assert computed + added["explanations_total", "reused"] == 40
    assert 0 <= computed <= 2  # once by each worker at most
    info = [key for key in counts(server) if key[0] == "model_info"]
    assert info == [("model_info", facts["sha256"][MODEL], VERSION)]


def test_metrics_of_a_killed_worker_stay(server: Server):
    before = counts(server)
    pid, *_ = server.pids()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(set(server.pids()) - {pid}) == 2)
    wait_for(lambda: server.log().count("Application startup complete") == 3)
    get(server, "/nowhere")
    after = counts(server)
    assert after["http_requests_total", "unknown", "404"] == (
        before["http_requests_total", "unknown", "404"] + 1
    )
    assert all(after[key] >= count for key, count in before.items())


def counts(server: Server) -> Counter:
    """Each sample of /metrics by its name and its labels' values."""
    answer = get(server, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = Counter()
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = [sample.labels[name] for name in sorted(sample.labels)]
            found[sample.name, *labels] += sample.value
    return found


def test_terminal_gets_plain_text():
    ours, theirs = os.openpty()
    shown = bytearray()

    def read() -> None:
        while True:
            try:
                shown.extend(os.read(ours, 4096))
            except OSError:  # the last one that wrote is gone
                return

    reader = threading.Thread(target=read)
    with Server(workers=1, output=theirs) as server:
        os.close(theirs)
        reader.start()
        answer = get(server, "/get_ids")
        request_id = answer.headers["X-Request-ID"]
        wait_for(lambda: request_id.encode() in shown)
    reader.join(10)
    os.close(ours)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()  # without colours
    loaded = [line for line in lines if " loaded " in line]
    assert len(loaded) == 1
    assert str(RESSOURCES) in loaded[0]
    asked = [line for line in lines if request_id in line]
    assert len(asked) == 1
    assert {"GET", "/get_ids", "200"} <= set(re.split("[ =]", asked[0]))
    assert not [line for line in lines if line.startswith("{")]


# Faults


def test_killed_worker_loses_what_was_in_flight_on_it(server: Server):
    """Twenty times by resilience/faults.py."""
    known = known_answers(server)
    callers = 8
    tally = Tally()

    async def kill() -> None:
        stop = asyncio.Event()
        asked = itertools.takewhile(lambda _: not stop.is_set(), work(known))
        tasks = [asyncio.create_task(caller(server.port, asked, tally)) for _ in range(callers)]
        await more_answers(tally, 500)
        ready = server.log().count("Application startup complete")
        pid, *_ = server.pids()
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(
            wait_for, lambda: server.log().count("Application startup complete") > ready
        )
        await more_answers(tally, 500)
        stop.set()
        await asyncio.gather(*tasks)

    uvloop.run(kill())
    assert tally.wrong == 0
    assert tally.statuses.keys() <= {200, LOST}
    assert tally.statuses[LOST] <= callers


async def more_answers(tally: Tally, count: int) -> None:
    """Wait until so many more are there."""
    wanted = tally.statuses[200] + count
    await asyncio.to_thread(wait_for, lambda: tally.statuses[200] >= wanted)


def test_stop_answers_what_was_accepted():
    """Under full load by resilience/faults.py."""
    with Server() as server:
        known = known_answers(server)
        *_, prediction = known
        ids = server.get("/get_ids")["data"]

        async def stop() -> list[tuple[int, bytes]]:
            """Stop it when predictions are sent by half, and explanations wait."""
            callers = [await connected(server.port) for _ in range(8)]
            others = [await connected(server.port) for _ in range(16)]
            found = [connection.ask(prediction[:-5]) for connection in callers]
            for connection, client_id in zip(others, ids[100:], strict=False):
                found.append(connection.ask(request(f"/get_shap?param_name={client_id}")))
            await asyncio.to_thread(wait_for, lambda: server.unread() == 0)
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


def test_others_are_answered_beside_slow_clients(server: Server):
    """How fast, beside some hundred, by resilience/load.py."""
    known = known_answers(server)
    slow = 100

    async def measure() -> Tally:
        beside = Tally()
        head, end, body = max(known, key=len).partition(b"\r\n\r\n")
        drips = [drip(server.port, b"", head, 0.2) for _ in range(slow // 2)]
        drips += [drip(server.port, head + end, body, 0.2) for _ in range(slow // 2)]
        async with running(*drips):
            await asyncio.to_thread(wait_for, lambda: server.open_files() >= slow)
            await caller(server.port, itertools.islice(work(known), 500), beside)
        return beside

    beside = uvloop.run(measure())
    assert beside.wrong == 0
    assert beside.statuses == {200: 500}


# Files replaced under a running server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replaced") / "ressources"
    shutil.copytree(RESSOURCES, folder)
    return folder


@pytest.fixture(scope="module")
def replaced(folder: Path) -> Iterator[Server]:
    with Server(folder) as server:
        yield server


def healths(server: Server) -> set[tuple[str, str | None]]:
    """Hash and refusal that some connections find, more than enough to meet both workers."""
    found = [get(server, "/health").json() for _ in range(16)]
    return {(health["sha256"], health.get("refused")) for health in found}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(replaced: Server, folder: Path, name: str):
    in_use = replaced.get("/health")["sha256"]
    known = known_answers(replaced)
    put(RESSOURCES, folder)
    spoil, problem = BROKEN[name]
    said = f'"event":"{folder}: new files are not taken into use: {problem}'
    before = replaced.said(said)
    spoil(folder)
    wait_for(lambda: replaced.said(said) == before + 2)  # by each worker
    ((sha256, reason),) = healths(replaced)
    assert sha256 == in_use
    assert reason.startswith(problem)
    assert uvloop.run(answers(replaced.port, list(known))) == known
    assert not (folder.parent / "sang").exists()


def test_worker_that_dies_while_files_are_broken_does_not_end_the_server(
    replaced: Server, folder: Path
):
    put(RESSOURCES, folder)
    refused = replaced.said("not taken into use")
    flipped_byte(folder)
    known = known_answers(replaced)
    wait_for(lambda: replaced.said("not taken into use") == refused + 2)
    pid, other = replaced.pids()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: replaced.said('"cannot start: model.joblib: its SHA-256 is '))
    assert uvloop.run(answers(replaced.port, list(known))) == known
    started = replaced.log().count("Application startup complete")
    put(RESSOURCES, folder)
    wait_for(lambda: replaced.log().count("Application startup complete") > started)
    assert replaced.process.poll() is None
    assert other in replaced.pids()


def test_sound_files_heal(replaced: Server, folder: Path):
    put(RESSOURCES, folder)
    in_use = replaced.get("/health")["sha256"]
    wait_for(lambda: healths(replaced) == {(in_use, None)})


def test_another_model_comes_into_use_without_a_lost_or_mixed_answer(
    replaced: Server, folder: Path, tmp_path: Path
):
    other = tmp_path / "other"
    another_model(folder, other)
    old = known_answers(replaced)
    given: dict[bytes, set[bytes]] = {asked: set() for asked in old}
    kept = [(asked, functools.partial(keep, given[asked])) for asked in old]
    tally = Tally()

    async def replace() -> dict[bytes, bytes]:
        loaded, pids = replaced.said('"loaded '), replaced.pids()
        stop = asyncio.Event()
        ending = itertools.takewhile(lambda _: not stop.is_set(), itertools.cycle(kept))
        callers = [asyncio.create_task(caller(replaced.port, ending, tally)) for _ in range(4)]
        await asyncio.to_thread(put, other, folder)
        await asyncio.to_thread(wait_for, lambda: replaced.said('"loaded ') == loaded + 2)
        # Said before it is taken into use: /health tells of that.
        sha256 = hashlib.sha256((other / MODEL).read_bytes()).hexdigest()
        await asyncio.to_thread(wait_for, lambda: healths(replaced) == {(sha256, None)})
        stop.set()
        await asyncio.gather(*callers)
        assert replaced.pids() == pids
        return await answers(replaced.port, list(old))

    new = uvloop.run(replace())
    same = [asked for asked in old if old[asked] == new[asked]]
    assert same == [request("/get_feat")]
    assert tally.statuses.keys() == {200}
    assert all(given[asked] <= {old[asked], new[asked]} for asked in old)
    assert [asked for asked in old if given[asked] == {old[asked], new[asked]}]
    put(RESSOURCES, folder)


def keep(found: set[bytes], body: bytes) -> bool:
    found.add(body)
    return True


# Load


def test_more_explanations_than_can_be_computed(tmp_path: Path):
    """At what rate, and how fast the rest is refused, by resilience/load.py."""
    folder = tmp_path / "many"
    slow_to_explain(RESSOURCES, folder)
    with Server(folder, workers=1, REQUEST_LOG="0") as server:
        clients = itertools.cycle(range(1, 20_001))
        explain = ((request(f"/get_shap?param_name={n}"), is_explanation) for n in clients)
        health = itertools.repeat((request("/health"), bool))

        async def overload() -> tuple[Tally, Tally]:
            flood, probes = Tally(), Tally()
            callers = [
                caller(server.port, itertools.islice(explain, 20), flood) for _ in range(100)
            ]
            probing = caller(server.port, itertools.islice(health, 100), probes)
            await asyncio.gather(*callers, probing)
            return flood, probes

        flood, probes = uvloop.run(overload())
        answer = get(server, "/get_shap?param_name=1")
        assert server.requests() == []
    assert flood.wrong == 0
    assert flood.statuses.keys() <= {200, 503}
    assert flood.statuses.total() == 2_000
    assert probes.statuses == {200: 100}
    assert answer.status_code == 200


def test_explanation_that_has_no_place_is_refused():
    full = create_app(Settings(ressources_dir=RESSOURCES))
    full.explainers = BoundedPool(1, 0, 0, "none")
    http = TestClient(full)
    client_id = full.folder.current.scorer.client_ids[0]
    answer = http.get("/get_shap", params={"param_name": client_id})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json() == {"detail": "too many explanations at once"}
    assert http.get("/get_shap", params={"param_name": -7}).status_code == 404
    assert http.get("/health").status_code == 200


def is_explanation(body: bytes) -> bool:
    return body.startswith(b'{"values":[[') and body.endswith(b"]}")


def test_32_threads_explain_as_one_does():
    loaded = loading.load(RESSOURCES)
    ids = loaded.client_ids[:64]
    alone = [loaded.explain(client_id).values for client_id in ids]
    with ThreadPoolExecutor(32) as threads:
        together = list(threads.map(lambda n: loaded.explain(n).values, ids * 16))
    assert np.array_equal(np.array(together).reshape(16, *np.shape(alone)), [alone] * 16)
