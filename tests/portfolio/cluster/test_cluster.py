"""Workers: processes that are killed, and signals while they start."""

import os
import re
import signal
from multiprocessing import active_children
from pathlib import Path

import pandas as pd
import pytest

from credit_scoring.data.artifacts import NEW_FILE
from portfolio.cluster import delayed_signals
from portfolio.progress import Progress
from tests.support.portfolio import read_parts, read_summary


def test_an_interrupt_waits_for_the_start_of_the_workers():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # as the command does
    done = []

    def start():
        with delayed_signals(signal.SIGINT):
            signal.raise_signal(signal.SIGINT)
            done.append("all")

    try:
        with pytest.raises(KeyboardInterrupt):
            start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["all"]


def test_a_killed_worker_loses_nothing(command_here, bundle_folder, finished_run, out, monkeypatch):
    """The command's own process is killed once a part exists: another one takes its place."""
    others, killed = active_children(), []
    note = Progress.note

    def kill_and_note(progress, *given, **more):
        if not killed:
            (worker,) = set(active_children()) - set(others)
            status = Path(f"/proc/{worker.pid}/status").read_text()
            blocked = int(re.search(r"SigBlk:\t(\w+)", status)[1], 16)
            assert blocked >> (signal.SIGINT - 1) & 1  # a terminal interrupts it, too
            parent = int(re.search(r"PPid:\t(\d+)", status)[1])
            assert parent != os.getpid()  # but the process that imports for all workers
            os.kill(worker.pid, signal.SIGKILL)
            killed.append(worker)
        note(progress, *given, **more)

    monkeypatch.setattr(Progress, "note", kill_and_note)
    sizes = {"chunk_bytes": 1_000}
    result = command_here(bundle_folder / NEW_FILE, out, "--workers", "1", sizes=sizes)
    assert killed
    assert (result.code, result.err) == (0, "")
    pd.testing.assert_frame_equal(read_parts(out), read_parts(finished_run), check_exact=True)
    assert read_summary(out)["workers"] == 1
    assert active_children() == others
