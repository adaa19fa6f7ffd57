"""Registers of drawn rows, one in each database for all tests of this room."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from register.commands.migrate import migrate
from register.database.database import Database
from register.database.opening import open_database
from register.monitoring.document.report import MonitoringReport
from register.monitoring.monitoring import monitoring_report
from register.monitoring.query import MonitoringQuery
from tests.register.monitoring.drawn import AS_OF, END, START, Drawn, drawn
from tests.register.monitoring.plain_figures import PlainDecision, plain_decisions

DECISIONS = 1_500


@dataclass(frozen=True, eq=False)
class DrawnRegister:
    """A register of drawn rows.

    Attributes:
        database: that holds them.
        drawn: the same rows as plain dicts.
    """

    database: Database
    drawn: Drawn

    def report(self, by: str = "month", window: int = 12, group: str | None = None, start=START,
               end=END) -> MonitoringReport:  # fmt: skip
        query = MonitoringQuery(start=start, end=end, by=by, group=group)
        return monitoring_report(self.database, query, window, AS_OF)

    def plain(self, window: int = 12, start=START, end=END) -> list[PlainDecision]:
        return plain_decisions(self.drawn, start, end, window, AS_OF)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def drawn_register(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DrawnRegister]:
    with filled(request, tmp_path_factory, drawn(29, DECISIONS)) as found:
        yield found


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def one_definition_register(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DrawnRegister]:
    with filled(request, tmp_path_factory, drawn(30, DECISIONS, ["90dpd"])) as found:
        yield found


@contextmanager
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, rows: Drawn
) -> Iterator[DrawnRegister]:
    """A register of these rows."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('drawn')}/register.db"
    else:
        cluster = request.getfixturevalue("cluster")
        url = cluster.url(cluster.database(request.getfixturevalue("template")))
    with closing(open_database(url)) as database:
        list(migrate(database))
        rows.write(database)
        yield DrawnRegister(database, rows)
