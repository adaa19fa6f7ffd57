"""URLs of registers."""

from contextlib import closing
from pathlib import Path

import pytest

from register.commands.migrate import migrate
from register.database.opening import open_database, register_database
from register.database.postgresql import PostgreSQL
from register.database.sqlite import SQLite
from register.errors import RegisterAway, UnusableRegister
from register.settings import RegisterSettings
from tests.support.servers.server import HOST


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_url_of_postgresql(scheme: str):
    with closing(open_database(f"{scheme}://me:a%40b@host:5/name?sslmode=require")) as database:
        assert isinstance(database, PostgreSQL)
        url = database.writer.url
    assert (url.drivername, url.username, url.password) == ("postgresql+psycopg", "me", "a@b")
    assert (url.host, url.port, url.database) == ("host", 5, "name")
    assert url.query["sslmode"] == "require"
    assert "a@b" not in str(url)


def test_a_url_of_sqlite():
    with closing(open_database("sqlite:////data/of the/register.db")) as database:
        assert isinstance(database, SQLite)
        assert str(database.path) == "/data/of the/register.db"


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///", "sqlite:///x.db?mode=ro", "sqlite+aiosqlite:///x.db",
     "postgresql+asyncpg://me:secret@host/name", "secret", "secret://",
     "postgresql://me:secret@host:port/name", "postgresql://me:secret@[::1/name"],
)  # fmt: skip
def test_another_url_is_refused_and_not_repeated(url: str):
    with pytest.raises(UnusableRegister) as raised:
        open_database(url)
    assert str(raised.value) == "REGISTER_URL is neither sqlite:///FILE nor postgresql://…"


def test_a_register_in_memory_is_refused():
    with pytest.raises(UnusableRegister) as raised:
        open_database("sqlite:///:memory:")
    assert str(raised.value) == ("REGISTER_URL names no file: a register in memory keeps nothing")


@pytest.mark.parametrize("query", ["nonsense=1", "autocommit=1", "connect_timeout=soon"])
def test_a_parameter_that_libpq_does_not_know(query: str):
    with pytest.raises(UnusableRegister) as raised:
        open_database(f"postgresql://me:secret@host/name?{query}")
    assert str(raised.value) == (
        "REGISTER_URL has a parameter that libpq does not know, or a bad connect_timeout"
    )


@pytest.mark.parametrize("url", [f"{HOST}:99999999/name", f"{HOST}/name?sslmode=secret"])
def test_a_parameter_that_libpq_refuses(url: str):
    with (
        closing(open_database(f"postgresql://me:secret@{url}")) as database,
        pytest.raises(RegisterAway) as raised,
    ):
        database.check()
    assert str(raised.value) == "the register's database: a parameter of REGISTER_URL is invalid"


def test_without_a_setting_there_is_no_register():
    with pytest.raises(UnusableRegister, match=r"^REGISTER_URL is not set$"):
        register_database(RegisterSettings(register_url=None))


def test_a_file_with_unusual_characters_in_its_name(tmp_path: Path):
    path = tmp_path / "a ?b#c%41é.db"
    with closing(SQLite(path)) as database:
        list(migrate(database))
        database.check()
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, f"{path.name}-lock"]
