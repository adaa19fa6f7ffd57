"""Writers to both databases."""

from collections.abc import Callable, Iterator

import pytest

from register.database.database import Database
from register.database.opening import open_database
from register.writing.queue import waiting, watchdog
from register.writing.queue.observer import Observer
from register.writing.writer import SILENT, Writer
from tests.register.writing.entries import keep_bundle, states

LONG = 60.0  # seconds


@pytest.fixture(autouse=True)
def set_limits(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time limits of the writer, in seconds; long ones, as a busy machine needs them."""

    def set_all(seconds: float) -> None:
        monkeypatch.setattr(waiting, "MOST_SECONDS", seconds)
        monkeypatch.setattr(watchdog, "OPERATION_SECONDS", seconds)

    set_all(LONG)
    return set_all


@pytest.fixture
def bundle(database: Database) -> int:
    """The id of a bundle in the register."""
    return keep_bundle(database)


@pytest.fixture
def open_writer() -> Iterator[Callable[..., Writer]]:
    """Opens writers to a URL or a database, each as a process of its own would."""
    opened: list[tuple[Writer, Database]] = []

    def open_one(target: str | Database, observer: Observer = SILENT) -> Writer:
        database = open_database(target) if isinstance(target, str) else target
        opened.append((Writer(database, observer), database))
        return opened[-1][0]

    yield open_one
    for writer, database in opened:
        writer.close()
        database.close()


@pytest.fixture
def writer(register_url: str, bundle: int, open_writer: Callable[..., Writer]) -> Writer:
    """A writer to a register that has a bundle."""
    writer = open_writer(register_url)
    states(lambda: writer.state, "ok")
    return writer
