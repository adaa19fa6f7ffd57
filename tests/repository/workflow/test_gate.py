""".ci/run, on a machine of fake commands."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository.startup_command import script
from tests.support.commands import run
from tests.support.servers.server import ROOT


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
    for tool in ["python3.11", "google-chrome", "ps", "initdb", "promtool"]:
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
    assert done.stdout.splitlines() == [
        "ruff format --check",
        "ruff check",
        "mypy",
        "lint-imports --no-logo",
        "pytest",
        "python -m venv --clear .venv-service",
        ".venv-service/bin/python -m pip install --quiet -r requirements/test.txt",
        ".venv-service/bin/python -m pytest"
        " test_main.py tests/api tests/credit_scoring tests/serving",
    ]


@pytest.mark.parametrize("user", [0, 1000])
def test_gate_is_red_where_a_part_is_missing(gate, tmp_path: Path, user: int):
    apt(tmp_path, installs=False)
    done = gate(user)
    assert done.returncode != 0
    assert done.stdout == ""


@pytest.mark.parametrize("tests", ["pytest", ".venv-service/bin/python -m pytest"])
def test_gate_is_red_where_tests_are(gate, tmp_path: Path, tests: str):
    script(tmp_path / "bin/wrk", "exit 0")
    script(tmp_path / "startup.sh", 'echo "$*"', f'case "$*" in "{tests}"*) exit 3 ;; esac')
    done = gate(1000)
    assert (done.returncode, done.stderr) == (3, "")
    assert tests in done.stdout


def test_gate_installs_nothing_where_all_is_there(gate, tmp_path: Path):
    script(tmp_path / "bin/wrk", "exit 0")
    done = gate(1000)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "apt").exists()


def test_gate_installs_a_server_for_the_register(gate, tmp_path: Path):
    """Debian has its programs in a folder for each version, outside PATH."""
    text = (tmp_path / ".ci/run").read_text()
    assert text.count("/usr/lib/postgresql/") == 1
    (tmp_path / ".ci/run").write_text(text.replace("/usr/lib/postgresql/", f"{tmp_path}/server/"))
    script(tmp_path / "bin/wrk", "exit 0")
    (tmp_path / "bin/initdb").unlink()
    script(
        tmp_path / "bin/apt-get",
        f'echo "$*" >>"{tmp_path}/apt"',
        f'initdb="{tmp_path}/server/15/bin/initdb"',
        f'mkdir() {{ {shutil.which("mkdir")} "$@"; }}',
        'mkdir -p "${initdb%/*}" && touch "$initdb" && chmod +x "$initdb"',
    )
    done = gate(0)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "apt").read_text().splitlines() == [
        "update -q",
        "install -q -y --no-install-recommends postgresql",
    ]


@pytest.mark.parametrize("user", [0, 1000])
def test_gate_takes_promtool_out_of_its_package_without_installing_that(
    gate, tmp_path: Path, user: int
):
    """The installed package would start a server."""
    text = (tmp_path / ".ci/run").read_text()
    assert text.count("/usr/local/bin/promtool") == 1
    (tmp_path / ".ci/run").write_text(text.replace("/usr/local/bin/", f"{tmp_path}/bin/"))
    for tool in ["mktemp", "rm", "install"]:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    script(tmp_path / "bin/wrk", "exit 0")
    (tmp_path / "bin/promtool").unlink()
    script(
        tmp_path / "bin/sudo",
        f'[ "$1" = -n ] && shift && echo sudo >>"{tmp_path}/apt" && exec "$@"',
    )
    script(
        tmp_path / "bin/apt-get",
        f'echo "$*" >>"{tmp_path}/apt"',
        '[ "$1" = update ] || echo "a package" >prometheus_2.42_amd64.deb',
    )
    script(
        tmp_path / "bin/dpkg-deb",
        '[ "$(cat "$2")" = "a package" ]',
        f'{shutil.which("mkdir")} -p "$3/usr/bin" && echo "a program" >"$3/usr/bin/promtool"',
    )
    done = gate(user)
    assert done.returncode == 0, done.stderr
    as_other = ["sudo", "update -q", "download -q prometheus", "sudo"]
    assert (tmp_path / "apt").read_text().splitlines() == (as_other if user else as_other[1:3])
    assert (tmp_path / "bin/promtool").read_text() == "a program\n"
