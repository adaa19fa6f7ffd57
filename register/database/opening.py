"""The database that a URL names."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from register.database.database import Database
from register.errors import UnusableRegister
from register.evidence.pseudonyms import pepper_mark
from register.settings import RegisterSettings

PROJECT = Path(__file__).resolve().parents[2]  # where a relative path to SQLite's file starts
POSTGRESQL = {"postgresql", "postgres", "postgresql+psycopg"}


def register_database(settings: RegisterSettings) -> Database:
    """The database of the settings, without connecting.

    Raises:
        UnusableRegister: REGISTER_URL is not set, or names no database.
    """
    if settings.register_url is None:
        raise UnusableRegister("REGISTER_URL is not set")
    return open_database(settings.register_url.get_secret_value())


def open_database(url: str, pepper: bytes | None = None) -> Database:
    """The database of a URL, without connecting.

    Args:
        url: ``sqlite:///register.db``, a file in the folder of the service, whatever the caller's
            folder is; ``sqlite:////data/register.db``; or
            ``postgresql://user:password@host/database``, with libpq's parameters after ``?``.
        pepper: the secret of pseudonyms, for who writes some: `check` refuses another register's.

    Raises:
        UnusableRegister: it is neither; the message does not repeat it, as it may hold a password.
    """
    database = database_of(url)
    if pepper is not None:
        database.pepper_mark = pepper_mark(pepper)
    return database


def database_of(url: str) -> Database:
    """The database of a URL; see `open_database`.

    Raises:
        UnusableRegister: it is neither.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is not a number
        parsed = None
    # Each kind is imported alone: a driver takes megabytes.
    if parsed and parsed.drivername == "sqlite" and parsed.database == ":memory:":
        raise UnusableRegister("REGISTER_URL names no file: a register in memory keeps nothing")
    if parsed and parsed.drivername == "sqlite" and parsed.database and not parsed.query:
        from register.database.sqlite import SQLite

        return SQLite(PROJECT / parsed.database)
    if parsed and parsed.drivername in POSTGRESQL:
        from register.database.postgresql import PostgreSQL

        return PostgreSQL(parsed.set(drivername="postgresql+psycopg"))
    raise UnusableRegister("REGISTER_URL is neither sqlite:///FILE nor postgresql://…")
