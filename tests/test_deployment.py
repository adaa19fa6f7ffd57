"""The files that install, start, check and deploy the service."""

import ast
import fcntl
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
STARTUP = ROOT / "startup.sh"
BIN = Path(sys.executable).parent
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci-cd.yml").read_text())
JOBS = WORKFLOW["jobs"]
STEPS = {name: job["steps"] for name, job in JOBS.items()}


def run(*command: str | Path, **kwargs) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **kwargs)


# The workflow


@pytest.mark.parametrize(
    "command",
    [
        ["zizmor", "--offline", "--quiet", "--persona=pedantic", ".github"],
        [
            "check-jsonschema",
            "--builtin-schema=vendor.github-workflows",
            ".github/workflows/ci-cd.yml",
        ],
        ["check-jsonschema", "--builtin-schema=vendor.dependabot", ".github/dependabot.yml"],
        ["shellcheck", "startup.sh", ".ci/run"],
    ],
    ids=" ".join,
)
def test_checker_has_no_finding(command: list[str]):
    done = run(BIN / command[0], *command[1:], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_push_and_pull_request_is_tested():
    assert WORKFLOW[True] == ["push", "pull_request"]  # YAML 1.1 reads "on" as true
    assert "if" not in JOBS["test"]
    assert any(step.get("run") == ".ci/run" for step in STEPS["test"])


def test_deployment_needs_the_tests_and_a_push_to_main():
    assert JOBS["deploy"]["needs"] == "test"
    assert JOBS["deploy"]["if"] == (
        "github.event_name == 'push' && github.ref == 'refs/heads/main'"
        " && vars.AZURE_WEBAPP_NAME != ''"
    )


def test_needs_name_jobs():
    for job in JOBS.values():
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= JOBS.keys()


def test_actions_are_pinned_by_commit():
    actions = [step["uses"] for steps in STEPS.values() for step in steps if "uses" in step]
    assert len(actions) == 6
    assert [action for action in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


def test_permissions_are_the_least():
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "test": {"contents": "read"},
        "deploy": {"id-token": "write"},
    }
    assert STEPS["test"][0]["with"] == {"persist-credentials": False}


def step_using(job: str, action: str) -> dict:
    return next(step for step in STEPS[job] if step.get("uses", "").startswith(action))


def test_what_is_deployed_is_what_was_kept():
    kept = step_using("test", "actions/upload-artifact")["with"]
    fetched = step_using("deploy", "actions/download-artifact")["with"]
    deployed = step_using("deploy", "azure/webapps-deploy")["with"]
    assert kept["name"] == fetched["name"]
    assert kept["if-no-files-found"] == "error"
    assert fetched["path"] == deployed["package"] == "service"


# The requirements


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.lstrip().startswith("#"))


def direct(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[<>=\s]", line)[0] for line in lines if line and line[0] not in "#-"}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_requirements_are_pinned_and_made_by_the_command(name: str):
    options = "--python-version 3.11 --python-platform linux"
    command = f"uv pip compile {name}.in -o {name}.txt {options}"
    assert (ROOT / f"{name}.txt").read_text().splitlines()[1] == f"#    {command}"
    assert f"#   {command}\n" in (ROOT / "requirements.in").read_text()
    pinned = pins(f"{name}.txt")
    assert direct(f"{name}.in") <= pinned.keys()
    assert [pin for pin in pinned.values() if not re.fullmatch(r"[0-9][0-9a-z.]*", pin)] == []


def test_development_has_what_the_service_has():
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_requirements_are_what_is_installed():
    pinned = pins("requirements-dev.txt")
    assert {name: version(name) for name in pinned} == pinned


def test_every_import_is_a_direct_requirement():
    ours = {"credit_scoring", "serving", "training"}
    files = [ROOT / "main.py", ROOT / "train.py"]
    files += [file for room in sorted(ours) for file in ROOT.glob(f"{room}/*.py")]
    imported = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    third_party = imported - sys.stdlib_module_names - ours
    packages = {"sklearn": "scikit-learn"}
    wanted = {packages.get(module, module.replace("_", "-")) for module in third_party}
    assert wanted - direct("requirements.in") == set()
    assert {"fastapi", "lightgbm", "scikit-learn"} <= wanted


# startup.sh


def script(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)


def environment(**changes: str | Path) -> dict[str, str]:
    """This process' environment less what startup.sh reads, with the changes."""
    read = {
        "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS", "OMP_NUM_THREADS", "PORT",
        "PROMETHEUS_MULTIPROC_DIR", "RESSOURCES_DIR", "VIRTUAL_ENV", "WEB_CONCURRENCY",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in read}
    return kept | {"PIP_NO_INDEX": "1"} | {name: str(value) for name, value in changes.items()}


@pytest.fixture
def active(tmp_path: Path) -> Path:
    """An active environment whose python prints what gunicorn would be started with."""
    show = "import os, sys; print(repr((sys.argv[1:], dict(os.environ))))"
    script(
        tmp_path / "active/bin/python",
        f'if [ "$1 $2" = "-m gunicorn" ]; then exec "{sys.executable}" -c "{show}" "$@"; fi',
        f'exec "{sys.executable}" "$@"',
    )
    return tmp_path / "active"


def server(active: Path, **changes: str | Path) -> tuple[list[str], dict[str, str]]:
    done = run(STARTUP, env=environment(VIRTUAL_ENV=active, **changes))
    assert (done.returncode, done.stderr) == (0, "")
    return ast.literal_eval(done.stdout)


def test_server_is_gunicorn_with_its_configuration(active: Path, tmp_path: Path):
    arguments, _ = server(active, PROMETHEUS_MULTIPROC_DIR=tmp_path)
    assert arguments == ["-m", "gunicorn", "main:app"]


def configured(**changes: str) -> dict[str, str]:
    """What gunicorn makes of its configuration file and the environment."""
    done = run(
        sys.executable, "-m", "gunicorn", "main:app", "--print-config",
        cwd=ROOT, env=environment(**changes),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"^(\w+) += (.*)$", done.stdout, re.MULTILINE))


