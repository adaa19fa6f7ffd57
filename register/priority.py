"""Priority of the processes beside a service."""

import os
import sys
from contextlib import suppress

NICENESS = 19


def give_way(process: int = 0) -> None:
    """Let all other threads of this machine have the processors first.

    Linux takes a processor that computes nothing else for a free one: a thread that wakes up runs
    there at once, and does not wait for its turn on another one.

    Args:
        process: a process of this user that has one thread so far; later ones inherit the
            priority. 0 for the calling thread.

    Raises:
        ProcessLookupError: the process has ended.
    """
    os.setpriority(os.PRIO_PROCESS, process, NICENESS)
    if sys.platform == "linux":
        with suppress(PermissionError):  # of a container, say
            os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
