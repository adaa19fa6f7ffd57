"""Workers whose shared folder is full or removed go on, and each says so in one line."""

import ast
import contextlib
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from credit_scoring.data.artifacts import MODEL_FILE
from main import Application
from serving.shared_folder import RESERVED
from tests.support.commands import run
from tests.support.folders import another_model, metadata_of, put
from tests.support.forks import Forks
from tests.support.known import get
from tests.support.metrics import counts
from tests.support.processes import ROOT, begin
from tests.support.server import SELDOM, Server, wait_for

BLOCKS = 100  # of 512 bytes: less than the counts of a worker need, more than the log does
MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$0"'
SEVERAL = 16  # connections, more than enough to meet both workers


def is_mountable(folder: Path) -> bool:
    """Whether this user may mount a file system where no other process sees it."""
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", MOUNT, str(folder)]
    return subprocess.run(command, capture_output=True).returncode == 0


def begin_without_room(
    command: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int
) -> Any:
    """Start a command whose files may have few bytes."""
    limited = ["sh", "-c", f'ulimit -f {BLOCKS} && exec "$@"', "sh", *command]
    return begin(limited, environment, stdout, stderr)


@pytest.fixture
def files(sound: Path, tmp_path: Path) -> Path:
    """The files of `sound`, which a test may replace."""
    return Path(shutil.copytree(sound, tmp_path / "ressources"))


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The folder that the workers share."""
    shared = tmp_path / "shared"
    shared.mkdir()
    return shared


def check_said(server: Server, problem: str, workers: int) -> None:
    """So many of the two workers said that, once each, and nothing ended or failed."""
    wait_for(lambda: server.said(problem) >= workers)
    assert (server.said(problem), server.ready()) == (workers, 2)
    assert "Traceback" not in server.log()
    assert "SIG" not in server.log()


def test_a_full_folder_is_no_reason_not_to_start(files: Path, shared: Path):
    settings = {"PROMETHEUS_MULTIPROC_DIR": str(shared)}
    with Server(files, begin=begin_without_room, **settings) as server:
        problem = f"{shared}: {os.strerror(errno.EFBIG)}: this worker counts for itself"
        check_said(server, problem, 2)
        for _ in range(SEVERAL):
            assert get(server, "/health").json()["status"] == "ok"
        assert "workers" not in server.ask_json("/model")
        assert 0 < counts(server)["http_requests_total", "/health", "200"] <= SEVERAL
    assert list(shared.iterdir()) == []


def test_a_folder_that_is_removed_stops_neither_answers_nor_a_reload(
    files: Path, shared: Path, tmp_path: Path, forks: Forks
):
    settings = {"PROMETHEUS_MULTIPROC_DIR": str(shared)}
    with Server(files, begin=forks.begin, **settings) as server:
        shutil.rmtree(shared)
        problem = f"{shared}: {os.strerror(errno.ENOENT)}: the other workers do not know this one"
        check_new_files_are_served(server, files, tmp_path)
        check_said(server, problem, 2)


def check_new_files_are_served(server: Server, files: Path, tmp_path: Path) -> None:
    """Both workers take new files into use, and count what they never counted before."""
    another = tmp_path / "another"
    another_model(files, another)
    sha256 = metadata_of(another)["sha256"][MODEL_FILE]
    put(another, files)
    wait_for(lambda: server.said("loaded", sha256) == 2, pause=SELDOM)
    wait_for(lambda: healths(server) == {sha256}, pause=SELDOM)
    for path in ("/nowhere", "/get_kde", "/get_shap", "/alternatives"):
        assert {get(server, path).status_code for _ in range(SEVERAL)} <= {404, 422}
    assert counts(server)["http_requests_total", "unknown", "404"] > 0
    assert "workers" not in get(server, "/health").json()


def healths(server: Server) -> set[str]:
    """The models that some connections find."""
    return {server.ask_json("/health")["sha256"] for _ in range(SEVERAL)}


@contextlib.contextmanager
def own_disk(files: Path, folder: Path) -> Iterator[tuple[Server, Path]]:
    """A server whose shared folder is a small disk of its own, and the way to it."""

    def begin_with_disk(
        command: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int
    ) -> Any:
        wrapped = ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{MOUNT} && exec "$@"']
        return begin([*wrapped, str(folder), *command], environment, stdout, stderr)

    settings = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with Server(files, begin=begin_with_disk, **settings) as server:
        yield server, Path(f"/proc/{server.process.pid}/root{folder}")


def test_a_disk_that_is_full_later_stops_neither_answers_nor_a_reload(
    files: Path, shared: Path, tmp_path: Path
):
    if not is_mountable(shared):
        pytest.skip("this user may not mount a file system")
    with own_disk(files, shared) as (server, disk):
        assert sum(path.name.startswith("worker-") for path in disk.iterdir()) == 2
        with contextlib.suppress(OSError), (disk / "others").open("wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        assert os.statvfs(disk).f_bavail == 0
        problem = f"{shared}: {os.strerror(errno.ENOSPC)}: the other workers do not know this one"
        check_new_files_are_served(server, files, tmp_path)
        check_said(server, problem, 1)  # whose room the other one has then
        assert counts(server)["http_requests_total", "unknown", "404"] == SEVERAL


COUNT = """
import sys
from pathlib import Path
from serving.shared_folder import join_shared_folder
assert join_shared_folder() is None
from serving.metrics import Metrics
metrics = Metrics()
for path in sys.argv[2:]:
    metrics.seconds(path).observe(1)
    for status in (200, 400, 401, 404, 405, 408, 413, 422, 431, 500, 503):
        metrics.requests(path, status).inc()
print({path.name.partition("_")[0]: path.stat().st_size for path in Path(sys.argv[1]).iterdir()})
"""


def test_the_counts_of_all_routes_fit_into_what_is_reserved(shared: Path, unguarded: Application):
    """With every status of each: no file grows, which a full disk would not let it."""
    paths = [route.path for route in unguarded.routes]
    done = run(
        *(sys.executable, "-c", COUNT, shared, *paths),
        cwd=ROOT,
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ast.literal_eval(done.stdout) == {"counter": RESERVED, "histogram": RESERVED}
