"""Workers go on if their shared folder is full or removed, and each logs it in one line."""

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
from tests.service.metric_counts import counts
from tests.support.commands import run
from tests.support.folders import another_model, metadata_of, put
from tests.support.forks import Forks
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
    """Start a command that may write only small files."""
    limited = ["sh", "-c", f'ulimit -f {BLOCKS} && exec "$@"', "sh", *command]
    return begin(limited, environment, stdout, stderr)


@pytest.fixture
def bundle_folder(small_bundle_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small bundle, whose files a test may replace."""
    return Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))


@pytest.fixture
def shared_folder(tmp_path: Path) -> Path:
    """The empty folder that the workers share."""
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


def check_said(server: Server, problem: str, workers: int) -> None:
    """So many of the two workers logged the problem, once each, and none ended or failed."""
    wait_for(lambda: server.said(problem) >= workers)
    assert (server.said(problem), server.ready()) == (workers, 2)
    assert "Traceback" not in server.log()
    assert "SIG" not in server.log()


def test_workers_start_in_a_folder_without_room(bundle_folder: Path, shared_folder: Path):
    settings = {"PROMETHEUS_MULTIPROC_DIR": str(shared_folder)}
    with Server(bundle_folder, begin=begin_without_room, **settings) as server:
        problem = f"{shared_folder}: {os.strerror(errno.EFBIG)}: this worker counts for itself"
        check_said(server, problem, 2)
        for _ in range(SEVERAL):
            assert server.get("/health").json()["status"] == "ok"
        assert "workers" not in server.ask_json("/model")
        assert 0 < counts(server)["http_requests_total", "/health", "200"] <= SEVERAL
    assert list(shared_folder.iterdir()) == []


def test_workers_answer_and_reload_after_their_folder_is_removed(
    bundle_folder: Path, shared_folder: Path, tmp_path: Path, forks: Forks
):
    settings = {"PROMETHEUS_MULTIPROC_DIR": str(shared_folder)}
    with Server(bundle_folder, begin=forks.begin, **settings) as server:
        shutil.rmtree(shared_folder)
        problem = (
            f"{shared_folder}: {os.strerror(errno.ENOENT)}: the other workers do not know this one"
        )
        check_new_files_are_served(server, bundle_folder, tmp_path)
        check_said(server, problem, 2)


def check_new_files_are_served(server: Server, bundle_folder: Path, tmp_path: Path) -> None:
    """Both workers take new files into use, and count new kinds of requests."""
    another = tmp_path / "another"
    another_model(bundle_folder, another)
    sha256 = metadata_of(another)["sha256"][MODEL_FILE]
    put(another, bundle_folder)
    wait_for(lambda: server.said("loaded", sha256) == 2, pause=SELDOM)
    wait_for(lambda: healths(server) == {sha256}, pause=SELDOM)
    for path in ("/nowhere", "/get_kde", "/get_shap", "/alternatives"):
        assert {server.get(path).status_code for _ in range(SEVERAL)} <= {404, 422}
    assert counts(server)["http_requests_total", "unknown", "404"] > 0
    assert "workers" not in server.get("/health").json()


def healths(server: Server) -> set[str]:
    """Hashes of the models in use, over enough connections to meet both workers."""
    return {server.ask_json("/health")["sha256"] for _ in range(SEVERAL)}


@contextlib.contextmanager
def own_disk(bundle_folder: Path, folder: Path) -> Iterator[tuple[Server, Path]]:
    """A server whose shared folder is a small disk, and the path to that disk."""

    def begin_with_disk(
        command: Sequence[str], environment: Mapping[str, str], stdout: int, stderr: int
    ) -> Any:
        wrapped = ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{MOUNT} && exec "$@"']
        return begin([*wrapped, str(folder), *command], environment, stdout, stderr)

    settings = {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with Server(bundle_folder, begin=begin_with_disk, **settings) as server:
        yield server, Path(f"/proc/{server.process.pid}/root{folder}")


def test_workers_answer_and_reload_after_their_disk_is_full(
    bundle_folder: Path, shared_folder: Path, tmp_path: Path
):
    if not is_mountable(shared_folder):
        pytest.skip("this user may not mount a file system")
    with own_disk(bundle_folder, shared_folder) as (server, disk):
        assert sum(path.name.startswith("worker-") for path in disk.iterdir()) == 2
        with contextlib.suppress(OSError), (disk / "others").open("wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        assert os.statvfs(disk).f_bavail == 0
        problem = (
            f"{shared_folder}: {os.strerror(errno.ENOSPC)}: the other workers do not know this one"
        )
        check_new_files_are_served(server, bundle_folder, tmp_path)
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


def test_the_counts_of_all_routes_fit_into_the_reserved_space(
    shared_folder: Path, open_app: Application
):
    """With every status of each route, no file grows, because a full disk would prevent it."""
    paths = [route.path for route in open_app.routes]
    done = run(
        *(sys.executable, "-c", COUNT, shared_folder, *paths),
        cwd=ROOT,
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared_folder)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ast.literal_eval(done.stdout) == {"counter": RESERVED, "histogram": RESERVED}
