"""The log: lines of JSON, or plain text in a terminal. No request ever waits for it."""

import atexit
import logging
import logging.config
import os
import select
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

import orjson
import structlog

LINES_WAITING = 10_000  # a line beyond these is dropped
BATCH_SECONDS = 0.01  # in which lines are gathered, to be written in one call
BATCH_BYTES = 1 << 16
STANDARD_ERROR = 2
EXIT_SECONDS = 1.0  # that an exit waits for the last lines

SERVERS = ("gunicorn.error", "gunicorn.access", "uvicorn", "uvicorn.error", "uvicorn.access")
FIELDS = structlog.stdlib.ExtraAdder(allow=["head"])  # of `extra`: libraries have others there
STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")
FOR_A_PERSON = structlog.dev.ConsoleRenderer(
    timestamp_key=STAMP.key,
    pad_event_to=0,
    sort_keys=False,
    exception_formatter=structlog.dev.plain_traceback,  # the default one shows values
)


class LogWriter:
    """Writes lines in their order from a background thread; drops them if nobody reads them.

    A pipe whose reader has stopped takes 64 kB and then no more: a thread that writes to it waits
    for ever, and if it is the event loop, so do all requests. The standard library's queue handler
    takes 13 times as much of the processor for a line, and waits for ever at the exit.
    """

    def __init__(self, descriptor: int, on_drop: Callable[[int], object]) -> None:
        """Start the thread.

        Args:
            descriptor: of an open file.
            on_drop: called with the number of dropped lines.
        """
        self._descriptor = descriptor
        self._on_drop = on_drop
        self._lines: deque[bytes] = deque()
        self._wake = Event()
        self._closing = False
        self._thread = Thread(target=self._run, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, line: bytes) -> None:
        """Queue a line, which ends with a line end, and return at once."""
        if self._closing:
            self._write_now(line)
        elif len(self._lines) >= LINES_WAITING:
            self._on_drop(1)
        else:
            # Copied: orjson's bytes keep more memory than their length, 4 kB for a request's line.
            self._lines.append(bytes(memoryview(line)))
            if not self._wake.is_set():
                self._wake.set()

    def close(self) -> None:
        """Write the queued lines, for a second at most; write or drop later ones at once."""
        self._closing = True
        self._wake.set()
        self._thread.join(EXIT_SECONDS)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            if not self._closing:
                time.sleep(BATCH_SECONDS)
            self._wake.clear()
            while self._lines:
                self._write_batch()

    def _write_batch(self) -> None:
        batch = []
        size = 0
        while self._lines and size < BATCH_BYTES:
            batch.append(self._lines.popleft())
            size += len(batch[-1])
        waiting = memoryview(b"".join(batch))
        try:
            while waiting:
                waiting = waiting[os.write(self._descriptor, waiting) :]
        except OSError:  # the reader is gone, or the disk is full
            self._on_drop(len(batch))

    def _write_now(self, line: bytes) -> None:
        try:
            if select.select([], [self._descriptor], [], 0)[1]:
                os.write(self._descriptor, line)
                return
        except OSError:
            pass
        self._on_drop(1)


class _TextStream:
    """A writer as a stream, which handlers of the standard library need."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def write(self, text: str) -> None:
        """Queue a text that ends with a line end."""
        self._writer.write(text.encode("utf-8", "backslashreplace"))

    def flush(self) -> None:
        """Do nothing: the writer's thread writes soon."""


def start_logging(loggers: Sequence[str], on_drop: Callable[[int], object]) -> LogWriter:
    """Connect loggers, and those of the server, to a writer to standard error.

    Args:
        loggers: their names.
        on_drop: called with the number of dropped lines.
    """
    writer = LogWriter(STANDARD_ERROR, on_drop)
    configure_logging(writer, loggers)
    return writer


def configure_logging(writer: LogWriter, loggers: Sequence[str]) -> None:
    """Connect loggers, by their names, and those of the server to a writer.

    gunicorn's main process still writes its few lines directly.
    """
    stream = _TextStream(writer)
    render: list[structlog.typing.Processor] = [FOR_A_PERSON]
    if not sys.stderr.isatty():
        to_json = structlog.processors.JSONRenderer(lambda line, **_: orjson.dumps(line).decode())
        render = [structlog.processors.format_exc_info, to_json]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.add_log_level, STAMP, FIELDS],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    }
    to_writer = {"class": "logging.StreamHandler", "stream": stream, "formatter": "lines"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": formatter},
            "handlers": {"lines": to_writer},
            "loggers": {name: {"level": "INFO", "handlers": ["lines"]} for name in loggers},
        }
    )
    for name in SERVERS:
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
                handler.setStream(stream)


def request_logger(writer: LogWriter) -> Callable[[dict[str, Any]], None]:
    """A function that logs the fields of one line for a request, faster than a logger does."""
    if sys.stderr.isatty():
        return lambda line: writer.write(f"{FOR_A_PERSON(None, 'info', line)}\n".encode())
    return lambda line: writer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
