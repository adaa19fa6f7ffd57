"""SQLite: the file, its place, its log, and other processes."""

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from sqlalchemy import delete, exc, text

from register.commands.migrate import migrate
from register.database.database import CommitUnknown
from register.database.file import file_system
from register.database.file.file_system import file_system_number
from register.database.file.place import is_sound
from register.database.file.transaction_lock import TransactionLock
from register.database.opening import open_database
from register.database.sqlite import SQLite
from register.errors import RegisterAway, UnusableRegister
from register.tables import schema
from tests.register.database.rows import add, row, rows, stored
from tests.support.servers.processes import ROOT
from tests.support.servers.server import wait_for

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a register with tables."""
    path = tmp_path / "register.db"
    with closing(SQLite(path)) as database:
        list(migrate(database))
    return path


@pytest.fixture
def register(path: Path):
    """The register in that file, open."""
    with closing(SQLite(path)) as database:
        yield database


def test_a_missing_file_is_not_made(tmp_path: Path):
    with closing(SQLite(tmp_path / "register.db")) as database:
        with pytest.raises(UnusableRegister) as raised:
            database.check()
        with pytest.raises(RegisterAway) as away, database.reading():
            pass
        with pytest.raises(RegisterAway, match="cannot be opened"), database.writing():
            pass
    assert str(raised.value) == (
        f"{tmp_path}/register.db does not exist: run ./startup.sh python -m register migrate"
    )
    assert str(away.value) == "the register's file: it cannot be opened"
    assert not (tmp_path / "register.db").exists()


def test_a_missing_folder_is_not_made(tmp_path: Path):
    with closing(SQLite(tmp_path / "missing/register.db")) as database:
        for operation in (database.check, database.create):
            with pytest.raises(UnusableRegister, match=f"^{tmp_path}/missing does not exist$"):
                operation()
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_refused(tmp_path: Path):
    (tmp_path / "register.db").write_bytes(b"no database" * 1000)
    with (
        closing(SQLite(tmp_path / "register.db")) as database,
        pytest.raises(RegisterAway, match="it is not a database"),
    ):
        database.check()


def test_only_the_owner_reads_the_files(register: SQLite):
    add(register, schema.review, rows(schema.review, 1))
    names = {file.name: file.stat().st_mode & 0o777 for file in register.path.parent.iterdir()}
    assert names == {f"register.db{end}": 0o600 for end in ("", "-lock", "-shm", "-wal")}


def test_settings_of_a_connection(register: SQLite):
    settings = {
        "journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1,
        "page_size": 16384,
    }  # fmt: skip
    with register.writing() as connection:
        for name, value in settings.items():
            assert connection.scalar(text(f"PRAGMA {name}")) == value


def test_another_journal_is_refused_until_the_next_migration(register: SQLite):
    register.check()
    register.close()
    with closing(sqlite.connect(str(register.path))) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    with pytest.raises(UnusableRegister, match=" is not in WAL mode: run "):
        register.check()
    list(migrate(register))
    register.check()


def test_a_network_file_system_is_refused(register: SQLite, monkeypatch: pytest.MonkeyPatch):
    assert file_system_number(Path("/proc")) == 0x9FA0  # PROC_SUPER_MAGIC
    own = file_system_number(register.path)
    assert own not in file_system.NETWORK_FILE_SYSTEMS
    monkeypatch.setitem(file_system.NETWORK_FILE_SYSTEMS, own, "SMB")
    for operation in (register.check, register.create):
        with pytest.raises(UnusableRegister) as raised:
            operation()
        assert str(raised.value) == (
            f"{register.path} lies on a network file system (SMB), where SQLite loses data: take a"
            " local disk, or PostgreSQL with REGISTER_URL=postgresql://…"
        )


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False),
        ((3, 50, 6), False), ((3, 50, 7), True), ((3, 51, 0), False), ((3, 51, 2), False),
        ((3, 51, 3), True), ((3, 53, 4), True), ((4, 0, 0), True),
    ],
)  # fmt: skip
def test_versions_that_may_corrupt_the_file(version: tuple[int, ...], sound: bool):
    assert is_sound(version) == sound


def test_a_relative_path_starts_at_the_folder_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    database = open_database("sqlite:///some/register.db")
    assert isinstance(database, SQLite)
    assert database.path == ROOT / "some/register.db"


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [("max_page_count = 1", "no space is left"), ("query_only = ON", "it is read-only")],
)
def test_a_file_that_cannot_grow(register: SQLite, pragma: str, reason: str):
    big = [row(schema.note, text="x" * 1_000_000)]

    def write() -> None:
        with register.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA {pragma}")
            register.insert(connection, schema.note, big)

    with pytest.raises(RegisterAway) as raised:
        write()
    assert not isinstance(raised.value, CommitUnknown)
    assert str(raised.value) == f"the register's file: {reason}"
    register.writer.dispose()  # the pragma was of that connection
    add(register, schema.note, big)
    with register.reading() as connection:
        assert stored(connection, schema.note) == big


def test_a_disk_that_fails_in_commit(register: SQLite):
    some = rows(schema.review, 3)

    def write() -> None:
        with register.writing() as connection:
            register.insert(connection, schema.review, some)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))  # bytes of a file

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(CommitUnknown) as raised:
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(raised.value) == "the register's file: reading or writing failed"
    add(register, schema.review, some)
    with register.reading() as connection:
        assert stored(connection, schema.review) == some


def test_a_lock_that_another_process_keeps(register: SQLite):
    other = TransactionLock(register.path.with_name("register.db-lock"))
    began = time.monotonic()
    with other.held(1), pytest.raises(RegisterAway) as raised, register.writing(0.3):
        pass
    assert time.monotonic() - began >= 0.3
    assert str(raised.value) == "another process holds the register's lock"
    add(register, schema.review, rows(schema.review, 1))
    with register.reading() as connection:
        assert len(stored(connection, schema.review)) == 1


def test_a_lock_of_sqlite_that_another_process_keeps(register: SQLite):
    with closing(sqlite.connect(str(register.path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegisterAway) as raised, register.writing():
            pass
    assert str(raised.value) == "the register's file: another process holds it"


def test_an_operation_that_is_cut(register: SQLite):
    def write() -> None:
        with register.writing() as connection:
            register.insert(connection, schema.review, rows(schema.review, 1))
            connection.execute(text(LONG))

    def is_cut() -> bool:
        register.cut()
        return written.done()

    register.cut()  # nothing runs
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        wait_for(is_cut)
    with pytest.raises(RegisterAway, match="the register's file: an operation took too long"):
        written.result()
    register.cut()
    add(register, schema.review, rows(schema.review, 2))
    with register.reading() as connection:
        assert len(stored(connection, schema.review)) == 2


def test_a_fault_that_commit_finds_is_no_outage(register: SQLite):
    def write() -> None:
        with register.writing() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            register.insert(connection, schema.decision, [row(schema.decision, bundle=7)])

    with pytest.raises(exc.IntegrityError):
        write()
    with register.reading() as connection:
        assert stored(connection, schema.decision) == []


def test_erased_rows_leave_the_files(register: SQLite):
    mark = b"what must be forgotten"
    some = [row(schema.evidence, record=mark * 50) for _ in range(20)]
    add(register, schema.evidence, some)
    assert any(mark in file.read_bytes() for file in register.path.parent.iterdir())
    with register.maintenance() as connection:
        connection.execute(delete(schema.evidence))
    register.checkpoint()
    assert not any(mark in file.read_bytes() for file in register.path.parent.iterdir())
    add(register, schema.evidence, some[:1])


def test_a_reading_keeps_the_log(register: SQLite):
    add(register, schema.review, rows(schema.review, 1))
    with register.reading() as connection:
        assert len(stored(connection, schema.review)) == 1
        add(register, schema.review, rows(schema.review, 1))
        with pytest.raises(RegisterAway) as raised:
            register.checkpoint()
    assert str(raised.value) == "a reading keeps the register's log from being emptied"
    register.checkpoint()


KILLED = """
import os, signal, sys
from pathlib import Path
from register.tables import schema
from register.database.sqlite import SQLite
from tests.register.database.rows import add, rows

database = SQLite(Path(sys.argv[1]))
add(database, schema.review, rows(schema.review, 3))
with database.writing() as connection:
    database.insert(connection, schema.review, rows(schema.review, 500))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_in_a_transaction(register: SQLite):
    done = subprocess.run([sys.executable, "-c", KILLED, register.path], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    with register.reading() as connection:  # of a connection that cannot write
        assert len(stored(connection, schema.review)) == 3
    register.check()
    add(register, schema.review, rows(schema.review, 1))
    with register.reading() as connection:
        assert len(stored(connection, schema.review)) == 4


def test_no_file_is_left_open(path: Path):
    def open_files() -> set[str]:
        links = Path("/proc/self/fd").iterdir()
        return {os.readlink(link) for link in links if link.is_symlink()}  # noqa: PTH115

    with closing(SQLite(path)) as database:
        add(database, schema.review, rows(schema.review, 1))
        database.check()
        assert str(path) in open_files()
    assert not {name for name in open_files() if name.startswith(str(path))}
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "register.db",
        "register.db-lock",
    ]
