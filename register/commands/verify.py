"""`python -m register verify`: every row, piece of evidence and file against its hash."""

import argparse
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

from portfolio.progress import number
from register.database.opening import register_database
from register.settings import RegisterSettings
from register.verification.chain.head import read_head_file
from register.verification.problems import KEPT
from register.verification.stored_types import strange_values
from register.verification.verification import Verification, verify

HELP = "check that nothing of what was recorded was changed, removed or added since"
CLEAN, PROBLEMS = 0, 1
UNREADABLE = "no further check: a register with values of other types cannot be read"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--head", type=Path, metavar="FILE",
        help="compare with a head published earlier, the JSON of GET /register/head",
    )  # fmt: skip


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Verify the register of the settings; gives the exit code."""
    earlier = read_head_file(options.head) if options.head else None
    began = time.monotonic()
    with closing(register_database(settings)) as database:
        database.check()
        strange = list(islice(strange_values(database), KEPT))
        if strange:
            sys.stdout.write("".join(f"{line}\n" for line in [*strange, UNREADABLE]))
            return PROBLEMS
        found = verify(database, earlier)
    sys.stdout.write(report(found, time.monotonic() - began))
    return PROBLEMS if found.problems.count else CLEAN


def report(found: Verification, seconds: float) -> str:
    """The lines of the report, the problems first."""
    problems = found.problems
    lines = list(problems.lines)
    if problems.count > len(lines):
        lines.append(f"and {number(problems.count - len(lines), 'more problem')}")
    counts = [
        number(len(found.head.streams), "stream"),
        number(found.blocks, "block"),
        number(found.bundles, "bundle"),
        f"{number(found.decisions, 'decision')} ({found.erased:,} erased)",
        f"{number(found.retired, 'row')} retired",
    ]
    lines += [
        f"{', '.join(counts)}; {seconds:.1f} s",
        f"head {found.head.head}",
        number(problems.count, "problem") if problems.count else "no problem",
    ]
    return "".join(f"{line}\n" for line in lines)
