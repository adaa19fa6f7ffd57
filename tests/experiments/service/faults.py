"""Workers killed, servers stopped and files replaced under load.

    python -m tests.experiments.service.faults [kill] [stop] [replace] [swap]

`kill` ends one of two workers with SIGKILL, 20 times. `stop` sends SIGTERM under load, 5 times.
`replace` swaps two models 10 times, and puts broken files between them. `swap` swaps them 30 times,
and asks for /health all the while: how long does a request wait for it?
"""

import asyncio
import functools
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uvloop

from tests.experiments.service.health import health_asked
from tests.service.bundle.broken_files import BROKEN
from tests.support.bundles.folders import another_model, put, write_metadata
from tests.support.servers.server import RESSOURCES, Server, wait_for
from tests.support.servers.traffic import LOST, Tally, Work, caller, connected, questions

CALLERS = 8


async def answers(port: int, messages: list[bytes]) -> dict[bytes, bytes]:
    connection = await connected(port)
    found = {message: (await connection.ask(message))[1] for message in messages}
    connection.transport.close()
    return found


def work(known: dict[bytes, bytes], stop: asyncio.Event) -> Iterator[Work]:
    """The questions until it is enough, each with the one answer that is right."""
    endless = itertools.cycle([(message, right.__eq__) for message, right in known.items()])
    return itertools.takewhile(lambda _: not stop.is_set(), endless)


async def kill(times: int) -> None:
    with Server(REQUEST_LOG="0") as server:
        known = await answers(server.port, questions(server.ask_json, 10))
        tally, stop, back = Tally(), asyncio.Event(), []
        callers = [
            asyncio.create_task(caller(server.port, work(known, stop), tally))
            for _ in range(CALLERS)
        ]
        for number in range(times):
            await asyncio.sleep(0.5)
            before = tally.statuses[LOST]
            began = time.perf_counter()
            os.kill(server.pids()[number % 2], signal.SIGKILL)
            ready = number + 3  # workers that were ready so far, and this one's successor
            await asyncio.to_thread(
                wait_for,
                lambda ready=ready: server.ready() >= ready,
            )
            back.append(time.perf_counter() - began)
            lost = tally.statuses[LOST] - before
            print(f"  kill {number + 1}: {lost} lost, a new worker after {back[-1]:.1f} s")
        stop.set()
        await asyncio.gather(*callers)
    print(
        f"kill -9, {times} times under {CALLERS} callers: {tally.statuses[200]} right answers,"
        f" {tally.statuses[LOST]} lost, {tally.wrong} wrong, other statuses:"
        f" {sum(tally.statuses.values()) - tally.statuses[200] - tally.statuses[LOST]};"
        f" a new worker after {max(back):.1f} s at most"
    )


async def stop(times: int) -> None:
    """SIGTERM while callers ask: each request that the log has was answered, with what is right."""
    for number in range(times):
        with Server() as server:
            known = await answers(server.port, questions(server.ask_json, 10))
            tally = Tally()
            done = len(known) + 2 + sum(b"/get_json" in message for message in known)
            ending = asyncio.Event()
            tasks = [
                asyncio.create_task(caller(server.port, work(known, ending), tally))
                for _ in range(CALLERS)
            ]
            await asyncio.sleep(1)
            began = time.perf_counter()
            server.process.terminate()
            code = await asyncio.to_thread(server.process.wait, 25)
            seconds = time.perf_counter() - began
            for task in tasks:  # they try to connect again
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            logged = len(server.requests()) - done
        answered = sum(tally.statuses.values()) - tally.statuses[LOST]
        print(
            f"SIGTERM {number + 1}: exit {code} after {seconds:.1f} s; the server logged"
            f" {logged} requests, {answered} answers came, {tally.wrong} wrong,"
            f" {tally.statuses[LOST]} requests came to a connection that it had just closed"
        )


