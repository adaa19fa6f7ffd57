"""Erasure: a person's data are gone, the chain is whole, and other persons' data are there."""

from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text

from credit_scoring.decisions.application import Application
from register.database.database import Database
from register.database.opening import open_database
from register.errors import Erased, Held, RegisterAway, UnknownDecision
from register.evidence.chain import Row
from register.reading.decision import read_decision
from register.reading.idempotency import is_taken, recorded_answer
from register.retention.erasure import Erasure, erase
from register.retention.holds import set_hold
from register.retention.targets import Target
from register.tables import schema
from register.writing.entry import Key
from tests.register.retention.conftest import problems

CANARY = "canary 4711 Zoë"
CANARIES = [f"{CANARY} {name}" for name in ("reference", "audit", "comment", "statement", "key")]

SQLITE = pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("register_url", ["postgresql"], indirect=True)


def evidence_of(database: Database) -> dict[UUID, Row]:
    """Rows of evidence, by decision."""
    with database.reading() as connection:
        rows = connection.execute(select(schema.evidence)).mappings()
        return {row["decision"]: dict(row) for row in rows}


def events(database: Database, kind: str) -> list[Row]:
    table = schema.event
    wanted = select(table).where(table.c.kind == kind).order_by(table.c.at, table.c.id)
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def test_a_clients_data_go_and_all_else_stays(store, decide, recorder, scored, database):
    first, other, second = decide(0), decide(1), decide(0)
    recorder.review(first, 0, "spoke with the client")
    recorder.request_review(second, "my salary is higher")
    recorder.review(other, 0, "another client")
    before = evidence_of(database)
    client = scored.bundle.client_ids[0]
    assert erase(store, "dpo", Target.of_client(store, str(client))) == Erasure(2, 2)
    assert evidence_of(database) == {other: before[other]}
    with database.reading() as connection:
        assert read_decision(connection, first).evidence is None
        (review,) = read_decision(connection, first).reviewed
        (request,) = read_decision(connection, second).review_requests
        (kept,) = read_decision(connection, other).reviewed
    assert (review.comment, request.statement, kept.comment) == (None, None, "another client")
    assert (review.reason, review.decision) == ("INCOME", 0)
    found = events(database, "erase")
    subject = store.subject(client)
    assert [(row["decision"], row["subject"], row["caller"]) for row in found] == [
        (first, subject, "dpo"), (second, subject, "dpo"),
    ]  # fmt: skip
    assert {row["detail"] for row in found} == {'{"by":"client"}'}
    assert problems(database) == []


def test_a_second_erasure_changes_nothing(store, decide, database):
    decision = decide(0)
    target = Target.of_decision(decision)
    assert [erase(store, "dpo", target), erase(store, "dpo", target)] == [
        Erasure(1, 1), Erasure(1, 0),
    ]  # fmt: skip
    assert len(events(database, "erase")) == 1
    assert problems(database) == []


def test_a_note_that_comes_after_an_erasure_is_erased_by_the_next(
    store, decide, recorder, database, number_of
):
    decision = decide(0)
    erase(store, "dpo", Target.of_decision(decision))
    recorder.review(decision, 1, CANARY)
    assert erase(store, "dpo", Target.of_decision(decision)) == Erasure(1, 1)
    assert number_of(schema.note) == 0
    assert problems(database) == []


def test_decisions_are_erased_by_reference(store, decide, database):
    kept, gone = decide(0, reference="B"), decide(0, reference="A")
    assert erase(store, "dpo", Target.of_reference(store, "A")) == Erasure(1, 1)
    assert list(evidence_of(database)) == [kept]
    assert [row["decision"] for row in events(database, "erase")] == [gone]


def test_a_client_is_erased_whether_its_id_was_a_number_or_a_text(
    store, recorder, scored, bundle, database
):
    for client in (4711, "4711"):
        application = Application(client=None, record=scored.record(0))
        (one,) = recorder.decide(scored, [application], bundle=bundle)
        row = {"subject": store.subject(client)}
        with database.reading() as connection:
            stored = connection.execute(
                select(schema.decision).where(schema.decision.c.id == one)
            ).mappings().one()  # fmt: skip
        copy = dict(stored) | row | {"id": recorder.ids.new()}
        copy.pop("block")
        recorder.write((schema.decision, copy))
        with store.bundles.database.writing() as connection:
            values = evidence_of(database)[one] | {"decision": copy["id"]}
            connection.execute(insert(schema.evidence), values)
    assert erase(store, "dpo", Target.of_client(store, "4711")) == Erasure(2, 2)


