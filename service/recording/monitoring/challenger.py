"""The challenger in the shadow: a process beside the service scores recorded decisions too."""

import asyncio
import logging
import os
import sys
import time
from contextlib import suppress
from datetime import datetime

from register.shadow.progress import Progress
from service.recording.monitoring.figures_command import PROJECT, reason
from service.settings import Settings
from serving.observability.metrics import Metrics
from serving.workers.sole_worker import SoleWorker

COMMAND = (sys.executable, "-m", "register", "shadow", "--follow", "--with-parent")
NOT_GIVEN = {"API_KEY", "API_KEYS_FILE", "MODEL_SHA256"}  # the last one is of the model in use
RETRY_SECONDS = 5.0  # until another worker's process ended, or after the end of an own one
MOST_SECONDS = 300.0  # after one that ended again and again
LASTING_SECONDS = 600.0  # after which an end is not one of a row of ends
END_SECONDS = 3.0  # that a process may take to end
ERROR_BYTES = 100_000
KINDS = ("decision", "folder", "process")  # of failures
LAG = "challenger_lag_seconds"
NOTHING_WAITS = 253_402_300_800.0  # the year 10000: the age of a time to come is shown as 0

log = logging.getLogger(__name__)


class ChallengerProcess:
    """Runs `python -m register shadow --follow` for all workers of this server, and counts for it.

    It is another process, so that no call of this service ever waits for it. It ends with this one,
    however that ends, because its standard input is a pipe from here.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Start no process yet.

        Args:
            settings: name the challenger's folder and the register.
            metrics: count decisions and failures, and show the lag.
        """
        self._environment = environment(settings)
        self._decisions = metrics.counter(
            "challenger_decisions", "Recorded decisions that the challenger scored"
        )
        self._failures = metrics.counter(
            "challenger_failures",
            "Decisions that the challenger could not score, folders that could not be loaded, and"
            " processes that ended",
            "kind",
        )
        for kind in KINDS:
            self._failures(kind)  # it is 0, not absent
        self._gauges = metrics.gauges(
            "challenger",
            {LAG: "Age of the oldest decision that the challenger has still to score; 0 if none"},
            ages={LAG},
        )
        self._sole = SoleWorker("challenger")
        self._oldest: datetime | None = None
        self._shown: float | None = None
        self._model: str | None = None
        self._problem: str | None = None
        self._named: set[str] = set()  # kinds of failures of this model that the log has

    async def run(self) -> None:
        """Keep the process running, unless that of another worker runs."""
        pause = RETRY_SECONDS
        while True:
            if self._sole.hold():
                began = time.monotonic()
                await self._follow()
                lasted = time.monotonic() - began > LASTING_SECONDS
                pause = RETRY_SECONDS if lasted else pause
                await asyncio.sleep(pause)
                pause = min(2 * pause, MOST_SECONDS)
            else:
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        """Run one process until it ends."""
        try:
            process = await self._start()
        except OSError as error:
            self._ended(f"no process: {error.strerror}")
            return
        errors = asyncio.create_task(last_bytes(process.stderr))
        try:
            if process.stdout is not None:
                async for line in process.stdout:
                    self._take(Progress.of_line(line))
        finally:
            await end(process)
        self._ended(reason(process.returncode or 0, await errors))

    async def _start(self) -> asyncio.subprocess.Process:
        # No session of its own: where the kernel groups processes by session, a nice value counts
        # inside of its group only.
        return await asyncio.create_subprocess_exec(
            *COMMAND,
            cwd=PROJECT,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    def _take(self, progress: Progress) -> None:
        """Count, show and log a line of the process."""
        self._decisions().inc(progress.scored)
        for kind, number in (
            ("decision", sum(progress.failed.values())),
            ("folder", progress.refused),
        ):
            self._failures(kind).inc(number)
        if progress.model != self._model:
            self._model = progress.model
            self._named.clear()
            log.info("the challenger that scores recorded decisions too is %s", progress.model)
        if progress.problem != self._problem:
            self._problem = progress.problem
            if progress.problem is not None:
                log.warning("the challenger: %s", progress.problem)
        for failure in sorted(progress.failed.keys() - self._named):
            self._named.add(failure)
            log.warning("the challenger cannot score every decision: %s", failure)
        self._show(progress.oldest)

    def _ended(self, why: str) -> None:
        """Count and log the end of a process; what comes now is not scored."""
        self._failures("process").inc()
        log.warning("the challenger's process ended: %s", why)
        self._show(self._oldest or datetime.now().astimezone())

    def _show(self, oldest: datetime | None) -> None:
        self._oldest = oldest
        shown = NOTHING_WAITS if oldest is None else oldest.timestamp()
        if shown != self._shown:
            self._shown = shown
            self._gauges.set({LAG: shown})


def environment(settings: Settings) -> dict[str, str]:
    """The environment of the process: secrets are in it, not among its arguments."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_GIVEN}
    url, pepper = settings.register_url, settings.register_pepper
    folder = settings.challenger_dir
    return kept | {
        "CHALLENGER_DIR": str(folder.absolute()) if folder else "",
        "FAST_EXPLANATIONS": str(int(settings.fast_explanations)),
        "OMP_NUM_THREADS": "1",
        "REGISTER_PEPPER": pepper.get_secret_value() if pepper else "",
        "REGISTER_URL": url.get_secret_value() if url else "",
    }


async def last_bytes(stream: asyncio.StreamReader | None) -> bytes:
    """The end of all that a process writes."""
    kept = b""
    while stream is not None and (chunk := await stream.read(ERROR_BYTES)):
        kept = (kept + chunk)[-ERROR_BYTES:]
    return kept


async def end(process: asyncio.subprocess.Process) -> None:
    """End a process: its input ends, and if it does not care, it is killed."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
