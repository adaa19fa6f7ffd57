"""`monitoring_report`: the figures of the model at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from register.database.database import Database
from register.monitoring.counted import Counted
from register.monitoring.features.feature_counts import FeatureCounter, in_this_process
from register.monitoring.query import MonitoringQuery

if TYPE_CHECKING:  # it imports SciPy
    from register.monitoring.document.report import MonitoringReport

SECONDS = 3_600.0  # that the readings of one state of the register may take
# Of a statement's sorts and joins: PostgreSQL's own 4 MB would send them to the disk.
WORK_MEMORY = "SET LOCAL work_mem = '64MB'"


def monitoring_report(
    database: Database,
    query: MonitoringQuery,
    window: int,
    as_of: datetime,
    counter: FeatureCounter = in_this_process,
) -> "MonitoringReport":
    """The figures of the model at work, from one state of the register.

    Args:
        database: of the register.
        query: the decisions and cells.
        window: length of the performance window in months.
        as_of: the time of the report.
        counter: counts the records for the features' indices.

    Raises:
        RegisterAway: the database does not answer.
    """
    with one_state(database) as connection:
        return report_of(connection, query, window, as_of, counter)


@contextmanager
def one_state(database: Database) -> Iterator[Connection]:
    """A transaction in which several reports show one state of the register.

    Raises:
        RegisterAway: the database does not answer.
    """
    with database.reading(SECONDS) as connection:
        if database.name == "postgresql":
            connection.execute(text(WORK_MEMORY))
        yield connection


def report_of(
    connection: Connection,
    query: MonitoringQuery,
    window: int,
    as_of: datetime,
    counter: FeatureCounter = in_this_process,
) -> "MonitoringReport":
    """The figures of the model at work; see `monitoring_report`.

    Args:
        connection: of `one_state`.
        query, window, as_of, counter: as of `monitoring_report`.
    """
    counted = Counted(connection, query, window, as_of)
    # SciPy takes a quarter of a second, in which the database can count.
    from register.monitoring.assembly import assembled

    return assembled(counted, counter)
