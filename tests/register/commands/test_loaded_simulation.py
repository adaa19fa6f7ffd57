"""Simulated decisions that `python -m register load` loaded: what the register has of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from register.database.database import Database
from register.database.opening import open_database
from register.evidence.pseudonyms import pseudonym
from register.tables import schema
from tests.register.commands.test_load import lines, rows
from tests.register.conftest import LoadedRegister
from tests.register.recording import PEPPER
from tests.support.commands import CommandResult
from tests.support.registers.register_command import run_register

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Loaded:
    """The lines that were loaded, and what the register has of them."""

    database: Database
    folder: Path
    report: str

    def given(self, *names: str) -> list[dict[str, Any]]:
        """The lines of files."""
        return [line for name in names for line in lines(self.folder / f"{name}.ndjson")]

    @cached_property
    def decisions(self) -> list[dict[str, Any]]:
        return self.given("decisions-1", "decisions-2")

    @cached_property
    def rows(self) -> list[Mapping[str, Any]]:
        """The recorded decisions by ascending ids."""
        return sorted(rows(self.database, schema.decision), key=lambda row: row["id"])

    @cached_property
    def external_ids(self) -> dict[UUID, str]:
        """The external ids of the recorded decisions."""
        names = {pseudonym(PEPPER, "reference", line["external_id"]): line["external_id"]
                 for line in self.decisions}  # fmt: skip
        return {row["id"]: names[bytes(row["reference"])] for row in self.rows}


@pytest.fixture(scope="module")
def loaded(simulated_register: LoadedRegister, simulated_folder: Path) -> Iterator[Loaded]:
    with closing(open_database(simulated_register.url)) as database:
        yield Loaded(database, simulated_folder, simulated_register.report)


@pytest.fixture
def command_on_loaded(capsys, simulated_register: LoadedRegister) -> Callable[..., CommandResult]:
    return partial(run_register, capsys, simulated_register.url)


def test_the_report_counts_them(loaded: Loaded):
    assert loaded.report.startswith(
        f"{len(loaded.decisions):,} decisions, {len(loaded.given('requests'))} review requests"
        f" and {len(loaded.given('reviews'))} reviews were loaded in "
    )


def test_ids_ascend_as_the_lines_do(loaded: Loaded):
    assert list(loaded.external_ids.values()) == [line["external_id"] for line in loaded.decisions]


def test_decisions_have_time_caller_and_way_of_their_lines(loaded: Loaded):
    assert [(row["at"], row["caller"], row["automated"]) for row in loaded.rows] == [
        (datetime.fromisoformat(line["at"]), line["caller"], line["automated"])
        for line in loaded.decisions
    ]


def test_audit_values_are_those_of_the_lines(loaded: Loaded):
    audits: dict = {}
    for row in rows(loaded.database, schema.audit):
        audits.setdefault((row["decision"], row["at"]), {})[row["name"]] = row["value"]
    assert [audits.get((row["id"], row["at"]), {}) for row in loaded.rows] == [
        line["audit"] for line in loaded.decisions
    ]


def test_reviews_are_those_of_the_lines(loaded: Loaded):
    assert Counter(
        (loaded.external_ids[row["decision"]], row["at"], row["caller"], row["prediction"],
         row["reason"])
        for row in rows(loaded.database, schema.review)
    ) == Counter(
        (line["reference"], datetime.fromisoformat(line["at"]), line["caller"],
         line["decision"], line["reason"])
        for line in loaded.given("reviews")
    )  # fmt: skip


def test_review_requests_are_those_of_the_lines(loaded: Loaded):
    assert Counter(
        (loaded.external_ids[row["decision"]], row["at"])
        for row in rows(loaded.database, schema.review_request)
    ) == Counter(
        (line["reference"], datetime.fromisoformat(line["at"])) for line in loaded.given("requests")
    )


def test_the_load_and_its_bundles_are_events(loaded: Loaded):
    found = sorted(rows(loaded.database, schema.event), key=lambda row: row["id"])
    assert [row["kind"] for row in found] == ["load", "bundle", "bundle", "loaded"]


def test_blocks_have_the_time_of_the_load(loaded: Loaded):
    blocks = rows(loaded.database, schema.block)
    assert blocks
    assert all(NOW - timedelta(hours=1) < row["at"] for row in blocks)


def test_the_register_is_verified(command_on_loaded: Callable[..., CommandResult]):
    verified = command_on_loaded("verify")
    assert (verified.code, verified.out.splitlines()[-1]) == (0, "no problem")


def test_all_decisions_are_replayed(
    command_on_loaded: Callable[..., CommandResult], loaded: Loaded
):
    replayed = command_on_loaded("replay")
    assert replayed.code == 0
    count = len(loaded.decisions)
    assert f": {count:,} bit-equal, 0 different, 0 not replayable" in replayed.out


def test_a_second_load_is_refused(
    command_on_loaded: Callable[..., CommandResult], simulated_folder: Path
):
    assert command_on_loaded("load", simulated_folder) == (
        2, "", "register: the register has decisions: load into one that has none\n"
    )  # fmt: skip
