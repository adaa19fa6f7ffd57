"""The replay's part of the benchmark: recorded decisions scored again, against a plain loop."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench import Bench, say
from benchmarks.measures.decisions import on_sqlite
from benchmarks.measures.desk import LIST, list_of, wait_for_desk
from benchmarks.servers import Speed, gets
from benchmarks.table import Row, ratio_row
from register.database.database import Database
from register.database.opening import open_database
from register.evidence.records import rows_of
from register.reading.periods import Period
from register.replay.chunk import RecordedDecisions
from register.replay.replay import Replay, in_this_process
from register.replay.replay_bundle import ReplayBundle
from register.replay.worker import ChunkResult, KeptChunk
from tests.support.servers.server import Failed

REPLAYED = 100_000  # decisions
DISTINCT = 400  # records


def replay_part(bench: Bench) -> Iterator[Row]:
    """Decisions without reasons, replayed in this process."""
    register = on_sqlite(bench, "replayed")
    wait_for_desk(register.server, bench.ids[0])
    paths = [path for path, _ in gets("/get_test", bench.ids[:DISTINCT])]
    texts = [register.server.ask_json(path)["data"] for path in paths]
    body = list_of([texts[number % len(texts)] for number in range(LIST)])
    say(f"recording {REPLAYED:,} decisions")
    for _ in range(REPLAYED // LIST):
        register.server.ask("/decisions?reasons=0", body)
    say(f"replaying {REPLAYED:,} decisions")
    with contextlib.closing(open_database(register.url)) as database:
        folder = bench.scratch / "replay"
        folder.mkdir()
        bundle = loaded(database, folder)
        loads = {
            "replay": lambda: timed(lambda: replay(database, folder)),
            "loop": lambda: timed(lambda: plain_loop(database, bundle)),
        }
        speeds = bench.compare(loads)
    measure = f"replay of {REPLAYED:,} decisions without reasons, one core, against a loop that"
    yield ratio_row(f"{measure} reads and scores them", ("≥", 0.5), speeds, "replay", "loop")


def loaded(database: Database, folder: Path) -> ReplayBundle:
    """The one bundle of a register."""
    found: list[ReplayBundle] = []

    def load_only(chunks: Iterator[KeptChunk]) -> Iterator[tuple[KeptChunk, ChunkResult]]:
        found.append(ReplayBundle.load(next(chunks).kept))
        return iter(())

    list(Replay(database, RecordedDecisions(database, Period()), folder).run(load_only))
    return found[0]


def replay(database: Database, folder: Path) -> int:
    """Replay all decisions, which must be bit-equal."""
    found = Replay(database, RecordedDecisions(database, Period()), folder)
    differing = list(found.run(in_this_process))
    equal = sum(bundle.equal for bundle in found.bundles.values())
    if differing:
        raise Failed(f"{len(differing)} decisions differ")
    return equal


def plain_loop(database: Database, bundle: ReplayBundle) -> int:
    """Read all decisions, decode their records and score them; compare nothing."""
    scored = 0
    for chunk in RecordedDecisions(database, Period()).chunks():
        records = [bundle.codec.records.decompress(one.record) for one in chunk.rows]
        rows = rows_of(records, list(bundle.plain.scorer.texts))
        transformed = bundle.scorer.transform(rows, ())
        scored += len(bundle.scorer.score(rows, transformed.values).probability)
    return scored


def timed(function: Callable[[], int]) -> Speed:
    """Decisions a second of this process."""
    began, computed = time.perf_counter(), time.process_time()
    number = function()
    if number < REPLAYED:
        raise Failed(f"{number} decisions, {REPLAYED} were recorded")
    return Speed(number / (time.perf_counter() - began), number / (time.process_time() - computed))
