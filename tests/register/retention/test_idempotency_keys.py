"""Idempotency-Keys that are pruned after seven days."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from register.retention import idempotency_keys
from register.retention.idempotency_keys import count_old_keys, prune_keys
from register.tables import schema
from register.writing.entry import Key

NOW = datetime(2026, 11, 28, 13, tzinfo=UTC)


def add_keys(database, *days: float) -> None:
    """Add keys of some days before `NOW`, by two callers."""
    rows = [
        Key(
            caller=caller, key=f"{day}", fingerprint=bytes(32), decisions=(), is_list=True
        ).row(NOW - timedelta(days=day))
        for day in days
        for caller in ("ann", "bob")
    ]  # fmt: skip
    with database.writing() as connection:
        database.insert_keys(connection, rows)


def left(database) -> set[tuple[str, str]]:
    table = schema.idempotency.c
    with database.reading() as connection:
        return {tuple(row) for row in connection.execute(select(table.caller, table.key))}


@pytest.mark.parametrize("chunk", [1, 3, 5_000])
def test_keys_older_than_seven_days_go(database, monkeypatch, chunk):
    monkeypatch.setattr(idempotency_keys, "CHUNK", chunk)
    add_keys(database, 0, 6.9, 7, 7.1, 30, 400)
    assert count_old_keys(database, NOW) == 6
    assert prune_keys(database, NOW) == 6
    assert left(database) == {
        (caller, day) for caller in ("ann", "bob") for day in ("0", "6.9", "7")
    }
    assert (count_old_keys(database, NOW), prune_keys(database, NOW)) == (0, 0)


def test_the_command_prunes_keys_alone(command, database):
    add_keys(database, 0, 4_000)
    assert command("retire", "--keys", "--dry-run") == (
        0, "2 Idempotency-Keys would be deleted\n", ""
    )  # fmt: skip
    assert len(left(database)) == 4
    assert command("retire", "--keys") == (0, "2 Idempotency-Keys are deleted\n", "")
    assert command("retire", "--keys") == (0, "0 Idempotency-Keys are deleted\n", "")
    assert left(database) == {("ann", "0"), ("bob", "0")}


@pytest.mark.parametrize("options", [["--keys"], ["--dry-run"], []])
def test_the_command_deletes_nothing_from_tables_of_another_release(
    command, database, monkeypatch, options
):
    monkeypatch.setenv("REGISTER_KEEP_MONTHS", "6")
    add_keys(database, 4_000)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    code, out, err = command("retire", *options)
    assert (code, out) == (2, "")
    assert err.startswith("register: the register's tables are of revision 9999, and this release")
    assert len(left(database)) == 2
