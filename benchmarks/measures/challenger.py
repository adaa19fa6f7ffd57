"""The challenger's part of the benchmark: decisions beside a challenger in the shadow."""

from collections.abc import Iterator
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.bench import BODIES, Bench, Load, say
from benchmarks.measures.decisions import Register, on_postgresql, on_sqlite
from benchmarks.measures.desk import wait_for_desk
from benchmarks.servers import Program, Speed
from benchmarks.table import Row, ratio_row
from tests.support.servers.server import SELDOM, wait_for

LAG, SCORED = "challenger_lag_seconds", "challenger_decisions_total"
RECORDED = "decisions_recorded_total"
PATIENCE = 600  # seconds
PAUSE = 2.0  # seconds between two looks, which take some milliseconds each


def challenger_part(bench: Bench) -> Iterator[Row]:
    """Decisions of a server with a challenger against those of one without."""
    settings = {"CHALLENGER_DIR": str(bench.small)}
    for make in (on_sqlite, on_postgresql):
        without = make(bench, "without-challenger")
        with_one = make(bench, "challenger", **settings)
        yield beside(bench, with_one, without)


def beside(bench: Bench, with_one: Register, without: Register) -> Row:
    """Recorded decisions on one client at a time; each load begins when all are scored."""
    bodies = [b'{"client":%d}' % client for client in bench.ids[:BODIES]]
    requests = [("/decisions?reasons=0", body) for body in bodies]

    def whole(load: Load, server: Program) -> Load:
        """A load whose processor time has that of the challenger's work on it, however late."""

        def measured() -> Speed:
            wait_for(lambda: has_scored_all(with_one.server), PATIENCE, SELDOM)
            before, recorded = server.processor_seconds(), samples(server)[RECORDED]
            speed = load()
            wait_for(lambda: has_scored_all(with_one.server), PATIENCE, PAUSE)
            computed = server.processor_seconds() - before
            rate = (samples(server)[RECORDED] - recorded) / computed
            return replace(speed, per_processor_second=rate)

        return measured

    for register in (with_one, without):
        wait_for_desk(register.server, bench.ids[0])
    wait_for(lambda: LAG in samples(with_one.server), PATIENCE, SELDOM)  # it follows
    say(f"/decisions beside a challenger, {with_one.name}")
    loads = {
        name: whole(bench.load(register.server, requests), register.server)
        for name, register in (("with", with_one), ("without", without))
    }
    measure = f"`/decisions` of one client with a challenger, {with_one.name}, against without"
    return ratio_row(measure, ("≥", 0.9), bench.compare(loads), "with", "without")


def has_scored_all(server: Program) -> bool:
    """True if the challenger, which began before the first decision, has scored all of them."""
    found = samples(server)
    return found[SCORED] == found[RECORDED]


def samples(server: Program) -> dict[str, float]:
    """The samples of /metrics without labels."""
    families = text_string_to_metric_families(server.ask("/metrics").decode())
    return {
        sample.name: sample.value
        for family in families
        for sample in family.samples
        if not sample.labels
    }
