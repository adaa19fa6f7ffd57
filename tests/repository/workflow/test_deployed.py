"""The deployed files are served, and the last step of the workflow checks them."""

import fcntl
import hashlib
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.startup_command import environment, started
from tests.repository.workflow.workflow import STEPS, step_using
from tests.support.commands import run
from tests.support.servers.server import HOST, ROOT, free_port


def test_a_running_server_holds_the_lock_of_its_folder(deployed_url: str, active_environment: Path):
    folders = [
        line.partition("=")[2]
        for status in Path("/proc").glob("[0-9]*/environ")
        for line in environ(status)
        if line.startswith("PROMETHEUS_MULTIPROC_DIR=") and deployed_url.rpartition(":")[2] in
        [item.partition("=")[2] for item in environ(status) if item.startswith("PORT=")]
    ]  # fmt: skip
    (folder,) = set(folders)
    with (Path(folder) / "lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _, kept = started(active_environment)
    assert Path(folder).exists()
    shutil.rmtree(kept["PROMETHEUS_MULTIPROC_DIR"])


def environ(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").split("\0")
    except OSError:  # gone meanwhile, or another user's
        return []


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the deploy job downloads: the artifact's files, as service/."""
    folder = tmp_path_factory.mktemp("deploy job")
    for name in step_using("test", "actions/upload-artifact")["with"]["path"].split():
        source, target = ROOT / name, folder / "service" / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)  # without its executable bit, as artifacts are
    return folder


@pytest.fixture(scope="module")
def deployed_url(artifact: Path) -> Iterator[str]:
    """The address of a server of just those files, started as Azure does."""
    port = free_port()
    process = subprocess.Popen(
        ["/bin/sh", "startup.sh"],
        cwd=artifact / "service",
        env=environment(VIRTUAL_ENV=sys.prefix, PORT=str(port), WEB_CONCURRENCY="1"),
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        said = ""
        while "Listening at" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        # From here on the socket queues a request until the service answers.
        yield f"http://{HOST}:{port}"
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def check(address: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = STEPS["deploy"][-1]["run"]
    return run(sys.executable, "-c", program, cwd=cwd, env=environment(URL=address, PATIENCE="0"))


def test_deployed_files_serve_and_the_check_accepts_them(deployed_url: str, artifact: Path):
    done = check(deployed_url, artifact)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_commands_of_readme_print_the_output_below_them(deployed_url: str):
    """Each command of the console is run by a shell."""
    (console,) = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = console.replace("localhost:8000", deployed_url).split("$ ")[1:]
    assert len(commands) > 4
    for shown in commands:
        # A command's next lines end it where a quote or a pipe is open.
        lines = shown.splitlines(keepends=True)
        ends = next(end for end in range(1, len(lines)) if is_whole("".join(lines[:end])))
        done = run("bash", "-c", "".join(lines[:ends]))
        assert (done.stdout.strip(), done.stderr) == ("".join(lines[ends:]).strip(), "")


def is_whole(command: str) -> bool:
    return not command.rstrip().endswith("|") and command.count("'") % 2 == 0


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
def test_check_refuses_another_model(deployed_url: str, tmp_path: Path, name: str):
    other = tmp_path / "service/ressources" / name
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another model")
    done = check(deployed_url, tmp_path)
    assert done.returncode == 1
    assert hashlib.sha256(b"another model").hexdigest() in done.stderr
    real = (ROOT / "ressources/model.joblib").read_bytes()
    assert hashlib.sha256(real).hexdigest() in done.stderr


def test_check_refuses_silence(artifact: Path):
    with socket.socket() as closed:
        closed.bind((HOST, 0))  # bound, not listening: connections are refused
        done = check(f"http://{HOST}:{closed.getsockname()[1]}", artifact)
    assert done.returncode == 1
    assert "Connection refused" in done.stderr
