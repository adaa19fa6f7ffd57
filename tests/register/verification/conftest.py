"""A register with rows in every table, which tests change by hand."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import UUID

import pysqlite3.dbapi2 as sqlite
import pytest
from sqlalchemy import Engine, Table, create_engine, select

from credit_scoring.decisions.application import Application
from register.archive.stored_bundles import stored_bundle
from register.commands.migrate import migrate
from register.database.database import Database
from register.database.opening import open_database
from register.verification.verification import Verification, verify
from tests.register.recording import Recorder, Scored
from tests.support.registers.guards import lifted_guards

AUDIT = ({"sex": "female", "age_band": "35-44"}, {"sex": "male", "age_band": "35-44"}, {})


@dataclass(eq=False)
class Rows:
    """Ids of rows of a filled register.

    Attributes:
        bundle: of the only bundle.
        decisions: of three decisions of one block, the first two with audit values; then two more
            of a second stream.
        by_table: of the first row of each other chained table, by its name.
    """

    bundle: int
    decisions: list[UUID]
    by_table: dict[str, UUID] = field(default_factory=dict)


def fill(database: Database, scored: Scored) -> Rows:
    """Write all rows: 7 blocks of the first stream, and 2 of the second."""
    recorder = Recorder(database)
    bundle = recorder.keep(scored)
    applications = [
        replace(client, audit=audit) for client, audit in zip(scored.clients(3), AUDIT, strict=True)
    ]
    rows = Rows(bundle, recorder.decide(scored, applications, bundle=bundle, reasons=2))
    first, second, third = rows.decisions
    rows.by_table["review_request"] = recorder.request_review(first, "I have another income")
    recorder.request_review(second)
    rows.by_table["review"] = recorder.review(first, 0, "seen the contract")
    rows.by_table["outcome"] = recorder.outcome(third, "late")
    with database.reading() as connection:
        sha256 = stored_bundle(connection, bundle).sha256
    rows.by_table["event"] = recorder.event("bundle", bundle=bundle, sha256=sha256)
    recorder.outcome(third, "repaid", 2)
    other = recorder.another_stream()
    record = Application(None, scored.record(5), external_id="R-1")
    rows.decisions += other.decide(scored, [record], bundle=bundle, compare="all")
    rows.decisions += other.decide(scored, scored.clients(1), bundle=bundle)
    return rows


@dataclass(eq=False)
class Filled:
    """A register with rows in every table.

    Attributes:
        url: of the register.
        database: the register.
        ids: of its rows.
    """

    url: str
    database: Database
    ids: Rows

    @property
    def decisions(self) -> list[UUID]:
        """Ids of the decisions."""
        return self.ids.decisions

    @property
    def bundle(self) -> int:
        """Id of the bundle."""
        return self.ids.bundle

    @property
    def rows(self) -> dict[str, UUID]:
        """Ids of other rows, by table."""
        return self.ids.by_table

    @cached_property
    def recorder(self) -> Recorder:
        """Writes a third stream."""
        return Recorder(self.database)

    @cached_property
    def _owner(self) -> Engine:
        if self.database.name == "sqlite":
            url = self.url.replace("sqlite:", "sqlite+pysqlite:")
            return create_engine(url, module=sqlite)
        return create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))

    def close(self) -> None:
        """Close all connections."""
        self._owner.dispose()
        self.database.close()

    def verify(self) -> Verification:
        """Verify the register."""
        return verify(self.database)

    def problems(self) -> list[str]:
        """The lines of all problems."""
        return self.verify().problems.lines

    def row(self, table: Table, key: object) -> dict[str, Any]:
        """The row whose primary key begins with a value."""
        first = next(iter(table.primary_key.columns))
        with self.database.reading() as connection:
            found = connection.execute(select(table).where(first == key)).mappings().one()
        return dict(found)

    @contextmanager
    def changed(self, table: Table, key: object, values: dict[str, Any]) -> Iterator[None]:
        """Change values of a row by hand, and change them back after the block."""
        row = self.row(table, key)
        assert all(row[name] != value for name, value in values.items())
        first, *_ = (column.name for column in table.primary_key.columns)
        self.by_hand(table.update().where(table.c[first] == key).values(values))
        yield
        back = table.update().where(table.c[first] == values.get(first, key))
        self.by_hand(back.values({name: row[name] for name in values}))

    def by_hand(self, *statements: Any) -> None:
        """Run statements as somebody who owns the database can: SQLite checks no foreign keys."""
        with self._owner.begin() as connection, lifted_guards(connection):
            for statement in statements:
                assert connection.execute(statement).rowcount != 0, statement


@dataclass(frozen=True, eq=False)
class Template:
    """A filled register, which is copied for each test.

    Attributes:
        name: of the file or the database.
        ids: of its rows.
    """

    name: str
    ids: Rows

    @classmethod
    def of(cls, url: str, scored: Scored) -> "Template":
        """Make the tables of an empty register, and fill it."""
        database = open_database(url)
        list(migrate(database))
        ids = fill(database, scored)
        database.checkpoint()
        database.close()
        return cls(url.rpartition(":///" if database.name == "sqlite" else "/")[2], ids)


@pytest.fixture(scope="session")
def sqlite_template(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("filled")
    return Template.of(f"sqlite:///{folder}/register.db", scored)


@pytest.fixture(scope="session")
def postgresql_template(scored: Scored, cluster) -> Template:
    return Template.of(cluster.url(cluster.database()), scored)


@pytest.fixture
def sqlite_copy(sqlite_template: Template, sqlite_url: str) -> str:
    shutil.copyfile(sqlite_template.name, sqlite_url.removeprefix("sqlite:///"))
    return sqlite_url


@pytest.fixture
def postgresql_copy(postgresql_template: Template, cluster) -> str:
    return cluster.url(cluster.database(postgresql_template.name))


@pytest.fixture(params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest) -> Iterator[Filled]:
    """A filled register, in each database."""
    url = request.getfixturevalue(f"{request.param}_copy")
    template = request.getfixturevalue(f"{request.param}_template")
    filled = Filled(url, open_database(url), template.ids)
    yield filled
    filled.close()
