"""Callers with names and roles: each route for each role, and a file replaced under a server."""

import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import httpx
import orjson
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from main import Application
from register.commands.migrate import migrate
from register.database.opening import open_database
from service.http_rules import ROLES
from serving.callers import Caller, parse_callers
from tests.support.servers.application import KEY, OPEN, application, is_open
from tests.support.servers.forks import Forks
from tests.support.servers.inprocess import client_of
from tests.support.servers.server import ROOT, Server, wait_for

ID = "01936c2f-7a10-7c8e-9f3a-1d2b3c4d5e6f"
OF_SCORE = "score"
OF_OTHERS = {
    "POST /decisions": "decide",
    "GET /decisions": "read",
    "GET /decisions/{id}": "read",
    "GET /decisions/{id}/letter": "read",
    "POST /decisions/{id}/review-requests": "review",
    "POST /decisions/{id}/reviews": "review",
    "POST /outcomes": "outcomes",
    "GET /metrics": "monitor",
    "GET /monitoring": "monitor",
    "GET /register/head": "audit",
}
NAMES = {OF_SCORE, *OF_OTHERS.values()}
NO_KEY = {"detail": "a valid key is needed in X-API-Key"}


def key_of(name: str) -> str:
    """The key of a caller."""
    return f"key of {name}"


def write_callers(path: Path, callers: Mapping[str, Iterable[str]]) -> None:
    """Replace the file of callers, from their names and roles, by a rename."""
    new = path.with_suffix(".new")
    with new.open("w") as file:
        for name, roles in callers.items():
            sha256 = hashlib.sha256(key_of(name).encode()).hexdigest()
            file.write(f'[[caller]]\nname = "{name}"\nsha256 = "{sha256}"\n')
            file.write(f"roles = {sorted(roles)}\n\n")
    new.chmod(0o600)
    new.replace(path)


@pytest.fixture(scope="module")
def role_callers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a caller for each role, named like it, and one with all roles."""
    path = tmp_path_factory.mktemp("callers") / "callers.toml"
    write_callers(path, {role: [role] for role in NAMES} | {"boss": NAMES})
    return path


@pytest.fixture(scope="module")
def named_app(small_bundle_folder: Path, role_callers: Path) -> Application:
    """An application with those callers and a key of the setting."""
    return application(ressources_dir=small_bundle_folder, api_keys_file=role_callers, api_key=KEY)


@pytest.fixture(scope="module")
def register_app(
    small_bundle_folder: Path, role_callers: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """An application with those callers and a register."""
    url = f"sqlite:///{tmp_path_factory.mktemp('register')}/register.db"
    database = open_database(url)
    list(migrate(database))
    database.close()
    app = application(
        ressources_dir=small_bundle_folder,
        api_keys_file=role_callers,
        register_url=url,
        register_pepper="p" * 16,
    )
    yield app
    app.service.register.close()


def closed_routes(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path of each route that needs a key."""
    routes = [route for route in app.routes if isinstance(route, Route)]
    return {
        (method, route.path)
        for route in routes
        for method in route.methods or ()
        if not is_open(route.path)
    }


def test_each_route_is_open_to_exactly_the_callers_with_its_role(
    named_app: Application, register_app: Application
):
    alone = closed_routes(named_app)
    assert closed_routes(register_app) - alone == {
        tuple(route.split(" ")) for route in OF_OTHERS.keys() - {"GET /metrics"}
    }
    check_roles(named_app, alone)
    check_roles(register_app, closed_routes(register_app))


def check_roles(app: FastAPI, routes: Iterable[tuple[str, str]]) -> None:
    """Check the answer of each route to a caller of each role."""
    client = client_of(app)
    for method, path in routes:
        concrete = path.replace("{id}", ID)
        needed = OF_OTHERS.get(f"{method} {path}", OF_SCORE)
        for name in (*NAMES, "boss"):
            answer = client.request(method, concrete, headers={"X-API-Key": key_of(name)})
            if name in (needed, "boss"):
                assert answer.status_code in {200, 404, 422, 503}, (method, path, answer.text)
            else:
                detail = f"the key of {name} lacks the role {needed}"
                assert (answer.status_code, answer.json()) == (403, {"detail": detail})
        for wrong in ({}, {"X-API-Key": ""}, {"X-API-Key": "boss"}):
            answer = client.request(method, concrete, headers=wrong)
            assert (answer.status_code, answer.json()) == (401, NO_KEY)
            assert answer.headers["WWW-Authenticate"] == "APIKey"


def test_the_table_of_roles_has_each_closed_route_once(register_app: Application):
    table = [route for routes in ROLES.values() for route in routes]
    assert len(table) == len(set(table))
    assert set(table) == {f"{method} {path}" for method, path in closed_routes(register_app)}
    assert ROLES.keys() == NAMES


def test_open_routes_need_no_role(named_app: Application):
    client = client_of(named_app)
    for path in OPEN - {"/docs/assets"}:
        for name in ("audit", "nobody"):
            assert client.get(path, headers={"X-API-Key": key_of(name)}).status_code == 200


def test_a_key_of_the_setting_has_all_roles_beside_a_file(named_app: Application):
    client = client_of(named_app)
    for path in ("/get_ids", "/metrics"):
        assert client.get(path, headers={"X-API-Key": KEY}).status_code == 200


