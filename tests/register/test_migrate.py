"""`python -m register migrate`: the tables of the schema, made once."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ProgrammingError

from register import migrations
from register.__main__ import COMMANDS, main
from register.commands.migrate import migrate
from register.database.database import REVISION, Database
from register.database.file.transaction_lock import TransactionLock
from register.database.opening import open_database
from register.database.partitions import PARTITIONED, later, partition_name
from register.tables import schema
from tests.support.commands import run
from tests.support.registers.postgresql import Cluster
from tests.support.servers.processes import ROOT, inherited
from tests.support.servers.server import HOST, free_port, wait_for

MADE = f"the tables are of revision {REVISION} now; before: none"
THERE = f"the tables are of revision {REVISION} already"


def months_ahead() -> list[str]:
    """The partitions that a migration makes."""
    today = datetime.now(UTC).date()
    return [partition_name(table, later(today, n)) for n in range(3) for table in PARTITIONED]


def is_of_schema(name: str | None, kind: str, _: Any) -> bool:
    """True except for the partitions."""
    return kind != "table" or name in schema.metadata.tables


def indexes(connection: Connection) -> set[tuple[str, str]]:
    """Names and definitions of all indexes of the schema's tables, expressions included."""
    statement = "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    if connection.dialect.name == "postgresql":
        statement = "SELECT tablename, replace(indexdef, ' ONLY', '') FROM pg_indexes"
    rows = connection.execute(text(statement))
    return {(table, definition) for table, definition in rows if table in schema.metadata.tables}


@pytest.mark.filterwarnings("ignore:autogenerate skipping")  # SQLite's indexes of expressions,
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")  # which the next test compares
def test_the_tables_are_those_of_the_schema(database: Database):
    with database.reading(30) as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_of_schema})
        assert compare_metadata(context, schema.metadata) == []
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    partitions = {f"{table}_default" for table in PARTITIONED} | set(months_ahead())
    expected = set(schema.metadata.tables)
    assert tables == (expected | partitions if database.name == "postgresql" else expected)


def test_the_indexes_are_those_of_the_schema(database: Database, cluster: Cluster, tmp_path: Path):
    urls = {"sqlite": f"sqlite:///{tmp_path}/plain.db"}
    plain = open_database(urls.get(database.name) or cluster.url(cluster.database()))
    plain.create()
    with closing(plain), plain.maintenance() as connection:
        schema.metadata.create_all(connection)
        expected = indexes(connection)
    with database.reading(30) as connection:
        assert indexes(connection) == expected


def test_the_revision_of_this_release_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


