"""Reviews and review requests, and two reviewers at once."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from register.errors import StaleReview, UnknownDecision
from register.evidence.chain import commitment
from register.reading.decision import read_decision
from register.reading.decisions import DecisionFilter, find_decisions
from register.reviews import recorded_time, review_entry, review_request_entry
from register.store import Store
from register.stored import Review, ReviewRequest
from register.tables import schema
from register.tables.column_types import MICROSECOND
from register.verification.verification import verify


@pytest.fixture
def decision(recorder, scored) -> UUID:
    """A recorded decision."""
    bundle = recorder.keep(scored)
    return recorder.decide(scored, scored.clients(1), bundle=bundle)[0]


@pytest.fixture
def other_store(settings, database) -> Iterator[Store]:
    """The register as another worker has it open."""
    store = Store.open(settings)
    yield store
    store.close()


def a_review(store: Store, comment: str | None = None, decision: int = 0) -> Review:
    return Review(
        id=store.ids.new(), at=store.now(), reviewer="ann", decision=decision, reason="INCOME",
        comment=comment,
    )  # fmt: skip


def a_request(store: Store, statement: str | None = None) -> ReviewRequest:
    return ReviewRequest(id=store.ids.new(), at=store.now(), caller="bob", statement=statement)


def read(store: Store, decision: UUID):
    with store.database.reading() as connection:
        return read_decision(connection, decision)


def behind(row: Review | ReviewRequest) -> Review | ReviewRequest:
    """A row of a machine whose clock is an hour behind."""
    return replace(row, at=row.at - timedelta(hours=1))


def results(*futures: Future[None]) -> list[str]:
    errors = [future.exception(60) for future in futures]
    return ["" if error is None else type(error).__name__ for error in errors]


def test_reviews_are_read_as_they_were_given(store, decision):
    request = a_request(store, "I have a new job. — Zoë")
    store.writer.put(review_request_entry(request, decision)).result()
    assert read(store, decision).review_requested
    first, second = a_review(store, "Contract seen."), a_review(store, decision=1)
    store.writer.put(review_entry(first, decision, 0)).result()
    assert not read(store, decision).review_requested
    store.writer.put(review_entry(second, decision, 1)).result()
    stored = read(store, decision)
    assert stored.review_requests == [request]
    assert stored.reviewed == [first, second]
    assert (stored.final, stored.reviews) == (1, 2)
    found = verify(store.database)
    assert (found.problems.count, found.blocks) == (0, 4)


def test_a_note_stands_apart_from_the_row_that_commits_to_it(store, decision):
    with_note, without = a_review(store, "Contract seen."), a_review(store)
    store.writer.put(review_entry(with_note, decision, None)).result()
    store.writer.put(review_entry(without, decision, None)).result()
    with store.database.reading() as connection:
        (note,) = connection.execute(select(schema.note)).all()
        commitments = dict(
            connection.execute(select(schema.review.c.id, schema.review.c.commitment)).all()
        )
    assert (note.owner, note.decision, note.text) == (with_note.id, decision, "Contract seen.")
    assert commitments == {
        with_note.id: commitment(note.salt, ["Contract seen."]), without.id: None
    }  # fmt: skip


@pytest.mark.parametrize("expected", [1, 2, -1])
def test_another_number_of_reviews_is_stale(store, decision, expected):
    message = r"^the decision was reviewed since it was read: read it again$"
    with pytest.raises(StaleReview, match=message):
        store.writer.put(review_entry(a_review(store), decision, expected)).result()
    assert read(store, decision).reviews == 0


def test_an_unknown_decision_is_refused(store, decision):
    unknown = store.ids.new()
    for entry in (
        review_entry(a_review(store), unknown, None),
        review_entry(a_review(store), unknown, 0),
        review_request_entry(a_request(store, "Why?"), unknown),
    ):
        with pytest.raises(UnknownDecision, match=r"^no decision has this id$"):
            store.writer.put(entry).result()
    with store.database.reading() as connection:
        assert connection.execute(select(schema.note)).all() == []


def test_of_two_reviewers_in_one_batch_one_succeeds(store, decision):
    entries = [review_entry(a_review(store, "mine"), decision, 0) for _ in range(8)]
    found = results(*map(store.writer.put, entries))
    assert sorted(found) == [""] + ["StaleReview"] * 7
    assert read(store, decision).reviews == 1


def test_of_two_reviewers_at_two_workers_one_succeeds(store, other_store, decision):
    for seen in range(15):
        entries = [
            review_entry(a_review(one, str(seen)), decision, seen) for one in (store, other_store)
        ]
        futures = [store.writer.put(entries[0]), other_store.writer.put(entries[1])]
        assert sorted(results(*futures)) == ["", "StaleReview"]
    stored = read(store, decision)
    assert [review.comment for review in stored.reviewed] == [str(seen) for seen in range(15)]
    assert verify(store.database).problems.count == 0


def test_a_stale_review_leaves_the_rest_of_its_batch(store, decision):
    futures = [
        store.writer.put(review_entry(a_review(store), decision, 7)),
        store.writer.put(review_request_entry(a_request(store, "Why?"), decision)),
    ]
    assert results(*futures) == ["StaleReview", ""]
    stored = read(store, decision)
    assert (stored.reviews, len(stored.review_requests)) == (0, 1)


def test_the_time_of_a_review_is_kept_to_the_microsecond(store, decision):
    at = datetime(2026, 11, 28, 13, 5, 1, 123457, tzinfo=UTC)
    review = Review(**vars(a_review(store)) | {"at": at})
    store.writer.put(review_entry(review, decision, None)).result()
    assert read(store, decision).reviewed[0].at == at


def test_the_last_review_decides_whatever_the_clocks_say(store, other_store, decision):
    first, second = a_review(store, "first"), behind(a_review(other_store, "second", decision=1))
    store.writer.put(review_entry(first, decision, 0)).result()
    other_store.writer.put(entry := review_entry(second, decision, 1)).result()
    stored = read(store, decision)
    assert stored.final == 1
    assert stored.reviewed == [first, replace(second, at=first.at + MICROSECOND)]
    assert recorded_time(entry) == first.at + MICROSECOND
    assert verify(store.database).problems.count == 0


def test_a_request_after_a_review_is_open_whatever_the_clocks_say(store, other_store, decision):
    review, request = a_review(store), behind(a_request(other_store, "Why?"))
    store.writer.put(review_entry(review, decision, 0)).result()
    other_store.writer.put(entry := review_request_entry(request, decision)).result()
    stored = read(store, decision)
    assert stored.review_requested
    assert recorded_time(entry) == stored.review_requests[0].at == review.at + MICROSECOND
    with store.database.reading() as connection:
        page = find_decisions(connection, DecisionFilter(requested=True))
    assert [found.id for found in page.decisions] == [decision]


def test_a_review_after_a_request_answers_it_whatever_the_clocks_say(store, other_store, decision):
    request, review = a_request(store, "Why?"), behind(a_review(other_store))
    store.writer.put(review_request_entry(request, decision)).result()
    other_store.writer.put(review_entry(review, decision, 0)).result()
    stored = read(store, decision)
    assert not stored.review_requested
    assert stored.reviewed[0].at == request.at + MICROSECOND


def test_times_of_one_batch_ascend_in_its_order(store, decision):
    at = store.now()
    reviews = [replace(a_review(store, str(number)), at=at) for number in range(5)]
    entries = [review_entry(review, decision, None) for review in reviews]
    assert results(*map(store.writer.put, entries)) == [""] * 5
    expected = [at + number * MICROSECOND for number in range(5)]
    assert [recorded_time(entry) for entry in entries] == expected
    found = read(store, decision).reviewed
    assert [(review.comment, review.at) for review in found] == list(
        zip("01234", expected, strict=True)
    )


def test_reviews_of_another_decision_do_not_move_a_time(store, decision, recorder, scored):
    (other,) = recorder.decide(scored, scored.clients(1), bundle=recorder.keep(scored))
    store.writer.put(review_entry(a_review(store), other, 0)).result()
    request = behind(a_request(store))
    store.writer.put(review_request_entry(request, decision)).result()
    assert read(store, decision).review_requests == [request]
