"""A register of two models, and the command on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from credit_scoring.decisions.application import Application
from register.archive.stored_bundles import read_codec
from register.database.database import Database
from register.evidence.records import stored_answer
from register.tables import schema
from tests.register.recording import Recorder, Scored
from tests.support.bundles.folders import another_model
from tests.support.commands import CommandResult
from tests.support.registers.guards import unguarded
from tests.support.registers.register_command import run_register

FIRST, SECOND = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def other(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Another model, which replaces the first one."""
    folder = tmp_path_factory.mktemp("other") / "ressources"
    another_model(small_bundle_folder, folder)
    return Scored.of(folder)


@dataclass(eq=False)
class Swapped:
    """A register of two models.

    Attributes:
        database: of the register.
        bundles: ids of both.
        decisions: ids of the decisions of each.
    """

    database: Database
    bundles: list[int]
    decisions: list[list[UUID]]

    @classmethod
    def of(cls, database: Database, scored: Scored, other: Scored) -> "Swapped":
        recorder = Recorder(database)
        bundles = [recorder.keep(scored), recorder.keep(other)]
        first = recorder.decide(scored, scored.clients(30), bundle=bundles[0], at=FIRST)
        first += recorder.decide(scored, scored.clients(5), bundle=bundles[0], reasons=4, at=FIRST)
        records = [Application(None, other.record(row)) for row in range(10)]
        second = recorder.decide(other, records, bundle=bundles[1], reasons=2, at=SECOND)
        second += recorder.decide(other, other.clients(8), bundle=bundles[1], at=SECOND)
        return cls(database, bundles, [first, second])

    def by_hand(self, *statements) -> None:
        with self.database.maintenance() as connection:
            unguarded(connection)
            for statement in statements:
                connection.execute(statement)

    def replace(self, decision: UUID, bundle: int, **fields) -> None:
        """Replace fields of a recorded answer, with evidence that can be decoded."""
        evidence = schema.evidence
        here = evidence.c.decision == decision
        with self.database.reading() as connection:
            codec = read_codec(connection, bundle)
            row = connection.execute(evidence.select().where(here)).mappings().one()
        answer = orjson.loads(stored_answer(row, codec)) | fields
        content = codec.answers.compress(orjson.dumps(answer))
        self.by_hand(evidence.update().where(here).values(answer=content))


@pytest.fixture
def swapped(database: Database, scored: Scored, other: Scored) -> Swapped:
    return Swapped.of(database, scored, other)


@pytest.fixture
def replay(capsys, register_url: str) -> Callable[..., CommandResult]:
    """The command on the register."""
    return partial(run_register, capsys, register_url, "replay")
