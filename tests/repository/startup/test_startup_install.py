"""startup.sh makes the environment, and removes only environments that it made."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.repository.startup_command import STARTUP, environment, script
from tests.support.commands import run
from tests.support.servers.server import ROOT


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A copy of the folder, where python3.11 makes an environment whose pip notes its calls."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    files = ["startup.sh", "requirements.txt", "requirements/dev.txt", "requirements/register.txt"]
    for file in files:
        (folder / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
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
        f"*contradicts*) exec '{sys.executable}' \"$@\";;",  # what the model needs
        """*"-m pip install"*" -c "*) all="$*"; echo "${all#*install }" >>"$noted";""",
        f'    [ ! -e "{tmp_path}/fails" ];;',
        '*"-m pip install"*)',
        '    for last; do :; done; echo "$last" >>"$noted"; echo "$last" >"$have"',
        f'    [ ! -e "{tmp_path}/fails" ];;',
        '*importlib.metadata*) for last; do :; done; [ "$(cat "$have" 2>/dev/null)" = "$last" ];;',
        f'*libgomp*) [ ! -e "{tmp_path}/no libgomp" ];;',
        f'*) exec "{sys.executable}" "$@";;',
        "esac",
    )

    def run_startup(
        *command: str, cwd: Path | None = None, **changes: str | Path
    ) -> subprocess.CompletedProcess[str]:
        path = f"{tmp_path}/machine:/usr/bin:/bin"
        return run(folder / "startup.sh", *command, cwd=cwd, env=environment(PATH=path, **changes))

    return run_startup


def noted(tmp_path: Path) -> list[str]:
    return (tmp_path / "noted").read_text().splitlines()


def test_first_start_installs_and_the_second_does_not(start, tmp_path: Path):
    first, second = start("sh", "-c", 'echo "$VIRTUAL_ENV"'), start("true")
    venv = f"{tmp_path}/a folder/.venv"
    assert (first.returncode, first.stdout) == (0, f"{venv}\n")
    assert first.stderr == (
        f"startup.sh: installing requirements/dev.txt into {venv}, once;"
        " this takes a minute or two\n"
    )
    assert (second.returncode, second.stderr) == (0, "")
    assert noted(tmp_path) == ["requirements/dev.txt"]


def test_install_cut_short_is_made_again(start, tmp_path: Path):
    (tmp_path / "fails").touch()
    assert start("true").returncode == 1
    (tmp_path / "fails").unlink()
    again = start("true")
    assert again.returncode == 0
    assert again.stderr.startswith("startup.sh: making .venv again\n")
    assert noted(tmp_path) == ["requirements/dev.txt"] * 2


def test_environment_that_came_with_a_copied_folder_is_made_again(start, tmp_path: Path):
    assert start("true").returncode == 0
    made = tmp_path / "a folder/.venv/pyvenv.cfg"
    made.write_text("command = python3.11 -m venv /elsewhere/.venv\n")
    assert start("true").stderr.startswith("startup.sh: making .venv again\n")
    assert made.read_text() == f"command = python3.11 -m venv {tmp_path}/a folder/.venv\n"


UNUSABLE = (
    "startup.sh: {venv} is not of Python 3.11, or is of another folder:"
    " remove it, or activate another\n"
)


def test_environment_of_the_users_is_never_removed(start, tmp_path: Path):
    venv = tmp_path / "a folder/.venv"
    script(venv / "bin/python", "exit 1")
    (venv / "theirs").touch()
    done = start("true")
    assert (done.returncode, done.stderr) == (1, UNUSABLE.format(venv=venv))
    assert (venv / "theirs").exists()


def test_usable_environment_of_the_users_is_installed_into(start, tmp_path: Path):
    assert start("true").returncode == 0
    venv = tmp_path / "a folder/.venv"
    (venv / ".made-by-startup.sh").unlink()
    (venv / "theirs").touch()
    (venv / "bin/have").unlink()
    (tmp_path / "fails").touch()
    assert start("true").returncode == 1
    (tmp_path / "fails").unlink()
    done = start("true")  # begun before, and not ended
    assert (done.returncode, "making .venv again" in done.stderr) == (0, False)
    assert (venv / "theirs").exists()
    (venv / "pyvenv.cfg").write_text("command = python3.11 -m venv /elsewhere/.venv\n")
    done = start("true")
    assert (done.returncode, done.stderr) == (1, UNUSABLE.format(venv=venv))
    assert (venv / "theirs").exists()


def test_active_environment_without_a_python_is_not_used(start, tmp_path: Path):
    done = start("sh", "-c", 'echo "$VIRTUAL_ENV"', VIRTUAL_ENV=tmp_path / "gone")
    assert done.stdout == f"{tmp_path}/a folder/.venv\n"
    assert f"the active environment {tmp_path}/gone has no python" in done.stderr


def test_python_3_11_is_needed(start, tmp_path: Path):
    for name in ["python3.11", "python3"]:
        script(tmp_path / "machine" / name, "exit 1")
    done = start()
    assert (done.returncode, done.stderr) == (
        1,
        "startup.sh: Python 3.11 is needed, and neither python3.11 nor python3 is that\n",
    )
    assert not (tmp_path / "a folder/.venv").exists()


def test_venv_module_is_needed(start, tmp_path: Path):
    script(tmp_path / "machine/python3.11", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = start()
    assert (done.returncode, done.stderr) == (
        1,
        "startup.sh: python3.11 has no venv module;"
        " on Debian and Ubuntu: apt-get install python3.11-venv\n",
    )


# ressources/requirements.txt

OPTIONS = "--quiet --disable-pip-version-check --no-input -c requirements/dev.txt"  # of pip


def model_needs(tmp_path: Path, *lines: str, folder: str = "a folder/ressources") -> Path:
    file = tmp_path / folder / "requirements.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(["# what the model needs", "", *lines, ""]))
    return file


def test_packages_of_the_model_are_installed_under_the_pins(start, tmp_path: Path):
    model_needs(tmp_path, "no-such-package==1.0  # a comment", "Nor_this.one==2.0.post1")
    done = start("echo", "started")
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert done.stderr.splitlines()[1:] == [
        f"startup.sh: installing what the model needs into {tmp_path}/a folder/.venv, once:"
        " no-such-package==1.0 Nor_this.one==2.0.post1"
    ]
    assert noted(tmp_path) == [
        "requirements/dev.txt",
        f"{OPTIONS} no-such-package==1.0 Nor_this.one==2.0.post1",
    ]


def test_packages_of_the_model_that_are_installed_are_left(start, tmp_path: Path):
    model_needs(tmp_path, f"pip=={version('pip')}", f"pandas=={version('pandas')}")
    done = start("echo", "started")
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert noted(tmp_path) == ["requirements/dev.txt"]


def test_development_keeps_its_own_releases(start, tmp_path: Path):
    model_needs(tmp_path, "ruff==0.0.1")
    assert start("echo", "started").stdout == "started\n"
    assert noted(tmp_path) == ["requirements/dev.txt"]


def test_the_folder_of_the_setting_decides_what_the_model_needs(start, tmp_path: Path):
    model_needs(tmp_path, "no-such-package==1.0")
    model_needs(tmp_path, "another-package==1.0", folder="another")
    assert start("true", RESSOURCES_DIR="another", cwd=tmp_path).returncode == 0
    assert noted(tmp_path)[1:] == [f"{OPTIONS} another-package==1.0"]


@pytest.mark.parametrize(
    "line", ["xgboost", "xgboost>=3", "xgboost==3.*", "-r other.txt", "xgboost==3.2.0; a == 1", "é"]
)
def test_a_package_of_the_model_without_a_release_is_refused(start, tmp_path: Path, line: str):
    file = model_needs(tmp_path, "pip==1.0", line)
    done = start("echo", "started", RESSOURCES_DIR=file.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[1:] == [
        f"startup.sh: {file}, line 4: {line!r} is not pinned as in xgboost-cpu==3.2.0"
    ]


def test_a_package_of_the_model_that_contradicts_the_service_is_refused(start, tmp_path: Path):
    model_needs(tmp_path, "scikit_learn==1.5.2")
    done = start("echo", "started")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[1:] == [
        "startup.sh: ressources/requirements.txt, line 3: scikit_learn==1.5.2 contradicts"
        f" requirements.txt, which has {version('scikit-learn')}: leave it out"
    ]


def test_packages_of_the_model_that_cannot_be_installed_end_the_start(start, tmp_path: Path):
    assert start("true").returncode == 0
    model_needs(tmp_path, "no-such-package==1.0")
    (tmp_path / "fails").touch()
    done = start("echo", "started")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        "startup.sh: ressources/requirements.txt: no-such-package==1.0 cannot be installed beside"
        " the packages of requirements/dev.txt"
    )
    (tmp_path / "fails").unlink()
    assert start("echo", "started").stdout == "started\n"


def test_packages_of_a_challenger_are_installed(start, tmp_path: Path):
    file = model_needs(tmp_path, "no-such-package==1.0", folder="challenger")
    assert start("echo", "started", CHALLENGER_DIR=file.parent).stdout == "started\n"
    assert noted(tmp_path)[1:] == [f"{OPTIONS} no-such-package==1.0"]


def test_a_challenger_whose_packages_cannot_be_installed_ends_no_start(start, tmp_path: Path):
    assert start("true").returncode == 0
    file = model_needs(tmp_path, "no-such-package==1.0", folder="challenger")
    (tmp_path / "fails").touch()
    done = start("echo", "started", CHALLENGER_DIR=file.parent)
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert done.stderr.splitlines()[-1] == (
        "startup.sh: the challenger lacks packages: it may not be loaded"
    )


def test_packages_of_the_model_whose_installation_was_cut_are_installed_again(
    start, tmp_path: Path
):
    assert start("true").returncode == 0
    (tmp_path / "a folder/.venv/.incomplete-model").touch()
    model_needs(tmp_path, "no-such-package==1.0")
    assert start("true").returncode == 0
    assert noted(tmp_path)[-1] == f"--force-reinstall {OPTIONS} no-such-package==1.0"
    assert not (tmp_path / "a folder/.venv/.incomplete-model").exists()


# REGISTER_URL


def test_packages_of_the_register_are_installed_for_a_server_that_has_one(start, tmp_path: Path):
    """The pins that are there already are those of the python that runs this test."""
    with (tmp_path / "a folder/requirements/register.txt").open("a") as file:
        file.write("no-such-package==1.0\n    # via nothing\n")
    assert start("true", REGISTER_URL="sqlite:///register.db").returncode == 0
    assert noted(tmp_path)[1:] == [f"{OPTIONS} no-such-package==1.0"]


def test_packages_of_the_register_are_not_installed_without_one(start, tmp_path: Path):
    (tmp_path / "a folder/requirements/register.txt").write_text("no-such-package==1.0\n")
    assert start("true", REGISTER_URL="").returncode == 0
    assert noted(tmp_path) == ["requirements/dev.txt"]


def test_packages_of_the_register_agree_with_those_of_the_service(start, tmp_path: Path):
    """As for a server: where pip would install requirements.txt, the pins hold for both."""
    requirements = tmp_path / "a folder/requirements/dev.txt"
    requirements.write_text((ROOT / "requirements.txt").read_text())
    done = start("true", REGISTER_URL="postgresql://host/database")
    assert done.returncode == 0, done.stderr
    assert "contradicts" not in done.stderr


APT = ["update -qq", "install -qq -y --no-install-recommends libgomp1"]


def without_libgomp(tmp_path: Path, install: str) -> None:
    """Hide libgomp, and let apt's installation run a command."""
    (tmp_path / "no libgomp").touch()
    script(tmp_path / "machine/sudo", '[ "$1" = -n ] && shift && exec "$@"')
    script(
        tmp_path / "machine/apt-get",
        f'echo "$*" >>"{tmp_path}/apt"; echo chatter; [ "$1" = update ] && exit 0',
        install,
    )


@pytest.mark.parametrize("command", [["echo", "started"], []], ids=["command", "server"])
def test_start_ends_with_one_line_if_libgomp_cannot_be_installed(
    start, tmp_path: Path, command: list[str]
):
    without_libgomp(tmp_path, "echo E: no such package >&2; exit 100")
    done = start(*command)
    assert (done.returncode, done.stdout) == (1, "")
    assert (tmp_path / "apt").read_text().splitlines() == APT
    assert done.stderr.splitlines()[-3:] == [
        "startup.sh: installing libgomp1, which LightGBM needs",
        "E: no such package",
        "startup.sh: libgomp1 is missing, and could not be installed;"
        " as root: apt-get install libgomp1",
    ]


@pytest.mark.parametrize("code", [0, 100])
def test_start_goes_on_if_libgomp_has_been_installed(start, tmp_path: Path, code: int):
    without_libgomp(tmp_path, f'rm "{tmp_path}/no libgomp"; exit {code}')
    done = start("echo", "started")
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert (tmp_path / "apt").read_text().splitlines() == APT


def test_startup_is_executable_and_has_unix_line_ends():
    assert os.access(STARTUP, os.X_OK)
    assert b"\r" not in STARTUP.read_bytes()
