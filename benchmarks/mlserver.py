"""MLServer: how it is installed, asked and read."""

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.bench import say

MLSERVER = (
    "mlserver==1.7.1",
    "mlserver-lightgbm==1.7.1",
    "uvloop<0.22",
    "httptools",
)  # newer uvloop: no parallel worker


INFER = "/v2/models/credit/infer"


def inference(record: Mapping[str, float | None]) -> bytes:
    """A record as the open inference protocol has it, which MLServer speaks."""
    values = list(record.values())
    tensor = {"name": "record", "shape": [1, len(values)], "datatype": "FP64", "data": values}
    return json.dumps({"inputs": [tensor]}).encode()


def probability_in(answer: Mapping[str, Any]) -> float:
    """The probability of default in an answer of any of the servers."""
    found = answer["outputs"][0]["data"][0] if "outputs" in answer else answer["probability"]
    return float(found)


def install_mlserver(environment: Path) -> None:
    """MLServer in an environment of its own, where there is none yet."""
    if not (environment / "bin" / "mlserver").exists():
        say(f"installing {' '.join(MLSERVER)} into {environment}")
        python = environment / "bin" / "python"
        packages = (*MLSERVER, f"lightgbm=={version('lightgbm')}")
        for command in (
            (sys.executable, "-m", "venv", environment),
            (python, "-m", "pip", "install", "--quiet", *packages),
        ):
            subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - fixed commands
