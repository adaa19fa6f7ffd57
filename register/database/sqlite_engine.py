"""Connections to SQLite's file, in pools."""

from typing import Any
from urllib.parse import quote

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from register.database.database import WRITING_WAIT
from register.database.file.open_files import OpenFiles


def engine_for(files: OpenFiles, mode: str, pool_size: int) -> Engine:
    """Connections to a file.

    Args:
        files: of the database.
        mode: ``ro``, or ``rw`` for connections that are made under the lock.
        pool_size: connections at most.
    """
    address = f"file:{quote(str(files.path))}?mode={mode}"

    def connect() -> Any:
        # isolation_level=None: the driver begins no transaction; `begin` below does.
        connection = sqlite.connect(
            address, uri=True, timeout=WRITING_WAIT, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if mode == "ro" else "BEGIN IMMEDIATE")

    engine = create_engine(
        "sqlite+pysqlite://", module=sqlite, creator=lambda: files.connect(connect),
        poolclass=QueuePool, pool_size=pool_size, max_overflow=0, pool_timeout=WRITING_WAIT,
        hide_parameters=True,
    )  # fmt: skip
    event.listen(engine, "begin", begin)
    event.listen(engine, "close", files.closes)
    return engine
