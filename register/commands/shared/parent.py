"""The end of a command with the process that started it."""

import argparse
import os
from threading import Thread

ORPHANED = 3  # exit code of a command whose parent has ended
STANDARD_INPUT = 0


def add_parent(parser: argparse.ArgumentParser) -> None:
    """Add the option `--with-parent`."""
    parser.add_argument(
        "--with-parent", action="store_true",
        help="end at once when standard input ends: a pipe of the parent's ends with it",
    )  # fmt: skip


def follow_parent(options: argparse.Namespace) -> None:
    """End this process when its standard input ends, if the options say so.

    The database takes back what a transaction has done so far.
    """
    if options.with_parent:
        Thread(target=_end_with_input, name="parent", daemon=True).start()


def _end_with_input() -> None:
    while os.read(STANDARD_INPUT, 1):
        pass
    os._exit(ORPHANED)
