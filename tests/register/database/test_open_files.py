"""A file of SQLite that is removed or replaced while it is open."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from subprocess import PIPE

import pysqlite3.dbapi2 as sqlite
import pytest

from register.commands.migrate import migrate
from register.database.database import CommitUnknown
from register.database.sqlite import SQLite
from register.errors import RegisterAway, UnusableRegister
from register.tables import schema
from tests.register.database.rows import add, row, rows, stored
from tests.support.servers.processes import ROOT

GONE = "^the register's file was removed$"
REPLACED = "^the register's file was replaced$"
FOREIGN_LOG = "^the register's file is another one than that of the files -wal and -shm beside it"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a register with three reviews."""
    path = tmp_path / "register.db"
    with closing(SQLite(path)) as database:
        list(migrate(database))
        add(database, schema.review, rows(schema.review, 3))
    return path


@pytest.fixture
def register(path: Path) -> Iterator[SQLite]:
    """The register in that file, open for reading and writing."""
    with closing(SQLite(path)) as database:
        database.check()
        add(database, schema.review, rows(schema.review, 1))
        yield database


def backup(path: Path) -> Path:
    """A copy of a register, made while it is in use."""
    copy = path.with_name("backup.db")
    with closing(sqlite.connect(str(path))) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    return copy


def reviews(database: SQLite) -> int:
    """The number of reviews in a register."""
    with database.reading() as connection:
        return len(stored(connection, schema.review))


def reviews_in_file(path: Path) -> int:
    """The number of reviews in a file that no process has open; checks the file."""
    with closing(sqlite.connect(str(path))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("SELECT count(*) FROM review").fetchone()[0]


def written(database: SQLite, count: int = 1) -> None:
    """Write reviews."""
    add(database, schema.review, rows(schema.review, count))


def test_nothing_is_written_into_a_removed_file(register: SQLite, path: Path):
    path.unlink()
    with pytest.raises(RegisterAway, match=GONE):
        written(register)
    with pytest.raises(RegisterAway, match=GONE):
        reviews(register)
    with pytest.raises(UnusableRegister, match=" does not exist: run "):
        register.check()
    assert not path.exists()


def test_a_file_that_is_back_is_used_again(register: SQLite, path: Path):
    away = path.rename(path.with_name("away.db"))
    with pytest.raises(RegisterAway, match=GONE):
        written(register)
    away.rename(path)
    written(register, 2)
    assert reviews(register) == 6


def test_a_restored_backup_is_used_and_not_damaged(register: SQLite, path: Path):
    copy = backup(path)
    written(register, 50)
    former = path.rename(path.with_name("former.db"))
    copy.rename(path)
    for operation in (written, reviews):
        with pytest.raises(RegisterAway, match=REPLACED):
            operation(register)
    register.check()
    assert reviews(register) == 4
    written(register, 7)
    assert reviews(register) == 11
    register.close()
    assert reviews_in_file(path) == 11
    assert reviews_in_file(former) == 54  # with what was in the log
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "former.db", "register.db", "register.db-lock",
    ]  # fmt: skip


def test_a_commit_into_a_file_that_was_just_replaced_is_in_doubt(register: SQLite, path: Path):
    def write() -> None:
        with register.writing() as connection:
            register.insert(connection, schema.review, rows(schema.review, 1))
            backup(path).rename(path)

    with pytest.raises(CommitUnknown, match=REPLACED):
        write()
    register.check()
    assert reviews(register) == 4


def test_an_object_without_connections_does_not_take_the_log_of_another_file(
    register: SQLite, path: Path
):
    written(register, 50)
    copy = backup(path)
    copy.rename(path)
    with closing(SQLite(path)) as other:
        for operation in (written, reviews, SQLite.check, SQLite.create):
            with pytest.raises(RegisterAway, match=FOREIGN_LOG):
                operation(other)
        register.check()  # takes the log away
        written(other)
    assert reviews(register) == 55
    register.close()
    assert reviews_in_file(path) == 55


