"""Dask's loggers, that say in many lines what the command says in one.

It is what a local worker loads first, too: there Ctrl-C does nothing, for the command ends it.
"""

import logging
import signal

# With this in its environment another process is quiet from its first import on.
QUIET = {"DASK_LOGGING__DISTRIBUTED": "critical"}


def hush() -> None:
    """Let Dask's loggers, each of which has a level of its own, say only what is fatal."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def dask_setup(_worker: object) -> None:
    """Called by Dask in each process of a worker: a terminal interrupts all of them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
