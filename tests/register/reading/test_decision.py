"""One decision, read again with all that was recorded of it."""

from uuid import UUID

import orjson
import pytest
from sqlalchemy import delete, update

from register.errors import Damaged, UnknownDecision
from register.reading.decision import read_decision
from register.stored import BlockPlace, Outcome, Review, ReviewRequest
from register.tables import schema
from tests.register.recording import CALLER
from tests.support.registers.guards import unguarded


def read(database, decision):
    with database.reading() as connection:
        return read_decision(connection, decision)


@pytest.fixture
def bundle(recorder, scored) -> int:
    return recorder.keep(scored)


@pytest.fixture
def two_decisions(recorder, scored, bundle) -> list[UUID]:
    """The ids of the decisions on two clients."""
    clients = scored.clients(2, external_id="application 7")
    return recorder.decide(scored, clients, bundle=bundle, reasons=2)


def test_a_decision_has_the_record_of_its_client(database, scored, two_decisions):
    first, second = two_decisions
    stored = read(database, second)
    client = scored.bundle.client_ids[1]
    expected = {
        name: None if value != value else value  # NaN is not itself
        for name, value in scored.bundle.raw_record(client).items()
    }
    assert stored.evidence.record == expected
    assert all(
        value is None or type(value) in (float, str) for value in stored.evidence.record.values()
    )
    assert (stored.evidence.client, stored.evidence.reference) == (client, "application 7")
    assert read(database, first).evidence.client == scored.bundle.client_ids[0]


def test_a_decision_has_the_answer_of_its_client(database, scored, two_decisions):
    second = two_decisions[1]
    stored = read(database, second)
    prediction = scored.bundle.predict(scored.bundle.transformed[1])
    answer = stored.evidence.answer
    assert (answer["id"], answer["probability"]) == (str(second), prediction.probability)
    assert [len(answer["reasons"]), stored.compare] == [2, "near"]
    assert (stored.id, stored.caller, stored.request_id) == (second, CALLER, "request")
    assert (stored.probability, stored.prediction) == (
        prediction.probability,
        prediction.prediction,
    )
    assert stored.final == stored.prediction
    assert (stored.reviews, stored.review_requested, stored.outcome) == (0, False, None)
    assert (stored.review_requests, stored.reviewed, stored.outcomes) == ([], [], [])


def test_a_decision_names_its_bundle_and_its_block(database, scored, two_decisions):
    stored = read(database, two_decisions[1])
    assert stored.model == stored.bundle.model == scored.bundle.model_sha256
    assert stored.bundle.files == scored.bundle.files
    with database.reading() as connection:
        (root,) = connection.execute(schema.block.select().with_only_columns(schema.block.c.root))
    assert stored.block == BlockPlace(stream=1, number=1, root=bytes(root.root).hex())
    assert stored.verified is None


def test_what_followed_a_decision_is_told_in_its_order(database, recorder, scored, bundle):
    one, other = recorder.decide(scored, scored.clients(2), bundle=bundle)
    request = recorder.request_review(one, "I have a new job.")
    first = recorder.review(one, 1, "The contract is not signed.")
    second = recorder.review(one, 0)
    late = recorder.outcome(one, "late", day=3)
    repaid = recorder.outcome(one, "repaid", day=2)
    stored = read(database, one)
    assert [(found.id, found.statement) for found in stored.review_requests] == [
        (request, "I have a new job.")
    ]
    assert [(found.id, found.decision, found.comment) for found in stored.reviewed] == [
        (first, 1, "The contract is not signed."), (second, 0, None),
    ]  # fmt: skip
    assert [(found.id, found.status, found.observed.day) for found in stored.outcomes] == [
        (late, "late", 3), (repaid, "repaid", 2),
    ]  # fmt: skip
    assert (stored.final, stored.reviews, stored.review_requested) == (0, 2, False)
    assert stored.outcome == "late"  # the one observed last
    assert {type(found) for found in stored.review_requests} == {ReviewRequest}
    assert {type(found) for found in stored.reviewed} == {Review}
    assert {type(found) for found in stored.outcomes} == {Outcome}
    assert stored.reviewed[0].reviewer == stored.outcomes[0].caller == CALLER
    assert (stored.reviewed[0].reason, stored.outcomes[0].definition) == ("INCOME", "90dpd")
    again = recorder.request_review(one)
    stored = read(database, one)
    assert stored.review_requested
    assert [found.id for found in stored.review_requests] == [request, again]
    assert read(database, other).reviews == 0


def test_a_decision_whose_data_were_erased_has_no_evidence(database, recorder, scored, bundle):
    (decision,) = recorder.decide(scored, scored.clients(1), bundle=bundle)
    before = read(database, decision)
    with database.writing() as connection:
        connection.execute(delete(schema.evidence))
    assert read(database, decision) == type(before)(**vars(before) | {"evidence": None})


def test_an_unknown_id_is_refused(database, recorder):
    with pytest.raises(UnknownDecision, match=r"^no decision has this id$"):
        read(database, recorder.ids.new())


@pytest.mark.parametrize("content", [b"", b"not zstd", None])
def test_evidence_that_somebody_changed_is_named(database, recorder, scored, bundle, content):
    (decision,) = recorder.decide(scored, scored.clients(1), bundle=bundle)
    shorter = recorder.database and read(database, decision).evidence.answer
    assert shorter
    with database.writing() as connection:
        unguarded(connection)
        changed = schema.evidence.c.answer if content is None else content
        connection.execute(update(schema.evidence).values(record=changed))
    message = rf"^the evidence of decision {decision} was changed and cannot be read$"
    with pytest.raises(Damaged, match=message):
        read(database, decision)


def test_the_answer_is_the_object_that_was_sent(database, recorder, scored, bundle):
    (decision,) = recorder.decide(scored, scored.clients(1), bundle=bundle, reasons=4)
    answer = read(database, decision).evidence.answer
    assert list(answer)[:2] == ["id", "at"]
    assert orjson.loads(orjson.dumps(answer)) == answer
