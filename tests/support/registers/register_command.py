"""The register's commands, in this process."""

import re
from typing import Any
from unittest import mock

from register.__main__ import main
from tests.support.portfolio import CommandResult

PEPPER = "a pepper of the tests"


def run_register(capsys: Any, url: str, *arguments: object) -> CommandResult:
    """Run a command on a register; times in its output become 1.0 s."""
    with mock.patch.dict("os.environ", {"REGISTER_URL": url, "REGISTER_PEPPER": PEPPER}):
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as stop:
            code = stop.code
    out, err = capsys.readouterr()
    return CommandResult(code, re.sub(r"\d+\.\d s", "1.0 s", out), err)
