"""A PostgreSQL server of the tests' own, on loopback, in a temporary folder."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from typing import Self

import psycopg

from tests.support.servers.server import HOST, Failed, children, free_port, wait_for

DEBIAN = Path("/usr/lib/postgresql")  # a folder for each major version
USER = "keeper"
PASSWORD = "only-for-tests"  # noqa: S105
START_SECONDS = 60
SETTINGS = {
    "listen_addresses": HOST,
    "log_checkpoints": "off",
    "max_connections": "50",
    "shared_buffers": "32MB",
    "unix_socket_directories": "",
}


@cache
def programs() -> Path | None:
    """The folder of initdb and postgres; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres", path=str(Path(found).parent)):
        return Path(found).parent
    versions = [file.parent for file in DEBIAN.glob("*/bin/initdb")]
    return max(versions, key=lambda folder: float(folder.parent.name), default=None)


MISSING = "PostgreSQL is not installed: apt-get install postgresql"


class Cluster:
    """A server that runs from `with` to the end of its block; databases are made by `database`."""

    def __init__(self, durable: bool = False) -> None:
        """Make the files.

        Args:
            durable: true to let it wait for the disk and clean up, as outside of tests.
        """
        folder = programs()
        assert folder, MISSING
        self.programs = folder
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self.log_file = self.folder / "log"
        self._numbers = count(1)
        # PostgreSQL refuses to run as root.
        owner = None
        if os.geteuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            owner = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._as_owner = (
            {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
        )
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self.data = self.folder / "data"
        done = subprocess.run(
            [self.programs / "initdb", "--pgdata", self.data, "--no-sync", "--username", USER,
             "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8",
             "--locale", "C"],
            cwd=self.folder, capture_output=True, text=True, **self._as_owner,
        )  # fmt: skip
        if done.returncode:
            raise Failed(done.stderr)
        settings = SETTINGS | {"port": self.port}
        if not durable:
            settings |= {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and remove its files, which need not be written to the disk first."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self._as_owner,
            )  # fmt: skip
        wait_for(self._answers, START_SECONDS)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise Failed(self.log_file.read_text())
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Stop it; its clients lose their connections."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(START_SECONDS)

    def kill(self) -> None:
        """End all its processes at once, as a power failure would."""
        if self.process.poll() is not None:
            return
        # Each has a session of its own. Without the first one the others are not started again.
        others = children(self.process.pid)
        for pid in (self.process.pid, *others):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not any(map(is_running, others)))

    def url(self, database: str, user: str = USER, port: int | None = None) -> str:
        """The URL of a database; the port may be that of a proxy."""
        return f"postgresql://{user}:{PASSWORD}@{HOST}:{port or self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run one statement, outside a transaction."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement)

    def database(self, template: str = "template1") -> str:
        """The name of a new database.

        Args:
            template: the database that it is a copy of.
        """
        name = f"register_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name


def is_running(pid: int) -> bool:
    """True if a process did not end."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(") ")[2][0] not in "ZX"
