"""A register of awkward rows, drawn at random: what callers, reviewers and lenders may send."""

import calendar
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Table, insert

from register.archive.reference_scores import ReferenceScores
from register.database.database import Database
from register.tables import schema
from tests.register.database.rows import row

STATUSES = ["repaid", "current", "late", "defaulted", "written_off", "not_taken_up"]
DEFINITIONS = ["90dpd", "90dpd", "60dpd"]
CALLERS = ["web", "branch", "broker"]
GRADES = ["A", "B", "C", "D"]
AGES = ["young", "old", "é'%s\\", "(not known)", "(others)"]  # as some lender may write them
MODELS = {1: bytes([1] * 32), 2: bytes([2] * 32), 3: bytes([1] * 32)}  # 3 has the model of 1
WITHOUT_REFERENCE = 3
START, END = datetime(2024, 7, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
AS_OF = datetime(2026, 11, 28, 13, 5, tzinfo=UTC)


@dataclass(eq=False)
class Drawn:
    """The rows of a register, as plain dicts.

    Attributes:
        chance: draws them.
        rows: by table.
        references: scores of the reference clients, by bundle.
    """

    chance: random.Random
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    references: dict[int, ReferenceScores] = field(default_factory=dict)

    def add(self, table: Table, **values: Any) -> dict[str, Any]:
        own = {"id": UUID(int=self.chance.getrandbits(128))} if "id" in table.c else {}
        found = row(table, **own | values)
        self.rows.setdefault(table.name, []).append(found)
        return found

    def write(self, database: Database) -> None:
        bundles = [
            row(schema.bundle, id=number, sha256=bytes([number] * 32), model=model)
            for number, model in MODELS.items()
        ]
        with database.writing() as connection:
            connection.execute(insert(schema.bundle), bundles)
            scores = [of.row(number) for number, of in self.references.items()]
            if scores:
                connection.execute(insert(schema.reference_scores), scores)
            for table in (
                schema.decision, schema.review_request, schema.review, schema.outcome, schema.audit,
            ):  # fmt: skip
                database.insert(connection, table, self.rows.get(table.name, []))


def drawn(seed: int, decisions: int, definitions: Sequence[str] = DEFINITIONS) -> Drawn:
    """A register of some decisions, with outcomes of some definitions."""
    chance = random.Random(seed)
    found = Drawn(chance, references={number: reference(number) for number in (1, 2)})
    for _ in range(decisions):
        made = decision(found, chance)
        outcomes(found, chance, made, definitions)
        reviews(found, chance, made)
        audit(found, chance, made)
    return found


def reference(number: int) -> ReferenceScores:
    """Scores of reference clients, some of which are equal."""
    numbers = np.random.default_rng(number)
    probability = np.round(numbers.beta(2, 5, 400), 2 if number == 1 else 4)
    defaulted = numbers.random(400) < probability
    return ReferenceScores(probability, None, probability >= 0.4, defaulted)


def decision(found: Drawn, chance: random.Random) -> dict[str, Any]:
    bundle = chance.choice([1, 1, 2, 2, 3])
    probability = round(chance.betavariate(2, 4), 2)
    return found.add(
        schema.decision,
        at=moment(chance),
        caller=chance.choice(CALLERS),
        bundle=bundle,
        probability=probability,
        pd=None if bundle == WITHOUT_REFERENCE else chance.betavariate(1, 9),
        grade=chance.choice([*GRADES, None]),
        prediction=int(probability >= 0.4),
        automated=chance.random() < 0.7,
    )


def moment(chance: random.Random) -> datetime:
    """A time before, within or after the report's, often at the edge of a day, week or month."""
    day = START - timedelta(40) + timedelta(chance.randrange((END - START).days + 80))
    if chance.random() < 0.4:
        last = calendar.monthrange(day.year, day.month)[1]
        day = day.replace(day=chance.choice([1, 28, last]))
    edge = [timedelta(0), timedelta(microseconds=1), timedelta(days=1, microseconds=-1)]
    within = timedelta(seconds=chance.randrange(86_400))
    return day + chance.choice([*edge, within, within])


def outcomes(
    found: Drawn, chance: random.Random, made: dict[str, Any], definitions: Sequence[str]
) -> None:
    """Outcomes of a decision: late ones, early ones, corrections, several of one time."""
    days: list[date] = []
    for _ in range(chance.choice([0, 1, 1, 2, 3, 5])):
        again = bool(days) and chance.random() < 0.3
        day = chance.choice(days) if again else made["at"].date() + offset(chance, made["at"])
        days.append(day)
        found.add(
            schema.outcome,
            decision=made["id"],
            at=AS_OF + timedelta(seconds=chance.randrange(4)),
            status=chance.choice([*STATUSES, "current", "current", "late"]),
            observed=day,
            definition=chance.choice(definitions),
        )


def offset(chance: random.Random, at: datetime) -> timedelta:
    """Days from a decision to an outcome, often those to the end of a window of 12 or 5 months."""
    if chance.random() < 0.4:
        months = chance.choice([12, 5])
        year, index = divmod(at.year * 12 + at.month - 1 + months, 12)
        end = date(year, index + 1, min(at.day, calendar.monthrange(year, index + 1)[1]))
        return end - at.date() + timedelta(chance.choice([-1, 0, 0, 1]))
    return timedelta(chance.randrange(-20, 500))


def reviews(found: Drawn, chance: random.Random, made: dict[str, Any]) -> None:
    """Reviews that turn a decision round, and requests before, between and after them."""
    if chance.random() < 0.6:
        return
    at = made["at"]
    for _ in range(chance.randrange(1, 6)):
        at += timedelta(hours=chance.choice([0, 1, 30, 200]))
        if chance.random() < 0.5:
            found.add(schema.review_request, decision=made["id"], at=at)
        else:
            found.add(
                schema.review,
                decision=made["id"],
                at=at,
                prediction=chance.randrange(2),
                reason=chance.choice(["INCOME", "FRAUD", "DATA"]),
                caller=chance.choice(["anna", "ben"]),
            )


def audit(found: Drawn, chance: random.Random, made: dict[str, Any]) -> None:
    for name, values in (("sex", ["f", "m"]), ("age", AGES)):
        if chance.random() < 0.8:
            value = chance.choice(values)
            found.add(schema.audit, decision=made["id"], at=made["at"], name=name, value=value)
