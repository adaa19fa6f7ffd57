"""The register that a command writes to."""

from collections.abc import Iterator
from contextlib import contextmanager

from register.settings import RegisterSettings
from register.store import Store

CALLER = "(command)"  # in rows that a command writes; callers of the service have other names


@contextmanager
def open_store(settings: RegisterSettings) -> Iterator[Store]:
    """The register of the settings, open during the block.

    Raises:
        UnusableRegister: a setting is missing, or the database has not the tables.
    """
    store = Store.open(settings)
    try:
        yield store
    finally:
        store.close()
