"""Legal holds, on a client and on one decision."""

from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from register.errors import Held, UnknownDecision
from register.retention.erasure import erase
from register.retention.holds import Holds, set_hold
from register.retention.targets import Target
from register.tables import schema
from tests.register.retention.conftest import problems
from tests.register.slow_store import SlowStore


def holds(store) -> Holds:
    with store.database.reading() as connection:
        return Holds.read(connection)


def test_the_last_event_of_each_client_and_decision_counts(store, decide, scored, database):
    decision, other = decide(0), decide(1)
    client = str(scored.bundle.client_ids[0])
    by_client, by_decision = Target.of_client(store, client), Target.of_decision(other)
    changes = [
        set_hold(store, "legal", target, release=release)
        for target, release in [
            (by_client, False), (by_client, False), (by_decision, False), (by_client, True),
            (by_client, True), (by_decision, False), (by_client, False), (by_client, True),
        ]
    ]  # fmt: skip
    assert changes == [True, False, True, True, False, False, True, True]
    assert holds(store) == Holds(frozenset(), frozenset([other]))
    table = schema.event.c
    kinds = ["hold", "release"]
    wanted = select(table.kind, table.caller, table.decision).where(table.kind.in_(kinds))
    with database.reading() as connection:
        rows = [tuple(row) for row in connection.execute(wanted.order_by(table.at, table.id))]
    of_client = [kind for kind, _, of in rows if of is None]
    # A client's id may have been sent as a number or as a text, so each counts.
    assert sorted(of_client) == sorted(["hold", "release"] * 2 * len(by_client.subjects))
    assert ("hold", "legal", other) in rows
    assert decision not in holds(store).decisions
    assert problems(database) == []


def test_a_hold_by_reference_is_on_the_decisions_that_have_it(store, command, decide, database):
    first, second = (decide(row, reference="case 7") for row in range(2))
    other = decide(2, reference="case 8")
    assert command("hold", "--reference", "case 7") == (0, "held\n", "")
    later = decide(3, reference="case 7")
    assert holds(store) == Holds(frozenset(), frozenset([first, second]))
    with pytest.raises(Held):
        erase(store, "dpo", Target.of_reference(store, "case 7"))
    assert erase(store, "dpo", Target.of_decision(other)).erased == 1
    assert command("hold", "--reference", "case 7").out == "held\n"  # the later one too
    assert holds(store).decisions == {first, second, later}
    assert command("hold", "--reference", "case 7").out == "held already\n"
    assert command("hold", "--reference", "case 7", "--release").out == "released\n"
    assert holds(store) == Holds(frozenset(), frozenset())
    assert command("hold", "--reference", "case 9") == (
        2, "", "register: no such decision is recorded, so there is nothing to hold\n",
    )  # fmt: skip
    assert problems(database) == []


def test_who_is_not_recorded_cannot_be_held(store, decide):
    decide(0)
    for target in (Target.of_client(store, "nobody"), Target.of_decision(uuid4())):
        message = r"^no such decision is recorded, so there is nothing to hold$"
        with pytest.raises(UnknownDecision, match=message):
            set_hold(store, "legal", target, release=False)
        assert set_hold(store, "legal", target, release=True) is False


def test_the_last_event_counts_whatever_the_clocks_say(store, settings, decide, scored, database):
    decision = decide(0)
    client = store.subject(scored.bundle.client_ids[0])
    targets = (Target.of_decision(decision), Target(by="client", subjects=(client,)))
    with closing(SlowStore.open(settings)) as slow:
        for target in targets:
            assert set_hold(store, "legal", target, release=False)
            assert set_hold(slow, "legal", target, release=True)
        assert holds(store) == Holds(frozenset(), frozenset())
        for target in targets:
            assert set_hold(slow, "legal", target, release=False)
        assert holds(store) == Holds(frozenset([client]), frozenset([decision]))
        assert set_hold(slow, "legal", targets[0], release=False) is False
    assert problems(database) == []


def test_holds_of_others_do_not_move_the_time_of_an_event(store, settings, decide, database):
    first, second = decide(0), decide(1)
    set_hold(store, "legal", Target.of_decision(first), release=False)
    with closing(SlowStore.open(settings)) as slow:
        set_hold(slow, "legal", Target.of_decision(second), release=False)
    event = schema.event.c
    with database.reading() as connection:
        times = dict(
            connection.execute(select(event.decision, event.at).where(event.kind == "hold")).all()
        )
    assert times[second] < times[first] - timedelta(minutes=50)


def test_the_command_holds_and_releases(command, decide, scored):
    decision = decide(0)
    client = scored.bundle.client_ids[0]
    for name, value in (("--decision", decision), ("--client", client)):
        assert command("hold", name, value) == (0, "held\n", "")
        assert command("hold", name, value) == (0, "held already\n", "")
        assert command("hold", name, value, "--release") == (0, "released\n", "")
        assert command("hold", name, value, "--release") == (0, "released already\n", "")
    assert command("hold", "--client", "nobody") == (
        2, "", "register: no such decision is recorded, so there is nothing to hold\n",
    )  # fmt: skip
    assert command("hold", "--decision", "7").code == 2
    assert (
        command("hold").err
        == "hold: one of the arguments --client --decision --reference is required\n"
    )
    assert command("verify").code == 0
