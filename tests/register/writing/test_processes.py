"""Several processes write to one register, and one of them is killed."""

import signal
import subprocess
import sys
from uuid import UUID

from register.database.database import Database
from register.tables import schema
from tests.register.writing.entries import count, recorded
from tests.support.servers.processes import ROOT
from tests.support.servers.server import wait_for

CALLS = 150


def begun(url: str, bundle: int, calls: int) -> subprocess.Popen[str]:
    """A process that writes; see `one_process`."""
    command = [sys.executable, "-m", "tests.register.writing.one_process", url, str(bundle)]
    return subprocess.Popen([*command, str(calls)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def acknowledged(process: subprocess.Popen[str]) -> list[UUID]:
    """Ids that a process was told are recorded."""
    assert process.stdout
    with process:
        return [UUID(line.strip()) for line in process.stdout if line.endswith("\n")]


def test_two_processes_write_to_one_register(
    register_url: str, database: Database, bundle: int
) -> None:
    processes = [begun(register_url, bundle, CALLS) for _ in range(2)]
    told = [id_ for process in processes for id_ in acknowledged(process)]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(told) == 2 * CALLS
    assert sorted(told) == sorted(recorded(database))
    assert count(database, schema.stream) == 2


def test_a_killed_process_loses_nothing_that_it_acknowledged(
    register_url: str, database: Database, bundle: int
) -> None:
    killed, other = (begun(register_url, bundle, calls) for calls in (10**9, CALLS))
    wait_for(lambda: count(database, schema.decision) > 2 * CALLS)
    killed.send_signal(signal.SIGKILL)
    told = acknowledged(killed)
    told += acknowledged(other)
    assert (killed.returncode, other.returncode) == (-signal.SIGKILL, 0)
    assert len(told) > CALLS
    wait_for(lambda: set(told) <= set(recorded(database)))
    decisions = count(database, schema.decision)
    assert count(database, schema.evidence) == decisions
    assert count(database, schema.audit) == 2 * decisions
