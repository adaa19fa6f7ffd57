"""Command lines whose errors are one line."""

import argparse
from collections.abc import Callable
from typing import NoReturn

EXIT_CODE = 2  # of a command that cannot do what it was asked for


class Parser(argparse.ArgumentParser):
    """An argument parser whose refusals are one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Print the command's name and the problem on standard error.

        Raises:
            SystemExit: always, with `EXIT_CODE`.
        """
        command = self.prog.split()[-1]  # `python -m training` is called training
        self.exit(EXIT_CODE, f"{command}: {' '.join(message.split())}\n")


def whole(low: int, high: int) -> Callable[[str], int]:
    """The type of an option that is a whole number from `low` to `high`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from {low} to {high}")
        return int(text)

    return read
