"""A database that is away, hangs or is locked: 503 soon, the other routes go on, then recording."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import httpx
import pytest

from main import Application
from register.database.opening import open_database
from service.recording import register_service
from tests.service.operation.metric_counts import counts
from tests.service.recording.asking import LENDER, PEPPER, decide, listed, migrated, opened
from tests.support.registers.postgresql import Cluster
from tests.support.servers.forks import Forks
from tests.support.servers.inprocess import prepared_client
from tests.support.servers.server import Server, wait_for
from tests.support.servers.stopped_proxy import StoppedProxy

CLIENT = 248124
SOON = 10.0  # seconds; two, unless the machine is busy
NOBODY = "018f0000-0000-7000-8000-000000000000"
OUTCOME = {"reference": "A", "status": "late", "observed": "2024-11-28", "definition": "30dpd"}
REVIEW = {"decision": 0, "reason": "A"}


@pytest.fixture(scope="module")
def proxy(cluster: Cluster) -> Iterator[StoppedProxy]:
    """A proxy before the cluster."""
    with StoppedProxy(cluster.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def recorder(
    cluster: Cluster, proxy: StoppedProxy, small_bundle_folder: Path, forks: Forks
) -> Iterator[Server]:
    """A worker that records through the proxy."""
    name = cluster.database()
    migrated(cluster.url(name))
    settings = {
        "REGISTER_URL": cluster.url(name, port=proxy.port),
        "REGISTER_PEPPER": PEPPER,
        **{name.upper(): value for name, value in LENDER.items()},
    }
    with Server(small_bundle_folder, workers=1, begin=forks.begin, **settings) as server:
        wait_for(lambda: post(server, "/decisions", {"client": CLIENT}).status_code == 201)
        yield server


def post(server: Server, path: str, body: object, **headers: str) -> httpx.Response:
    return httpx.post(server.url + path, json=body, headers=headers, timeout=SOON, verify=False)


def is_away(answer: httpx.Response) -> bool:
    """Whether a request is refused for now; the message is a text without a secret."""
    if answer.status_code != 503:
        return False
    assert answer.headers["Retry-After"] == "1"
    assert list(answer.json()) == ["detail"]
    assert PEPPER not in answer.text
    assert "postgresql://" not in answer.text
    return True


@pytest.mark.parametrize("fault", ["hung", "refused"])
def test_a_database_that_hangs_or_refuses(recorder: Server, proxy: StoppedProxy, fault: str):
    decision = post(recorder, "/decisions", {"client": CLIENT}).json()["id"]
    key = {"Idempotency-Key": token_hex()}
    reference = {"client": CLIENT, "reference": fault}
    proxy.stop()
    if fault == "refused":
        proxy.drop()
    try:
        path = f"/decisions/{decision}"
        for answer in [
            post(recorder, "/decisions", reference, **key),
            post(recorder, "/decisions?reasons=0", {"client": CLIENT}),
            post(recorder, "/decisions", [{"client": CLIENT}] * 3),
            post(recorder, f"{path}/reviews", REVIEW),
            post(recorder, f"{path}/review-requests", {}),
            post(recorder, "/outcomes", [OUTCOME]),
            *(recorder.get(one) for one in ("/decisions", path, f"{path}/letter")),
            recorder.get("/register/head"),
        ]:
            assert is_away(answer), answer.text
        wait_for(lambda: recorder.ask_json("/health")["register"] == "away")
        # Neither these answers nor the readings that hang hold up the others.
        for _ in range(20):
            assert post(recorder, "/score", {"client": CLIENT}).status_code == 200
        assert is_away(post(recorder, "/decisions", reference, **key))
    finally:
        proxy.resume()
    answer = wait_for(lambda: recorded(post(recorder, "/decisions", reference, **key)))
    wait_for(lambda: recorder.ask_json("/health")["register"] == "ok")
    again = post(recorder, "/decisions", reference, **key)
    assert again.content == answer.content
    found = wait_for(lambda: answered(recorder.get(f"/decisions?reference={fault}")))
    assert [one["id"] for one in found.json()["decisions"]] == [answer.json()["id"]]
    assert recorder.get(f"/decisions/{decision}?verify=1").json()["verified"] == "ok"
    assert "Traceback" not in recorder.log()
    assert counts(recorder)["register_refused_total", "away"] > 0


def recorded(answer: httpx.Response) -> httpx.Response | None:
    """A recorded call's answer, None while the register is away."""
    return None if is_away(answer) else answer


def answered(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.status_code == 200 else None


def test_a_locked_file(new_app: Callable[..., Application], sqlite_url: str):
    app = new_app()
    http = opened(app)
    first = decide(http, {"client": CLIENT})["id"]
    other = open_database(sqlite_url)
    with other.writing():
        answer = http.post("/decisions", json={"client": CLIENT})
        assert is_away(answer), answer.text
        assert http.post("/score", json={"client": CLIENT}).status_code == 200
        assert http.get("/health").status_code == 200
        assert listed(http) == [first]  # needs no event
        assert is_away(http.get(f"/decisions/{first}"))
    other.close()
    answer = wait_for(lambda: recorded(http.post("/decisions", json={"client": CLIENT})))
    assert http.get("/health").json()["register"] == "ok"
    assert listed(http) == [answer.json()["id"], first]


def test_nothing_is_recorded_before_the_bundle_is(
    new_app: Callable[..., Application], sqlite_url: str
):
    """The archive waits while the file is locked, and goes on when it is not."""
    other = open_database(sqlite_url)
    app = new_app()
    with other.writing():
        http = prepared_client(app)
        answer = http.post("/decisions", json={"client": CLIENT})
        assert answer.json() == {"detail": "the model in use is not in the register yet"}
        assert is_away(answer)
    other.close()
    wait_for(lambda: recorded(http.post("/decisions", json={"client": CLIENT})))
    assert len(listed(http)) == 1


def test_a_bundle_whose_files_changed_is_not_recorded(
    new_app: Callable[..., Application], small_bundle_folder: Path, tmp_path: Path
):
    """A file that differs from the loaded one is refused by the archive, until it is back."""
    folder = Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))
    app = new_app(ressources_dir=folder)
    file = folder / "features.csv"
    loaded = file.read_bytes()
    file.write_bytes(loaded + b"\n")
    http = prepared_client(app)
    answer = http.post("/decisions", json={"client": 248124})
    assert answer.status_code == 503
    assert answer.json() == {"detail": "the model in use is not in the register yet"}
    assert http.post("/score", json={"client": 248124}).status_code == 200
    file.write_bytes(loaded)
    wait_for(lambda: http.post("/decisions", json={"client": 248124}).status_code == 201)


def test_health_learns_of_an_outage_though_nobody_records(
    new_app: Callable[..., Application], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    app = new_app(migrated(f"sqlite:///{tmp_path}/register.db"))
    monkeypatch.setattr(register_service, "LOOK_SECONDS", 0.0)
    http = prepared_client(app)
    wait_for(lambda: http.get("/health").json()["register"] == "ok")
    moved = (tmp_path / "register.db").rename(tmp_path / "moved.db")
    wait_for(lambda: http.get("/health").json()["register"] == "away")
    moved.rename(tmp_path / "register.db")
    wait_for(lambda: http.get("/health").json()["register"] == "ok")
