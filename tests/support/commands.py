"""Commands of this project: in a process of their own, and in this one."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock


def run(*command: str | Path, **kwargs) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **kwargs)


class CommandResult(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


def run_main(
    capsys: Any,
    main: Callable[[list[str]], int],
    arguments: Sequence[object],
    environment: Mapping[str, object],
) -> CommandResult:
    """Run a command's `main` in this process; without capsys, its output is left where it goes."""
    with mock.patch.dict("os.environ", {name: str(value) for name, value in environment.items()}):
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as end:  # of the parser
            code = end.code
    return CommandResult(code, *(capsys.readouterr() if capsys else ("", "")))
