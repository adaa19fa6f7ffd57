"""gunicorn's configuration, which it reads if it is started in this folder.

It reads the variables PORT, WEB_CONCURRENCY and FORWARDED_ALLOW_IPS too. `preload_app` is off:
LightGBM hangs in a process that is forked after the model was loaded.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from serving.workers.shared_folder import forget_live_values

if sys.flags.optimize > 1:
    sys.exit("LightGBM needs docstrings: unset PYTHONOPTIMIZE, and run python without -OO")


def has_room(folder: Path) -> bool:
    """True if a file can be made in a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


MEMORY = Path("/dev/shm")  # noqa: S108 - heartbeat files must not wait for a slow disk

worker_class = "serving.workers.gunicorn_worker.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
timeout = 120  # seconds for a start on a small machine; not a limit for requests
graceful_timeout = 20  # seconds that a stop waits for running requests
keepalive = 75  # seconds; longer than a proxy usually keeps an idle connection
worker_tmp_dir = str(MEMORY) if has_room(MEMORY) else tempfile.gettempdir()
control_socket_disable = True


def child_exit(_server: object, worker: Any) -> None:
    """Let `/metrics` forget what a dead worker was doing."""
    forget_live_values(worker.pid)
