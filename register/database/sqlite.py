"""The register in one file, by SQLite.

The file is in WAL mode: readers do not stop the writer. SQLite comes from pysqlite3, as that of
Python 3.11 may corrupt such a file (https://sqlite.org/wal.html#walresetbug).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, Dialect, Double, LargeBinary, Table, text
from sqlalchemy.exc import DBAPIError

from register.database.database import (
    MAINTENANCE_WAIT,
    MIGRATE,
    READING_SECONDS,
    WRITING_WAIT,
    CommitUnknown,
    Database,
    Row,
    converters,
)
from register.database.file.open_files import REPLACED, OpenFiles
from register.database.file.place import check_place
from register.database.file.transaction_lock import TransactionLock
from register.database.sqlite_engine import engine_for
from register.errors import RegisterAway, UnusableRegister
from register.tables.schema import idempotency

READERS = 8  # connections
ROWS = 32  # of a statement: after each one the writer waits for the interpreter's lock
PAGE = 16_384  # bytes: an evidence row fills half of a smaller page, and the rest is lost
WAL = "PRAGMA journal_mode = WAL"
STEPS = 100_000  # of SQLite's machine between two looks at the clock, under a millisecond

REASONS = {  # by primary result code, https://sqlite.org/rescode.html
    sqlite.SQLITE_PERM: "access is denied",
    sqlite.SQLITE_BUSY: "another process holds it",
    sqlite.SQLITE_NOMEM: "out of memory",
    sqlite.SQLITE_READONLY: "it is read-only",
    sqlite.SQLITE_INTERRUPT: "an operation took too long",
    sqlite.SQLITE_IOERR: "reading or writing failed",
    sqlite.SQLITE_CORRUPT: "it is damaged",
    sqlite.SQLITE_FULL: "no space is left",
    sqlite.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite.SQLITE_NOTADB: "it is not a database",
}


class SQLite(Database):
    """The register in a file on a local disk, for the processes of one machine.

    Attributes:
        path: the file; ``-wal``, ``-shm`` and ``-lock`` are beside it.
    """

    name: ClassVar[str] = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = TransactionLock(path.with_name(path.name + "-lock"))
        self._files = OpenFiles(path, self._lock.path)
        super().__init__(engine_for(self._files, "rw", 1), engine_for(self._files, "ro", READERS))

    def check(self) -> None:
        """Check place, version, mode and tables of the file.

        Raises:
            UnusableRegister: it cannot be used before somebody changes something.
            RegisterAway: it does not answer.
        """
        check_place(self.path)
        if not self.path.exists():
            raise UnusableRegister(f"{self.path} does not exist: {MIGRATE}")
        is_new = self._left_replaced_file()
        super().check()
        if is_new:  # VACUUM INTO makes a backup with another journal
            self._outside_transaction(WAL, wait=WRITING_WAIT)
            super().check()  # the connection has seen it then
        with self.reading() as connection:
            mode = connection.scalar(text("PRAGMA journal_mode"))
        if mode != "wal":
            raise UnusableRegister(f"{self.path} is not in WAL mode: {MIGRATE}")

    def create(self) -> None:
        """Make the file, which only its owner can read, and turn WAL on.

        Raises:
            UnusableRegister: it cannot lie there.
            RegisterAway: it cannot be written.
        """
        check_place(self.path)
        self._files.check_log()
        try:
            self.path.touch(mode=0o600)
        except OSError as error:
            raise RegisterAway(f"{self.path}: {error.strerror}") from None
        self._outside_transaction(f"PRAGMA page_size = {PAGE}", WAL)

    @contextmanager
    def reading(self, seconds: float = READING_SECONDS) -> Iterator[Connection]:
        """A transaction that only reads and sees one state of the database; on any thread.

        Args:
            seconds: the time limit.

        Raises:
            RegisterAway: the database did not answer in time, or its file was removed or replaced.
        """
        self._files.check()
        with super().reading(seconds) as connection:
            yield connection

    def insert_all(self, connection: Connection, rows: Mapping[Table, Sequence[Row]]) -> None:
        """Insert rows by table, each with all columns; one whose primary key exists is left out."""
        for table, some in rows.items():
            if some:
                values = driver_rows(connection.dialect, table, some)
                for start in range(0, len(values), ROWS):
                    part = values[start : start + ROWS]
                    statement = insert_statement(table, len(part))
                    connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))

    def insert_keys(self, connection: Connection, rows: Sequence[Row]) -> set[tuple[str, str]]:
        """Insert rows of `schema.idempotency`; gives caller and key of those that are new."""
        statement = insert_statement(idempotency)
        values = driver_rows(connection.dialect, idempotency, rows)
        return {
            (row["caller"], row["key"])
            for row, parameters in zip(rows, values, strict=True)
            if connection.exec_driver_sql(statement, parameters).rowcount
        }

    def cut(self) -> None:
        """End the operation that the writer thread is in, which raises `RegisterAway` there."""
        with self._operation_lock:
            if self._operation is not None:
                self._operation.interrupt()

    def checkpoint(self) -> None:
        """Empty the file ``-wal``, which holds deleted rows."""
        busy = self._outside_transaction("PRAGMA wal_checkpoint(TRUNCATE)")
        if busy:
            raise RegisterAway("a reading keeps the register's log from being emptied")

    @contextmanager
    def without_guards(self, connection: Connection, tables: Sequence[Table]) -> Iterator[None]:
        """Let one transaction of `writing` delete chained rows, for retirement only."""
        names = {f"{table.name}_no_delete" for table in tables}
        triggers = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        guards = [(name, made) for name, made in connection.execute(triggers) if name in names]
        for name, _ in guards:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        yield
        for _, made in guards:
            connection.exec_driver_sql(made)

    def close(self) -> None:
        """Close all connections."""
        with suppress(RegisterAway):  # the next start says it
            self._left_replaced_file()
        super().close()
        self._lock.close()

    def _left_replaced_file(self) -> bool:
        """Close a file in whose place another one is, so that the next connection opens that.

        Returns:
            True if there was one.

        Raises:
            RegisterAway: another process holds the lock.
        """
        if self._files.problem != REPLACED:
            return False
        with self._lock.held(WRITING_WAIT), self._files.left():
            self._empty_log()
            super().close()  # of a file that has moved, SQLite leaves the log as it is
        return True

    def _empty_log(self) -> None:
        """Write the log of a replaced file into that file, which may have another name now."""
        with (
            suppress(RegisterAway, sqlite.Error),  # no connection is open, or a reading goes on
            closing(self.writer.raw_connection()) as connection,
        ):
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _outside_transaction(self, *statements: str, wait: float = MAINTENANCE_WAIT) -> Any:
        """Run statements that no transaction may hold; gives the first value of the last one."""
        try:
            with (
                self._exclusive(wait),
                closing(self.writer.raw_connection()) as connection,
            ):
                cursor: Any = connection.cursor()
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchone()[0]
        except sqlite.DatabaseError as error:
            raise RegisterAway(self._away(error) or str(error)) from None

    @contextmanager
    def _exclusive(self, wait: float) -> Iterator[None]:
        with self._lock.held(wait):
            self._files.check()
            yield
            if problem := self._files.problem:  # committed into a file that is gone
                raise CommitUnknown(problem)

    def _unlimited(self, _: Connection) -> None:
        return  # SQLite has none

    def _interruptible(self, connection: Connection) -> AbstractContextManager[None]:
        return self._during(connection.connection.driver_connection)

    @contextmanager
    def _limited_transaction(self, connection: Connection, seconds: float) -> Iterator[None]:
        driver: Any = connection.connection.driver_connection
        end = time.monotonic() + seconds
        driver.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        try:
            with connection.begin():
                yield
        finally:
            driver.set_progress_handler(None, STEPS)

    def _check_transaction(self, connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            raise RegisterAway("SQLite rolled the transaction back")

    def _outcome_is_unknown(self, error: DBAPIError) -> bool:
        # If writing to the disk fails, the commit may be found whole after a crash.
        return self._away(error.orig) is not None

    def _away(self, error: BaseException | None) -> str | None:
        reason = REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        return reason and f"the register's file: {reason}"

    def _fault(self, error: BaseException) -> str:
        return str(error)  # SQLite's messages name columns, never values


@cache
def insert_statement(table: Table, rows: int = 1) -> str:
    """INSERT of rows of a table, of which those whose primary key exists are left out."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    marks = ", ".join("?" for _ in table.columns)
    into = f'INSERT INTO "{table.name}" ({names})'
    values = ", ".join([f"({marks})"] * rows)
    return f"{into} VALUES {values} ON CONFLICT DO NOTHING"


@cache
def _needed_converters(table: Table, dialect: Dialect) -> Mapping[str, Any]:
    """As `converters`, without those that copy bytes and doubles, which the driver takes too."""
    return {
        name: convert
        for name, convert in converters(table, dialect).items()
        if not isinstance(table.c[name].type, LargeBinary | Double)
    }


def driver_rows(dialect: Dialect, table: Table, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Rows as the driver takes them, with the values in the order of the columns."""
    convert = _needed_converters(table, dialect)
    columns = [
        [convert[name](row[name]) for row in rows]
        if name in convert
        else [row[name] for row in rows]
        for name in table.columns.keys()  # noqa: SIM118
    ]
    return list(zip(*columns, strict=True))