def test_a_removed_file_is_not_made_anew_beside_its_log(register: SQLite, path: Path):
    path.unlink()
    with closing(SQLite(path)) as other, pytest.raises(RegisterAway, match=FOREIGN_LOG):
        list(migrate(other))
    assert not path.exists()


def test_a_file_that_is_replaced_before_the_end(register: SQLite, path: Path):
    written(register, 50)
    backup(path).rename(path)
    register.close()
    with closing(SQLite(path)) as database:
        list(migrate(database))  # VACUUM INTO makes a file with another journal
        written(database)
        assert reviews(database) == 55


def test_a_log_that_a_reading_keeps_is_kept(register: SQLite, path: Path):
    with closing(SQLite(path)) as other, ExitStack() as reading:
        connection = reading.enter_context(other.reading(60))
        assert len(stored(connection, schema.review)) == 4
        written(register)
        inode = path.stat().st_ino
        former = path.with_name("former.db")
        former.hardlink_to(path)
        backup(path).rename(path)
        register.check()
        kept = path.with_name(f"register.db-wal-of-{inode}")
        assert kept.stat().st_size > 0
        assert reviews(register) == 5
        assert len(stored(connection, schema.review)) == 4
    assert reviews_in_file(path) == 5


def test_a_log_that_is_removed_ends_recording(register: SQLite, path: Path):
    path.with_name("register.db-wal").unlink()
    for operation in (written, SQLite.check):
        with pytest.raises(RegisterAway, match="log was removed or replaced: stop"):
            operation(register)
    register.close()
    assert reviews_in_file(path) == 4


OTHER = """
import sys
from contextlib import closing
from pathlib import Path
from register.tables import schema
from register.database.sqlite import SQLite
from register.errors import RegisterAway
from tests.register.database.rows import add, rows

with closing(SQLite(Path(sys.argv[1]))) as database:
    database.check()
    for line in sys.stdin:
        try:
            if line == "check\\n":
                database.check()
            add(database, schema.review, rows(schema.review, 1))
            print("written", flush=True)
        except RegisterAway as away:
            print(away, flush=True)
"""


def test_two_processes_of_a_replaced_file(register: SQLite, path: Path):
    command = [sys.executable, "-c", OTHER, path]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as other:

        def ask(line: str) -> str:
            other.stdin.write(f"{line}\n")
            other.stdin.flush()
            return other.stdout.readline()

        assert ask("write") == "written\n"
        backup(path).rename(path)
        register.check()
        written(register)
        assert ask("write") == "the register's file was replaced\n"
        assert ask("check") == "written\n"
        written(register, 2)
        assert ask("write") == "written\n"
        assert reviews(register) == 10
        other.stdin.close()
        assert other.wait() == 0
    register.close()
    assert reviews_in_file(path) == 10


def test_a_backup_that_is_first_read(path: Path):
    """A reading leaves files of its own."""
    path.unlink()
    with closing(SQLite(path)) as database:
        list(migrate(database))
    with closing(sqlite.connect(str(path))) as connection:
        connection.execute("VACUUM")
    for operation in (reviews, SQLite.check, written, reviews):
        with closing(SQLite(path)) as database:
            operation(database)
    assert reviews_in_file(path) == 1


def test_a_folder_is_no_register(tmp_path: Path):
    with closing(SQLite(tmp_path)) as database:
        for operation in (database.check, database.create):
            with pytest.raises(UnusableRegister, match=f"^{tmp_path} is a folder$"):
                operation()


def test_a_file_of_another_kind_is_not_migrated(tmp_path: Path):
    (tmp_path / "register.db").write_bytes(b"no database" * 1000)
    with closing(SQLite(tmp_path / "register.db")) as database:
        with pytest.raises(RegisterAway, match="it is not a database"):
            list(migrate(database))
        with pytest.raises(RegisterAway, match="it is not a database"):
            add(database, schema.review, [row(schema.review)])
