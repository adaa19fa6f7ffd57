"""Verification of a register with rows or blocks that were removed, added or written anew."""

from uuid import UUID

import pytest
from sqlalchemy import select

from register.evidence.chain import Block, block_id, row_hash
from register.tables import schema
from register.verification import verification
from register.verification.verification import verify
from tests.support.registers.guards import lifted_guards

BLOCKS = 9


@pytest.mark.parametrize("table", schema.CHAINED, ids=str)
def test_a_deleted_row_names_its_block(filled, table):
    row_id = filled.rows.get(table.name) or filled.decisions[1]
    with filled.database.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == row_id)).mappings().one()
        block = connection.execute(
            select(schema.block).where(schema.block.c.id == row["block"])
        ).one()
    filled.by_hand(table.delete().where(table.c.id == row_id))
    problems = filled.problems()
    name = f"block {block.number} of stream {block.stream}"
    gone = f", among them {row_id}" if row_id in (block.first, block.last) else ""
    assert f"{name}: 1 of its {block.count} rows missing{gone}" in problems
    of_nobody = f"note {row_id}: belongs to no review request and no review"
    orphans = {
        "decision": [
            f"decision {row_id}: its {part} there, and it is not"
            for part in ("evidence is", "audit values are")
        ],
        "review": [of_nobody],
        "review_request": [of_nobody],
    }.get(table.name, [])
    assert len(problems) == 1 + len(orphans)
    assert set(orphans) < set(problems)


def test_a_deleted_block_with_its_rows_is_named(filled):
    """The second block of the first stream, which holds a review request."""
    gone = block_id(1, 2)
    filled.by_hand(
        schema.review_request.delete().where(schema.review_request.c.block == gone),
        schema.note.delete().where(schema.note.c.owner == filled.rows["review_request"]),
        schema.block.delete().where(schema.block.c.id == gone),
    )
    assert filled.problems() == ["block 3 of stream 1: the block before it is missing, number 2"]


@pytest.mark.parametrize("table", schema.CHAINED, ids=str)
def test_an_added_row_is_named(filled, table):
    """A copy of a row under another id, in the same block."""
    row_id = filled.rows.get(table.name) or filled.decisions[1]
    with filled.database.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == row_id)).mappings().one()
    for step in (-1, 1, 1 << 100):
        added = UUID(int=row_id.int + step)
        filled.by_hand(table.insert().values({**row, "id": added}))
        problems = [line for line in filled.problems() if str(added) in line]
        assert len(problems) >= 1
        assert problems[0].startswith(f"{table.name} {added}: ")
        filled.by_hand(table.delete().where(table.c.id == added))
    assert filled.problems() == []


def test_a_row_of_a_block_that_does_not_exist_is_named(filled):
    event = schema.event
    with filled.database.reading() as connection:
        row = connection.execute(select(event)).mappings().one()
    added = UUID(int=row["id"].int + 1)
    later = {**row, "id": added, "block": block_id(3, 9)}
    filled.by_hand(event.insert().values(later))
    assert filled.problems() == [f"event {added}: block 9 of stream 3 does not exist"]


def test_a_rewritten_last_block_is_found_by_an_earlier_head(filled):
    """The owner of the database changes a decision and all hashes of it."""
    earlier = filled.verify().head
    decision, evidence, block = schema.decision, schema.evidence, schema.block
    last = filled.decisions[-1]
    with filled.database.maintenance() as connection, lifted_guards(connection):
        row = dict(
            connection.execute(select(decision).where(decision.c.id == last)).mappings().one()
        )
        row["automated"] = False
        before = (
            connection.execute(select(block).where(block.c.id == row["block"])).mappings().one()
        )
        rewritten = Block.of(
            before["stream"], before["number"], before["at"], before["previous"],
            {last: row_hash(decision, row)},
        )  # fmt: skip
        connection.execute(decision.update().where(decision.c.id == last).values(automated=False))
        connection.execute(block.update().where(block.c.id == row["block"]).values(rewritten.row()))
    assert filled.problems() == []
    found = verify(filled.database, earlier)
    assert found.problems.lines == ["block 2 of stream 2: has another root than in the head"]
    filled.by_hand(
        decision.delete().where(decision.c.id == last),
        evidence.delete().where(evidence.c.decision == last),
        block.delete().where(block.c.id == row["block"]),
    )
    assert filled.problems() == []
    found = verify(filled.database, earlier)
    assert found.problems.lines == ["block 2 of stream 2: is in the head, and is not there"]
    assert verify(filled.database, found.head).problems.lines == []


def test_a_stream_that_is_not_registered_is_named(filled):
    filled.by_hand(schema.stream.delete().where(schema.stream.c.id == 2))
    assert filled.problems() == ["stream 2: has blocks, and is not in the table of streams"]


def test_blocks_written_meanwhile_are_not_looked_at(filled, scored, monkeypatch):
    """After the head was read, another block is written and its row is changed."""
    read_head = verification.read_head

    def read_and_write(connection):
        head = read_head(connection)
        connection.commit()
        filled.recorder.another_stream().event("read")
        filled.recorder.event("read")
        return head

    monkeypatch.setattr(verification, "read_head", read_and_write)
    found = filled.verify()
    assert (found.problems.lines, found.blocks) == ([], BLOCKS)
    monkeypatch.undo()
    assert filled.verify().blocks == BLOCKS + 2
