"""`python -m register COMMAND` starts here; each command is a module in `register.commands`."""

import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from pydantic import ValidationError

from credit_scoring.command_line import EXIT_CODE, Parser
from credit_scoring.errors import ScoringError
from register.settings import RegisterSettings

COMMANDS = {  # and their modules in `register.commands`
    "migrate": "migrate",
    "load": "load",
    "verify": "verify",
    "replay": "replay",
    "export": "export",
    "erase": "retention.erase",
    "retire": "retention.retire",
    "hold": "retention.hold",
    "outcomes": "outcomes",
    "shadow": "shadow",
    "report": "report",
    "figures": "figures",
}
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run a command; gives the exit code: 0 if all is well, 1 if a check found differences, 2 with
    one line if it cannot do its work, 130 if it was interrupted.
    """
    try:
        return run(arguments)
    except (ScoringError, ValidationError) as error:
        sys.stderr.write(f"register: {problem(error)}\n")
        return EXIT_CODE
    except KeyboardInterrupt:
        sys.stderr.write("register: interrupted\n")
        return INTERRUPTED


def run(arguments: Sequence[str]) -> int:
    """Run a command; gives 0 if all is well, 1 if a check found differences.

    Raises:
        ScoringError: the command cannot do its work.
        ValidationError: a setting is refused.
    """
    parser = Parser(
        prog="python -m register",
        description="Commands on the register of decisions that REGISTER_URL names.",
    )
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Only the chosen one is imported: some take seconds.
    chosen = [name for name in COMMANDS if name in arguments[:1]] or list(COMMANDS)
    for name in chosen:
        module = command_module(name)
        module.add_arguments(choices.add_parser(name, help=module.HELP, description=module.HELP))
    options = parser.parse_args(arguments)
    code: int = command_module(options.command).run(options, RegisterSettings())
    return code


def command_module(name: str) -> ModuleType:
    """The module of a command, imported."""
    return import_module(f"register.commands.{COMMANDS[name]}")


def problem(error: ScoringError | ValidationError) -> str:
    """The message of an error, on one line."""
    if isinstance(error, ValidationError):  # its text would repeat the value, which may be a secret
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{str(first['loc'][0]).upper()}: {first['msg'].removeprefix('Value error, ')}"
    return " ".join(str(error).split())


if __name__ == "__main__":
    logging.getLogger("register").addHandler(logging.NullHandler())  # else it writes on stderr
    sys.exit(main(sys.argv[1:]))
