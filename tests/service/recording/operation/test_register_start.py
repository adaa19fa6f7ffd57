"""A start with a register: refused in one line, or gone on with while the database is away."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.service.recording.asking import PEPPER
from tests.support.servers.forks import Forks
from tests.support.servers.processes import ROOT, inherited
from tests.support.servers.server import HOST, Server, free_port

MIGRATE = "run ./startup.sh python -m register migrate"


@pytest.mark.parametrize(
    ("settings", "event"),
    [
        (
            {"REGISTER_URL": "sqlite:///{tmp}/register.db"},
            "settings: register_pepper: Value error, REGISTER_URL needs a secret of 16 characters"
            " or more",
        ),
        (
            {"REGISTER_URL": "sqlite:///{tmp}/register.db", "REGISTER_PEPPER": "short"},
            "settings: register_pepper: Value error, a secret of 16 characters or more is needed",
        ),
        (
            {"REGISTER_URL": "sqlite:///{tmp}/register.db", "REGISTER_PEPPER": PEPPER},
            f"cannot start: {{tmp}}/register.db does not exist: {MIGRATE}",
        ),
        (
            {"REGISTER_URL": "mysql://anna:hunter2@host/db", "REGISTER_PEPPER": PEPPER},
            "cannot start: REGISTER_URL is neither sqlite:///FILE nor postgresql://…",
        ),
    ],
)
def test_a_start_that_is_refused(
    small_bundle_folder: Path, tmp_path: Path, settings: dict[str, str], event: str
):
    given = {name: value.replace("{tmp}", str(tmp_path)) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-c", "import main"],
        cwd=ROOT,
        env=inherited() | {"RESSOURCES_DIR": str(small_bundle_folder)} | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = [json.loads(line) for line in done.stderr.splitlines() if '"critical"' in line]
    assert line["event"] == event.replace("{tmp}", str(tmp_path))
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
    assert PEPPER not in done.stderr


def test_a_database_that_is_away_does_not_stop_the_start(small_bundle_folder: Path, forks: Forks):
    url = f"postgresql://anna:hunter2@{HOST}:{free_port()}/register"
    settings = {"REGISTER_URL": url, "REGISTER_PEPPER": PEPPER}
    with Server(small_bundle_folder, workers=1, begin=forks.begin, **settings) as server:
        assert server.ask_json("/health")["register"] == "away"
        answer = httpx.post(
            f"{server.url}/decisions", json={"client": 248124}, timeout=60, verify=False
        )
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        scored = httpx.post(
            f"{server.url}/score", json={"client": 248124}, timeout=60, verify=False
        )
        assert scored.status_code == 200
        log = server.log()
    assert "hunter2" not in log
    assert PEPPER not in log
