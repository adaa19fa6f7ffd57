"""A challenger beside a server of two workers: its scores, its process, its faults."""

import hashlib
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from credit_scoring.data.artifacts import FEATURES_FILE, MODEL_FILE
from register.__main__ import main as register_command
from register.database.opening import open_database
from register.tables import schema
from tests.service.operation.metric_counts import counts
from tests.service.recording.asking import PEPPER, decide, migrated, opened, stored
from tests.support.bundles.folders import FIRST_ID, another_model, put, recognisable_clients
from tests.support.servers.application import application
from tests.support.servers.forks import Forks
from tests.support.servers.inprocess import prepared_client
from tests.support.servers.server import RESSOURCES, Server, children, wait_for

PERSON = "Grete-Tugendhat"
SCORED, FAILED = "challenger_decisions_total", "challenger_failures_total"
LAG = "challenger_lag_seconds"
# The challenger has the lowest claim to the processor: on a busy machine it waits for minutes.
patiently = partial(wait_for, seconds=900)
USED = "the challenger that scores recorded decisions too is "


@pytest.fixture(scope="module")
def champion(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose clients have recognisable ids."""
    folder = tmp_path_factory.mktemp("champion") / "ressources"
    recognisable_clients(small_bundle_folder, folder)
    return folder


@pytest.fixture(scope="module")
def other(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of another model of the same features. Nobody writes into it."""
    folder = tmp_path_factory.mktemp("other") / "ressources"
    another_model(champion, folder)
    return folder


@pytest.fixture(scope="module")
def challenger(other: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The challenger's folder, which tests change; `server` puts the other model back."""
    return Path(shutil.copytree(other, tmp_path_factory.mktemp("challenger") / "ressources"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a register of these tests' own, in each database."""
    if request.param == "postgresql":
        cluster = request.getfixturevalue("cluster")
        return migrated(cluster.url(cluster.database()))
    return migrated(f"sqlite:///{tmp_path_factory.mktemp('challenged')}/register.db")


@pytest.fixture(scope="module")
def settings(url: str, challenger: Path) -> dict[str, str]:
    """The settings of a server with a challenger."""
    return {
        "REGISTER_URL": url, "REGISTER_PEPPER": PEPPER, "CHALLENGER_DIR": str(challenger),
    }  # fmt: skip


@pytest.fixture(scope="module")
def two_workers(
    settings: dict[str, str], champion: Path, challenger: Path, other: Path, forks: Forks
) -> Iterator[Server]:
    """Two workers and a challenger that follows."""
    put_back(other, challenger)
    with Server(champion, begin=forks.begin, **settings) as server:
        patiently(lambda: post(server, {"client": FIRST_ID}).status_code == 201)
        yield server


@pytest.fixture
def server(two_workers: Server, other: Path, challenger: Path) -> Iterator[Server]:
    """The server, in which the other model follows."""
    put_back(other, challenger)
    patiently(lambda: in_use(two_workers) == sha256(other))
    yield two_workers
    put_back(other, challenger)


def put_back(source: Path, folder: Path) -> None:
    """Replace all files of the challenger."""
    shutil.copy(source / FEATURES_FILE, folder / FEATURES_FILE)
    put(source, folder)


def in_use(server: Server) -> str:
    """The SHA-256 of the challenger that the log named last; "" without one."""
    named = [line["event"] for line in server.lines() if line["event"].startswith(USED)]
    return named[-1].removeprefix(USED) if named else ""


def sha256(folder: Path) -> str:
    """The SHA-256 of a folder's model file."""
    return hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest()


def post(server: Server, body: object) -> httpx.Response:
    """An answer over a connection of its own, which any worker may take."""
    return httpx.post(server.url + "/decisions?reasons=0", json=body, timeout=120, verify=False)


def recorded(server: Server, number: int) -> list[dict[str, Any]]:
    """The answers to a list of clients."""
    answer = post(
        server, [{"client": FIRST_ID + row, "reference": PERSON} for row in range(number)]
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def shadows(url: str) -> dict[str, dict[str, Any]]:
    """The rows of `schema.shadow` by the decision's id."""
    with closing(open_database(url)) as database, database.reading() as connection:
        rows = connection.execute(select(schema.shadow)).mappings().all()
    return {str(row["decision"]): dict(row) for row in rows}


def followers(server: Server) -> list[int]:
    """The processes of challengers."""
    return [
        child
        for worker in server.pids()
        for child in children(worker)
        if b"shadow" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def scores(folder: Path, records: list[dict[str, Any]]) -> list[tuple[float, float | None, int]]:
    """The answers of `/score` of a service with a folder of its own."""
    answers = []
    http = prepared_client(application(ressources_dir=folder))
    for start in range(0, len(records), 200):
        body = [{"record": record} for record in records[start : start + 200]]
        answer = http.post("/score", params={"reasons": 0}, json=body)
        assert answer.status_code == 200, answer.text
        answers += answer.json()
    return [(one["probability"], one.get("pd"), one["prediction"]) for one in answers]


def test_each_decision_is_scored_as_a_service_with_its_files_would(server, url, challenger):
    before = counts(server)
    made = [answer["id"] for answer in recorded(server, 40)]
    patiently(lambda: shadows(url).keys() >= set(made))
    rows = shadows(url)
    records = [server.ask_json(f"/decisions/{decision}")["evidence"]["record"] for decision in made]
    found = [(rows[one]["probability"], rows[one]["pd"], rows[one]["prediction"]) for one in made]
    assert found == scores(challenger, records)
    assert len({probability for probability, *_ in found}) > 30
    patiently(lambda: counts(server)[SCORED,] - before[SCORED,] == 40)
    patiently(lambda: counts(server)[LAG,] == 0)
    for kind in ("decision", "folder", "process"):
        assert counts(server)[FAILED, kind] == before[FAILED, kind]


def test_all_clients_of_the_shipped_folder(tmp_path, monkeypatch, capsys):
    url = migrated(f"sqlite:///{tmp_path}/register.db")
    another_model(RESSOURCES, tmp_path / "other")
    app = application(ressources_dir=RESSOURCES, register_url=url, register_pepper=PEPPER)
    http = opened(app)
    try:
        clients = http.get("/get_ids").json()["data"]
        made = [one["id"] for one in decide(http, [{"client": one} for one in clients], reasons=0)]
        records = [stored(http, one)["evidence"]["record"] for one in made]
    finally:
        app.service.register.close()
    monkeypatch.setenv("REGISTER_URL", url)
    monkeypatch.setenv("REGISTER_PEPPER", PEPPER)
    assert register_command(["shadow", str(tmp_path / "other")]) == 0
    assert f"decisions scored {len(clients)}, failed 0" in capsys.readouterr().out
    rows = shadows(url)
    found = [(rows[one]["probability"], rows[one]["pd"], rows[one]["prediction"]) for one in made]
    assert found == scores(tmp_path / "other", records)
    assert len(found) == 500


def test_a_process_that_ends_begins_again(server, url):
    before = counts(server)[FAILED, "process"]
    (follower,) = patiently(lambda: followers(server))
    os.kill(follower, signal.SIGKILL)
    made = recorded(server, 5)
    patiently(lambda: counts(server)[FAILED, "process"] == before + 1)
    patiently(lambda: shadows(url).keys() >= {answer["id"] for answer in made})
    assert server.said("the challenger's process ended: ended by signal 9") == 1


def test_one_process_follows_for_both_workers(server, url):
    (follower,) = patiently(lambda: followers(server))
    worker = next(pid for pid in server.pids() if follower in children(pid))
    os.kill(worker, signal.SIGKILL)  # its challenger ends with it
    patiently(lambda: follower not in running())
    made = recorded(server, 3)
    patiently(lambda: shadows(url).keys() >= {answer["id"] for answer in made})
    patiently(lambda: len(followers(server)) == 1)


def running() -> set[int]:
    """All processes that did not end."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state = stat.read_text().rpartition(") ")[2][0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            found.add(int(stat.parent.name))
    return found


def test_a_challenger_that_fails_changes_nothing_for_callers(server, url, challenger):
    before = counts(server)[FAILED, "folder"]
    (challenger / MODEL_FILE).write_bytes(b"no model")
    patiently(lambda: counts(server)[FAILED, "folder"] > before)
    answers = recorded(server, 4)  # the one in use goes on
    assert {answer["prediction"] for answer in answers} <= {0, 1}
    patiently(lambda: shadows(url).keys() >= {answer["id"] for answer in answers})
    assert server.said("the challenger: ", MODEL_FILE) == 1


def test_other_features_fail_in_one_line_of_the_log(server, url, lightgbm_folder, challenger):
    before = counts(server)[FAILED, "decision"]
    (challenger / FEATURES_FILE).unlink()
    put(lightgbm_folder.path, challenger)
    patiently(lambda: in_use(server) == sha256(lightgbm_folder.path))
    made = recorded(server, 20)
    patiently(lambda: counts(server)[FAILED, "decision"] == before + 20)
    again = recorded(server, 3)
    patiently(lambda: counts(server)[FAILED, "decision"] == before + 23)
    rows = shadows(url)
    for answer in (*made, *again):
        row = rows[answer["id"]]
        assert row["failure"].startswith("the record lacks features of the challenger: ")
        assert row["probability"] is row["prediction"] is row["pd"] is None
    assert server.said("cannot score every decision: the record lacks features") == 1


def test_the_champion_takes_the_challengers_place(server, url, champion, challenger):
    put(champion, challenger)
    patiently(lambda: in_use(server) == sha256(champion))
    made = {answer["id"]: answer for answer in recorded(server, 10)}
    patiently(lambda: shadows(url).keys() >= made.keys())
    rows = shadows(url)
    with closing(open_database(url)) as database, database.reading() as connection:
        (bundle,) = set(connection.scalars(select(schema.decision.c.bundle)))
    for decision, answer in made.items():
        assert rows[decision]["bundle"] == bundle  # its files are those that decided
        assert rows[decision]["probability"] == answer["probability"]
        assert rows[decision]["prediction"] == answer["prediction"]


def test_no_secret_and_no_client_is_seen(server, url):
    made = recorded(server, 5)
    patiently(lambda: shadows(url).keys() >= {answer["id"] for answer in made})
    (follower,) = patiently(lambda: followers(server))
    arguments = Path(f"/proc/{follower}/cmdline").read_bytes()
    assert b"--follow" in arguments
    for secret in (PEPPER, url):
        assert secret.encode() not in arguments
    log = server.log()
    for text in (PEPPER, PERSON, str(FIRST_ID), made[0]["id"]):
        assert text not in log
    assert "Traceback" not in log


def test_it_ends_with_the_server(settings, champion, forks):
    with Server(champion, begin=forks.begin, **settings) as server:
        (follower,) = patiently(lambda: followers(server))
    patiently(lambda: follower not in running())
