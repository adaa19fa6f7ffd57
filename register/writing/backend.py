"""The server's process behind a connection to PostgreSQL, which may outlive the connection."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from register.errors import RegisterAway

END_MILLISECONDS = 900  # that a process of the server has to end
INFO = "register_backend"  # the name in the information that SQLAlchemy keeps of a connection

PRESENT = text(
    "SELECT pid, backend_start AS started FROM pg_stat_activity WHERE pid = pg_backend_pid()"
)
END = text(
    "SELECT pg_terminate_backend(pid, :milliseconds) FROM pg_stat_activity"
    " WHERE pid = :pid AND backend_start = :started"
)


@dataclass(frozen=True)
class Backend:
    """A process of the server, for one connection.

    Attributes:
        pid: its number, which the server may use again for a later one.
        started: its start, by the server's clock.
    """

    pid: int
    started: datetime

    @classmethod
    def of(cls, connection: Connection) -> "Backend | None":
        """The process behind a connection; None with SQLite, which has no server."""
        if connection.dialect.name != "postgresql":
            return None
        if INFO not in connection.info:  # which lasts as long as the driver's connection
            connection.info[INFO] = cls(**connection.execute(PRESENT).one()._mapping)
        backend: Backend = connection.info[INFO]
        return backend

    def end(self, connection: Connection) -> None:
        """End the process, over the connection of another one, and wait until it is gone.

        Then its transaction is either committed or rolled back.

        Raises:
            RegisterAway: it does not end.
        """
        values = {**vars(self), "milliseconds": END_MILLISECONDS}
        if connection.scalar(END, values) is False:
            raise RegisterAway("the register's database does not end an earlier transaction")
