"""Requests to an application or a server that records decisions."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from main import Application
from register.commands.migrate import migrate
from register.database.opening import open_database
from tests.support.servers.inprocess import prepared_client
from tests.support.servers.server import wait_for

PEPPER = "a pepper of tests"
# Id and time at the beginning of an answer of `/decisions`.
HEAD = re.compile(rb'{"id":"([0-9a-f-]{36})","at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)",')
LENDER = {
    "lender_name": "Example Lender",
    "lender_address": "12 Station Road",
    "lender_contact": "credit@lender.example",
}
ROLES = ("score", "decide", "read", "review", "outcomes", "monitor", "audit")


def migrated(url: str) -> str:
    """The URL of a register, whose tables are made."""
    database = open_database(url)
    list(migrate(database))
    database.close()
    return url


def opened(app: Application) -> httpx.Client:
    """A client of an application that records."""
    http = prepared_client(app)
    kept = app.service.register.archive.keep(app.service.current)
    wait_for(kept.done)
    assert kept.result().id
    return http


def decide(http: httpx.Client, body: object, **query: object) -> Any:
    """The answer to a recorded call."""
    answer = http.post("/decisions", json=body, params=query)
    assert answer.status_code == 201, answer.text
    return answer.json()


def raw_record(http: httpx.Client, client: object) -> dict[str, float | None]:
    """The raw record of a client."""
    return json.loads(http.get("/get_test", params={"param_name": client}).json()["data"])


def stored(http: httpx.Client, decision: str, **query: object) -> dict[str, Any]:
    """A recorded decision."""
    answer = http.get(f"/decisions/{decision}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(http: httpx.Client, **query: object) -> list[str]:
    """Ids of the decisions on a page, the newest first."""
    answer = http.get("/decisions", params=query)
    assert answer.status_code == 200, answer.text
    return [decision["id"] for decision in answer.json()["decisions"]]


def callers_file(folder: Path, callers: Mapping[str, Sequence[str]]) -> tuple[Path, dict[str, str]]:
    """A file of callers, and the key of each.

    Args:
        folder: that the file is written into.
        callers: their roles by their names.
    """
    keys = {name: f"key-of-{name}" for name in callers}
    tables = [
        f'[[caller]]\nname = "{name}"\nroles = {list(roles)}\n'
        f'sha256 = "{hashlib.sha256(keys[name].encode()).hexdigest()}"\n'
        for name, roles in callers.items()
    ]
    file = folder / "callers.toml"
    file.write_text("\n".join(tables))
    file.chmod(0o600)
    return file, keys
