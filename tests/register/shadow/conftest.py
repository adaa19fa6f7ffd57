"""Challengers in folders of their own, and the rows that they leave in a register."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from credit_scoring.decisions.application import Applications
from credit_scoring.decisions.scoring import ApplicationScorer
from credit_scoring.errors import InvalidApplication
from register.database.database import Database
from register.settings import RegisterSettings
from register.shadow.challenger import Unscored
from register.store import Store
from register.tables import schema
from tests.register.recording import Scored
from tests.support.bundles.folders import another_model


@pytest.fixture(scope="session")
def other_folder(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of another model of the same features. Nobody writes into it."""
    folder = tmp_path_factory.mktemp("other") / "ressources"
    another_model(small_bundle_folder, folder)
    return folder


@pytest.fixture(scope="session")
def other(other_folder: Path) -> Scored:
    """The other model."""
    return Scored.of(other_folder)


@pytest.fixture
def store(settings: RegisterSettings, database: Database) -> Iterator[Store]:
    """An open register, whose bundles are those of `Recorder` if their files are."""
    store = Store.open(settings, fast_explanations=False)
    yield store
    store.close()


def shadows(database: Database) -> dict[UUID, dict[str, Any]]:
    """The rows of `schema.shadow` by decision."""
    with database.reading() as connection:
        rows = connection.execute(select(schema.shadow)).mappings().all()
    return {row["decision"]: dict(row) for row in rows}


def unscored(database: Database) -> list[Unscored]:
    """All decisions with their evidence, the oldest first."""
    decision, evidence = schema.decision.c, schema.evidence.c
    wanted = select(decision.id, decision.at, decision.bundle, evidence.record).join_from(
        schema.decision, schema.evidence, evidence.decision == decision.id
    )
    with database.reading() as connection:
        rows = connection.execute(wanted.order_by(decision.at, decision.id)).all()
    return [Unscored(*row) for row in rows]


@dataclass(frozen=True, eq=False)
class PlainScorer:
    """The plain way to score: one record in JSON at a time, by decoder and scorer of `/score`."""

    scored: Scored

    @cached_property
    def decoder(self) -> ApplicationDecoder:
        """The decoder of `/score`."""
        return ApplicationDecoder(ApplicationReader.of(self.scored.bundle))

    def of(self, record: Mapping[str, Any]) -> tuple[float, float | None, int] | str:
        """Probability, probability of default and decision; or the message of a refusal.

        Features of the record that the model does not know are left out.
        """
        known = {name: record[name] for name in self.scored.bundle.features if name in record}
        scorer = ApplicationScorer(self.scored.bundle, self.scored.peers, 0, "near")
        try:
            application = self.decoder.decode_one(orjson.dumps({"record": known}))
            (found,) = scorer.score(Applications([application]))
        except InvalidApplication as refusal:
            return str(refusal)
        return found.probability, found.pd, found.prediction