@pytest.mark.parametrize("by", ["client", "reference", "decision"])
def test_who_is_not_recorded_cannot_be_erased(store, decide, by):
    decide(0)
    target = {
        "client": Target.of_client(store, "nobody"),
        "reference": Target.of_reference(store, "none"),
        "decision": Target.of_decision(uuid4()),
    }[by]
    message = r"^no such decision is recorded, so there is nothing to erase$"
    with pytest.raises(UnknownDecision, match=message):
        erase(store, "dpo", target)


@pytest.mark.parametrize("by", ["client", "decision"])
def test_a_hold_forbids_it_until_it_is_released(store, decide, scored, database, by):
    decisions = [decide(0), decide(0)]
    client = Target.of_client(store, str(scored.bundle.client_ids[0]))
    held = {"client": client, "decision": Target.of_decision(decisions[1])}[by]
    assert set_hold(store, "legal", held, release=False)
    number = {"client": 2, "decision": 1}[by]
    message = rf"^a legal hold is on {number} of 2 decisions: nothing is erased$"
    with pytest.raises(Held, match=message):
        erase(store, "dpo", client)
    assert len(evidence_of(database)) == 2
    assert set_hold(store, "legal", held, release=True)
    assert erase(store, "dpo", client) == Erasure(2, 2)
    assert problems(database) == []


def keyed(store, bundle: int, key: str, decisions: list[UUID], at, is_list: bool) -> Key:
    """Record that decisions were those of a call with a key."""
    of_call = Key(
        caller="ann", key=key, fingerprint=bytes(32), decisions=tuple(decisions), is_list=is_list
    )
    with store.bundles.database.writing() as connection:
        store.bundles.database.insert_keys(connection, [of_call.row(at)])
    return of_call


def test_the_key_of_an_erased_decision_goes_and_that_of_a_list_stays(
    store, decide, bundle, database
):
    alone, listed, other = decide(0), decide(0), decide(1)
    at = {decision: row["at"] for decision, row in evidence_of(database).items()}
    single = keyed(store, bundle, CANARY, [alone], at[alone], is_list=False)
    many = keyed(store, bundle, "list", [listed, other], at[listed], is_list=True)
    for decision in (alone, listed):
        erase(store, "dpo", Target.of_decision(decision))
    with database.reading() as connection:
        assert not is_taken(connection, single.caller, single.key)
        with pytest.raises(Erased):
            recorded_answer(connection, many)


def canaries(database: Database, bundle: int, recorder, scored) -> tuple[UUID, list[bytes]]:
    """A decision of a person whose data can be told anywhere, and these data as stored."""
    client = Application(
        client=scored.bundle.client_ids[2],
        external_id=f"{CANARY} reference",
        audit={"group": f"{CANARY} audit"},
    )
    (decision,) = recorder.decide(scored, [client], bundle=bundle, reasons=4)
    recorder.review(decision, 1, f"{CANARY} comment")
    recorder.request_review(decision, f"{CANARY} statement")
    row = evidence_of(database)[decision]
    with database.reading() as connection:
        salt = connection.scalar(select(schema.audit.c.salt))
    return decision, [*(bytes(row[name]) for name in ("record", "answer", "salt")), bytes(salt)]


@SQLITE
def test_no_byte_of_a_person_is_left_in_the_files_of_sqlite(
    store, recorder, scored, bundle, decide
):
    decision, stored = canaries(store.database, bundle, recorder, scored)
    keyed(store, bundle, f"{CANARY} key", [decision], evidence_of(store.database)[decision]["at"],
          is_list=False)  # fmt: skip
    decide(1)
    expected = [*stored, *(name.encode() for name in CANARIES)]
    path: Path = store.database.path
    assert all(found_in_files(path, expected))
    erase(store, "dpo", Target.of_decision(decision))
    assert not any(found_in_files(path, expected))
    assert not any(CANARY.encode() in file.read_bytes() for file in files_beside(path))
    assert problems(store.database) == []


