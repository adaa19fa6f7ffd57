"""Slow clients, more lists than can be computed, and 100,000 requests.

    python -m tests.experiments.service.load [slow] [headers] [lists] [many]

`slow` has 500 sockets send a byte a second, half of them a header and half a body, and compares
others' latency with and without them, twice; then it waits until the server has closed them all.
`headers` sends 80 MB of header lines on one connection. `lists` has four callers ask one
worker for scores and reasons of lists of 1,000 raw records, and another process for /health. `many`
sends 100,000 mixed requests to two workers and looks at their memory and open files.
"""

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import Iterator

import uvloop

from tests.experiments.service.health import health_asked
from tests.support.servers.server import MB, Server, wait_for
from tests.support.servers.traffic import Tally, Work, caller, drip, request, running

SLOW = 500
HEADERS = 80_000_000  # bytes
MOST = 1000  # applications in a list
LIST_SECONDS = 30
IMPORTANCE = b"GET /importance HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def mixed(server: Server) -> list[Work]:
    """A request of every kind for each client, and some that are refused."""
    feature = server.ask_json("/get_feat")["data"][-1]
    body = ""
    paths = ["/get_ids", "/get_feat", "/health", f"/get_kde?param_name={feature}", "/nowhere"]
    found = [request(path) for path in paths]
    for client_id in server.ask_json("/get_ids")["data"][:100]:
        body = server.ask_json(f"/get_json?param_name={client_id}")["data"]
        found += [request(f"/get_{kind}?param_name={client_id}") for kind in ("shap", "test")]
        found += [request("/prediction/", body.encode(), "POST") for _ in range(3)]
        found += [request("/prediction/", body[:-9].encode(), "POST"), request("/get_shap")]
    return [(message, bool) for message in found]


def until(end: float, work: Iterator[Work]) -> Iterator[Work]:
    """The work up to a moment of `time.perf_counter`."""
    for item in work:
        if time.perf_counter() > end:
            return
        yield item


async def slow() -> None:
    with Server(REQUEST_LOG="0") as server:
        work = mixed(server)
        longest = max((message for message, _ in work), key=len)
        head, end, body = longest.partition(b"\r\n\r\n")
        for _ in range(2):
            for sockets in (0, SLOW):
                drips = [drip(server.port, b"", head * 9, 1) for _ in range(sockets // 2)]
                drips += [drip(server.port, head + end, body, 1) for _ in range(sockets // 2)]
                tally = Tally()
                async with running(*drips):
                    await asyncio.sleep(1)
                    ends = time.perf_counter() + 10
                    callers = [
                        caller(server.port, until(ends, itertools.cycle(work)), tally, 0.01)
                        for _ in range(4)
                    ]
                    await asyncio.gather(*callers)
                    files = server.open_files()
                times = [tally.milliseconds(200, share) for share in (0.5, 0.99)]
                print(
                    f"{sockets} slow sockets, {files} open files: {sum(tally.statuses.values())}"
                    f" requests of others, p50 {times[0]:.2f} ms, p99 {times[1]:.2f} ms"
                )
        idle = server.open_files()
        drips = [drip(server.port, b"", head * 9, 1) for _ in range(SLOW // 2)]
        drips += [drip(server.port, head + end, body, 1) for _ in range(SLOW // 2)]
        async with running(*drips):
            began = time.perf_counter()
            await asyncio.sleep(5)
            most = server.open_files()
            await asyncio.to_thread(wait_for, lambda: server.open_files() <= idle, 60)
            seconds = time.perf_counter() - began
        print(f"{SLOW} slow sockets, {most} open files: all gone after {seconds:.1f} s")


async def headers() -> None:
    """80 MB of header lines on one connection, and /health meanwhile."""
    with Server(workers=1, REQUEST_LOG="0") as server:
        health = itertools.repeat((request("/health"), bool))
        before, tally = server.memory().peak, Tally()
        ends = time.perf_counter() + 5
        probing = asyncio.create_task(caller(server.port, until(ends, health), tally, 0.002))
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n")
        sent, lines = 0, b"a:\r\n" * 16_000
        with contextlib.suppress(ConnectionError):
            while sent < HEADERS:
                writer.write(lines)
                await writer.drain()
                sent += len(lines)
        writer.close()
        await probing
        more = server.memory().peak - before
        print(
            f"{sent / 1e6:.0f} of {HEADERS / 1e6:.0f} MB of headers were taken: {more / MB:+.1f} MB"
            f" in the worker at most; /health: p99 {tally.milliseconds(200, 0.99):.1f} ms,"
            f" worst {tally.milliseconds(200, 1):.1f} ms"
        )


def lists() -> None:
    """Lists from four callers to one worker; a refused one comes back after 100 ms."""
    with Server(workers=1, REQUEST_LOG="0") as server:
        wait_for(lambda: server.raw(IMPORTANCE).status == 200, pause=1)
        records = []
        for client_id in server.ask_json("/get_ids")["data"]:
            text = server.ask_json(f"/get_test?param_name={client_id}")["data"]
            records.append({"record": json.loads(text)})
        several = list(itertools.islice(itertools.cycle(records), MOST))
        # A list that waits or runs is asked for once: each caller has his own.
        messages = [request("/score", json.dumps(several[n:] + several[:n]).encode(), "POST")
                 for n in range(4)]  # fmt: skip
        for callers in (0, len(messages)):
            tally, ends = Tally(), time.perf_counter() + (LIST_SECONDS if callers else 5)
            with health_asked(server.port, connections=1) as probes:
                if callers:
                    uvloop.run(ask_lists(server.port, messages, ends, tally))
                else:
                    time.sleep(5)
            print(
                f"{callers} callers: {dict(tally.statuses)}, {tally.wrong} wrong;"
                f" {probes.statuses[200]} of {sum(probes.statuses.values())} /health were 200"
            )
            print_latencies("/health", probes, 200)
        print_latencies("200", tally, 200)
        print_latencies("503", tally, 503)


def print_latencies(name: str, tally: Tally, status: int) -> None:
    shares = [tally.milliseconds(status, share) for share in (0.5, 0.99, 1)]
    print("{}: p50 {:.1f} ms, p99 {:.1f} ms, at most {:.1f} ms".format(name, *shares))


async def ask_lists(port: int, messages: list[bytes], ends: float, tally: Tally) -> None:
    def is_whole(body: bytes) -> bool:
        return body.startswith(b'[{"probability":') and body.count(b'"reasons":') == MOST

    callers = [
        caller(port, until(ends, itertools.repeat((message, is_whole))), tally, pause=0.1)
        for message in messages
    ]
    await asyncio.gather(*callers)


async def many() -> None:
    with Server(REQUEST_LOG="0") as server:
        work = mixed(server)
        tally = Tally()
        for step in range(6):
            share = 2_500 if step else 250  # the first ones only warm it up
            began = time.perf_counter()
            callers = [
                caller(
                    server.port,
                    itertools.islice(itertools.cycle(work), 37 * n, 37 * n + share),
                    tally,
                )
                for n in range(8)
            ]
            await asyncio.gather(*callers)
            rate = 8 * share / (time.perf_counter() - began)
            print(
                f"{sum(tally.statuses.values()):7} requests: {server.memory().now / MB:.1f} MB,"
                f" {server.open_files()} open files, {rate:.0f} a second"
            )
        print(dict(tally.statuses))


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["slow", "headers", "lists", "many"]
    if "slow" in wanted:
        uvloop.run(slow())
    if "headers" in wanted:
        uvloop.run(headers())
    if "lists" in wanted:
        lists()
    if "many" in wanted:
        uvloop.run(many())
