"""`python -m register load FOLDER`: decisions of another system, put into an empty register."""

import argparse
import sys
import time
from pathlib import Path

from portfolio.progress import number
from register.commands.shared.open_store import CALLER, open_store
from register.loading.checking import Checked
from register.loading.folder import LoadFolder
from register.loading.loading import Loading
from register.settings import RegisterSettings

HELP = "put decisions and reviews of another system into a register that has none"
LOADED, BAD_LINES = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path,
        help="decisions-1.ndjson with the model's files in ressources-1, perhaps 2 and so on, and"
        " perhaps requests.ndjson and reviews.ndjson",
    )  # fmt: skip


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Load a folder; gives 1 if a line is bad, and then nothing was loaded."""
    began = time.monotonic()
    folder = LoadFolder.of(options.folder)
    with open_store(settings) as store:
        checked = Loading(store, folder, CALLER).run()
        sys.stdout.write(report(checked, time.monotonic() - began))
        if store.database.name == "postgresql" and not checked.bad.count:
            sys.stdout.write("run migrate again: it makes the partitions of their months\n")
    return BAD_LINES if checked.bad.count else LOADED


def report(checked: Checked, seconds: float) -> str:
    """The lines of the report."""
    bad = checked.bad
    if bad.count:
        lines = list(bad.named)
        if bad.count > len(lines):
            lines.append(f"and {number(bad.count - len(lines), 'more bad line')}")
        lines.append(f"nothing was loaded: {number(bad.count, 'bad line')}")
    else:
        lines = [
            f"{number(checked.decisions, 'decision')}, {number(checked.requests, 'review request')}"
            f" and {number(checked.reviews, 'review')} were loaded in {seconds:.1f} s"
        ]
    return "".join(f"{line}\n" for line in lines)
