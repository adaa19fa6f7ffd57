"""`verify_decision`: one decision against its evidence, its block and the blocks beside it."""

from uuid import UUID

from sqlalchemy import Connection, select

from register.errors import UnknownDecision
from register.evidence.chain import GENESIS, LEAF, Block, Row, block_id, row_hash, rows_hash
from register.reading.pages import rows_of
from register.tables import schema
from register.verification.chain.membership import ELSEWHERE, block_of, leaves_of
from register.verification.deletions import erased_among, read_retirements
from register.verification.problems import block_name
from register.verification.rows.audit import audit_problems
from register.verification.rows.bundles import read_facts
from register.verification.rows.decisions import MISSING
from register.verification.rows.evidence import evidence_problem

OK = "ok"


def verify_decision(connection: Connection, decision: UUID) -> str:
    """`OK`, or the first problem of a decision, in words.

    Args:
        connection: to the register.
        decision: its id.

    Raises:
        UnknownDecision: no decision has this id.
    """
    found = rows_of(connection, select(schema.decision).where(schema.decision.c.id == decision))
    if not found:
        raise UnknownDecision(f"no decision {decision}")
    row = found[0]
    block = read_block(connection, row["block"])
    if len(found) > 1:
        return "another decision has the same id"
    if block is None:
        return "its block does not exist"
    return (
        _evidence_problem(connection, row)
        or audit_problems(connection, [row]).get(row["id"])
        or _row_problem(row, block_of(block))
        or _block_problem(connection, block)
        or OK
    )


def read_block(connection: Connection, block: int) -> Row | None:
    """A row of `schema.block`; None if it does not exist."""
    found = rows_of(connection, select(schema.block).where(schema.block.c.id == block))
    return found[0] if found else None


def _evidence_problem(connection: Connection, decision: Row) -> str | None:
    columns = schema.evidence.c
    here = (columns.decision == decision["id"]) & (columns.at == decision["at"])
    evidence = rows_of(connection, select(schema.evidence).where(here))
    if evidence:
        facts = read_facts(connection, decision["bundle"])
        return evidence_problem(decision, evidence[0], facts)
    return None if erased_among(connection, {decision["id"]}) else MISSING


def _row_problem(decision: Row, block: Block) -> str | None:
    if row_hash(schema.decision, decision)[:LEAF] in leaves_of(block):
        return None
    return "was changed" if block.first <= decision["id"] <= block.last else ELSEWHERE


def _block_problem(connection: Connection, row: Row) -> str | None:
    """The problem of a block: of its hashes, its rows, or its place in the stream."""
    block, name = block_of(row), block_name(row["id"])
    if block.root != row["root"] or row["id"] != block_id(block.stream, block.number):
        return f"{name} was changed"
    hashes: dict[UUID, bytes] = {}
    for table in schema.CHAINED:
        here = table.c.id.between(block.first, block.last) & (table.c.block == block.id)
        found = rows_of(connection, select(table).where(here))
        hashes |= {one["id"]: row_hash(table, one) for one in found}
    missing = block.count - len(hashes)
    if missing > 0:
        if missing > read_retirements(connection).most_missing(block):
            return f"{name}: {missing} of its {block.count} rows are missing"
    elif rows_hash([hashes[one] for one in sorted(hashes)]) != block.rows:
        return f"{name}: another of its rows was changed"
    before = read_block(connection, block.id - 1) if block.number > 1 else None
    if block.previous != (before["root"] if before else GENESIS):
        return f"{name} does not follow the block before it"
    after = read_block(connection, block.id + 1)
    if after is not None and after["previous"] != block.root:
        return f"{name} is not followed by the block after it"
    return None