def test_gunicorn_by_default():
    found = configured()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else os.environ.get("TMPDIR", "/tmp")  # noqa: S108
    expected = {
        "worker_class": "serving.workers.Worker",
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


def test_server_keeps_what_the_caller_set(active: Path, tmp_path: Path):
    _, kept = server(active, PROMETHEUS_MULTIPROC_DIR=tmp_path, OMP_NUM_THREADS="4")
    assert (kept["PROMETHEUS_MULTIPROC_DIR"], kept["OMP_NUM_THREADS"]) == (str(tmp_path), "4")


def memory() -> Path:
    return Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else os.environ.get("TMPDIR", "/tmp"))  # noqa: S108


@pytest.fixture
def counters() -> Iterator[Callable[[str], Path]]:
    """Makes folders where servers count, and removes what is left of them."""
    made: list[Path] = []

    def make(name: str) -> Path:
        made.append(memory() / f"credit-scoring-{os.getpid()}-{name}")
        made[-1].mkdir()
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


def test_each_server_counts_in_a_folder_of_its_own_that_the_next_removes(active: Path):
    _, first = server(active)
    folder = Path(first["PROMETHEUS_MULTIPROC_DIR"])
    assert [path.name for path in folder.iterdir()] == ["lock"]
    assert first["OMP_NUM_THREADS"] == "1"
    _, second = server(active)
    assert not folder.exists()
    shutil.rmtree(second["PROMETHEUS_MULTIPROC_DIR"])