@pytest.fixture
def environment(register_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty register, which the environment names."""
    monkeypatch.setenv("REGISTER_URL", register_url)
    return register_url


def outcome(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    """The exit code of a command, its lines, and its error."""
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def test_the_command_makes_tables_once(environment: str, capsys: pytest.CaptureFixture[str]):
    made = f"partitions made: {', '.join(months_ahead())}"
    more = [made] if environment.startswith("postgresql") else []
    assert outcome(capsys, "migrate") == (0, [MADE, *more], "")
    assert outcome(capsys, "migrate") == (0, [THERE], "")
    with closing(open_database(environment)) as database:
        database.check()


def test_several_migrations_at_once(register_url: str):
    def run_migration(_: int) -> str:
        with closing(open_database(register_url)) as database:
            return next(iter(list(migrate(database))))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run_migration, range(4))) == sorted([MADE, THERE, THERE, THERE])


def test_a_register_of_a_newer_release_is_left(
    database: Database, register_url: str, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setenv("REGISTER_URL", register_url)
    with database.maintenance() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert outcome(capsys, "migrate") == (
        2,
        [],
        "register: the register is of another release: Can't locate revision identified by"
        " '9999'\n",
    )


def test_a_migration_that_fails_leaves_nothing(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys
):
    with closing(open_database(postgresql_url)) as database:
        with database.maintenance() as connection:
            connection.execute(text("CREATE FUNCTION register_refuse() RETURNS trigger"
                                    " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"))  # fmt: skip
        with pytest.raises(ProgrammingError):
            list(migrate(database))
        with database.reading() as connection:
            assert inspect(connection).get_table_names() == []


def test_a_register_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("REGISTER_URL", f"postgresql://keeper:secret@{HOST}:{free_port()}/register")
    assert outcome(capsys, "migrate") == (
        2, [], "register: the register's database: nothing listens at its address\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    "url", ["", "mysql://me:secret@host/x", "secret", "sqlite://", "sqlite:///"]
)
def test_a_url_of_no_register(monkeypatch: pytest.MonkeyPatch, capsys, url: str):
    monkeypatch.setenv("REGISTER_URL", url)
    problem = "REGISTER_URL is neither sqlite:///FILE nor postgresql://…"
    expected = problem if url else "REGISTER_URL is not set"
    assert outcome(capsys, "migrate") == (2, [], f"register: {expected}\n")


def test_a_setting_that_is_refused(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("REGISTER_PEPPER", "too short")
    code, lines, err = outcome(capsys, "migrate")
    expected = "register: REGISTER_PEPPER: a secret of 16 characters or more is needed\n"
    assert (code, lines, err) == (2, [], expected)


@pytest.mark.parametrize("name", ["migrate", "verify", "hold --client 5"])
@pytest.mark.parametrize("rest", ["x/name", "5/name?nonsense=1"])
def test_a_url_with_a_mistake_is_one_line(name: str, rest: str):
    url = f"postgresql://keeper:hunter2@{HOST}:{rest}"
    environment = inherited() | {"REGISTER_URL": url, "REGISTER_PEPPER": "a pepper of the tests"}
    done = run(sys.executable, "-m", "register", *name.split(), cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("register: REGISTER_URL ")
    assert "hunter2" not in done.stderr


def test_a_command_that_writes_says_once_that_the_register_is_away():
    url = f"postgresql://keeper:hunter2@{HOST}:{free_port()}/name"
    environment = inherited() | {"REGISTER_URL": url, "REGISTER_PEPPER": "a pepper of the tests"}
    command = [sys.executable, "-m", "register", "erase", "--client", "5"]
    done = run(*command, cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "register: the register's database: nothing listens at its address\n"


def test_another_pepper_does_not_seem_to_know_nobody(
    database: Database, register_url: str, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setenv("REGISTER_URL", register_url)
    monkeypatch.setenv("REGISTER_PEPPER", "a pepper of the tests")
    first = "register: no such decision is recorded"
    assert outcome(capsys, "erase", "--client", "5")[2].startswith(first)
    monkeypatch.setenv("REGISTER_PEPPER", "a peper of the tests")
    problem = "register: REGISTER_PEPPER is not that of this register\n"
    for command in ("erase", "hold"):
        assert outcome(capsys, command, "--client", "5") == (2, [], problem)


def test_sqlite_has_no_roles(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("REGISTER_URL", sqlite_url)
    expected = (2, [], "register: only PostgreSQL has roles\n")
    assert outcome(capsys, "migrate", "--writer", "service") == expected


def test_roles_are_given_their_rights(
    cluster: Cluster, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setenv("REGISTER_URL", postgresql_url)
    for role in ("service", 're"port'):
        cluster.run("CREATE ROLE " + '"' + role.replace('"', '""') + '"')
    code, lines, err = outcome(capsys, "migrate", "--writer", "service", "--reader", 're"port')
    assert (code, lines[-2:], err) == (
        0, ["service has the rights of a writer", 're"port has the rights of a reader'], "",
    )  # fmt: skip
    with closing(open_database(postgresql_url)) as database, database.reading() as connection:
        rights = text("SELECT has_table_privilege(:role, 'decision', :right)")
        found = {
            (role, right)
            for role in ("service", 're"port')
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            if connection.scalar(rights, {"role": role, "right": right})
        }
    assert found == {("service", "SELECT"), ("service", "INSERT"), ('re"port', "SELECT")}


def test_a_role_that_does_not_exist(postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("REGISTER_URL", postgresql_url)
    code, _, err = outcome(capsys, "migrate", "--reader", "missing")
    assert (code, err) == (2, "register: PostgreSQL has no role missing\n")


def test_an_interrupt_ends_with_one_line(sqlite_url: str, tmp_path: Path):
    """The command waits for the lock, which this process holds."""
    lock = TransactionLock(tmp_path / "register.db-lock")
    with lock.held(0):
        command = [sys.executable, "-m", "register", "migrate"]
        environment = inherited() | {"REGISTER_URL": sqlite_url}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE, text=True
        ) as process:
            wait_for(lambda: (tmp_path / "register.db").exists() and waits_for_a_lock(process.pid))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "register: interrupted\n")


def waits_for_a_lock(pid: int) -> bool:
    """True if a thread of a process is in flock; /proc/locks marks those that wait by an arrow."""
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and str(pid) in line.split() for line in lines)


def test_the_help_lists_every_command():
    done = run(sys.executable, "-m", "register", "--help", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    for name in COMMANDS:
        assert f"\n    {name} " in done.stdout


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["migrat"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("register: argument COMMAND: invalid choice: ")
