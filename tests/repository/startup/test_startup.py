"""startup.sh: the command and environment of the server, and the settings that it refuses."""

import ast
import fcntl
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.repository.startup_command import STARTUP, environment, script, started
from tests.support.commands import run
from tests.support.servers.server import ROOT


def test_server_is_gunicorn_with_its_configuration(active_environment: Path, tmp_path: Path):
    arguments, _ = started(active_environment, PROMETHEUS_MULTIPROC_DIR=tmp_path)
    assert arguments == ["-m", "gunicorn", "main:app"]


def configured(**changes: str) -> dict[str, str]:
    """gunicorn's settings from its configuration file and the environment."""
    # As --print-config does, which imports the application too.
    program = "from gunicorn.app.wsgiapp import WSGIApplication; print(WSGIApplication().cfg)"
    done = run(*(sys.executable, "-c", program, "main:app"), cwd=ROOT, env=environment(**changes))
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"^(\w+) += (.*)$", done.stdout, re.MULTILINE))


def test_default_settings_of_gunicorn():
    found = configured()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else os.environ.get("TMPDIR", "/tmp")  # noqa: S108
    expected = {
        "worker_class": "serving.workers.gunicorn_worker.Worker",
        "workers": "2",
        "bind": "['127.0.0.1:8000']",
        "timeout": "120",
        "graceful_timeout": "20",
        "keepalive": "75",
        "worker_tmp_dir": memory,
        "control_socket_disable": "True",
        "preload_app": "False",
    }
    assert {name: found[name] for name in expected} == expected


def test_port_opens_the_server_to_the_network():
    found = configured(PORT="8123", WEB_CONCURRENCY="5")
    assert (found["bind"], found["workers"]) == ("['0.0.0.0:8123']", "5")


def test_server_keeps_what_the_caller_set(active_environment: Path, tmp_path: Path):
    _, kept = started(active_environment, PROMETHEUS_MULTIPROC_DIR=tmp_path, OMP_NUM_THREADS="4")
    assert (kept["PROMETHEUS_MULTIPROC_DIR"], kept["OMP_NUM_THREADS"]) == (str(tmp_path), "4")


def memory() -> Path:
    return Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else os.environ.get("TMPDIR", "/tmp"))  # noqa: S108


@pytest.fixture
def counters_named() -> Iterator[Callable[[str], Path]]:
    """Makes folders where servers count, and removes those that are left."""
    made: list[Path] = []

    def make(name: str) -> Path:
        made.append(memory() / f"credit-scoring-{os.getpid()}-{name}")
        made[-1].mkdir()
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


def test_each_server_counts_in_a_folder_of_its_own_that_the_next_removes(active_environment: Path):
    _, first = started(active_environment)
    folder = Path(first["PROMETHEUS_MULTIPROC_DIR"])
    assert [path.name for path in folder.iterdir()] == ["lock"]
    assert first["OMP_NUM_THREADS"] == "1"
    _, second = started(active_environment)
    assert not folder.exists()
    shutil.rmtree(second["PROMETHEUS_MULTIPROC_DIR"])


