"""Lines of a log that nobody reads are dropped and counted, and delay no request."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import orjson
import pytest
import uvloop

from serving.observability.logs import LINES_WAITING, LogWriter
from tests.serving.memory import held_after
from tests.support.bundles.artefacts import Folder
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server, wait_for
from tests.support.servers.traffic import connected, request

FEW = 200
LINE = b"x" * 99 + b"\n"


class Pipe:
    """A pipe with a log writer, and the numbers of lines that it dropped."""

    def __init__(self) -> None:
        self.readable, self.writable = os.pipe()
        self.dropped: list[int] = []
        self.writer = LogWriter(self.writable, self.dropped.append)

    def read_to_the_end(self) -> bytes:
        """The bytes until its writers have closed it."""
        received = bytearray()
        while piece := os.read(self.readable, 1 << 16):
            received += piece
        return bytes(received)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.readable)
    pipe.writer.close()


def test_lines_come_in_their_order(pipe: Pipe):
    lines = [b"%d\n" % number for number in range(5_000)]
    for line in lines:
        pipe.writer.write(line)
    pipe.writer.close()
    os.close(pipe.writable)
    assert pipe.read_to_the_end() == b"".join(lines)
    assert pipe.dropped == []


def test_lines_of_several_threads_stay_whole(pipe: Pipe):
    reader: list[bytes] = []
    reading = threading.Thread(target=lambda: reader.append(pipe.read_to_the_end()))
    reading.start()

    def write(name: str) -> None:
        for number in range(1_000):
            pipe.writer.write(f"{name} {number}\n".encode())

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.writer.close()
    os.close(pipe.writable)
    reading.join(60)
    found = reader[0].decode().splitlines()
    for name in "abcd":
        assert [line for line in found if line[0] == name] == [f"{name} {n}" for n in range(1_000)]


def test_lines_that_nobody_reads_are_dropped_and_counted(pipe: Pipe):
    written = 3 * LINES_WAITING
    for _ in range(written):
        pipe.writer.write(LINE)
    assert sum(pipe.dropped) >= LINES_WAITING  # of the others some are in the pipe
    pipe.writer.close()  # does not wait for ever
    after = sum(pipe.dropped)
    pipe.writer.write(LINE)
    assert sum(pipe.dropped) == after + 1


def test_lines_that_wait_take_no_more_memory_than_their_bytes(pipe: Pipe):
    line = {"event": "request", "path": "/get_ids"}
    os.write(pipe.writable, bytes(fcntl.fcntl(pipe.writable, fcntl.F_GETPIPE_SZ)))  # it is full

    def write() -> None:
        for _ in range(LINES_WAITING):
            pipe.writer.write(orjson.dumps(line))

    taken = held_after(write)
    assert pipe.dropped == []
    assert taken < 3 * LINES_WAITING * len(orjson.dumps(line))


def test_lines_that_were_not_dropped_are_whole(pipe: Pipe):
    written = 3 * LINES_WAITING
    for _ in range(written):
        pipe.writer.write(LINE)
    reader: list[bytes] = []
    reading = threading.Thread(target=lambda: reader.append(pipe.read_to_the_end()))
    reading.start()
    pipe.writer.close()
    os.close(pipe.writable)
    reading.join(60)
    assert reader[0] == LINE * (written - sum(pipe.dropped))
    assert 0 < sum(pipe.dropped) < written


def test_reader_that_is_gone_ends_nothing():
    pipe = Pipe()
    os.close(pipe.readable)
    pipe.writer.write(LINE)
    wait_for(lambda: pipe.dropped == [1])
    pipe.writer.write(LINE)
    pipe.writer.close()
    pipe.writer.write(LINE)
    assert sum(pipe.dropped) == 3
    os.close(pipe.writable)


def test_last_lines_before_the_end_of_a_process_are_written():
    code = """
import logging
from serving.observability.logs import LogWriter, configure_logging
configure_logging(LogWriter(2, print), ["ours"])
for number in range(100):
    logging.getLogger("ours").info("line %d", number)
raise SystemExit(3)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == [f"line {number}" for number in range(100)]
    assert (done.returncode, done.stdout) == (3, "")


# The real server


# gunicorn, whose workers queue fewer lines: the queue is soon full.
FEW_LINES = f"""
import serving.observability.logs
from gunicorn.app.wsgiapp import run
serving.observability.logs.LINES_WAITING = {FEW}
run()
"""


def test_server_whose_log_nobody_reads_goes_on(lightgbm_folder: Folder, forks: Forks):
    readable, writable = os.pipe()
    fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, 4096)  # soon full
    server = Server(lightgbm_folder.path, workers=1, output=writable, begin=forks.begin)
    assert server.command[1:3] == ("-m", "gunicorn")
    server.command = (sys.executable, "-c", FEW_LINES, *server.command[3:])
    with server:
        os.close(writable)
        with httpx.Client(base_url=server.url, timeout=120, verify=False) as http:
            wait_for(lambda: is_healthy(http))

            async def ask(times: int) -> None:
                connection = await connected(server.port)
                for _ in range(times):
                    assert (await connection.ask(request("/get_ids")))[0] == 200
                    assert (await connection.ask(request("/nowhere")))[0] == 404
                connection.transport.close()

            def dropped() -> float:
                text = http.get("/metrics").text
                return float(text.partition("\nlog_lines_dropped_total ")[2].partition("\n")[0])

            assert dropped() == 0
            while not dropped():
                uvloop.run(ask(FEW))
            assert http.get("/health").json()["status"] == "ok"
            received = bytearray()
            reading = threading.Thread(target=read_into, args=(readable, received))
            reading.start()
            last = {"X-Request-ID": "last"}
            wait_for(lambda: http.get("/get_ids", headers=last) and b'"last"' in received)
        server.stop()
    reading.join(60)
    os.close(readable)
    lines = [line for line in bytes(received).splitlines() if line.startswith(b"{")]
    asked = [json.loads(line) for line in lines]
    assert {line["status"] for line in asked if "status" in line} == {200, 404}
    assert len(lines) > 100


def is_healthy(http: httpx.Client) -> bool:
    try:
        return http.get("/health").status_code == 200
    except httpx.ConnectError:
        return False


def read_into(readable: int, received: bytearray) -> None:
    while piece := os.read(readable, 1 << 16):
        received += piece
