"""`python -m register shadow`: a challenger scores recorded decisions too."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from credit_scoring.settings import BundleSettings
from register.commands.shared.open_store import CALLER
from register.commands.shared.parent import add_parent, follow_parent
from register.commands.shared.period_options import add_period, period
from register.errors import UnusableRegister
from register.priority import give_way
from register.settings import RegisterSettings
from register.shadow.challenger_folder import load_challenger
from register.shadow.follower import Follower
from register.shadow.progress import Progress
from register.shadow.scoring import Shadow
from register.store import Store

HELP = "score recorded decisions by a challenger, the bundle of another folder"
STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER",
        help="of the challenger (default: CHALLENGER_DIR)",
    )  # fmt: skip
    add_period(parser)
    parser.add_argument(
        "--follow", action="store_true",
        help="score each decision from now on, and report in lines of JSON; without it score the"
        " decisions of the period, and end",
    )  # fmt: skip
    add_parent(parser)


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Score the decisions of a period, or follow without end; gives the exit code."""
    follow_parent(options)
    folder = options.folder or settings.challenger_dir
    if folder is None:
        raise UnusableRegister("name the folder of the challenger, or set CHALLENGER_DIR")
    if options.follow and (options.start or options.end):
        raise UnusableRegister("--follow has no period: it begins now, or where it was left")
    store = Store.open(settings, fast_explanations=BundleSettings().fast_explanations)
    try:
        if options.follow:
            # Only this thread gives way. The writer's, which was started by `open`, does not: it
            # would hold SQLite's lock for as long as it waits for the processor.
            give_way()
            Follower(store, folder, CALLER, lines_of(own_output())).run()
        sys.stdout.write(score_period(store, folder, options))
    finally:
        store.close()
    return 0


def own_output() -> BinaryIO:
    """Standard output, for this command alone: what a model prints goes to standard error."""
    own = os.fdopen(os.dup(STANDARD_OUTPUT), "wb")
    os.dup2(STANDARD_ERROR, STANDARD_OUTPUT)
    return own


def lines_of(output: BinaryIO) -> Callable[[Progress], None]:
    """A function that writes the line of a progress at once."""

    def write(progress: Progress) -> None:
        output.write(progress.line)
        output.flush()

    return write


def score_period(store: Store, folder: Path, options: argparse.Namespace) -> str:
    """Score the decisions of the period; gives the lines of the report.

    Raises:
        BadFile: the folder cannot be loaded.
        RegisterAway: the database does not answer.
    """
    shadow = Shadow.of(store, load_challenger(folder), folder)
    shadow.record(CALLER, period(options))
    scored, failed = 0, Counter[str]()
    for page in shadow.score(period(options)):
        scored += page.scored
        failed += page.failed
    lines = [f"  {reason}: {count:,}" for reason, count in failed.most_common()]
    model = shadow.challenger.bundle.model_sha256
    first = (
        f"challenger {shadow.challenger.id}, model {model[:12]}:"
        f" decisions scored {scored:,}, failed {failed.total():,}"
    )
    return "".join(f"{line}\n" for line in [first, *lines])
