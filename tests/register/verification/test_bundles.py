"""Verification of bundles and their files."""

import pytest
from sqlalchemy import select

from register.evidence.compression import PLAIN
from register.tables import schema


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda b: b.update().values(description="{}"), "its description has another hash"),
        (lambda b: b.update().values(model=bytes(32)), "its model is another one"),
        (lambda b: b.update().values(sha256=bytes(32)), "its description has another hash"),
        (lambda b: b.update().values(sha256=bytes(32)), "is another one than in event"),
    ],
)
def test_a_changed_bundle_is_named(filled, change, problem):
    filled.by_hand(change(schema.bundle))
    assert any(line.startswith(f"bundle {filled.bundle}: {problem}") for line in filled.problems())


def test_changed_reference_scores_are_named(filled):
    scores, name = schema.reference_scores, f"bundle {filled.bundle}: its reference scores are"
    with filled.changed(scores, filled.bundle, {"probability": b"x"}):
        assert filled.problems() == [f"{name} damaged"]
    with filled.changed(scores, filled.bundle, {"refused": PLAIN.compress(b"\0")}):
        assert filled.problems() == [f"{name} of different numbers of clients"]
    assert filled.problems() == []


def test_a_missing_part_of_a_file_is_named(filled):
    part = schema.artefact_part
    with filled.database.reading() as connection:
        model = connection.scalar(select(schema.bundle.c.model))
    filled.by_hand(part.delete().where(part.c.sha256 == model))
    assert filled.problems() == [
        f"bundle {filled.bundle}: model.joblib: the register has 0 parts of it, expected 1"
    ]
