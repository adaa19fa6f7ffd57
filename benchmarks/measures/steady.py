"""A steady stream of requests beside a load: so many a second, whatever the answers take.

    python -m benchmarks.measures.steady PORT FILE PER_SECOND

FILE has lines as `load.lua` reads them. It ends when its standard input does, and then prints how
many requests were answered, and how many of them with an error.
"""

import asyncio
import contextlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

CONNECTIONS = 16
HOST = "127.0.0.1"


def requests_in(file: Path) -> Iterator[bytes]:
    """The requests of a file, over and over."""
    texts = []
    for line in file.read_bytes().splitlines():
        path, _, body = line.partition(b" ")
        head = b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Length: %d\r\n\r\n"
        texts.append(head % (path, HOST.encode(), len(body)) + body)
    return itertools.cycle(texts)


async def answer(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, whose body is read too."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = head.lower().split(b"\r\n")
    length = next(int(field.split(b":")[1]) for field in fields if field.startswith(b"content-le"))
    await reader.readexactly(length)
    return int(head.split()[1])


async def send(port: int, due: "asyncio.Queue[bytes]", statuses: list[int]) -> None:
    """Send requests on one connection as they fall due."""
    reader, writer = await asyncio.open_connection(HOST, port)
    while True:
        writer.write(await due.get())
        statuses.append(await answer(reader))


async def stream(port: int, file: Path, per_second: float) -> list[int]:
    """Send until the standard input ends, and give the statuses of the answers."""
    due: asyncio.Queue[bytes] = asyncio.Queue()
    statuses: list[int] = []
    loop = asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    tasks = [asyncio.create_task(send(port, due, statuses)) for _ in range(CONNECTIONS)]
    began = loop.time()
    for number, request in enumerate(requests_in(file)):
        await asyncio.sleep(max(0, began + number / per_second - loop.time()))
        if ended.done() or any(task.done() for task in tasks):
            break
        due.put_nowait(request)
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return statuses


if __name__ == "__main__":
    found = asyncio.run(stream(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
    print(len(found), sum(status >= 400 for status in found))
