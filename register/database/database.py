"""A database that holds the register; `sqlite` and `postgresql` are the two kinds.

A process has one writer thread and any number of readers. An error of a driver becomes
`RegisterAway` if a later attempt may succeed. A fault of this program keeps its class; its message
has neither values nor the statement.
"""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Lock
from typing import Any, ClassVar

from sqlalchemy import Connection, Dialect, Engine, Table, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from register.errors import RegisterAway, UnusableRegister
from register.tables import schema

REVISION = "0001"  # of the tables that this release reads and writes
MIGRATE = "run ./startup.sh python -m register migrate"
READING_SECONDS = 2.0
CHECK_SECONDS = 1.0
WRITING_WAIT = 1.0  # seconds
MAINTENANCE_WAIT = 60.0  # seconds

Row = Mapping[str, Any]


class CommitUnknown(RegisterAway):
    """The connection failed in COMMIT: the rows may be there or not."""


class Database(ABC):
    """A database of the register. It connects when it is used.

    Attributes:
        name: ``sqlite`` or ``postgresql``.
        writer: connections of the writer thread.
        reader: connections of readings, which cannot write.
        pepper_mark: of the pepper in use, which `check` compares; None to compare none.
    """

    name: ClassVar[str]

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self.writer, self.reader = writer, reader
        self.pepper_mark: bytes | None = None
        self._operation: Any = None  # what `cut` ends; None while the writer does nothing
        self._operation_lock = Lock()

    def check(self) -> None:
        """Check that the database answers, and has the tables of this release and this pepper.

        The first pepper is written down: no other thread of this process may write meanwhile.

        Raises:
            UnusableRegister: it cannot be used before somebody changes something.
            RegisterAway: it does not answer.
        """
        with self.reading(CHECK_SECONDS) as connection:
            revision = stored_revision(connection)
        if revision is None:
            raise UnusableRegister(f"the register has no tables: {MIGRATE}")
        if revision > REVISION:
            raise UnusableRegister(
                f"the register's tables are of revision {revision}, and this release knows"
                f" {REVISION}: install the release that made them"
            )
        if revision != REVISION:
            raise UnusableRegister(
                f"the register's tables are of revision {revision}, and this release needs"
                f" {REVISION}: {MIGRATE}"
            )
        if self.pepper_mark is not None:
            self._check_pepper(self.pepper_mark)

    def _check_pepper(self, mark: bytes) -> None:
        found = select(schema.pepper.c.mark)
        with self.reading(CHECK_SECONDS) as connection:
            kept = connection.scalar(found)
        if kept is None:
            with self.writing() as connection:
                self.insert(connection, schema.pepper, [{"id": 1, "mark": mark}])
                kept = connection.scalar(found)
        if kept is None or not hmac.compare_digest(bytes(kept), mark):
            raise UnusableRegister("REGISTER_PEPPER is not that of this register")

    @contextmanager
    def writing(self, wait: float = WRITING_WAIT) -> Iterator[Connection]:
        """One transaction of the only writer thread, committed at the end of the block.

        Args:
            wait: seconds in which another process must end its own.

        Raises:
            RegisterAway: nothing was written.
            CommitUnknown: the rows may be there or not.
        """
        with (
            self._exclusive(wait),
            self._translated_errors(),
            self.writer.connect() as connection,
            self._interruptible(connection),
            connection.begin() as transaction,
        ):
            yield connection
            self._check_transaction(connection)
            try:
                transaction.commit()
            except DBAPIError as error:
                if self._outcome_is_unknown(error):
                    raise CommitUnknown(self._away(error.orig) or "COMMIT failed") from None
                raise

    @abstractmethod
    def create(self) -> None:
        """Make the database if the register can: SQLite's file.

        Raises:
            UnusableRegister: it cannot lie there.
            RegisterAway: it cannot be written.
        """

    @contextmanager
    def maintenance(self) -> Iterator[Connection]:
        """One transaction of a command, as `writing` but without short time limits.

        Raises:
            RegisterAway: nothing was changed.
            CommitUnknown: the changes may be there or not.
        """
        with self.writing(MAINTENANCE_WAIT) as connection:
            self._unlimited(connection)
            yield connection

    @contextmanager
    def reading(self, seconds: float = READING_SECONDS) -> Iterator[Connection]:
        """A transaction that only reads and sees one state of the database; on any thread.

        Args:
            seconds: the time limit.

        Raises:
            RegisterAway: the database did not answer in time.
        """
        with (
            self._translated_errors(),
            self.reader.connect() as connection,
            self._limited_transaction(connection, seconds),
        ):
            yield connection

    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows, each with all columns; a row whose primary key exists is left out."""
        self.insert_all(connection, {table: rows})

    @abstractmethod
    def insert_all(self, connection: Connection, rows: Mapping[Table, Sequence[Row]]) -> None:
        """Insert rows by table, each with all columns; one whose primary key exists is left out."""

    @abstractmethod
    def insert_keys(self, connection: Connection, rows: Sequence[Row]) -> set[tuple[str, str]]:
        """Insert rows of `schema.idempotency`; gives caller and key of those that are new."""

    @abstractmethod
    def cut(self) -> None:
        """End the operation that the writer thread is in, which raises `RegisterAway` there.

        Another thread calls it if the database hangs.
        """

    @abstractmethod
    def checkpoint(self) -> None:
        """Remove deleted rows from the database's files, as far as it can while others use it.

        Not in a transaction.
        """

    @abstractmethod
    def without_guards(
        self, connection: Connection, tables: Sequence[Table]
    ) -> AbstractContextManager[None]:
        """Let one transaction of `writing` delete chained rows, for retirement only."""

    def close(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()  # SQLite's last connection removes the log, if it may write

    @abstractmethod
    def _exclusive(self, wait: float) -> AbstractContextManager[None]:
        """Let no other process write meanwhile, if the database wants that.

        Args:
            wait: seconds in which another process must end its own.

        Raises:
            RegisterAway: it did not.
        """

    @abstractmethod
    def _unlimited(self, connection: Connection) -> None:
        """Lift the time limits of a transaction."""

    @abstractmethod
    def _interruptible(self, connection: Connection) -> AbstractContextManager[None]:
        """Let `cut` end what this connection does."""

    @contextmanager
    def _during(self, operation: object) -> Iterator[None]:
        """Let `cut` end an operation of the writer while the block runs."""
        with self._operation_lock:
            self._operation = operation
        try:
            yield
        finally:
            with self._operation_lock:
                self._operation = None

    @abstractmethod
    def _limited_transaction(
        self, connection: Connection, seconds: float
    ) -> AbstractContextManager[None]:
        """A transaction that is ended after some seconds."""

    @abstractmethod
    def _check_transaction(self, connection: Connection) -> None:
        """Check that COMMIT would not roll back.

        Raises:
            RegisterAway: a statement failed, which the caller of `writing` did not raise.
        """

    @abstractmethod
    def _outcome_is_unknown(self, error: DBAPIError) -> bool:
        """True if an error in COMMIT does not say that nothing was written."""

    @abstractmethod
    def _away(self, error: BaseException | None) -> str | None:
        """The message of an outage; None if the error is a fault of this program."""

    @abstractmethod
    def _fault(self, error: BaseException) -> str:
        """The message of a fault of this program, without values."""

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout:
            raise RegisterAway("all connections to the register's database are busy") from None
        except DBAPIError as error:
            driver_error = error.orig if error.orig is not None else error
            away = self._away(driver_error)
            if away is not None:
                raise RegisterAway(away) from None
            fault = type(driver_error)(self._fault(driver_error))
            raise type(error)(None, None, fault) from None


def stored_revision(connection: Connection) -> str | None:
    """The revision of the tables in a database; None without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


@cache
def converters(table: Table, dialect: Dialect) -> Mapping[str, Any]:
    """Functions that turn values of a table's columns into the driver's, by column.

    A column whose values stay as they are is not among them.
    """
    found = {
        column.name: column.type.dialect_impl(dialect).bind_processor(dialect)
        for column in table.columns
    }
    return {name: convert for name, convert in found.items() if convert}
