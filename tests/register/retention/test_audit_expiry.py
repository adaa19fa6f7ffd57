"""Audit values: they go with their decision, earlier by their own time, and by erasure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select, text

from register.database.partitions import make_partitions
from register.errors import Held, RegisterAway
from register.retention import audit_expiry
from register.retention.audit_expiry import AuditExpiry, count_expiry, expire_audit
from register.retention.empty_partitions import drop_empty_partitions
from register.retention.erasure import Erasure, erase
from register.retention.holds import set_hold
from register.retention.retirement import count_retirement, retire, retirement_time
from register.retention.targets import Target
from register.tables import schema
from tests.register.retention.conftest import problems, with_put

BEFORE = datetime(2024, 10, 1, tzinfo=UTC)
LAST_MOMENT = BEFORE - timedelta(microseconds=1)
GROUPS = {"sex": "female", "age_band": "35-44"}


@pytest.fixture
def audited(recorder, scored, bundle) -> Callable[..., UUID]:
    """Records a decision of a client with audit values; 0 is the first one."""

    def record(row: int = 0, at: datetime | None = None, **audit: str) -> UUID:
        client = scored.clients(row + 1, audit=audit or GROUPS)[row]
        return recorder.decide(scored, [client], bundle=bundle, at=at)[0]

    return record


def values(database) -> dict[UUID, dict[str, str]]:
    """All audit values, by decision."""
    found: dict[UUID, dict[str, str]] = {}
    with database.reading() as connection:
        for row in connection.execute(select(schema.audit)):
            found.setdefault(row.decision, {})[row.name] = row.value
    return found


def details(database) -> list[dict]:
    """Details of the events of expiry, the oldest first."""
    table = schema.event.c
    wanted = select(table.detail).where(table.kind == "retire_audit").order_by(table.at, table.id)
    with database.reading() as connection:
        return [orjson.loads(detail) for detail in connection.scalars(wanted)]


def test_values_expire_and_their_decisions_stay(store, decide, audited, database, number_of):
    old, plain = audited(0, LAST_MOMENT), decide(1, at=LAST_MOMENT)
    older = audited(2, LAST_MOMENT - timedelta(days=700), sex="male")
    kept, new = audited(0, BEFORE), audited(1)
    assert number_of(schema.audit) == 7
    expected = AuditExpiry(BEFORE, decisions=2, values=3)
    assert count_expiry(database, BEFORE) == expected
    assert values(database).keys() == {old, older, kept, new}
    assert expire_audit(store, "keeper", BEFORE) == expected
    assert values(database) == {kept: GROUPS, new: GROUPS}
    assert number_of(schema.decision) == number_of(schema.evidence) == 5
    assert details(database) == [{"before": BEFORE.isoformat(), "decisions": 2, "values": 3}]
    assert plain not in values(database)
    assert problems(database) == []


def test_a_second_expiry_changes_nothing(store, audited, database, number_of):
    audited(0, LAST_MOMENT)
    expire_audit(store, "keeper", BEFORE)
    events = number_of(schema.event)
    assert count_expiry(database, BEFORE) == AuditExpiry(BEFORE)
    assert expire_audit(store, "keeper", BEFORE) == AuditExpiry(BEFORE)
    assert number_of(schema.event) == events == 1


def test_a_hold_keeps_values_until_it_is_released(store, audited, scored, database):
    held = [audited(0, LAST_MOMENT), audited(1, LAST_MOMENT)]
    audited(2, LAST_MOMENT)
    targets = [
        Target.of_client(store, str(scored.bundle.client_ids[0])), Target.of_decision(held[1]),
    ]  # fmt: skip
    for target in targets:
        set_hold(store, "legal", target, release=False)
    expected = AuditExpiry(BEFORE, decisions=1, values=2, held=2)
    assert count_expiry(database, BEFORE) == expected
    assert expire_audit(store, "keeper", BEFORE) == expected
    assert values(database) == dict.fromkeys(held, GROUPS)
    assert problems(database) == []
    for target in targets:
        set_hold(store, "legal", target, release=True)
    assert expire_audit(store, "keeper", BEFORE) == AuditExpiry(BEFORE, decisions=2, values=4)
    assert values(database) == {}
    assert problems(database) == []


def test_a_hold_that_comes_meanwhile_is_seen(store, audited, database):
    decisions = [audited(0, LAST_MOMENT), audited(1, LAST_MOMENT)]
    calls = []

    def held_first(entry):
        if not calls:
            calls.append(entry)
            set_hold(store, "legal", Target.of_decision(decisions[0]), release=False)
        return store.writer.put(entry)

    assert expire_audit(with_put(store, held_first), "keeper", BEFORE) == AuditExpiry(
        BEFORE, 1, 2, held=1
    )
    assert values(database) == {decisions[0]: GROUPS}
    assert details(database) == [{"before": BEFORE.isoformat(), "decisions": 1, "values": 2}]
    assert problems(database) == []


def test_values_expire_in_chunks_and_a_second_call_goes_on(store, audited, database, monkeypatch):
    monkeypatch.setattr(audit_expiry, "CHUNK", 3)
    decisions = [audited(row % 4, LAST_MOMENT - timedelta(days=row % 3)) for row in range(8)]
    set_hold(store, "legal", Target.of_decision(sorted(decisions)[4]), release=False)
    calls = []

    def ends_after_two(entry):
        calls.append(entry)
        if len(calls) == 3:
            raise RegisterAway("gone")
        return store.writer.put(entry)

    with pytest.raises(RegisterAway):
        expire_audit(with_put(store, ends_after_two), "keeper", BEFORE)
    assert values(database).keys() == {*sorted(decisions)[6:], sorted(decisions)[4]}
    assert problems(database) == []
    assert expire_audit(store, "keeper", BEFORE) == AuditExpiry(BEFORE, 2, 4, held=1)
    assert [detail["decisions"] for detail in details(database)] == [3, 2, 2]
    assert values(database) == {sorted(decisions)[4]: GROUPS}
    assert problems(database) == []


def test_erasure_takes_values_and_another_decision_keeps_them(store, audited, database):
    gone, kept = audited(0), audited(1)
    set_hold(store, "legal", Target.of_decision(gone), release=False)
    with pytest.raises(Held):
        erase(store, "dpo", Target.of_decision(gone))
    assert values(database).keys() == {gone, kept}
    set_hold(store, "legal", Target.of_decision(gone), release=True)
    assert erase(store, "dpo", Target.of_decision(gone)) == Erasure(1, 1)
    assert values(database) == {kept: GROUPS}
    assert erase(store, "dpo", Target.of_decision(gone)) == Erasure(1, 0)
    assert problems(database) == []


def test_an_erasure_after_an_expiry_and_an_expiry_after_an_erasure(store, audited, database):
    expired, erased = audited(0, LAST_MOMENT), audited(1, LAST_MOMENT)
    assert erase(store, "dpo", Target.of_decision(erased)) == Erasure(1, 1)
    assert expire_audit(store, "keeper", BEFORE) == AuditExpiry(BEFORE, 1, 2)
    assert erase(store, "dpo", Target.of_decision(expired)) == Erasure(1, 1)
    assert problems(database) == []


def test_retirement_takes_values_and_a_challengers_scores(
    store, audited, bundle, database, number_of
):
    old, new = audited(0, LAST_MOMENT), audited(1, BEFORE)
    scores = {"bundle": bundle, "probability": 0.25, "pd": None, "prediction": 0,
              "threshold": 0.5, "failure": None}  # fmt: skip
    with store.bundles.database.writing() as connection:
        rows = [
            {"decision": old, "at": LAST_MOMENT, **scores},
            {"decision": new, "at": BEFORE, **scores},
        ]
        store.bundles.database.insert(connection, schema.shadow, rows)
    counted = count_retirement(database, BEFORE).rows
    assert (counted["audit"], counted["shadow"], counted["decision"]) == (2, 1, 1)
    assert retire(store, "keeper", BEFORE).rows == counted
    assert values(database) == {new: GROUPS}
    assert number_of(schema.shadow) == 1
    assert problems(database) == []


@pytest.mark.parametrize("register_url", ["postgresql"], indirect=True)
def test_partitions_of_expired_values_are_dropped(store, audited, database):
    months = [datetime(2024, month, 15, tzinfo=UTC) for month in (8, 9, 10)]
    keeper = store.bundles.database
    with keeper.writing() as connection:
        for month in months:
            make_partitions(connection, month.date())
    for month in months:
        audited(0, month)
    expire_audit(store, "keeper", BEFORE)
    dropped = drop_empty_partitions(keeper, BEFORE, ("audit",))
    assert dropped == ["audit_2024_08", "audit_2024_09"]
    audited(1, months[0])  # into the default partition
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit_default")) == 2
        assert connection.scalar(text("SELECT count(*) FROM audit_2024_10")) == 2
        assert connection.scalar(text("SELECT count(*) FROM decision_2024_08")) == 2


def test_the_command_deletes_values_by_their_own_months(command, audited, database):
    old, new = audited(0, at=datetime(2020, 1, 1, tzinfo=UTC)), audited(1)
    held = audited(2, at=datetime(2020, 1, 1, tzinfo=UTC))
    command("hold", "--decision", held)
    before = retirement_time(datetime.now(UTC), 1)
    keep = {"AUDIT_KEEP_MONTHS": "1"}
    lines = (
        "0 Idempotency-Keys {0}\n"
        f"before {before:%Y-%m-%d}: 2 audit values of 1 decisions {{0}}\n"
        "1 decisions keep their audit values under a legal hold\n"
    )
    assert command("retire", "--dry-run", **keep) == (0, lines.format("would be deleted"), "")
    assert values(database).keys() == {old, new, held}
    assert command("retire", "--keys", **keep) == (0, "0 Idempotency-Keys are deleted\n", "")
    assert command("retire", **keep) == (0, lines.format("are deleted"), "")
    assert values(database).keys() == {new, held}
    assert command("verify").code == 0


def test_the_command_deletes_old_decisions_and_then_values(command, audited, database, number_of):
    audited(0, at=datetime(2020, 1, 1, tzinfo=UTC))
    at = datetime.now(UTC) - timedelta(days=100)
    audited(1, at=at)
    done = command("retire", REGISTER_KEEP_MONTHS="25", AUDIT_KEEP_MONTHS="2")
    assert (done.code, done.err) == (0, "")
    numbers = [line.partition(": ")[2] for line in done.out.splitlines()]
    assert numbers == [
        "",
        "1 decisions, 1 with data, 2 audit values, 0 scores of challengers, 0 review requests,"
        " 0 reviews, 0 notes, 0 outcomes are deleted",
        "2 audit values of 1 decisions are deleted",
    ]
    assert values(database) == {}
    assert number_of(schema.decision) == 1
    assert command("verify").code == 0


def test_a_month_at_least_is_kept(command):
    done = command("retire", AUDIT_KEEP_MONTHS="0")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("register: AUDIT_KEEP_MONTHS: ")
    assert done.err.count("\n") == 1
