"""How gunicorn runs the service; it reads this file by itself where it is started in this folder.

PORT, WEB_CONCURRENCY and FORWARDED_ALLOW_IPS are environment variables that it knows. There is no
`preload_app`: LightGBM hangs in a process that was forked after the model was loaded.
"""

import os
import sys
import tempfile
from pathlib import Path

if sys.flags.optimize > 1:
    sys.exit("LightGBM needs docstrings: unset PYTHONOPTIMIZE, and run python without -OO")


def has_room(folder: Path) -> bool:
    """Whether a file can be made in a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


MEMORY = Path("/dev/shm")  # noqa: S108 - the heartbeat files need memory, not a disk that may stall

worker_class = "serving.gunicorn_worker.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
timeout = 120  # seconds; how long a start may take on a small machine, no limit for requests
graceful_timeout = 20  # seconds; how long a stop waits for requests that run
keepalive = 75  # seconds; longer than a proxy usually keeps a connection that it may use again
worker_tmp_dir = str(MEMORY) if has_room(MEMORY) else tempfile.gettempdir()
control_socket_disable = True