def test_a_start_removes_only_folders_that_were_made_here(active: Path, counters):
    """Whatever their names are: process numbers of another container tell nothing."""
    running, ended, others = counters("running"), counters("ended"), counters("others")
    for folder in (running, ended):
        (folder / "lock").touch()
    (others / "counter_1.db").touch()
    with (running / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _, started = server(active)
        assert [folder.exists() for folder in (running, ended, others)] == [True, False, True]
    shutil.rmtree(started["PROMETHEUS_MULTIPROC_DIR"])


def test_a_running_server_holds_the_lock_of_its_folder(deployed: str, active: Path):
    folders = [
        line.partition("=")[2]
        for status in Path("/proc").glob("[0-9]*/environ")
        for line in environ(status)
        if line.startswith("PROMETHEUS_MULTIPROC_DIR=") and deployed.rpartition(":")[2] in
        [item.partition("=")[2] for item in environ(status) if item.startswith("PORT=")]
    ]  # fmt: skip
    (folder,) = set(folders)
    with (Path(folder) / "lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _, started = server(active)
    assert Path(folder).exists()
    shutil.rmtree(started["PROMETHEUS_MULTIPROC_DIR"])


def environ(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").split("\0")
    except OSError:  # gone meanwhile, or another user's
        return []


@pytest.mark.parametrize(
    "value", ["0", "65536", "99999", "abc", "-1", "+5", " 5", "5 ", "5\n6", "080", "8" * 999]
)
def test_port_that_is_none(active: Path, value: str):
    done = run(STARTUP, env=environment(VIRTUAL_ENV=active, PORT=value))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "startup.sh: PORT is not a whole number from 1 to 65535\n"


@pytest.mark.parametrize("value", ["0", "257", "abc", "2.5", "1e2", "0x2", "9" * 30])
def test_number_of_workers_that_is_none(active: Path, value: str):
    done = run(STARTUP, env=environment(VIRTUAL_ENV=active, WEB_CONCURRENCY=value))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "startup.sh: WEB_CONCURRENCY is not a whole number from 1 to 256\n"


def test_folder_of_counters_that_is_none(active: Path, tmp_path: Path):
    done = run(
        STARTUP, env=environment(VIRTUAL_ENV=active, PROMETHEUS_MULTIPROC_DIR=tmp_path / "a")
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == "startup.sh: PROMETHEUS_MULTIPROC_DIR is not a folder that can be written\n"
    )


def test_empty_settings_are_not_set(active: Path, tmp_path: Path):
    names = ["PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"]
    _, kept = server(active, PROMETHEUS_MULTIPROC_DIR=tmp_path, **dict.fromkeys(names, ""))
    assert not kept.keys() & set(names)
    given = {"PORT": "65535", "WEB_CONCURRENCY": "256", "FORWARDED_ALLOW_IPS": "*"}
    _, kept = server(active, PROMETHEUS_MULTIPROC_DIR=tmp_path, **given)
    assert {name: kept[name] for name in names} == given


def test_settings_of_the_server_stop_no_command(active: Path):
    done = run(STARTUP, "echo", "done", env=environment(VIRTUAL_ENV=active, PORT="abc"))
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_command_gets_its_arguments_and_passes_its_exit_code_on(active: Path):
    program = "import sys; print(sys.argv[1:]); sys.exit(7)"
    done = run(STARTUP, "python", "-c", program, "a b", "--c", env=environment(VIRTUAL_ENV=active))
    assert (done.returncode, done.stdout, done.stderr) == (7, "['a b', '--c']\n", "")


def test_command_runs_in_the_folder_however_it_was_reached(active: Path, tmp_path: Path):
    (tmp_path / "a link").symlink_to(ROOT)
    for startup in [STARTUP, tmp_path / "a link/startup.sh"]:
        done = run(
            startup,
            *["sh", "-c", 'pwd; echo "$RESSOURCES_DIR"'],
            cwd=tmp_path,
            env=environment(VIRTUAL_ENV=active, RESSOURCES_DIR="mine"),
        )
        assert done.stdout.splitlines() == [str(ROOT), f"{tmp_path}/mine"]


def test_unknown_command(active: Path):
    done = run(STARTUP, "no-such-command", env=environment(VIRTUAL_ENV=active))
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


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A copy of the folder, where python3.11 makes an environment whose pip notes its calls."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    for file in ["startup.sh", "requirements.txt", "requirements-dev.txt"]:
        shutil.copy(ROOT / file, folder)
    script(
        tmp_path / "machine/python3.11",
        f'if [ "$1 $2" != "-m venv" ]; then exec "{sys.executable}" "$@"; fi',
        'mkdir -p "$3/bin"',
        'echo "command = python3.11 -m venv $3" >"$3/pyvenv.cfg"',
        f'cp "{tmp_path}/python" "$3/bin/python"',
    )
    script(
        tmp_path / "python",
        f'noted="{tmp_path}/noted" have="$(dirname "$0")/have"',
        'case "$*" in',
        '*"-m pip --version") ;;',
        '*"-m pip install"*)',
        '    for last; do :; done; echo "$last" >>"$noted"; echo "$last" >"$have"',
        f'    [ ! -e "{tmp_path}/fails" ];;',
        '*importlib.metadata*) for last; do :; done; [ "$(cat "$have" 2>/dev/null)" = "$last" ];;',
        f'*libgomp*) [ ! -e "{tmp_path}/no libgomp" ];;',
        f'*) exec "{sys.executable}" "$@";;',
        "esac",
    )

    def start(*command: str, **changes: str | Path) -> subprocess.CompletedProcess[str]:
        path = f"{tmp_path}/machine:/usr/bin:/bin"
        return run(folder / "startup.sh", *command, env=environment(PATH=path, **changes))

    return start


def noted(tmp_path: Path) -> list[str]:
    return (tmp_path / "noted").read_text().splitlines()


def test_first_start_installs_and_the_second_does_not(fresh, tmp_path: Path):
    first, second = fresh("sh", "-c", 'echo "$VIRTUAL_ENV"'), fresh("true")
    venv = f"{tmp_path}/a folder/.venv"
    assert (first.returncode, first.stdout) == (0, f"{venv}\n")
    assert first.stderr == (
        f"startup.sh: installing requirements-dev.txt into {venv}, once;"
        " this takes a minute or two\n"
    )
    assert (second.returncode, second.stderr) == (0, "")
    assert noted(tmp_path) == ["requirements-dev.txt"]


def test_install_cut_short_is_made_again(fresh, tmp_path: Path):
    (tmp_path / "fails").touch()
    assert fresh("true").returncode == 1
    (tmp_path / "fails").unlink()
    again = fresh("true")
    assert again.returncode == 0
    assert again.stderr.startswith("startup.sh: making .venv again\n")
    assert noted(tmp_path) == ["requirements-dev.txt"] * 2


def test_environment_that_came_with_a_copied_folder_is_made_again(fresh, tmp_path: Path):
    assert fresh("true").returncode == 0
    made = tmp_path / "a folder/.venv/pyvenv.cfg"
    made.write_text("command = python3.11 -m venv /elsewhere/.venv\n")
    assert fresh("true").stderr.startswith("startup.sh: making .venv again\n")
    assert made.read_text() == f"command = python3.11 -m venv {tmp_path}/a folder/.venv\n"


UNUSABLE = (
    "startup.sh: {venv} is not of Python 3.11, or is of another folder:"
    " remove it, or activate another\n"
)


def test_environment_of_the_users_is_never_removed(fresh, tmp_path: Path):
    venv = tmp_path / "a folder/.venv"
    script(venv / "bin/python", "exit 1")
    (venv / "theirs").touch()
    done = fresh("true")
    assert (done.returncode, done.stderr) == (1, UNUSABLE.format(venv=venv))
    assert (venv / "theirs").exists()


def test_usable_environment_of_the_users_is_installed_into(fresh, tmp_path: Path):
    assert fresh("true").returncode == 0
    venv = tmp_path / "a folder/.venv"
    (venv / ".made-by-startup.sh").unlink()
    (venv / "theirs").touch()
    (venv / "bin/have").unlink()
    (tmp_path / "fails").touch()
    assert fresh("true").returncode == 1
    (tmp_path / "fails").unlink()
    done = fresh("true")  # begun before, and not ended
    assert (done.returncode, "making .venv again" in done.stderr) == (0, False)
    assert (venv / "theirs").exists()
    (venv / "pyvenv.cfg").write_text("command = python3.11 -m venv /elsewhere/.venv\n")
    done = fresh("true")
    assert (done.returncode, done.stderr) == (1, UNUSABLE.format(venv=venv))
    assert (venv / "theirs").exists()


def test_active_environment_without_a_python_is_not_used(fresh, tmp_path: Path):
    done = fresh("sh", "-c", 'echo "$VIRTUAL_ENV"', VIRTUAL_ENV=tmp_path / "gone")
    assert done.stdout == f"{tmp_path}/a folder/.venv\n"
    assert f"the active environment {tmp_path}/gone has no python" in done.stderr


def test_python_3_11_is_needed(fresh, tmp_path: Path):
    for name in ["python3.11", "python3"]:
        script(tmp_path / "machine" / name, "exit 1")
    done = fresh()
    assert (done.returncode, done.stderr) == (
        1,
        "startup.sh: Python 3.11 is needed, and neither python3.11 nor python3 is that\n",
    )
    assert not (tmp_path / "a folder/.venv").exists()


def test_venv_module_is_needed(fresh, tmp_path: Path):
    script(tmp_path / "machine/python3.11", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = fresh()
    assert (done.returncode, done.stderr) == (
        1,
        "startup.sh: python3.11 has no venv module;"
        " on Debian and Ubuntu: apt-get install python3.11-venv\n",
    )


APT = ["update -qq", "install -qq -y --no-install-recommends libgomp1"]


def without_libgomp(tmp_path: Path, install: str) -> None:
    """No libgomp, and an apt whose installation does something."""
    (tmp_path / "no libgomp").touch()
    script(tmp_path / "machine/sudo", '[ "$1" = -n ] && shift && exec "$@"')
    script(
        tmp_path / "machine/apt-get",
        f'echo "$*" >>"{tmp_path}/apt"; echo chatter; [ "$1" = update ] && exit 0',
        install,
    )


@pytest.mark.parametrize("command", [["echo", "started"], []], ids=["command", "server"])
def test_start_ends_with_one_line_where_libgomp_cannot_be_installed(
    fresh, tmp_path: Path, command: list[str]
):
    without_libgomp(tmp_path, "echo E: no such package >&2; exit 100")
    done = fresh(*command)
    assert (done.returncode, done.stdout) == (1, "")
    assert (tmp_path / "apt").read_text().splitlines() == APT
    assert done.stderr.splitlines()[-3:] == [
        "startup.sh: installing libgomp1, which LightGBM needs",
        "E: no such package",
        "startup.sh: libgomp1 is missing, and could not be installed;"
        " as root: apt-get install libgomp1",
    ]


@pytest.mark.parametrize("code", [0, 100])
def test_start_goes_on_where_libgomp_is_there_afterwards(fresh, tmp_path: Path, code: int):
    without_libgomp(tmp_path, f'rm "{tmp_path}/no libgomp"; exit {code}')
    done = fresh("echo", "started")
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert (tmp_path / "apt").read_text().splitlines() == APT


def test_startup_is_executable_and_has_unix_line_ends():
    assert os.access(STARTUP, os.X_OK)
    assert b"\r" not in STARTUP.read_bytes()


# What is deployed, served and checked by the workflow's own last step


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
def deployed(artifact: Path) -> Iterator[str]:
    """The address of a server of just those files, started as Azure does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def check(address: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = STEPS["deploy"][-1]["run"]
    return run(sys.executable, "-c", program, cwd=cwd, env=environment(URL=address, PATIENCE="0"))


def test_deployed_files_serve_and_the_check_accepts_them(deployed: str, artifact: Path):
    done = check(deployed, artifact)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_refuses_another_model(deployed: str, tmp_path: Path):
    other = tmp_path / "service/ressources/model.joblib"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another model")
    done = check(deployed, tmp_path)
    assert done.returncode == 1
    assert hashlib.sha256(b"another model").hexdigest() in done.stderr
    real = (ROOT / "ressources/model.joblib").read_bytes()
    assert hashlib.sha256(real).hexdigest() in done.stderr


def test_check_refuses_silence(artifact: Path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        done = check(f"http://127.0.0.1:{closed.getsockname()[1]}", artifact)
    assert done.returncode == 1
    assert "Connection refused" in done.stderr


# .ci/run


@pytest.fixture
def gate(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """.ci/run beside a start script that does nothing, on a machine of fake commands."""
    (tmp_path / ".ci").mkdir()
    text = (ROOT / ".ci/run").read_text()
    assert text.count("/usr/sbin:/usr/bin:/sbin:/bin") == 1
    text = text.replace("/usr/sbin:/usr/bin:/sbin:/bin", f"{tmp_path}/bin")
    (tmp_path / ".ci/run").write_text(text)
    for tool in ["bash", "sh", "dirname", "tr", "env", "cat", "touch", "chmod"]:
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    script(tmp_path / "startup.sh", 'echo "$*"')
    for tool in ["python3.11", "google-chrome", "ps"]:
        script(tmp_path / "bin" / tool, "exit 0")

    def start(user: int) -> subprocess.CompletedProcess[str]:
        script(tmp_path / "bin/id", f"echo {user}")
        return run(shutil.which("bash"), tmp_path / ".ci/run", env={"PATH": str(tmp_path / "bin")})

    return start


def apt(tmp_path: Path, installs: bool) -> None:
    wrk = tmp_path / "bin/wrk"
    script(
        tmp_path / "bin/apt-get",
        f'echo "$*" >>"{tmp_path}/apt"',
        f'[ "$1" = update ] || {{ {str(installs).lower()} && touch "{wrk}" && chmod +x "{wrk}"; }}',
    )


@pytest.mark.parametrize("user", [0, 1000])
def test_gate_installs_what_is_missing(gate, tmp_path: Path, user: int):
    apt(tmp_path, installs=True)
    script(
        tmp_path / "bin/sudo",
        f'[ "$1" = -n ] && shift && echo sudo >>"{tmp_path}/apt" && exec "$@"',
    )
    done = gate(user)
    assert done.returncode == 0, done.stderr
    called = ["update -q", "install -q -y --no-install-recommends wrk"]
    as_other = [line for call in called for line in ("sudo", call)]
    assert (tmp_path / "apt").read_text().splitlines() == (as_other if user else called)
    assert done.stdout.splitlines() == ["ruff format --check", "ruff check", "mypy", "pytest"]


@pytest.mark.parametrize("user", [0, 1000])
def test_gate_is_red_where_a_part_is_missing(gate, tmp_path: Path, user: int):
    apt(tmp_path, installs=False)
    done = gate(user)
    assert done.returncode != 0
    assert done.stdout == ""


def test_gate_installs_nothing_where_all_is_there(gate, tmp_path: Path):
    script(tmp_path / "bin/wrk", "exit 0")
    done = gate(1000)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "apt").exists()
