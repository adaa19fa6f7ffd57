"""Scores of the reference clients, kept beside the bundle."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import delete, func, insert, select

from credit_scoring.data.artifacts import NEW_FILE, REFERENCE_FILE, TARGET
from credit_scoring.model.loader import load
from credit_scoring.model.scorecard import log_odds
from register.archive.reference_scores import ReferenceScores, read_reference_scores
from register.archive.scored_reference import scored_reference
from register.errors import Damaged
from register.evidence.compression import PLAIN
from register.tables import schema
from tests.support.bundles.folders import write_metadata
from tests.support.registers.guards import unguarded

SCORECARD = {"calibration": {"slope": 0.8, "offset": -1.1}}


def rows(database) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(schema.reference_scores))


def read(database, number: int) -> ReferenceScores | None:
    with database.reading() as connection:
        return read_reference_scores(connection, number)


def scored_as_new(folder: Path, made: Path) -> pd.DataFrame:
    """The reference clients scored one by one as new clients of the same model."""
    shutil.copytree(folder, made, dirs_exist_ok=True)
    reference = pd.read_csv(folder / REFERENCE_FILE)
    new = pd.read_csv(folder / NEW_FILE, nrows=0)
    (identity,) = set(new.columns) - set(reference.columns) or {new.columns[0]}
    reference[identity] = np.arange(1, len(reference) + 1)
    reference[new.columns].to_csv(made / NEW_FILE, index=False)
    write_metadata(made)
    bundle = load(made)
    found = [bundle.predict(bundle.transformed[row]) for row in range(len(reference))]
    return pd.DataFrame(
        {
            "probability": [one.probability for one in found],
            "refused": [one.prediction == 1 for one in found],
            "defaulted": reference[TARGET] == 1,
        }
    )


def test_scores_are_those_of_new_clients_with_the_same_values(archive, database, folder, made):
    bundle = load(folder)
    number = archive.keep(bundle, folder)
    found, expected = read(database, number), scored_as_new(folder, made)
    assert found.probability.tolist() == expected.probability.tolist()
    assert found.refused.tolist() == expected.refused.tolist()
    assert found.defaulted.tolist() == expected.defaulted.tolist()
    assert 0 < found.refused.sum() < len(found)
    assert 0 < found.defaulted.sum() < len(found)
    pds = [bundle.scorecard.pd(log_odds(one)) for one in expected.probability]
    np.testing.assert_allclose(found.pd, pds, rtol=1e-15)


def test_without_a_scorecard_there_is_no_pd(archive, database, lightgbm_folder):
    bundle = lightgbm_folder.load()
    found = read(database, archive.keep(bundle, lightgbm_folder.path))
    assert found.pd is None
    assert len(found) == len(bundle.reference) == len(found.defaulted)


def test_a_scorecard_gives_each_client_a_pd(archive, database, folder):
    write_metadata(folder, **SCORECARD)
    bundle = load(folder)
    found = read(database, archive.keep(bundle, folder))
    p = found.probability
    expected = 1 / (1 + np.exp(-(0.8 * np.log(p / (1 - p)) - 1.1)))
    np.testing.assert_allclose(found.pd, expected, rtol=1e-12)


def test_scores_are_added_to_a_bundle_that_was_kept_without_them(archive, database, folder):
    bundle, calls = load(folder), []

    def away() -> None:
        calls.append("no")

    def given() -> ReferenceScores | None:
        calls.append("yes")
        return scored_reference(bundle)

    number = archive.keep(bundle, folder, reference=away)
    assert read(database, number) is None
    for _ in range(2):
        assert archive.keep(bundle, folder, reference=given) == number
    assert calls == ["no", "yes"]
    assert rows(database) == 1
    assert read(database, number).probability.tolist() == (
        scored_reference(bundle).probability.tolist()
    )


def test_each_bundle_has_its_own(archive, database, folder):
    first = archive.keep(load(folder), folder)
    write_metadata(folder, threshold=0.2)
    second = archive.keep(load(folder), folder)
    before, after = read(database, first), read(database, second)
    assert rows(database) == 2
    assert before.probability.tolist() == after.probability.tolist()
    assert after.refused.tolist() == (after.probability >= 0.2).tolist() != before.refused.tolist()


def test_an_unknown_bundle_has_none(database):
    assert read(database, 17) is None


@pytest.mark.parametrize(
    "change",
    [
        {"probability": b"no zstd"},
        {"refused": PLAIN.compress(b"\0\1")},
        {"pd": PLAIN.compress(bytes(7))},
    ],
    ids=["not compressed", "of two clients", "not of doubles"],
)
def test_a_changed_row_is_told_from_another_number_of_clients(archive, database, folder, change):
    bundle = load(folder)
    number = archive.keep(bundle, folder)
    with database.writing() as connection:
        unguarded(connection, [schema.reference_scores])
        connection.execute(delete(schema.reference_scores))
        row = scored_reference(bundle).row(number) | change
        connection.execute(insert(schema.reference_scores), row)
    with pytest.raises(Damaged, match=r"^its reference scores are "):
        read(database, number)
