"""A service without a register imports and answers nothing of it."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from main import Application
from service.recording.routes import ROUTES
from tests.support.servers.inprocess import prepared_client
from tests.support.servers.processes import ROOT, inherited

LIBRARIES = {"sqlalchemy", "psycopg", "psycopg_binary", "pysqlite3", "alembic"}
REGISTER = {"register", "register.errors", "register.settings"}
CODE = """
import json, sys
import main
compresses = "zstandard" in sys.modules  # httpx imports it
from tests.support.servers.inprocess import client_of
http = client_of(main.app)
for path in ("/", "/health", "/metrics", "/openapi.json", "/model"):
    assert http.get(path).status_code == 200
assert http.post("/score", json={"client": 248124}).status_code == 200
assert not compresses
print(json.dumps(sorted(sys.modules)))
"""


def test_nothing_of_the_register_is_imported(small_bundle_folder: Path):
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env=inherited() | {"RESSOURCES_DIR": str(small_bundle_folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(json.loads(done.stdout))
    assert {name for name in modules if name.partition(".")[0] == "register"} == REGISTER
    assert not LIBRARIES & {name.partition(".")[0] for name in modules}
    assert not [name for name in modules if name.startswith("service.recording")]
    assert "service.http_rules" in modules


@pytest.fixture
def without(open_app: Application) -> httpx.Client:
    """A service without a register."""
    return prepared_client(open_app)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_route_of_the_register(without: httpx.Client, route):
    path = route.path.format(id="018f0000-0000-7000-8000-000000000000")
    answer = without.request(route.method, path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": f"no route {path}: / lists the routes"}
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; frame")


def test_no_word_of_the_register(without: httpx.Client):
    for path in ("/", "/health", "/metrics", "/openapi.json", "/model"):
        text = without.get(path).text
        assert len(text) > 50
        for word in ("register", "recorded", "/decisions", "REGISTER"):
            assert word not in text, path
