"""The process that computes figures: its options, priority, secrets, limits and end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.register.monitoring_query import FiguresQuery, this_month
from register.errors import FiguresAway
from register.priority import NICENESS
from register.settings import RegisterSettings
from service.recording.monitoring import figures_command
from service.recording.monitoring.figures_command import FiguresCommand, arguments, reason
from serving.workers.gunicorn_worker import thread_beside
from tests.service.recording.asking import PEPPER
from tests.support.registers.postgresql import PASSWORD, USER, Cluster, is_running
from tests.support.servers.server import HOST, children, free_port, wait_for
from tests.support.servers.stopped_proxy import StoppedProxy

QUERY = FiguresQuery()
LONG = 600.0
AWAY = "^the figures cannot be computed now: the log says why$"


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    """A thread such as the service has for figures."""
    with thread_beside("figures") as thread:
        yield thread


@pytest.fixture
def hung_command(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[FiguresCommand]:
    """The command on a register whose database hangs, in an environment with secrets."""
    monkeypatch.setenv("API_KEY", "key-of-the-bank")
    monkeypatch.setenv("REGISTER_PEPPER", PEPPER)
    with StoppedProxy(cluster.port) as proxy:
        proxy.stop()
        # The timeout is longer than the tests, so that the process does not end of its own.
        yield command(cluster.url("postgres", port=proxy.port) + "?connect_timeout=120")


def command(url: str) -> FiguresCommand:
    return FiguresCommand(RegisterSettings(register_url=SecretStr(url)))


def running_child() -> int:
    """The process of `figures` that this one has started last."""
    (*_, pid) = wait_for(
        lambda: [pid for pid in children(os.getpid()) if b"\0figures\0" in command_line(pid)]
    )
    return pid


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_options_of_a_query():
    assert arguments(QUERY) == ["--by", "month"]
    query = {"by": "week", "from": "2026-01-01", "to": "2026-03-31T13:05:01.5Z", "features": "1"}
    assert arguments(FiguresQuery.read(query)) == [
        "--by", "week", "--from", "2026-01-01T00:00:00+00:00",
        "--to", "2026-03-31T13:05:01.500000+00:00", "--features",
    ]  # fmt: skip


@pytest.mark.parametrize("to", ["2026-03-31", "2099-10-31", None])
def test_options_of_a_query_for_groups(to: str | None):
    """The month that goes on is left out."""
    query = {"by": "group", "group": "-sex", "from": "2026-01-01"}
    end = (
        min(datetime(2026, 4, 1, tzinfo=UTC), this_month()) if to == "2026-03-31" else this_month()
    )
    assert arguments(FiguresQuery.read(query | ({} if to is None else {"to": to}))) == [
        "--by", "group", "--from", "2026-01-01T00:00:00+00:00", "--to", end.isoformat(),
        "--group=-sex",
    ]  # fmt: skip


def test_the_process_has_the_lowest_priority_and_no_secret_but_the_url(
    hung_command: FiguresCommand, thread: ThreadPoolExecutor
):
    running = thread.submit(hung_command.run, QUERY, LONG)
    pid = running_child()
    wait_for(lambda: os.sched_getscheduler(pid) == os.SCHED_IDLE)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    assert int(fields[16]) == NICENESS
    line = command_line(pid)
    assert line.split(b"\0")[1:] == [
        b"-m", b"register", b"figures", b"--by", b"month", b"--with-parent", b"",
    ]  # fmt: skip
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    variables = dict(pair.split("=", 1) for pair in pairs if pair)
    assert f"{USER}:{PASSWORD}@" in variables["REGISTER_URL"]
    assert variables["PERFORMANCE_MONTHS"] == "12"
    assert not {"API_KEY", "REGISTER_PEPPER"} & variables.keys()
    hung_command.stop()
    with pytest.raises(FiguresAway, match=r"^the service stops$"):
        running.result(60)
    assert not is_running(pid)
    with pytest.raises(FiguresAway, match=r"^the service stops$"):
        hung_command.run(QUERY, LONG)


def test_a_database_that_hangs_ends_the_process_after_a_limit(
    hung_command: FiguresCommand, thread: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
):
    running = thread.submit(hung_command.run, QUERY, 3.0)
    pid = running_child()
    with pytest.raises(FiguresAway, match=r"^the figures take too long: ask for a shorter period$"):
        running.result(60)
    assert not is_running(pid)
    assert [record.getMessage() for record in caplog.records] == [
        "figures of the register: take too long"
    ]


def test_an_answer_that_is_too_large(
    sqlite_register: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(figures_command, "MOST_BYTES", 1_000)
    with pytest.raises(FiguresAway, match=r"^the figures are too large: ask for a shorter period$"):
        command(sqlite_register).run(QUERY, LONG)
    assert [record.getMessage() for record in caplog.records] == [
        "figures of the register: are too large"
    ]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://{user}:hunter2@{host}:{port}/none", "nothing listens at its address"),
        ("postgresql://{user}:hunter2@{host}:{server}/postgres", "password"),
        ("sqlite:////none/register.db", "does not exist"),
    ],
)
def test_a_failure_is_one_line_of_the_log_without_a_secret(
    cluster: Cluster, url: str, told: str, caplog: pytest.LogCaptureFixture
):
    address = url.format(user=USER, host=HOST, port=free_port(), server=cluster.port)
    with pytest.raises(FiguresAway, match=AWAY):
        command(address).run(QUERY, LONG)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("figures of the register: ")
    assert told in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise KeyError('Grete')", "KeyError in <string>, line 1"),
        ("try:\n 1/0\nexcept ZeroDivisionError:\n raise ValueError('a\\nGrete: b')",
         "ValueError in <string>, line 4"),
        ("import json\njson.loads('[Grete')", "json.decoder.JSONDecodeError in decoder.py"),
        ("import sys\nsys.exit('Grete')", "ended with code 1"),
        ("import os\nos.kill(os.getpid(), 9)", "ended by signal 9"),
        ("import sys\nsys.exit('register: the\\nregister: database is away')", "database is away"),
    ],
)  # fmt: skip
def test_the_reason_of_a_failure_has_no_value(code: str, told: str):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    found = reason(done.returncode, done.stderr)
    if "decoder.py" in told:
        found = found.replace(str(Path(os.__file__).parent / "json") + "/", "")
        assert found.startswith(told)
    else:
        assert found == told
    assert "Grete" not in found


def test_the_command_needs_only_what_is_deployed():
    """Neither the portfolio nor the libraries of other commands are there."""
    code = "import register.commands.figures, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"register", "credit_scoring", "numpy"} <= tops
    assert not {"alembic", "dask", "distributed", "matplotlib", "portfolio"} & tops
