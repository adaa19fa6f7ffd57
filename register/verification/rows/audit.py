"""Audit values of decisions against the commitments to them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from uuid import UUID

from sqlalchemy import Connection, select

from register.database.database import Database
from register.evidence.audit_values import AuditValues
from register.evidence.chain import Row
from register.reading.pages import PAGE, SECONDS, rows_of
from register.tables import schema
from register.verification.deletions import audit_expiry, erased_among
from register.verification.problems import Problems
from register.verification.rows.orphans import DecisionKey, decisions_there

CHANGED = "its audit values are not those of the commitment"
MISSING = "its audit values are missing, and neither erasure nor expiry is recorded"
UNEXPECTED = "has audit values, and was recorded without any"
ORPHAN = "its audit values are there, and it is not"


def with_audit(database: Database, decisions: Iterator[Row], problems: Problems) -> Iterator[Row]:
    """Rows of `schema.decision`, each with its audit values checked.

    Args:
        database: of the register.
        decisions: the rows.
        problems: gets the problems.
    """
    while some := list(islice(decisions, PAGE)):
        with database.reading(SECONDS) as connection:
            for decision, problem in audit_problems(connection, some).items():
                problems.add(f"decision {decision}", problem)
        yield from some


def audit_problems(connection: Connection, decisions: Sequence[Row]) -> dict[UUID, str]:
    """The problems of the audit values of some decisions, by the decision's id."""
    values = _values(connection, decisions)
    found, without = dict[UUID, str](), list[Row]()
    for decision in decisions:
        rows, commitment = values.get(_key(decision)), decision["audit_commitment"]
        if rows and commitment is None:
            found[decision["id"]] = UNEXPECTED
        elif rows and AuditValues.of_rows(rows).commitment != commitment:
            found[decision["id"]] = CHANGED
        elif not rows and commitment is not None:
            without.append(decision)
    if without:
        erased = erased_among(connection, [decision["id"] for decision in without])
        expiry = audit_expiry(connection)
        gone = [one for one in without if one["at"] >= expiry and one["id"] not in erased]
        # The others were retired meanwhile.
        there = decisions_there(connection, [_key(one) for one in gone])
        found |= {one["id"]: MISSING for one in gone if _key(one) in there}
    return found


def _values(connection: Connection, decisions: Sequence[Row]) -> dict[DecisionKey, list[Row]]:
    """Rows of `schema.audit` by decision; by its id and time."""
    found = defaultdict[DecisionKey, list[Row]](list)
    if decisions:
        columns, times = schema.audit.c, [decision["at"] for decision in decisions]
        here = columns.decision.in_([decision["id"] for decision in decisions])
        within = columns.at.between(min(times), max(times))
        for row in rows_of(connection, select(schema.audit).where(here, within)):
            found[row["decision"], row["at"]].append(row)
    wanted = {_key(decision) for decision in decisions}
    return {key: rows for key, rows in found.items() if key in wanted}


def _key(decision: Row) -> DecisionKey:
    return decision["id"], decision["at"]
