"""The register that a command writes to."""

from collections.abc import Iterator
from contextlib import contextmanager

from register.errors import RegisterAway
from register.settings import RegisterSettings
from register.store import Store
from register.writing.queue.waiting import AWAY

CALLER = "(command)"  # in rows that a command writes; callers of the service have other names


@contextmanager
def open_store(settings: RegisterSettings) -> Iterator[Store]:
    """The register of the settings, open during the block.

    Raises:
        UnusableRegister: a setting is missing, or the database has not the tables.
        RegisterAway: the block raised it; the message is the database's reason if it is known.
    """
    store = Store.open(settings)
    try:
        yield store
    except RegisterAway as away:
        reason = store.writer.outages.reason
        if str(away) != AWAY or not reason:
            raise
        raise RegisterAway(reason) from away
    finally:
        store.close()
