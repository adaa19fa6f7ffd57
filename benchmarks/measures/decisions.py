"""The register's part of the benchmark: recorded decisions against scores that nobody keeps."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy import func, select, text

from benchmarks.bench import BODIES, Bench, Load, say
from benchmarks.measures.desk import LIST, list_of, wait_for_desk
from benchmarks.servers import Program, Requests, Speed, ask_each, gets
from benchmarks.table import Row, ratio_row
from register.database.database import Database
from register.database.opening import open_database
from register.tables.schema import decision
from tests.support.registers.postgresql import Cluster
from tests.support.servers.processes import ROOT, inherited
from tests.support.servers.server import Failed

PEPPER = "a pepper for measuring only"
STEADY = 500  # decisions a second beside predictions
COUNTED = 20_000  # decisions whose bytes are counted
MANY = 1_000_000  # decisions that are counted by month


@dataclass(frozen=True)
class Register:
    """A server with a register.

    Attributes:
        name: of the database, for the table.
        url: of the database.
        server: records decisions.
        size: gives the bytes of the database on disk.
    """

    name: str
    url: str
    server: Program
    size: Callable[[], int]


def decisions_part(bench: Bench) -> Iterator[Row]:
    """The cost of keeping a decision: time, waits of others, and bytes."""
    texts = [
        bench.service.ask_json(path)["data"] for path, _ in gets("/get_test", bench.ids[:BODIES])
    ]
    for register, target in ((on_sqlite(bench), 0.5), (on_postgresql(bench), 0.4)):
        wait_for_desk(register.server, bench.ids[0])
        yield stored_bytes(register, bench.ids)
        yield one_client(bench, register, target)
        yield many_records(bench, register, texts)
        yield from waits(bench, register)
        yield monthly(bench, register)


def on_sqlite(bench: Bench, name: str = "register", **settings: str) -> Register:
    """A server that records into a file."""
    file = bench.scratch / f"{name}.db"
    url = f"sqlite:///{file}"

    def size() -> int:
        """Bytes of the file, with all rows of its log, which keeps some megabytes for ever."""
        with contextlib.closing(open_database(url)) as database:
            database.checkpoint()
        return file.stat().st_size

    return Register("SQLite", url, registered(bench, name, url, **settings), size)


def on_postgresql(bench: Bench, name: str = "postgresql", **settings: str) -> Register:
    """A server that records into a cluster on this machine."""
    cluster = bench.stack.enter_context(Cluster(durable=True))
    database = cluster.database()
    url = cluster.url(database)

    def size() -> int:
        with psycopg.connect(url) as connection:
            (found,) = connection.execute("SELECT pg_database_size(%s)", [database]).fetchone()
        return int(found)

    return Register("PostgreSQL", url, registered(bench, name, url, **settings), size)


def registered(bench: Bench, name: str, url: str, **settings: str) -> Program:
    """A server with a register in a new database, and further settings."""
    environment = {"REGISTER_URL": url, "REGISTER_PEPPER": PEPPER, **settings}
    migrate = (sys.executable, "-m", "register", "migrate")
    subprocess.run(  # noqa: S603 - a fixed command
        migrate, cwd=ROOT, env=inherited() | environment, check=True, stdout=sys.stderr
    )
    return bench.service_of(f"register-{name}", bench.small, REQUEST_LOG="0", **environment)


def stored_bytes(register: Register, ids: list[int]) -> Row:
    """Bytes that a decision takes on disk, with four reasons and all indexes."""
    say(f"bytes on disk, {register.name}")
    lists = [[ids[at % len(ids)] for at in range(start, start + LIST)] for start in
             range(0, COUNTED, LIST)]  # fmt: skip
    before = register.size()
    for clients in lists:
        body = "[" + ",".join(f'{{"client":{client}}}' for client in clients) + "]"
        register.server.ask("/decisions", body.encode())
    taken = (register.size() - before) / COUNTED
    measure = f"bytes on disk a decision, 347 features, four reasons, {register.name}"
    return Row(measure, ("≤", 2000), [taken])


def one_client(bench: Bench, register: Register, target: float) -> Row:
    """A decision on a client against a score of the client, both by one server."""
    bodies = [b'{"client":%d}' % client for client in bench.ids[:BODIES]]
    loads: dict[str, Load] = {
        route: bench.load(register.server, [(f"/{route}?reasons=0", body) for body in bodies])
        for route in ("score", "decisions")
    }
    say(f"/decisions of a client, {register.name}")
    measure = f"`/decisions` of one client, no reasons, {register.name}, against `/score`"
    return ratio_row(measure, ("≥", target), bench.compare(loads), "decisions", "score")


def many_records(bench: Bench, register: Register, texts: list[str]) -> Row:
    """A list of raw records with four reasons, by one caller.

    Whole answers are timed: in the seconds of a load come so few that one more or less is 10 %.
    """
    body = list_of([texts[number % len(texts)] for number in range(LIST)])
    say(f"/decisions of a list, {register.name}")
    loads: dict[str, Load] = {}
    for route in ("score", "decisions"):
        register.server.ask(f"/{route}", body)
        lists = [(f"/{route}", body)] * max(2, 2 * bench.options.seconds)
        loads[route] = partial(ask_each, register.server, lists)
    measure = f"`/decisions` of {LIST:,} raw records, four reasons, {register.name}, the same"
    return ratio_row(measure, ("≥", 0.85), bench.compare(loads), "decisions", "score")


def monthly(bench: Bench, register: Register) -> Row:
    """Counts by month over a million decisions, most of them copies with other times."""
    say(f"counts by month, {register.name}")
    database = open_database(register.url)
    with contextlib.closing(database):
        fill(database, MANY)
        month = (
            "to_char(at, 'YYYY-MM')"
            if database.name == "postgresql"
            else "strftime('%Y-%m', at / 1000000, 'unixepoch')"
        )
        counts = text(f"SELECT {month} m, count(*), sum(prediction) FROM decision GROUP BY m")  # noqa: S608
        seconds = []
        for _ in range(bench.options.rounds):
            began = time.perf_counter()
            with database.reading(60) as connection:
                found = connection.execute(counts).all()
            seconds.append(time.perf_counter() - began)
        if sum(number for _, number, _ in found) < MANY:
            raise Failed(f"{found} are not {MANY} decisions")
    measure = f"counts by month over {MANY:,} decisions, {register.name}"
    return Row(measure, ("≤", 2), seconds, unit=" s")


def fill(database: Database, number: int) -> None:
    """Copy decisions, with other ids and times, until there are so many."""
    names = [column.name for column in decision.columns if column.name not in ("id", "at")]
    columns = ", ".join(f'"{name}"' for name in names)
    new = (
        ("gen_random_uuid()", "at - interval '1 second' * (random() * 60000000)::int")
        if database.name == "postgresql"
        else ("randomblob(16)", "at - abs(random() % 60000000) * 1000000")
    )
    copy = text(
        f"INSERT INTO decision (id, at, {columns}) SELECT {', '.join(new)}, {columns}"  # noqa: S608
        " FROM decision LIMIT :most"
    )
    with database.maintenance() as connection:
        have = connection.execute(select(func.count()).select_from(decision)).scalar_one()
        while have < number:
            connection.execute(copy, {"most": number - have})
            have = min(number, 2 * have)


def waits(bench: Bench, register: Register) -> Iterator[Row]:
    """The waits at `/prediction/` beside a steady stream of decisions."""
    say(f"/prediction/ beside {STEADY} decisions a second, {register.name}")
    ask = bench.load(register.server, bench.predictions)
    decisions = [("/decisions?reasons=0", b'{"client":%d}' % client) for client in bench.ids]

    def beside() -> Speed:
        with steady(register.server, decisions, STEADY, bench.scratch):
            return ask()

    speeds = bench.compare({"alone": ask, "beside": beside})
    ratios = [a.p99 / b.p99 for a, b in zip(speeds["beside"], speeds["alone"], strict=True)]
    measure = f"p99 of `/prediction/` beside {STEADY} decisions a second, {register.name}, against"
    yield Row(f"{measure} without", ("≤", 1.5), ratios)


@contextmanager
def steady(server: Program, requests: Requests, per_second: int, scratch: Path) -> Iterator[None]:
    """A steady stream of requests while the block runs.

    Raises:
        CalledProcessError: a request was refused.
    """
    file = scratch / f"{server.name}.steady"
    file.write_bytes(b"".join(path.encode() + b" " + body + b"\n" for path, body in requests))
    command = (
        sys.executable,
        "-m",
        "benchmarks.measures.steady",
        str(server.port),
        file,
        str(per_second),
    )
    process = subprocess.Popen(  # noqa: S603 - a fixed command
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    began = time.monotonic()
    try:
        yield
    finally:
        output, _ = process.communicate()
    answered, refused = map(int, output.split())
    say(f"  {answered / (time.monotonic() - began):.0f} decisions a second beside")
    if refused or not answered:
        raise subprocess.CalledProcessError(1, command, output)
