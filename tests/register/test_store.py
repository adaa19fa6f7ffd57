"""The open register."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from register.commands.migrate import migrate
from register.database.database import Database
from register.database.opening import open_database
from register.errors import UnusableRegister
from register.evidence.pseudonyms import pepper_mark, pseudonym
from register.settings import RegisterSettings
from register.store import Store
from register.tables import schema
from tests.register.writing.entries import (
    Seen,
    decisions,
    ids_of,
    keep_bundle,
    outcomes,
    recorded,
    states,
)
from tests.support.registers.register_command import patient_writers
from tests.support.servers.server import HOST, free_port

PEPPER = "only for the tests"


@pytest.fixture(autouse=True)
def long_limits() -> Iterator[None]:
    """A busy machine needs more time."""
    with patient_writers():
        yield


def settings(url: str | None, pepper: str | None = PEPPER) -> RegisterSettings:
    """Settings of a register."""
    return RegisterSettings(
        register_url=SecretStr(url) if url else None,
        register_pepper=SecretStr(pepper) if pepper else None,
    )


@pytest.fixture
def open_store() -> Iterator[Callable[..., Store]]:
    """Opens registers."""
    opened: list[Store] = []

    def open_one(url: str, **options: Any) -> Store:
        opened.append(Store.open(settings(url), **options))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


def test_a_store_records_decisions_and_events(
    register_url: str, database: Database, open_store: Callable[..., Store]
) -> None:
    seen = Seen()
    store = open_store(register_url, observer=seen)
    states(lambda: store.state, "ok")
    bundle = keep_bundle(database)
    decision = decisions(bundle)
    (id_,) = ids_of(decision)
    began = datetime.now(UTC)
    event = store.event(
        "advisor", "read", decision=id_, subject=store.subject(7), detail={"days": 3}
    )
    assert outcomes([store.writer.put(entry) for entry in (decision, event)]) == ["", ""]
    assert set(recorded(store.database)) == {id_, *ids_of(event)}
    with store.database.reading() as connection:
        row = connection.execute(select(schema.event)).mappings().one()
    assert began <= row["at"] <= datetime.now(UTC)
    assert (row["caller"], row["kind"], row["decision"]) == ("advisor", "read", id_)
    assert (row["subject"], row["detail"]) == (store.subject(7), '{"days":3}')
    assert sum(seen.decisions) == 1


def test_an_event_without_more(register_url: str, database: Database, open_store: Any) -> None:
    store = open_store(register_url)
    ((table, row),) = store.event("(service)", "bundle").rows
    assert table is schema.event
    assert (row["decision"], row["subject"], row["detail"]) == (None, None, "{}")


def test_pseudonyms_have_the_pepper(database: Database, register_url: str, open_store: Any) -> None:
    store = open_store(register_url)
    assert store.subject(7) == pseudonym(PEPPER.encode(), "client", 7)
    assert store.reference("7") == pseudonym(PEPPER.encode(), "reference", "7")
    assert len({store.subject(7), store.subject("7"), store.reference("7")}) == 3
    assert (store.subject(None), store.reference(None)) == (None, None)


def test_a_store_without_a_pepper() -> None:
    with pytest.raises(UnusableRegister, match=r"^REGISTER_URL needs REGISTER_PEPPER"):
        Store.open(settings("sqlite:///register.db", None))


def test_another_pepper_is_noticed(
    register_url: str, database: Database, open_store: Callable[..., Store]
) -> None:
    first = open_store(register_url)
    for _ in range(2):
        with pytest.raises(UnusableRegister) as raised:
            Store.open(settings(register_url, "another for the tests"))
        assert str(raised.value) == "REGISTER_PEPPER is not that of this register"
    again = open_store(register_url)
    event = again.event("anyone", "test")
    assert outcomes([first.writer.put(first.event("anyone", "test")), again.writer.put(event)]) == [
        "",
        "",
    ]
    with database.reading() as connection:
        rows = connection.execute(select(schema.pepper)).all()
    assert [tuple(row) for row in rows] == [(1, pepper_mark(PEPPER.encode()))]
    assert pepper_mark(PEPPER.encode()) != pepper_mark(b"another for the tests")


def test_another_pepper_is_noticed_when_the_database_is_back(
    sqlite_url: str, tmp_path: Path, open_store: Callable[..., Store]
) -> None:
    """A register of another pepper takes the place of the one in use."""
    for name, pepper in (("register", PEPPER), ("other", "another for the tests")):
        with closing(open_database(f"sqlite:///{tmp_path}/{name}.db")) as migrated:
            list(migrate(migrated))
        Store.open(settings(f"sqlite:///{tmp_path}/{name}.db", pepper)).close()
    store = open_store(sqlite_url)
    states(lambda: store.state, "ok")
    (tmp_path / "other.db").rename(tmp_path / "register.db")
    assert outcomes([store.writer.put(store.event("anyone", "test"))]) == ["RegisterAway"]
    assert store.state == "away"
    with closing(open_database(sqlite_url)) as other, other.reading() as connection:
        assert connection.execute(select(schema.event)).all() == []


def test_a_restored_backup_goes_on(
    sqlite_url: str, tmp_path: Path, open_store: Callable[..., Store]
) -> None:
    with closing(open_database(sqlite_url)) as migrated:
        list(migrate(migrated))
    store = open_store(sqlite_url)
    first, second = (store.event("anyone", "test") for _ in range(2))
    assert outcomes([store.writer.put(first)]) == [""]
    with closing(sqlite.connect(f"{tmp_path}/register.db")) as connection:
        connection.execute(f"VACUUM INTO '{tmp_path}/backup.db'")
    assert outcomes([store.writer.put(store.event("anyone", "lost"))]) == [""]
    (tmp_path / "backup.db").rename(tmp_path / "register.db")
    refused = store.event("anyone", "refused")  # it may name rows that the backup lacks
    assert outcomes([store.writer.put(refused)]) == ["RegisterAway"]
    assert outcomes([store.writer.put(second)]) == [""]
    assert set(recorded(store.database)) == {*ids_of(first), *ids_of(second)}


def test_nothing_is_acknowledged_without_a_file(
    sqlite_url: str, tmp_path: Path, open_store: Callable[..., Store]
) -> None:
    with closing(open_database(sqlite_url)) as migrated:
        list(migrate(migrated))
    store = open_store(sqlite_url)
    states(lambda: store.state, "ok")
    file = (tmp_path / "register.db").rename(tmp_path / "away.db")
    futures = [store.writer.put(store.event("anyone", "test")) for _ in range(10)]
    assert outcomes(futures) == ["RegisterAway"] * 10
    assert store.state == "away"
    file.rename(tmp_path / "register.db")
    states(lambda: store.state, "ok")
    event = store.event("anyone", "test")
    assert outcomes([store.writer.put(event)]) == [""]
    assert set(recorded(store.database)) == set(ids_of(event))


def test_a_store_without_a_url() -> None:
    with pytest.raises(UnusableRegister, match=r"^REGISTER_URL is not set$"):
        Store.open(settings(None))


def test_a_store_without_tables(register_url: str) -> None:
    empty = open_database(register_url)
    empty.create()
    empty.close()
    with pytest.raises(UnusableRegister, match=r"python -m register migrate$"):
        Store.open(settings(register_url))


def test_a_store_whose_database_is_away_opens(open_store: Callable[..., Store]) -> None:
    store = open_store(f"postgresql://nobody@{HOST}:{free_port()}/register")
    assert store.state == "away"
    assert outcomes([store.writer.put(store.event("anyone", "test"))]) == ["RegisterAway"]


def test_a_closed_store_has_written_everything(register_url: str, database: Database) -> None:
    store = Store.open(settings(register_url))
    futures = [store.writer.put(store.event("anyone", "test")) for _ in range(100)]
    store.close()
    assert outcomes(futures) == [""] * 100
    assert len(recorded(database)) == 100
    assert store.state == "away"


def test_two_stores_of_one_file_start_at_once(
    register_url: str, open_store: Callable[..., Store]
) -> None:
    migrated = open_database(register_url)
    list(migrate(migrated))
    stores = [open_store(register_url) for _ in range(3)]
    futures = [store.writer.put(store.event("anyone", "test")) for store in stores * 20]
    assert outcomes(futures) == [""] * 60
    found = recorded(migrated)
    assert len(found) == 60
    assert len({block >> 32 for block in found.values()}) == 3
    migrated.close()