def test_the_document_has_names_for_those_who_may_score(named_app: Application):
    client = client_of(named_app)
    features = named_app.service.folder.current.bundle.features
    for name in (*NAMES, "boss", "nobody"):
        answer = client.get("/openapi.json", headers={"X-API-Key": key_of(name)})
        assert answer.status_code == 200
        schema = answer.json()["components"]["parameters"]["feature"]["schema"]
        assert schema.get("enum") == ([*features] if name in (OF_SCORE, "boss") else None), name


def test_the_document_has_the_role_of_each_route(register_app: Application):
    document = orjson.loads(orjson.dumps(register_app.openapi()))
    assert {path for path in document["paths"] if "{" in path} >= {"/decisions/{id}/letter"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            needed = OF_OTHERS.get(f"{method.upper()} {path}", OF_SCORE)
            if path in OPEN:
                assert "security" not in operation
                assert "403" not in operation["responses"]
            else:
                assert operation["security"] == [{"key": [needed]}]
                told = operation["responses"]["403"]
                assert told["description"].startswith("The caller of this key lacks the role")
                assert told["content"] == operation["responses"]["401"]["content"]


def test_the_document_of_keys_without_roles_has_none(keyed_app: Application):
    assert '"403"' not in json.dumps(keyed_app.openapi())


@pytest.fixture(scope="module")
def callers_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of `named_server`: anna may score, and metrics are for bob."""
    path = tmp_path_factory.mktemp("named") / "callers.toml"
    write_callers(path, {"anna": ["score"], "bob": ["monitor"]})
    return path


@pytest.fixture(scope="module")
def named_server(small_bundle_folder: Path, callers_file: Path, forks: Forks) -> Iterator[Server]:
    """Two workers with callers."""
    settings = {"API_KEYS_FILE": str(callers_file)}
    with Server(small_bundle_folder, begin=forks.begin, **settings) as server:
        yield server


def ask(server: Server, name: str, path: str = "/get_ids") -> httpx.Response:
    """The answer to a caller."""
    return server.get(path, headers={"X-API-Key": key_of(name)})


def statuses(server: Server, name: str, path: str = "/get_ids") -> set[int]:
    """The statuses of several answers, over connections that any worker may take."""
    return {ask(server, name, path).status_code for _ in range(20)}


def test_both_workers_follow_the_file(named_server: Server, callers_file: Path):
    assert statuses(named_server, "anna") == {200}
    assert statuses(named_server, "anna", "/metrics") == {403}
    assert statuses(named_server, "bob", "/metrics") == {200}
    assert named_server.said(f"{callers_file}: 2 callers with 2 keys") == 2

    write_callers(callers_file, {"anna": ["score", "monitor"], "carla": ["score"], "d": ["audit"]})
    wait_for(
        lambda: ask(named_server, "anna") and named_server.said(f"{callers_file}: 3 call") == 2
    )
    assert statuses(named_server, "anna", "/metrics") == {200}
    assert statuses(named_server, "carla") == {200}
    assert statuses(named_server, "bob", "/metrics") == {401}

    with callers_file.open("a") as file:
        file.write(f'[[caller]]\nname = "{key_of("eve")}"')
    told = f"the callers stay as they are: {callers_file}: caller 4: name is not a text of"
    wait_for(lambda: ask(named_server, "anna") and named_server.said(told) == 2)
    assert statuses(named_server, "carla") == {200}

    write_callers(callers_file, {"anna": ["score"], "bob": ["monitor"]})
    again = f"{callers_file}: 2 callers with 2 keys"
    wait_for(lambda: ask(named_server, "anna") and named_server.said(again) == 4)
    assert statuses(named_server, "anna", "/metrics") == {403}
    assert statuses(named_server, "carla") == {401}
    assert named_server.said(told) == 2


def test_the_log_names_the_caller_and_has_no_key(named_server: Server):
    answers = {name: ask(named_server, name) for name in ("anna", "bob", "nobody")}
    ids = {name: answer.headers["X-Request-ID"] for name, answer in answers.items()}

    def lines() -> dict[str, dict]:
        return {line["request_id"]: line for line in named_server.requests()}

    found = wait_for(lambda: lines() if {*ids.values()} <= lines().keys() else None)
    told = {name: (found[ids[name]]["caller"], found[ids[name]]["status"]) for name in ids}
    assert told == {"anna": ("anna", 200), "bob": ("bob", 403), "nobody": (None, 401)}
    log = named_server.log()
    for name in ("anna", "bob", "carla", "nobody"):
        key = key_of(name)
        assert key not in log
        assert hashlib.sha256(key.encode()).hexdigest() not in log


def test_a_service_with_callers_does_not_say_that_it_is_open(named_server: Server):
    assert "API_KEY is not set" not in named_server.log()


def test_the_commands_of_the_document_make_a_caller(tmp_path: Path):
    (commands,) = re.findall(
        r"## Callers and roles\n.*?```sh\n(.*?)```",
        (ROOT / "docs/operation.md").read_text(),
        re.DOTALL,
    )
    keys = [
        subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
        .stdout.decode()
        .strip()
        for _ in range(2)
    ]
    first, second = (tmp_path / "callers.toml").read_bytes().split(b"\n\n")[:2]
    for key, entry in zip(keys, (first, second), strict=True):
        assert len(key) == 64
        callers = parse_callers(entry, list(ROLES))
        caller = Caller("anna", frozenset(["score", "decide"]))
        assert callers == {hashlib.sha256(key.encode()).digest(): caller}
    assert (tmp_path / "callers.toml").stat().st_mode & 0o077 == 0
    assert keys[0] != keys[1]
