"""`python -m register erase`: deletes a person's data, and leaves the chain whole."""

import argparse
import sys

from register.commands.shared.open_store import CALLER, open_store
from register.commands.shared.target_options import add_target, target_of
from register.retention.erasure import erase
from register.settings import RegisterSettings

HELP = "delete a person's data behind decisions; the chain and the files of bundles stay whole"
KEPT = (
    "the files of bundles stay: a client of train_samp.csv or test_samp.csv is still in them, and"
    " in the dictionaries made of them\n"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_target(parser)


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Erase; gives the exit code."""
    with open_store(settings) as store:
        done = erase(store, CALLER, target_of(options, store))
    before = done.decisions - done.erased
    sys.stdout.write(
        f"decisions whose data are erased: {done.erased}; that had none before: {before}\n{KEPT}"
    )
    return 0
