"""Review requests of a period against a loop over the rows, in both databases."""

from contextlib import closing
from datetime import timedelta

import pytest

from register.commands.migrate import migrate
from register.database.opening import open_database
from register.reading.open_requests import requests_of_time
from tests.register.monitoring.drawn import START, drawn


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/register.db"
    cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.database(request.getfixturevalue("template")))


def test_requests_count_by_their_own_time(url: str):
    """A decision may be weeks older than the request for its review."""
    register = drawn(7, 400)
    rows = register.rows
    first = START + timedelta(300)
    with closing(open_database(url)) as database:
        list(migrate(database))
        register.write(database)
        found = []
        for start in (first, first + timedelta(60)):
            end = start + timedelta(60)
            with database.reading() as connection:
                counts = requests_of_time(connection, start, end)
            made = [row for row in rows["review_request"] if start <= row["at"] < end]
            answered = [
                row
                for row in made
                if any(
                    review["decision"] == row["decision"] and review["at"] >= row["at"]
                    for review in rows["review"]
                )
            ]
            assert (counts.requests, counts.open) == (len(made), len(made) - len(answered))
            found.append(counts)
    assert all(0 < counts.open < counts.requests for counts in found)
