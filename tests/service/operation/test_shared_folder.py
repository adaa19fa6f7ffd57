"""Workers go on if their shared folder is full or removed, and each logs it in one line."""

import ast
import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from credit_scoring.data.artifacts import MODEL_FILE
from main import Application
from serving.workers.shared_folder import LIVE, RESERVED, SHARED_FOLDER, forget_live_values
from tests.service.operation.metric_counts import counts
from tests.support.bundles.folders import another_model, metadata_of, put
from tests.support.commands import run
from tests.support.servers.forks import Forks
from tests.support.servers.processes import ROOT, begin
from tests.support.servers.server import SELDOM, Server, wait_for

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
from serving.workers.shared_folder import join_shared_folder
assert join_shared_folder() is None
from serving.observability.metrics import Metrics
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
    sizes = dict.fromkeys(("counter", "gauge", "histogram"), RESERVED)
    assert ast.literal_eval(done.stdout) == sizes


def test_the_live_values_of_a_killed_worker_are_removed(
    bundle_folder: Path, shared_folder: Path, forks: Forks
):
    settings = {"PROMETHEUS_MULTIPROC_DIR": str(shared_folder)}
    with Server(bundle_folder, begin=forks.begin, **settings) as server:
        wait_for(lambda: server.ready() == 2)
        killed, other = server.pids()
        assert live_workers(shared_folder) == {killed, other}
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: live_workers(shared_folder) == set(server.pids()) != {killed, other})
        assert killed not in live_workers(shared_folder)
        assert other in live_workers(shared_folder)


def live_workers(folder: Path) -> set[int]:
    """Process ids of the workers that have live values."""
    return {int(path.stem.rpartition("_")[2]) for path in folder.glob(f"{LIVE}_*.db")}


WAIT = """
import sys
from serving.workers.shared_folder import join_shared_folder
assert join_shared_folder() is None
from serving.observability.metrics import Metrics
metrics = Metrics()
gauge = metrics.live_gauge("calls_waiting", "Calls that wait")
gauge.set(int(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    gauge.dec()
    print(metrics.text().decode().partition("\\ncalls_waiting ")[2].partition("\\n")[0], flush=True)
"""


@pytest.fixture
def waiting_workers(shared_folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes with 3 and 5 calls that wait; each tells the sum for a line, and ends one."""
    environment = os.environ | {SHARED_FOLDER: str(shared_folder)}
    with contextlib.ExitStack() as stack:
        workers = []
        for number in (3, 5):
            command = [sys.executable, "-c", WAIT, str(number)]
            worker = stack.enter_context(
                subprocess.Popen(
                    command, cwd=ROOT, env=environment, text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                )
            )  # fmt: skip
            stack.callback(worker.kill)
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
            workers.append(worker)
        yield workers


def test_live_values_are_added_up_over_living_workers(
    waiting_workers: list[subprocess.Popen[str]], shared_folder: Path, monkeypatch
):
    first, second = waiting_workers
    assert [sum_of(one) for one in (first, second, first)] == [7.0, 6.0, 5.0]
    first.kill()
    first.wait()
    assert sum_of(second) == 4.0  # nobody has noticed yet: one of the first, three of the second
    monkeypatch.setenv(SHARED_FOLDER, str(shared_folder))
    forget_live_values(first.pid)
    assert sum_of(second) == 2.0
    forget_live_values(first.pid)
    shutil.rmtree(shared_folder)
    forget_live_values(second.pid)


def sum_of(worker: subprocess.Popen[str]) -> float:
    """The sum that a worker tells after one of its calls ended."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write("\n")
    worker.stdin.flush()
    return float(worker.stdout.readline())
