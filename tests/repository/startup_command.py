"""startup.sh, in an environment that the test decides."""

import ast
import os
from pathlib import Path

from tests.support.commands import run
from tests.support.servers.server import ROOT

STARTUP = ROOT / "startup.sh"


def script(file: Path, *lines: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)


def environment(**changes: str | Path) -> dict[str, str]:
    """This process' environment less what startup.sh reads, with the changes."""
    read = {
        "CHALLENGER_DIR", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS", "OMP_NUM_THREADS", "PORT",
        "PROMETHEUS_MULTIPROC_DIR", "REGISTER_URL", "RESSOURCES_DIR", "VIRTUAL_ENV",
        "WEB_CONCURRENCY",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in read}
    return kept | {"PIP_NO_INDEX": "1"} | {name: str(value) for name, value in changes.items()}


def started(active: Path, **changes: str | Path) -> tuple[list[str], dict[str, str]]:
    """The arguments and the environment that startup.sh would start the server with."""
    done = run(STARTUP, env=environment(VIRTUAL_ENV=active, **changes))
    assert (done.returncode, done.stderr) == (0, "")
    return ast.literal_eval(done.stdout)
