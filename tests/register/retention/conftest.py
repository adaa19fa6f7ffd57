"""Registers with decisions of several months."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import Table, func, select

from register.database.database import Database
from register.store import Store
from register.verification.verification import verify
from register.writing.entry import Entry


@pytest.fixture
def bundle(recorder, scored) -> int:
    """The id of a bundle in the register."""
    return recorder.keep(scored)


@pytest.fixture
def decide(recorder, scored, bundle) -> Callable[..., UUID]:
    """Records a decision of a client; 0 is the first one."""

    def record(row: int = 0, at: datetime | None = None, reference: str | None = None) -> UUID:
        client = scored.clients(row + 1, external_id=reference)[row]
        return recorder.decide(scored, [client], bundle=bundle, reasons=2, at=at)[0]

    return record


@pytest.fixture
def number_of(database) -> Callable[[Table], int]:
    """The number of rows of a table."""

    def count(table: Table) -> int:
        with database.reading() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    return count


def with_put(store: Store, put: Callable[[Entry], Future[None]]) -> Store:
    """A store with another `put`: for events between a reading and the transaction after it."""
    return replace(store, writer=SimpleNamespace(put=put))


def problems(database: Database) -> list[str]:
    """The problems that verification finds."""
    found = verify(database).problems
    assert found.count == len(found.lines)
    return list(found.lines)
