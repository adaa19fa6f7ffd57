"""Verification of the guards: the triggers that refuse changes of recorded rows."""

import pytest
from sqlalchemy import text

from register.commands.migrate import migrate
from register.tables import schema
from register.verification.guards import postgresql_guards, sqlite_guards
from tests.support.registers.register_command import run_register

MADE_BY_SQLITE = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
MADE_BY_POSTGRESQL = """
    SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgname !~ '^RI_ConstraintTrigger'
"""
PARTITIONS = """
    SELECT parent.relname, child.relname FROM pg_inherits
    JOIN pg_class parent ON parent.oid = inhparent AND parent.relkind = 'p'
    JOIN pg_class child ON child.oid = inhrelid
"""


def guards(filled) -> set[tuple[str, str]]:
    """Tables and names of all triggers."""
    made = MADE_BY_SQLITE if filled.database.name == "sqlite" else MADE_BY_POSTGRESQL
    with filled.database.reading() as connection:
        return {tuple(row) for row in connection.execute(text(made))}


def owner_runs(filled, *statements: str) -> None:
    with filled.database.maintenance() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def partition(filled) -> str:
    """The first month's partition of `decision`, in PostgreSQL."""
    with filled.database.reading() as connection:
        names = [name for parent, name in connection.execute(text(PARTITIONS))]
    return min(name for name in names if name.startswith("decision_2"))


def test_migrate_makes_the_guards_that_are_checked_and_no_other(filled):
    if filled.database.name == "sqlite":
        expected = {(guard.table, guard.name) for guard in sqlite_guards()}
        assert len(expected) == 8 * 2 + 4
    else:
        with filled.database.reading() as connection:
            partitions = [tuple(row) for row in connection.execute(text(PARTITIONS))]
        assert len(partitions) == 4 * 4  # three months and a default one, of four tables
        expected = {(guard.table, guard.name) for guard in postgresql_guards(partitions)}
        assert len(expected) == (12 + 16) * 2
    assert guards(filled) == expected
    assert filled.problems() == []


def test_each_missing_guard_is_named(filled):
    expected = sorted(guards(filled))
    for table, name in expected:
        on_table = "" if filled.database.name == "sqlite" else f" ON {table}"
        if name in (f"{table}_refuse", f"{table}_no_truncate") or not on_table:
            owner_runs(filled, f"DROP TRIGGER {name}{on_table}")  # copies go with the original
    assert guards(filled) == set()
    assert filled.problems() == [f"guard {name} of {table}: is missing" for table, name in expected]


def test_the_command_ends_with_1(filled, capsys):
    on_table = "" if filled.database.name == "sqlite" else " ON shadow"
    name = "shadow_no_update" if filled.database.name == "sqlite" else "shadow_no_truncate"
    owner_runs(filled, f"DROP TRIGGER {name}{on_table}")
    result = run_register(capsys, filled.url, "verify")
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert (lines[0], lines[-1]) == (f"guard {name} of shadow: is missing", "1 problem")
    list(migrate(filled.database))  # does not hide it
    assert run_register(capsys, filled.url, "verify").code == 1


def test_a_guard_that_refuses_something_else_was_changed(filled):
    if filled.database.name == "sqlite":
        name = "decision_no_update"
        body = "BEGIN SELECT 1; END"
        owner_runs(
            filled, f"DROP TRIGGER {name}",
            f"CREATE TRIGGER {name} BEFORE UPDATE ON decision {body}",
        )  # fmt: skip
        assert filled.problems() == [f"guard {name} of decision: was changed"]
        return
    owner_runs(
        filled, "DROP TRIGGER event_refuse ON event",
        "CREATE TRIGGER event_refuse BEFORE UPDATE ON event FOR EACH ROW"
        " EXECUTE FUNCTION register_refuse()",
    )  # fmt: skip
    assert filled.problems() == ["guard event_refuse of event: was changed"]
    owner_runs(
        filled, "DROP TRIGGER event_refuse ON event",
        "CREATE TRIGGER event_refuse BEFORE UPDATE OR DELETE ON event FOR EACH ROW"
        " WHEN (OLD.caller = 'nobody') EXECUTE FUNCTION register_refuse()",
    )  # fmt: skip
    assert filled.problems() == ["guard event_refuse of event: was changed"]


@pytest.mark.parametrize("filled", ["postgresql"], indirect=True)
def test_guards_of_a_partition_are_checked(filled, partition):
    owner_runs(filled, f"DROP TRIGGER {partition}_no_truncate ON {partition}")
    assert filled.problems() == [f"guard {partition}_no_truncate of {partition}: is missing"]
    owner_runs(filled, f"ALTER TABLE {partition} DISABLE TRIGGER decision_refuse")
    assert filled.problems() == [
        f"guard {partition}_no_truncate of {partition}: is missing",
        f"guard decision_refuse of {partition}: is turned off",
    ]
    owner_runs(filled, f"DROP TABLE {partition.replace('decision', 'shadow')}")
    assert len(filled.problems()) == 2  # a partition that `retire` drops takes its guards along


def test_scores_of_a_challenger_without_their_decision_are_named_once(filled):
    """Two challengers have scored the second decision; then somebody removes it."""
    first, gone = filled.decisions[:2]
    at = filled.row(schema.decision, gone)["at"]
    other = filled.row(schema.bundle, filled.bundle) | {"id": 77, "sha256": bytes(32)}
    row = dict.fromkeys(schema.shadow.c.keys()) | {"at": at, "failure": "other"}
    filled.by_hand(
        schema.bundle.insert().values(other),
        *(
            schema.shadow.insert().values(row | {"decision": decision, "bundle": bundle})
            for decision, bundle in ((first, filled.bundle), (gone, filled.bundle), (gone, 77))
        ),
    )
    before = set(filled.problems())
    filled.by_hand(schema.decision.delete().where(schema.decision.c.id == gone))
    named = f"decision {gone}: a challenger's scores of it are there, and it is not"
    new = [line for line in filled.problems() if line not in before]
    assert new.count(named) == 1
    assert not [line for line in before if "challenger" in line]
    filled.by_hand(schema.shadow.delete().where(schema.shadow.c.decision == gone))
    assert named not in filled.problems()
