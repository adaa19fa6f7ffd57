"""`verify`: the whole register against its hashes."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from sqlalchemy import Table

from register.database.database import Database
from register.evidence.chain import Row
from register.reading.pages import PAGE, SECONDS, pages
from register.tables import schema
from register.verification.chain.blocks import BlockCheck
from register.verification.chain.head import Head, read_head
from register.verification.chain.membership import Membership
from register.verification.guards import check_guards
from register.verification.problems import Problems
from register.verification.rows.audit import ORPHAN, with_audit
from register.verification.rows.bundles import BundleCheck
from register.verification.rows.decisions import DecisionCheck
from register.verification.rows.notes import OWNERS, check_owners, rows_with_notes
from register.verification.rows.orphans import check_orphans

ORPHAN_SCORES = "a challenger's scores of it are there, and it is not"


@dataclass(frozen=True, eq=False)
class Verification:
    """The result of verifying a register.

    Attributes:
        problems: found.
        head: of the register when it began; later blocks are not looked at.
        bundles, blocks, decisions: numbers of those.
        erased: decisions whose data were erased.
        retired: rows that were retired.
    """

    problems: Problems
    head: Head
    bundles: int
    blocks: int
    decisions: int
    erased: int
    retired: int


def verify(database: Database, earlier: Head | None = None) -> Verification:
    """Verify all that is recorded; others may write meanwhile.

    Args:
        database: of the register.
        earlier: a head that was published before; None without one.

    Raises:
        RegisterAway: the database does not answer.
    """
    problems = Problems()
    with database.reading(SECONDS) as connection:
        head = read_head(connection)
    check_guards(database, problems)
    bundles = BundleCheck(database, problems)
    bundles.check()
    decisions = DecisionCheck(database, problems)
    numbers = {stream.stream: stream.number for stream in head.streams}
    membership = Membership(numbers, problems)
    rows = all_rows(database, bundles, decisions)
    while some := list(islice(rows, PAGE)):
        with database.reading(SECONDS) as connection:
            membership.add(connection, some)
    with database.reading(SECONDS) as connection:
        membership.finish(connection)
    blocks = BlockCheck(database, membership, problems)
    blocks.check()
    if earlier:
        blocks.compare(earlier)
    check_owners(database, problems)
    check_orphans(database, schema.audit, ORPHAN, problems)
    check_orphans(database, schema.shadow, ORPHAN_SCORES, problems)
    return Verification(
        problems=problems,
        head=head,
        bundles=bundles.bundles,
        blocks=blocks.blocks,
        decisions=decisions.decisions,
        erased=decisions.erased,
        retired=membership.missing,
    )


def all_rows(
    database: Database, bundles: BundleCheck, decisions: DecisionCheck
) -> Iterator[tuple[Table, Row]]:
    """The rows of all chained tables in the order of their ids, each checked for itself."""

    def events() -> Iterator[Row]:
        for event in chain.from_iterable(pages(database, schema.event, "id")):
            bundles.check_event(event)
            yield event

    checked = with_audit(database, decisions.rows(), decisions.problems)
    streams = [(schema.decision, checked), (schema.event, events())]
    streams += [(table, rows_with_notes(database, table, decisions.problems)) for table in OWNERS]
    streams += [(schema.outcome, chain.from_iterable(pages(database, schema.outcome, "id")))]

    def of(table: Table, rows: Iterator[Row]) -> Iterator[tuple[Table, Row]]:
        return ((table, row) for row in rows)

    return heapq.merge(*(of(*stream) for stream in streams), key=lambda found: found[1]["id"].int)