def two_models(scratch: Path) -> tuple[Path, Path, Path]:
    """A folder to serve, which has the first of two models, and where to take both from."""
    folder, first, other = (scratch / name for name in ("ressources", "first", "other"))
    shutil.copytree(RESSOURCES, first)
    write_metadata(first)  # a folder without it would keep the other one's
    another_model(first, other)
    shutil.copytree(first, folder)
    return folder, first, other


async def replace(times: int) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="credit-scoring-"))
    folder, first, other = two_models(scratch)
    with Server(folder, REQUEST_LOG="0") as server:
        found = await answers(server.port, questions(server.ask_json, 10))
        messages = list(found)
        right: dict[bytes, set[bytes]] = {message: {found[message]} for message in messages}
        pids, tally, ending = server.pids(), Tally(), asyncio.Event()

        async def said(text: str, change: Callable[[Path], None]) -> float:
            """Change the folder, wait until both workers say so in the log; the seconds."""
            lines, began = server.said(text), time.perf_counter()
            change(folder)
            await asyncio.to_thread(wait_for, lambda: server.said(text) >= lines + 2)
            return time.perf_counter() - began

        # The second model's answers, before anybody is to judge them.
        await said('"loaded ', functools.partial(put, other))
        for message, body in (await answers(server.port, messages)).items():
            right[message].add(body)
        endless = itertools.cycle([(message, right[message].__contains__) for message in messages])
        until = itertools.takewhile(lambda _: not ending.is_set(), endless)
        tasks = [
            asyncio.create_task(caller(server.port, until, tally, 0.002)) for _ in range(CALLERS)
        ]
        taken = []
        broken = itertools.cycle(BROKEN.items())
        for number in range(times):
            source = first if number % 2 == 0 else other
            taken.append(await said('"loaded ', functools.partial(put, source)))
            await asyncio.sleep(0.5)  # after it says so a worker looks at the folder once more
            name, (spoil, problem) = next(broken)
            before = {server.ask_json("/health")["sha256"] for _ in range(9)}
            refused = await said(f"new files are not taken into use: {problem}", spoil)
            healths = [server.ask_json("/health") for _ in range(9)]
            kept = {health["sha256"] for health in healths} == before
            named = all(health["refused"].startswith(problem) for health in healths)
            print(
                f"  in use after {taken[-1]:.1f} s; {name}: refused after {refused:.1f} s,"
                f" named by /health: {named}, the old one kept: {kept}"
            )
        ending.set()
        await asyncio.gather(*tasks)
        same = server.pids() == pids
    shutil.rmtree(scratch)
    print(
        f"replaced {times} times: in use in every worker after {max(taken):.1f} s at most;"
        f" {tally.statuses[200]} answers, {tally.wrong} of neither model,"
        f" other statuses {sum(tally.statuses.values()) - tally.statuses[200]},"
        f" p99 {tally.milliseconds(200, 0.99):.0f} ms; same workers: {same}"
    )


def swap(times: int) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="credit-scoring-"))
    folder, first, other = two_models(scratch)
    with Server(folder, REQUEST_LOG="0") as server:
        for name, swaps in (("without swaps", 0), (f"{times} swaps", times)):
            with health_asked(server.port, connections=6) as tally:
                if not swaps:
                    time.sleep(10)
                for number in range(swaps):
                    lines = server.said('"loaded ')
                    put(other if number % 2 == 0 else first, folder)
                    wait_for(lambda lines=lines: server.said('"loaded ') >= lines + 2)
            shares = [tally.milliseconds(200, share) for share in (0.5, 0.99, 0.999, 1)]
            print(
                f"{name}: {tally.statuses[200]} of {sum(tally.statuses.values())} /health were"
                " 200; p50 {:.1f}, p99 {:.1f}, p99.9 {:.1f}, worst {:.1f} ms".format(*shares)
            )
    shutil.rmtree(scratch)


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["kill", "stop", "replace", "swap"]
    if "kill" in wanted:
        uvloop.run(kill(20))
    if "stop" in wanted:
        uvloop.run(stop(5))
    if "replace" in wanted:
        uvloop.run(replace(10))
    if "swap" in wanted:
        swap(30)
