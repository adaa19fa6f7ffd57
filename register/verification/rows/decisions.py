"""Decisions with their evidence, checked one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import Connection, select

from register.database.database import Database
from register.evidence.chain import Row
from register.reading.pages import PAGE, SECONDS, pages, rows_of
from register.tables import schema
from register.verification.deletions import erased_among
from register.verification.problems import Problems
from register.verification.rows.bundles import BundleFacts, read_facts
from register.verification.rows.evidence import evidence_problem

MISSING = "its evidence is missing, and no erasure is recorded"
ORPHAN = "its evidence is there, and it is not"

BUNDLES_KEPT = 16

Key = tuple[Any, ...]


@dataclass(eq=False)
class DecisionCheck:
    """Checks the evidence of all decisions.

    Attributes:
        database: of the register.
        problems: gets the problems.
        decisions: number of decisions so far.
        erased: number of decisions so far whose data were erased.
    """

    database: Database
    problems: Problems
    decisions: int = 0
    erased: int = 0
    _bundles: dict[int, BundleFacts] = field(default_factory=dict)
    _incomplete: list[Row] = field(default_factory=list)
    _orphans: list[Row] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """All rows of `schema.decision`, in the order of their ids, each checked."""
        decisions = chain.from_iterable(pages(self.database, schema.decision, "id", "at"))
        evidence = chain.from_iterable(pages(self.database, schema.evidence, "decision", "at"))
        theirs = next(evidence, None)
        for decision in decisions:
            key = decision_key(decision)
            while theirs is not None and evidence_key(theirs) < key:
                self._orphans.append(theirs)
                theirs = next(evidence, None)
            if theirs is not None and evidence_key(theirs) == key:
                self._check(decision, theirs)
                theirs = next(evidence, None)
            else:
                self._incomplete.append(decision)
            self.decisions += 1
            if len(self._incomplete) + len(self._orphans) >= PAGE:
                self._look_again()
            yield decision
        while theirs is not None:
            self._orphans.append(theirs)
            theirs = next(evidence, None)
            if len(self._orphans) >= PAGE:
                self._look_again()
        self._look_again()

    def _check(self, decision: Row, evidence: Row) -> None:
        problem = evidence_problem(decision, evidence, self._facts(decision["bundle"]))
        if problem:
            self.problems.add(f"decision {decision['id']}", problem)

    def _facts(self, bundle_id: int) -> BundleFacts | None:
        """Facts about a bundle; those of some bundles are kept, the ones used last."""
        found = self._bundles.pop(bundle_id, None)
        if found is None:
            with self.database.reading(SECONDS) as connection:
                found = read_facts(connection, bundle_id)
        if found is not None:
            self._bundles[bundle_id] = found
        if len(self._bundles) > BUNDLES_KEPT:
            self._bundles.pop(next(iter(self._bundles)))
        return found

    def _look_again(self) -> None:
        """Read missing evidence and decisions again: the tables may have changed in between."""
        with self.database.reading(SECONDS) as connection:
            self._look_for_evidence(connection)
            self._look_for_decisions(connection)
        self._incomplete.clear()
        self._orphans.clear()

    def _look_for_evidence(self, connection: Connection) -> None:
        ids = [decision["id"] for decision in self._incomplete]
        wanted = select(schema.evidence).where(schema.evidence.c.decision.in_(ids))
        found = {evidence_key(row): row for row in rows_of(connection, wanted)}
        erased = erased_among(connection, ids)
        for decision in self._incomplete:
            if evidence := found.get(decision_key(decision)):
                self._check(decision, evidence)
            elif decision["id"] in erased:
                self.erased += 1
            elif self._is_there(connection, decision):  # not retired meanwhile
                self.problems.add(f"decision {decision['id']}", MISSING)

    def _look_for_decisions(self, connection: Connection) -> None:
        for evidence in self._orphans:
            columns = schema.evidence.c
            here = (columns.decision == evidence["decision"]) & (columns.at == evidence["at"])
            decision = {"id": evidence["decision"], "at": evidence["at"]}
            if not self._is_there(connection, decision) and connection.scalar(
                select(columns.decision).where(here)
            ):
                self.problems.add(f"decision {evidence['decision']}", ORPHAN)

    @staticmethod
    def _is_there(connection: Connection, decision: Row) -> bool:
        columns = schema.decision.c
        here = (columns.id == decision["id"]) & (columns.at == decision["at"])
        return connection.scalar(select(columns.id).where(here)) is not None


def decision_key(row: Row) -> Key:
    """The key of a row of `schema.decision`."""
    return row["id"], row["at"]


def evidence_key(row: Row) -> Key:
    """The key of a row of `schema.evidence`, which is that of its decision."""
    return row["decision"], row["at"]
