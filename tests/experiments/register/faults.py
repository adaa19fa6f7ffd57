"""Workers and databases killed, away, hung, full or read-only while two workers record decisions.

    python -m tests.experiments.register.faults [worker] [database] [outages] [doubt] [swap]

`worker` ends one of two workers with SIGKILL, 20 times, with each database; `database` ends all
processes of PostgreSQL, or both workers with SQLite, 20 times. `outages` takes the database away in
each way, and watches the other routes. `doubt` ends connections exactly at COMMIT. `swap` replaces
the model under load. Eight callers record all the time, each call with a key, which is sent again
until it is recorded. Full and read-only disks need root, on ext4.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import get_args

import uvloop
from sqlalchemy import make_url, select

from register.database.opening import open_database
from register.tables import schema
from tests.experiments.register.outages import outages
from tests.experiments.register.recording_calls import (
    Calls,
    found,
    migrated,
    more,
    recorded_now,
    recording,
    registers,
    service,
)
from tests.experiments.service.faults import two_models
from tests.support.bundles.folders import put
from tests.support.registers.commit_proxy import CommitProxy, Fault
from tests.support.registers.postgresql import Cluster
from tests.support.servers.server import Server, wait_for

TIMES = 20


async def killed(
    name: str, url: str, kill: Callable[[Server, int], None], back: Callable[[Server, int], bool]
) -> None:
    """Kill something again and again, and compare what was answered with what is recorded."""
    with service(url) as server:
        calls, without_key, seconds = Calls(), recorded_now(url), []
        async with recording(server, calls):
            for number in range(TIMES):
                await more(calls, 30)
                await asyncio.to_thread(kill, server, number)
                began = time.monotonic()
                await more(calls, 1)
                seconds.append(time.monotonic() - began)
                await asyncio.to_thread(wait_for, lambda number=number: back(server, number))
            await more(calls, 30)
    statuses = {str(status): number for status, number in sorted(calls.statuses().items())}
    print(f"  {name}, {TIMES} times: {found(url, calls, without_key)}")
    print(f"    answers {statuses}; a call recorded after {max(seconds):.1f} s at most", flush=True)


async def worker(scratch: Path) -> None:
    def kill(server: Server, number: int) -> None:
        os.kill(server.pids()[number % 2], signal.SIGKILL)

    def back(server: Server, number: int) -> bool:
        return server.ready() >= number + 3

    with registers(scratch) as all_registers:
        for name, url, _ in all_registers:
            await killed(f"kill -9 of a worker, {name}", url, kill, back)


async def database(scratch: Path) -> None:
    def kill_both(server: Server, _: int) -> None:
        for pid in server.pids():
            os.kill(pid, signal.SIGKILL)

    with registers(scratch) as ((_, file, _), (_, url, cluster)):
        assert cluster

        def kill_server(_: Server, __: int) -> None:
            cluster.kill()
            time.sleep(0.2)
            cluster.start()

        await killed("kill -9 of PostgreSQL", url, kill_server, lambda *_: True)
        await killed(
            "kill -9 of both workers, SQLite", file, kill_both,
            lambda server, number: server.ready() >= 2 * number + 4,
        )  # fmt: skip


async def doubt(_: Path) -> None:
    with Cluster(durable=True) as cluster, CommitProxy(cluster.port) as proxy:
        url = migrated(cluster.url(cluster.database()))
        behind = make_url(url).set(port=proxy.port).render_as_string(hide_password=False)
        with service(behind) as server:
            calls, without_key = Calls(), recorded_now(url)
            async with recording(server, calls):
                for fault in get_args(Fault) * 4:
                    await more(calls, 30)
                    before = recorded_now(url)
                    proxy.is_committed = lambda before=before: recorded_now(url) > before
                    proxy.happened.clear()
                    proxy.fault = fault
                    await asyncio.to_thread(proxy.happened.wait)
                    await asyncio.sleep(2 if fault.startswith("stopped") else 0.2)
                    proxy.resume()
                    proxy.deliver()
                await more(calls, 30)
        print(
            f"  connections that end or stop at COMMIT, 20 times: {found(url, calls, without_key)}"
        )
        print(f"    statuses {dict(sorted(calls.statuses().items()))}", flush=True)


async def swap(scratch: Path) -> None:
    folder, first, other = two_models(scratch)
    with registers(scratch) as all_registers:
        for name, url, _ in all_registers:
            with service(url, folder) as server:
                calls, without_key = Calls(), recorded_now(url)
                async with recording(server, calls):
                    for number in range(10):
                        await more(calls, 100)
                        before = server.said('"loaded ')
                        put((other, first)[number % 2], folder)
                        await asyncio.to_thread(
                            wait_for, lambda before=before: server.said('"loaded ') >= before + 2
                        )
                    await more(calls, 100)
            models = models_of(url)
            wrong = [
                body for body in calls.acknowledged.values() if models[body["id"]] != body["model"]
            ]
            print(
                f"  10 swaps of the model, {name}: {len(set(models.values()))} models,"
                f" {len(wrong)} records name another one than their answer;"
                f" {found(url, calls, without_key)}"
            )
            print(f"    statuses {dict(sorted(calls.statuses().items()))}", flush=True)


def models_of(url: str) -> dict[str, str]:
    """SHA-256 of the model of each decision."""
    columns = select(schema.decision.c.id, schema.bundle.c.model).join(schema.bundle)
    with closing(open_database(url)) as database, database.reading(60) as connection:
        return {str(id_): model.hex() for id_, model in connection.execute(columns)}


PARTS = {
    "worker": worker,
    "database": database,
    "outages": outages,
    "doubt": doubt,
    "swap": swap,
}


def main() -> None:
    for part in sys.argv[1:] or PARTS:
        print(f"{part}:", flush=True)
        scratch = Path(tempfile.mkdtemp(prefix="register-", dir="/var/tmp"))
        try:
            uvloop.run(PARTS[part](scratch))
        finally:
            shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
