"""Far more explanations than one worker computes, none cached: the share of useful answers.

    python -m tests.experiments.service.overload [SECONDS [CALLERS]]

Together the callers would ask for five times the peak, if none had to wait for an answer.

wrk sends the requests, because a client in Python would take a whole core. The model has 700 trees.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.experiments.service.health import health_asked
from tests.support.bundles.folders import slow_to_explain
from tests.support.servers.server import HOST, RESSOURCES, Server, wait_for

SECONDS = 60
CLIENTS = 20_000  # more than explanations are kept
TIMES = 5  # the peak is asked for
CALLERS = 400
SCRIPT = Path(__file__).with_suffix(".lua")


def load(port: int, first: int, connections: int, pause: float, seconds: int) -> dict[str, Any]:
    """Answers over connections that each pause some seconds between two requests."""
    command = (
        *("wrk", "--threads", "1", "--connections", str(connections)),
        *("--duration", f"{seconds}s", "--timeout", "30s", "--script", str(SCRIPT)),
        *(f"http://{HOST}:{port}", "--", str(first), str(CLIENTS), str(pause)),
    )
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found: dict[str, Any] = json.loads(
        next(line for line in lines if line.startswith("load ")).removeprefix("load ")
    )
    return found


def main(seconds: int = SECONDS, callers: int = CALLERS) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="credit-scoring-"))
    slow_to_explain(RESSOURCES, scratch / "ressources", CLIENTS)
    with Server(scratch / "ressources", workers=1, REQUEST_LOG="0") as server:
        if os.environ.get("FAST_EXPLANATIONS") != "0":
            wait_for(lambda: "explained by" in server.log())
        wait_for(lambda: server.ask("/importance"))
        first, peaks = 1, []
        for connections in (2, 4, 8, 16):
            found = load(server.port, first, connections, 0, 5)
            first = (first + found["200"]) % CLIENTS
            peaks.append(found["200"] / found["seconds"])
            print(f"{connections} callers: {peaks[-1]:.0f} explanations a second")
        peak = max(peaks)
        before, began = server.processor_seconds(), time.perf_counter()
        with health_asked(server.port, connections=1) as probes:
            found = load(server.port, first, callers, callers / (TIMES * peak), seconds)
        busy = (server.processor_seconds() - before) / (time.perf_counter() - began)
    shutil.rmtree(scratch)
    sent, useful = sum(found[key] for key in ("200", "503", "other")), found["200"]
    print(
        f"{callers} callers: {sent / found['seconds'] / peak:.1f} times the peak for"
        f" {found['seconds']:.0f} s: of it {useful / found['seconds'] / peak:.0%} useful; {found};"
        f" {busy:.2f} cores"
    )
    shares = [probes.milliseconds(200, share) for share in (0.5, 0.99, 1)]
    print(
        f"/health: {dict(probes.statuses)}; p50 {shares[0]:.1f}, p99 {shares[1]:.1f},"
        f" at most {shares[2]:.1f} ms"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
