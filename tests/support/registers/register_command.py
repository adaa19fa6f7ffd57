"""The register's commands, in this process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from register.__main__ import main
from register.writing.queue import waiting, watchdog
from tests.support.commands import CommandResult, run_main

PEPPER = "a pepper of tests"


@contextmanager
def patient_writers() -> Iterator[None]:
    """Let writers wait for a busy machine in the block: a load of thousands would end there."""
    with (
        mock.patch.object(waiting, "MOST_SECONDS", 60.0),
        mock.patch.object(watchdog, "OPERATION_SECONDS", 60.0),
    ):
        yield


def run_register(capsys: Any, url: str, *arguments: object, **environment: object) -> CommandResult:
    """Run a command on a register; times in its output become 1.0 s."""
    given = {"REGISTER_URL": url, "REGISTER_PEPPER": PEPPER} | environment
    capsys.readouterr()
    with patient_writers():
        result = run_main(capsys, main, arguments, given)
    return result._replace(out=re.sub(r"\d+\.\d s", "1.0 s", result.out))
