"""A server that cannot start ends, leaves no process, and logs the reason in one line."""

import json
import os
import resource
import shutil
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from credit_scoring.data.artifacts import MODEL_FILE
from tests.support.bundles.canary import put_canary
from tests.support.bundles.folders import metadata_of, write_metadata
from tests.support.servers.forks import Forks
from tests.support.servers.processes import Begin, begin
from tests.support.servers.server import HOST, free_port

NO_STACK = 200_000_000_000  # kB


def ended(begin: Begin, port: int, *command: str, **settings: str) -> tuple[int, list[str]]:
    """Exit code and log lines of a server that cannot start."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = begin(
            [sys.executable, "-m", *command],
            {"OMP_NUM_THREADS": "1"} | settings,
            output.fileno(),
            errors.fileno(),
        )
        try:
            code = process.wait(60)
            group_is_gone = not is_alive(process.pid)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert output.tell() == 0
        errors.seek(0)
        lines = errors.read().decode().splitlines()
    assert group_is_gone
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port), timeout=5)
    return code, lines


def is_alive(group: int) -> bool:
    """Whether a process of the group still runs."""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def test_a_bad_setting_stops_the_start_of_uvicorn(forks: Forks):
    port = free_port()
    code, lines = ended(
        forks.begin, port, "uvicorn", "main:app", "--port", str(port), API_KEY=" , ,"
    )
    assert code == 3
    (line,) = [json.loads(line) for line in lines]
    assert line["level"] == "critical"
    assert line["event"] == "settings: api_key: Value error, names no key"


def test_a_bad_file_of_callers_stops_the_start_of_uvicorn(
    forks: Forks, small_bundle_folder: Path, tmp_path: Path
):
    path = tmp_path / "callers.toml"
    path.write_text('[[caller]]\nname = "anna"\nroles = ["score", "reed"]\n')
    port = free_port()
    code, lines = ended(
        forks.begin,
        port,
        *("uvicorn", "main:app", "--port", str(port)),
        RESSOURCES_DIR=str(small_bundle_folder),
        API_KEYS_FILE=str(path),
    )
    assert code == 3
    (line,) = [json.loads(line) for line in lines if '"critical"' in line]
    assert line["event"] == (
        f"cannot start: {path}: caller 1, anna: roles is not a list of some of"
        " score, decide, read, review, outcomes, monitor, audit"
    )
    assert not [line for line in lines if "Traceback" in line]


def test_two_workers_that_cannot_use_the_register_end_the_server(
    forks: Forks, small_bundle_folder: Path, tmp_path: Path
):
    """Each has loaded the files by then, and does not take the other for a worker that serves."""
    (tmp_path / "shared").mkdir()
    port = free_port()
    code, lines = ended(
        forks.begin,
        port,
        *("gunicorn", "main:app", "--workers", "2", "--bind", f"{HOST}:{port}"),
        RESSOURCES_DIR=str(small_bundle_folder),
        PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "shared"),
        REGISTER_URL=f"sqlite:///{tmp_path}/register.db",
        REGISTER_PEPPER="a pepper of the tests",
    )
    # 1 if the second worker fails while gunicorn stops for the first: its error is not caught then.
    assert code in {1, 3}
    said = {json.loads(line)["event"] for line in lines if '"critical"' in line}
    (reason,) = said
    assert reason.startswith("cannot start: ")
    assert reason.endswith("migrate")


def test_a_model_with_another_hash_than_in_the_setting_stops_the_start(
    forks: Forks, small_bundle_folder: Path, tmp_path: Path
):
    """Files of earlier workers do not keep the start going: it ends at once.

    test_replace.py shows it for a reload.
    """
    folder = Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))
    counters = tmp_path / "counters"
    counters.mkdir()
    for stale in ("counter_1.db", "worker-1-dead"):
        (counters / stale).write_bytes(b"")
    sha256 = metadata_of(folder)["sha256"][MODEL_FILE]
    put_canary(folder)
    write_metadata(folder)
    port = free_port()
    code, lines = ended(
        forks.begin,
        port,
        *("gunicorn", "main:app", "--workers", "1", "--bind", f"{HOST}:{port}"),
        RESSOURCES_DIR=str(folder),
        MODEL_SHA256=sha256,
        PROMETHEUS_MULTIPROC_DIR=str(counters),
    )
    assert code == 3
    (line,) = [json.loads(line) for line in lines if line.startswith("{")]
    assert line["level"] == "critical"
    assert line["event"].startswith("cannot start: model.joblib: its SHA-256 is ")
    assert line["event"].endswith(f", expected {sha256}")
    assert not [line for line in lines if "main.py" in line or "loading.py" in line]
    assert not (tmp_path / "sang").exists()


def gunicorn_ended(begin: Begin, **settings: str) -> tuple[int, list[str]]:
    """Exit code and log lines of gunicorn with one worker that cannot start."""
    port = free_port()
    command = ("gunicorn", "main:app", "--workers", "1", "--bind", f"{HOST}:{port}")
    return ended(begin, port, *command, **settings)


def test_python_without_docstrings_stops_the_start_of_gunicorn():
    """Without docstrings LightGBM cannot be imported."""
    assert gunicorn_ended(begin, PYTHONOPTIMIZE="2") == (
        1,
        ["LightGBM needs docstrings: unset PYTHONOPTIMIZE, and run python without -OO"],
    )


def begin_without_threads(
    command: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int
) -> Any:
    """Start a command that cannot start threads, because each would have a stack of 200 TB."""
    limited = ["sh", "-c", f'ulimit -s {NO_STACK} && exec "$@"', "sh", *command]
    return begin(limited, environment, stdout, stderr)


def test_a_limit_on_threads_stops_the_start_of_gunicorn(small_bundle_folder: Path):
    if resource.getrlimit(resource.RLIMIT_STACK)[1] != resource.RLIM_INFINITY:
        pytest.skip("this user may not let threads have stacks that are too large")
    code, lines = gunicorn_ended(begin_without_threads, RESSOURCES_DIR=str(small_bundle_folder))
    assert code == 3
    # pyarrow, which is not deployed, logs a line of its own thread.
    assert [line for line in lines if not line.startswith(("[", "<jemalloc>"))] == [
        "cannot start: a worker needs 8 threads: raise the limit on processes"
        " (ulimit -u, or pids.max of the container)"
    ]
