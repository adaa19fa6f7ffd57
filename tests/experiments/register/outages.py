"""Databases that are locked, stopped, hung, read-only or full while two workers record decisions.

`python -m tests.experiments.register.faults outages` runs it. Each outage takes five seconds. The
other routes are asked before and during it. Full and read-only disks need root, on ext4.
"""

import asyncio
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from register.database.opening import open_database
from tests.experiments.register.recording_calls import (
    AWAY,
    CREATED,
    Calls,
    ask,
    calling,
    found,
    migrated,
    milliseconds,
    more,
    posted,
    recorded_now,
    recording,
    service,
)
from tests.support.registers.postgresql import Cluster
from tests.support.servers.server import wait_for
from tests.support.servers.stopped_proxy import StoppedProxy
from tests.support.servers.traffic import request

OUTAGE_SECONDS = 5.0


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A folder with little room."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def fill(folder: Path) -> None:
    """Fill a disk to its last byte."""
    with (folder / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            return


async def outage(
    name: str, url: str, begin: Callable[[], Any], end: Callable[[], Any], behind: str | None = None
) -> None:
    """Take a database away for some seconds, and watch all routes.

    Args:
        name: of the outage.
        url: of the register.
        begin, end: take the database away, and give it back.
        behind: the register's URL for the service, if it passes a proxy.
    """
    with service(behind or url) as server:
        calls, others = Calls(), {path: Calls() for path in ("/health", "/score", "/prediction/")}
        client = server.ask_json("/get_ids")["data"][0]
        text = server.ask_json(f"/get_json?param_name={client}")["data"].encode()
        messages = {
            "/health": request("/health"),
            "/score": posted("/score", f'{{"client": {client}}}'.encode()),
            "/prediction/": posted("/prediction/", text),
        }
        tasks = [ask(server.port, messages[path], others[path]) for path in others]
        without_key = recorded_now(url)
        async with recording(server, calls), calling([*others.values()], *tasks):
            await more(calls, 50)
            await asyncio.sleep(OUTAGE_SECONDS)
            began = time.monotonic()
            await asyncio.to_thread(begin)
            taken = time.monotonic()
            health = Counter()
            for _ in range(10):
                await asyncio.sleep(OUTAGE_SECONDS / 10)
                health[server.ask_json("/health")["register"]] += 1
            before = len(calls.acknowledged)
            ended = time.monotonic()
            await asyncio.to_thread(end)
            await more(calls, 1)
            resumed = time.monotonic() - ended
            await more(calls, 50)
            await asyncio.to_thread(
                wait_for,
                lambda: {server.ask_json("/health")["register"] for _ in range(8)} == {"ok"},
            )
    during = calls.between(began, ended)
    later = calls.between(taken + 2, ended)
    refused = during.seconds(AWAY)
    print(
        f"  {name}: {len(refused)} times 503 within {milliseconds(refused, 1)}"
        f" (median {milliseconds(refused, 0.5)}), each with Retry-After: {during.retry_after()};"
        f" recorded meanwhile {later.statuses()[CREATED]}; /health said {dict(health)};"
        f" recorded again after {resumed:.1f} s; statuses"
        f" {dict(sorted(calls.statuses().items()))}"
    )
    for path, other in others.items():
        quiet = other.between(0, began).seconds(200)
        beside = other.between(began, ended)
        print(
            f"    {path}: {dict(beside.statuses())}, p50 {milliseconds(quiet, 0.5)} before and"
            f" {milliseconds(beside.seconds(200), 0.5)} during, p99 {milliseconds(quiet, 0.99)} and"
            f" {milliseconds(beside.seconds(200), 0.99)}"
        )
    print(f"    {found(url, calls, without_key)}; {before} before the end", flush=True)


async def outages(scratch: Path) -> None:
    await outages_of_sqlite(scratch)
    await outages_of_postgresql()


async def outages_of_sqlite(scratch: Path) -> None:
    file = scratch / "register.db"
    url = migrated(f"sqlite:///{file}")
    with closing(open_database(url)) as other:
        lock = [other.writing()]
        await outage(
            "SQLite, locked by another process", url,
            lambda: lock[0].__enter__(), lambda: lock[0].__exit__(None, None, None),
        )  # fmt: skip
    files = [file, file.with_name("register.db-wal"), file.with_name("register.db-lock")]
    await outage(
        "SQLite, files read-only", url,
        lambda: subprocess.run(["chattr", "+i", *files], check=True),
        lambda: subprocess.run(["chattr", "-i", *files], check=True),
    )  # fmt: skip
    with small_disk(200) as disk:
        await outage(
            "SQLite, disk full", migrated(f"sqlite:///{disk}/register.db"),
            lambda: fill(disk), lambda: (disk / "filler").unlink(),
        )  # fmt: skip


async def outages_of_postgresql() -> None:
    with Cluster(durable=True) as cluster:
        name = cluster.database()
        url = migrated(cluster.url(name))
        await outage("PostgreSQL stopped", url, cluster.stop, cluster.start)
        with StoppedProxy(cluster.port) as proxy:
            behind = make_url(url).set(port=proxy.port).render_as_string(hide_password=False)
            await outage("PostgreSQL hung", url, proxy.stop, proxy.resume, behind)

        def read_only(value: str) -> None:
            cluster.run(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")
            cluster.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
                name,
            )

        await outage("PostgreSQL read-only", url, lambda: read_only("on"), lambda: read_only("off"))
    with small_disk(700) as disk:
        tempfile.tempdir = str(disk)
        disk.chmod(0o755)
        with Cluster(durable=True) as cluster:
            tempfile.tempdir = None
            url = migrated(cluster.url(cluster.database()))

            def freed() -> None:
                (disk / "filler").unlink()
                if cluster.process.poll() is not None:  # it ends if it cannot write its log
                    cluster.start()

            await outage("PostgreSQL, disk full", url, lambda: fill(disk), freed)