def files_beside(path: Path) -> list[Path]:
    """The file of a register and those that SQLite makes beside it."""
    return [file for file in path.parent.iterdir() if file.name.startswith(path.name)]


def found_in_files(path: Path, contents: list[bytes]) -> list[bool]:
    files = b"".join(file.read_bytes() for file in files_beside(path))
    return [content in files for content in contents]


@SQLITE
def test_a_reading_that_keeps_deleted_bytes_is_told(store, decide):
    target, path = Target.of_decision(decide(0)), store.database.path
    with (
        closing(open_database(f"sqlite:///{path}")) as reader,
        reader.reading(60) as connection,
    ):
        connection.execute(select(schema.decision)).all()
        message = r"^a reading keeps the register's log from being emptied$"
        with pytest.raises(RegisterAway, match=message):
            erase(store, "dpo", target)
    assert erase(store, "dpo", target) == Erasure(1, 0)
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0


@POSTGRESQL
def test_no_column_of_postgresql_has_a_persons_data(store, recorder, scored, bundle, decide):
    decision, stored = canaries(store.database, bundle, recorder, scored)
    keyed(store, bundle, f"{CANARY} key", [decision], evidence_of(store.database)[decision]["at"],
          is_list=False)  # fmt: skip
    decide(1)
    expected = [*(content.hex() for content in stored), *CANARIES]
    assert all(found_in_tables(store.database, expected))
    erase(store, "dpo", Target.of_decision(decision))
    assert not any(found_in_tables(store.database, expected))
    assert found_in_tables(store.database, [CANARY]) == [False]
    assert problems(store.database) == []


def found_in_tables(database: Database, contents: list[str]) -> list[bool]:
    with database.reading() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname='public'")
        )
        rows = [
            row
            for table in tables.all()
            for row in connection.scalars(text(f'SELECT t::text FROM "{table}" t'))  # noqa: S608
        ]
    return [any(content in row for row in rows) for content in contents]


def test_the_command_erases(command, decide, database):
    decision, other = decide(0), decide(1)
    line = (
        "decisions whose data are erased: {}; that had none before: {}\n"
        "the files of bundles stay: a client of train_samp.csv or test_samp.csv is still in them,"
        " and in the dictionaries made of them\n"
    )
    assert command("erase", "--decision", decision) == (0, line.format(1, 0), "")
    assert command("erase", "--decision", decision) == (0, line.format(0, 1), "")
    assert list(evidence_of(database)) == [other]
    assert command("verify").code == 0


def test_the_command_erases_by_client_and_reference(command, decide, scored, database):
    decide(0, reference="A"), decide(0, reference="B"), decide(1, reference="A")
    done = command("erase", "--reference", "A")
    assert done.out.startswith("decisions whose data are erased: 2; that had none before: 0\n")
    done = command("erase", "--client", scored.bundle.client_ids[0])
    assert done.out.startswith("decisions whose data are erased: 1; that had none before: 1\n")
    assert evidence_of(database) == {}


def test_the_command_refuses_with_one_line(command, decide):
    decision = decide(0)
    assert command("hold", "--decision", decision).code == 0
    assert command("erase", "--decision", decision) == (
        2, "", "register: a legal hold is on 1 of 1 decision: nothing is erased\n",
    )  # fmt: skip
    assert command("erase", "--client", "nobody") == (
        2, "", "register: no such decision is recorded, so there is nothing to erase\n",
    )  # fmt: skip
    assert command("erase", "--decision", "7").code == 2
    assert command("erase").err == (
        "erase: one of the arguments --client --decision --reference is required\n"
    )
    assert command("erase", "--client", "7", "--decision", decision).code == 2


@POSTGRESQL
def test_a_role_without_the_right_is_told_so(decide, command, command_as, database):
    decision = decide(0)
    before = evidence_of(database)
    assert command_as("writer", "hold", "--decision", decision).out == "held\n"
    assert command("hold", "--decision", decision, "--release").out == "released\n"
    reason = "the role may not do that: see migrate --help for its grants"
    assert command_as("writer", "erase", "--decision", decision) == (
        2, "", f"register: the register's database: {reason}\n",
    )  # fmt: skip
    assert evidence_of(database) == before
