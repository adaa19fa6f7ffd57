"""The monitoring part of the benchmark: figures of a million recorded decisions."""

import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import orjson
import psycopg

from benchmarks.bench import Bench, say
from benchmarks.measures.decisions import registered
from benchmarks.measures.desk import LIST, list_of, wait_for_desk
from benchmarks.servers import Program, Speed, gets
from benchmarks.table import Row
from tests.support.registers.postgresql import Cluster
from tests.support.servers.processes import ROOT, inherited
from tests.support.servers.server import Failed, children, wait_for

MANY = 1_000_000  # decisions in two years, of which a fifth is refused
RECORDS = 100_000  # of them with evidence
DISTINCT = 400  # records
START, END = "2024-12-01", "2026-11-30"
MATURE = "2025-11-28"

PRIME = 100_000_007  # more than there are decisions: each has a probability of its own


def fill(decisions: int) -> Iterator[str]:
    """Statements that make decisions by an even spread of probabilities, reviews and outcomes."""
    yield "SET synchronous_commit = off"
    yield f"""INSERT INTO decision SELECT md5('d' || i)::uuid,
  '{START}'::timestamptz + (i::float8 / {decisions}) * interval '729 days',
  (ARRAY['web', 'branch', 'broker'])[1 + i % 3], 'request', NULL, NULL, 1, p, ln(p / (1 - p)),
  p * 0.3, 600, (ARRAY['A', 'B', 'C', 'D', 'E'])[1 + floor(p * 4.999)::int], (p >= 0.6)::int, 0.6,
  'near', i % 10 < 7, decode(md5('c' || i) || md5('e' || i), 'hex'), NULL, 1
  FROM (SELECT i, 0.001 + 0.748 * ((i * 79190033) % {PRIME}) / {PRIME}.0 AS p
        FROM generate_series(1::bigint, {decisions}) AS numbers (i)) AS drawn"""  # noqa: S608
    yield f"""INSERT INTO outcome SELECT md5('o' || id)::uuid, now(), 'core', id,
  CASE WHEN abs(hashtext(id::text)) % 1000 < probability * 300 THEN 'defaulted' ELSE 'repaid' END,
  (at + interval '300 days')::date, '90dpd', 1
  FROM decision WHERE prediction = 0 AND at < '{MATURE}'"""  # noqa: S608
    yield """INSERT INTO review SELECT md5('r' || id)::uuid, at + interval '5 days', 'anna', id, 0,
  'INCOME', NULL, 1 FROM decision WHERE abs(hashtext(id::text)) % 50 = 0"""
    yield "VACUUM ANALYZE"


@dataclass(frozen=True)
class Run:
    """A run of `python -m register figures`, from its start to its end."""

    seconds: float
    megabytes: float
    volume: int


def monitoring_part(bench: Bench) -> Iterator[Row]:
    """Figures by month of a million decisions, and the features of a tenth of them."""
    cluster = bench.stack.enter_context(Cluster(durable=True))
    url = cluster.url(cluster.database())
    server = registered(bench, "monitored", url)
    wait_for_desk(server, bench.ids[0])
    paths = [path for path, _ in gets("/get_test", bench.ids[:DISTINCT])]
    texts = [server.ask_json(path)["data"] for path in paths]
    body = list_of([texts[number % len(texts)] for number in range(LIST)])
    say(f"recording {RECORDS:,} decisions")
    for _ in range(RECORDS // LIST):
        server.ask("/decisions?reasons=0", body)
    rounds = range(bench.options.rounds)
    found = [figures(url, "--from", START, "--features", volume=RECORDS) for _ in rounds]
    yield seconds_of(f"figures with 347 features, {RECORDS:,} records", 20, found)
    yield waits(bench, server)
    say(f"filling in {MANY:,} decisions")
    with contextlib.closing(psycopg.connect(url, autocommit=True)) as connection:
        for statement in fill(MANY):
            connection.execute(statement)
    found = [figures(url, "--from", START, "--to", END, volume=MANY) for _ in rounds]
    yield seconds_of(f"figures by month, {MANY:,} decisions, PostgreSQL", 3, found)
    yield Row("memory of its process", None, [run.megabytes for run in found], unit=" MB")
    yield later_answers(server, rounds)


def waits(bench: Bench, server: Program) -> Row:
    """The waits at `/prediction/` while another process counts the features of all records."""
    say("/prediction/ beside figures with features")
    ask = bench.load(server, bench.predictions)
    days = itertools.count()  # a query of its own each time: answers are kept

    def beside() -> Speed:
        start = date.fromisoformat(START) + timedelta(next(days))
        with ThreadPoolExecutor(1) as other:
            counting = other.submit(server.ask, f"/monitoring?from={start}&features=true")
            wait_for(lambda: counts(server))
            speed = ask()
            if counting.done():
                raise Failed("the figures were there before the load ended")
            counting.result()
        return speed

    speeds = bench.compare({"alone": ask, "beside": beside})
    ratios = [a.p99 / b.p99 for a, b in zip(speeds["beside"], speeds["alone"], strict=True)]
    measure = "p99 of `/prediction/` beside figures with features, against without"
    return Row(measure, ("≤", 1.5), ratios)


def counts(server: Program) -> bool:
    """True while a process of the server counts figures."""
    found = (Path(f"/proc/{child}/cmdline") for pid in server.pids() for child in children(pid))
    with contextlib.suppress(OSError):  # one has just ended
        return any(b"figures" in path.read_bytes() for path in found)
    return False


def later_answers(server: Program, rounds: range) -> Row:
    """The slowest of a hundred answers of a query that was answered before, by round."""
    path = f"/monitoring?from={START}&to={END}"
    server.ask(path)
    slowest = []
    for _ in rounds:
        taken = []
        for _ in range(100):
            began = time.perf_counter()
            server.ask(path)
            taken.append(1_000 * (time.perf_counter() - began))
        slowest.append(sorted(taken)[-2])
    return Row("later answers of `/monitoring`, p99", ("≤", 5), slowest, unit=" ms")


def seconds_of(measure: str, target: float, runs: list[Run]) -> Row:
    """The seconds of some runs, with the start of the process."""
    return Row(measure, ("≤", target), [run.seconds for run in runs], unit=" s")


def figures(url: str, *options: str, volume: int) -> Run:
    """Run the command once.

    Raises:
        Failed: it does not count the decisions.
    """
    began = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, "-m", "register", "figures", *options],
        cwd=ROOT, env=inherited() | {"REGISTER_URL": url}, stdout=subprocess.PIPE,
    )  # fmt: skip
    answer, peak = b"", 0.0
    if child.stdout:
        answer = child.stdout.read(1)  # it writes at its end
        peak = peak_megabytes(child.pid)
        answer += child.stdout.read()
    child.wait()
    seconds = time.perf_counter() - began
    counted = orjson.loads(answer)["total"]["volume"] if answer else 0
    if counted < volume:
        raise Failed(f"{counted} decisions, expected {volume}")
    return Run(seconds, peak, counted)


def peak_megabytes(process: int) -> float:
    """The most memory that a running process had.

    Not `ru_maxrss` of one that has ended: that counts the memory of its parent when it began.
    """
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    raise Failed("the process has ended")
