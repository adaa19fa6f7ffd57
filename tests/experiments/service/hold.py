"""How long one request within the limits holds a worker's event loop.

    python -m tests.experiments.service.hold [TIMES]

One worker gets each hostile request TIMES times (10), and meanwhile one /health after the other:
the longest of these is how long the loop was held, or somewhat more. Prints the slowest requests;
ends with 1 where the median of a request's times is above 25 ms.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator

import uvloop

from tests.service.limits.hostile_requests import bodies
from tests.support.servers.server import Server
from tests.support.servers.traffic import Connection, connected, request

MOST = 25  # milliseconds
LARGEST = 1_000_000  # bytes of a body
LONGEST = 60_000  # bytes of a path or query
SHOWN = 12  # requests


def repeated(piece: str, size: int, before: str = "", after: str = "") -> str:
    return before + piece * ((size - len(before) - len(after)) // len(piece)) + after


def hostile(record: dict[str, float], client_id: int) -> Iterator[tuple[str, bytes]]:
    """Requests by name."""
    for name, (body, _) in bodies(record).items():
        yield name, request("/prediction/", body, "POST")
    text = json.dumps(record)
    keys = ",".join(f'"{number:x}":0' for number in range(100_000))
    large = {
        "nested lists": repeated("[[[[]]]],", LARGEST, "[", "0]"),
        "lists": repeated("[],", LARGEST, "[", "0]"),
        "objects": repeated("{},", LARGEST, "[", "0]"),
        "numbers": repeated("1,", LARGEST, "[", "0]"),
        "100,000 keys": f"{{{keys}}}"[:LARGEST],
        "100,000 keys, escaped": repeated(r'"\u0041":1,', LARGEST, "{", '"a":1}'),
        "one long key": repeated("k", LARGEST, '{"', '":1}'),
        "one key of escapes": repeated(r"\u0041", LARGEST, '{"', '":1}'),
        "one key of signs": repeated("🙂", LARGEST // 4, '{"', '":1}'),
        "blanks": text.ljust(LARGEST),
        "blanks, then a record": text.rjust(LARGEST),
        "as much as is read": text[:-1] + ',"a":' + "[" * 1_000 + "]" * 1_000 + "}",
        "a key more, spread": repeated(" ", LARGEST, text[:-1], ',"a":1}'),
    }
    for name, text in large.items():
        yield f"1 MB, {name}", request("/prediction/", text.encode(), "POST")
    for name, path in {
        "fields": "/get_test?" + repeated("a&", LONGEST),
        "fields with values": "/get_test?" + repeated("a=1&", LONGEST),
        "an escaped value": "/get_test?param_name=" + repeated("%41", LONGEST),
        "escapes that are no text": "/get_kde?param_name=" + repeated("%ff", LONGEST),
        "a plus": "/get_kde?param_name=" + repeated("+", LONGEST),
        "99 clients": "/get_test?" + repeated(f"param_name={client_id}&", 99 * 12),
        "slashes": repeated("/", LONGEST),
        "short names": repeated("/a", LONGEST),
        "escapes in the path": repeated("/%41", LONGEST),
        "dots in a file's path": "/docs/assets/" + repeated("../", LONGEST),
    }.items():
        yield f"60 kB, {name}", request(path)
    header = "".join(f"X-{number}: {'v' * 500}\r\n" for number in range(95))
    yield "95 headers", request("/get_ids").replace(b"\r\n\r\n", f"\r\n{header}\r\n".encode())


async def held(port: int, message: bytes) -> float:
    """The longest that /health took while a request was answered, in milliseconds."""
    busy, probe = await connected(port), await connected(port)
    health = request("/health")
    await probe.ask(health)
    answer = busy.ask(message)
    longest = 0.0
    while not answer.done():
        longest = max(longest, await seconds(probe, health))
    longest = max(longest, await seconds(probe, health))
    busy.transport.close()
    probe.transport.close()
    return 1000 * longest


async def seconds(probe: Connection, message: bytes) -> float:
    began = time.perf_counter()
    await probe.ask(message)
    return time.perf_counter() - began


async def measure(port: int, requests: dict[str, bytes], times: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(times):
        for name, message in requests.items():
            found[name].append(await held(port, message))
    return found


def main(times: int) -> int:
    with Server(workers=1, REQUEST_LOG="0") as server:
        client_id = server.ask_json("/get_ids")["data"][0]
        record = json.loads(server.ask_json(f"/get_json?param_name={client_id}")["data"])
        requests = {"nothing": request("/health"), **dict(hostile(record, client_id))}
        found = uvloop.run(measure(server.port, requests, times))
    slowest = sorted(found, key=lambda name: statistics.median(found[name]), reverse=True)
    for name in [*slowest[:SHOWN], "nothing"]:
        median = statistics.median(found[name])
        print(f"{median:6.1f} ms median, {max(found[name]):6.1f} at most: {name}")
    beyond = [name for name in found if statistics.median(found[name]) > MOST]
    print(f"{len(found)} requests, {times} times each; above {MOST} ms: {beyond or 'none'}")
    return int(bool(beyond))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