def test_a_start_removes_only_folders_that_were_made_here(active_environment: Path, counters_named):
    """A lock decides, not a name: process ids of another container mean nothing."""
    running, ended, others = map(counters_named, ("running", "ended", "others"))
    for folder in (running, ended):
        (folder / "lock").touch()
    (others / "counter_1.db").touch()
    with (running / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _, kept = started(active_environment)
        assert [folder.exists() for folder in (running, ended, others)] == [True, False, True]
    shutil.rmtree(kept["PROMETHEUS_MULTIPROC_DIR"])


def test_a_start_without_room_for_counts_says_so_in_one_line(active_environment: Path):
    limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh", STARTUP]
    done = run(*limited, env=environment(VIRTUAL_ENV=active_environment, TMPDIR="/tmp"))  # noqa: S108
    assert done.returncode == 0
    assert done.stderr == (
        "startup.sh: no room in /dev/shm nor in /tmp:"
        " each worker counts for itself at /metrics and knows no other\n"
    )
    arguments, kept = ast.literal_eval(done.stdout)
    assert arguments == ["-m", "gunicorn", "main:app"]
    assert "PROMETHEUS_MULTIPROC_DIR" not in kept


@pytest.mark.parametrize("options", ["size=64k", "nr_inodes=1"])
def test_a_start_counts_on_the_disk_where_the_memory_is_full(
    active_environment: Path, tmp_path: Path, options: str
):
    """Full of bytes, or of files."""
    mount = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    mount += [f'mount -t tmpfs -o {options} tmpfs /dev/shm && exec "$@"', "sh"]
    if run(*mount, "true").returncode:
        pytest.skip("this user may not mount a file system")
    done = run(*mount, STARTUP, env=environment(VIRTUAL_ENV=active_environment, TMPDIR=tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    _, kept = ast.literal_eval(done.stdout)
    folder = Path(kept["PROMETHEUS_MULTIPROC_DIR"])
    assert folder.parent == tmp_path
    assert [path.name for path in folder.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    "value", ["0", "65536", "99999", "abc", "-1", "+5", " 5", "5 ", "5\n6", "080", "8" * 999]
)
def test_a_wrong_port_is_refused(active_environment: Path, value: str):
    done = run(STARTUP, env=environment(VIRTUAL_ENV=active_environment, PORT=value))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "startup.sh: PORT is not a whole number from 1 to 65535\n"


@pytest.mark.parametrize("value", ["0", "257", "abc", "2.5", "1e2", "0x2", "9" * 30])
def test_a_wrong_number_of_workers_is_refused(active_environment: Path, value: str):
    done = run(STARTUP, env=environment(VIRTUAL_ENV=active_environment, WEB_CONCURRENCY=value))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "startup.sh: WEB_CONCURRENCY is not a whole number from 1 to 256\n"


def test_a_missing_folder_of_counters_is_refused(active_environment: Path, tmp_path: Path):
    done = run(
        STARTUP,
        env=environment(VIRTUAL_ENV=active_environment, PROMETHEUS_MULTIPROC_DIR=tmp_path / "a"),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == "startup.sh: PROMETHEUS_MULTIPROC_DIR is not a folder that can be written\n"
    )


def test_empty_settings_are_not_set(active_environment: Path, tmp_path: Path):
    names = ["PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"]
    _, kept = started(
        active_environment, PROMETHEUS_MULTIPROC_DIR=tmp_path, **dict.fromkeys(names, "")
    )
    assert not kept.keys() & set(names)
    given = {"PORT": "65535", "WEB_CONCURRENCY": "256", "FORWARDED_ALLOW_IPS": "*"}
    _, kept = started(active_environment, PROMETHEUS_MULTIPROC_DIR=tmp_path, **given)
    assert {name: kept[name] for name in names} == given


def test_settings_of_the_server_stop_no_command(active_environment: Path):
    done = run(STARTUP, "echo", "done", env=environment(VIRTUAL_ENV=active_environment, PORT="abc"))
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_command_gets_its_arguments_and_passes_its_exit_code_on(active_environment: Path):
    program = "import sys; print(sys.argv[1:]); sys.exit(7)"
    done = run(
        STARTUP,
        "python",
        "-c",
        program,
        "a b",
        "--c",
        env=environment(VIRTUAL_ENV=active_environment),
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "['a b', '--c']\n", "")


def test_python_keeps_the_docstrings_that_lightgbm_needs(active_environment: Path):
    program = "import lightgbm, sys; print(sys.flags.optimize)"
    changed = environment(VIRTUAL_ENV=active_environment, PYTHONOPTIMIZE="2")
    done = run(STARTUP, "python", "-c", program, env=changed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
    _, kept = started(active_environment, PYTHONOPTIMIZE="2")
    assert "PYTHONOPTIMIZE" not in kept


@pytest.mark.parametrize(
    "arguments", [("-m", "training"), ("-m", "portfolio"), ("-c", "import main")]
)
def test_a_program_without_docstrings_ends_with_one_line(arguments: tuple[str, ...]):
    done = run(sys.executable, "-OO", *arguments, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "LightGBM needs docstrings: unset PYTHONOPTIMIZE, and run python without -OO\n",
    )


def test_command_runs_in_the_folder_however_it_was_reached(
    active_environment: Path, tmp_path: Path
):
    (tmp_path / "a link").symlink_to(ROOT)
    for startup in [STARTUP, tmp_path / "a link/startup.sh"]:
        done = run(
            startup,
            *["sh", "-c", 'pwd; echo "$RESSOURCES_DIR"'],
            cwd=tmp_path,
            env=environment(VIRTUAL_ENV=active_environment, RESSOURCES_DIR="mine"),
        )
        assert done.stdout.splitlines() == [str(ROOT), f"{tmp_path}/mine"]


def test_an_unknown_command_ends_as_in_a_shell(active_environment: Path):
    done = run(STARTUP, "no-such-command", env=environment(VIRTUAL_ENV=active_environment))
    assert done.returncode == 127
    assert "no-such-command: not found" in done.stderr


def test_active_environment_of_another_python_is_refused(tmp_path: Path):
    script(tmp_path / "bin/python", '[ "$1" = --version ] && echo Python 3.12.1', "exit 1")
    done = run(STARTUP, env=environment(VIRTUAL_ENV=tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"startup.sh: the active environment {tmp_path} has Python 3.12.1,"
        " and Python 3.11 is needed\n"
    )
