"""The answer to a repeated call: its bytes as they were sent first."""

import pytest
from sqlalchemy import delete, update

from register.errors import Damaged, Erased, KeyReused
from register.reading.idempotency import is_taken, recorded_answer
from register.store import Store
from register.tables import schema
from register.writing.decision_rows import DecisionCall, RecordedApplication, decisions_entry
from register.writing.entry import Key
from tests.support.registers.guards import unguarded

FINGERPRINT = b"f" * 32


def answer(number: int) -> bytes:
    return b'{"id": "%d",  "at":"2026-11-28T13:05:01.123456Z","probability":0.1}' % number


@pytest.fixture
def bundle(recorder, scored) -> int:
    return recorder.keep(scored)


def call(
    store: Store, bundle: int, number: int, *, is_list: bool, caller: str = "ann", key: str = "k"
) -> Key:
    """Record a call of some decisions with an Idempotency-Key."""
    ids = [store.ids.new() for _ in range(number)]
    # The order of a call's decisions is that of its applications, not that of their ids.
    ids.reverse()
    of_call = Key(
        caller=caller, key=key, fingerprint=FINGERPRINT, decisions=tuple(ids), is_list=is_list
    )
    details = DecisionCall(
        caller=caller, request_id="request", at=store.now(), bundle=bundle, threshold=0.5,
        compare="near", automated=True, reasons=0, quick=None,
    )  # fmt: skip
    applications = [
        RecordedApplication(
            id=decision, subject=None, reference=None, client=None, external_id=None,
            probability=0.25, margin=-1.0, pd=None, points=None, grade=None, prediction=0,
            record=b"[1.5]", answer=answer(row),
        )
        for row, decision in enumerate(ids)
    ]  # fmt: skip
    store.writer.put(decisions_entry(details, applications, of_call)).result()
    return of_call


def repeated(store: Store, key: Key):
    with store.database.reading() as connection:
        return recorded_answer(connection, key)


def test_one_application_gets_its_bytes(store, bundle):
    key = call(store, bundle, 1, is_list=False)
    found = repeated(store, key)
    assert (found.body, found.is_list) == (answer(0), False)


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_gets_its_bytes_in_its_order(store, bundle, number):
    key = call(store, bundle, number, is_list=True)
    found = repeated(store, key)
    assert found.body == b"[" + b",".join(map(answer, range(number))) + b"]"
    assert found.is_list


def test_each_caller_has_own_keys(store, bundle):
    call(store, bundle, 1, is_list=False)
    call(store, bundle, 2, is_list=True, caller="bob")
    with store.database.reading() as connection:
        taken = [
            is_taken(connection, *name)
            for name in [("ann", "k"), ("bob", "k"), ("eve", "k"), ("ann", "K")]
        ]
    assert taken == [True, True, False, False]


def test_another_body_or_query_is_refused(store, bundle):
    key = call(store, bundle, 1, is_list=False)
    other = Key(**vars(key) | {"fingerprint": b"g" * 32})
    message = r"^this Idempotency-Key was used for another body or query$"
    with pytest.raises(KeyReused, match=message):
        repeated(store, other)


def test_a_list_of_which_one_decision_is_erased_is_not_repeated(store, bundle):
    key = call(store, bundle, 3, is_list=True)
    evidence = schema.evidence
    with store.bundles.database.writing() as connection:
        connection.execute(delete(evidence).where(evidence.c.decision == key.decisions[1]))
    with pytest.raises(Erased, match=r"^the data of this call's decision were erased$"):
        repeated(store, key)


def test_an_answer_that_somebody_changed_is_named(store, bundle):
    key = call(store, bundle, 3, is_list=True)
    changed, evidence = key.decisions[1], schema.evidence
    with store.bundles.database.writing() as connection:
        unguarded(connection)
        here = evidence.c.decision == changed
        connection.execute(update(evidence).where(here).values(answer=b"not zstd"))
    message = rf"^the evidence of decision {changed} was changed and cannot be read$"
    with pytest.raises(Damaged, match=message):
        repeated(store, key)
