"""`python -m register hold`: forbids to delete decisions, until the hold is released."""

import argparse
import sys

from register.commands.shared.open_store import CALLER, open_store
from register.commands.shared.target_options import add_target, target_of
from register.retention.holds import set_hold
from register.settings import RegisterSettings

HELP = "put decisions under a legal hold: neither erase nor retire deletes them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_target(parser)
    parser.add_argument("--release", action="store_true", help="end the hold")


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Hold or release; gives the exit code."""
    with open_store(settings) as store:
        changed = set_hold(store, CALLER, target_of(options, store), release=options.release)
    state = "released" if options.release else "held"
    sys.stdout.write(f"{state}\n" if changed else f"{state} already\n")
    return 0
