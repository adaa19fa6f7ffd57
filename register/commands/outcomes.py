"""`python -m register outcomes FILE`: records how loans went, from a CSV file of any length."""

import argparse
import sys
from pathlib import Path

from register.commands.shared.open_store import CALLER, open_store
from register.commands.shared.outcome_file import outcome_chunks
from register.outcomes import record_outcomes
from register.settings import RegisterSettings

HELP = "record outcomes of loans from a CSV file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="UTF-8, with columns decision or reference, status, observed (2026-11-28), definition",
    )


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Record the outcomes; gives 1 if a row is bad or its decision unknown."""
    recorded = written = unknown = bad = 0
    with open_store(settings) as store:
        for chunk in outcome_chunks(options.file):
            for row, problem in chunk.bad.items():
                sys.stdout.write(f"row {row}: {problem}\n")
            done = record_outcomes(store, CALLER, chunk.items)
            for item in done.unknown:
                sys.stdout.write(f"row {chunk.rows[item.index]}: {item.detail}\n")
            recorded, written = recorded + done.recorded, written + done.written
            unknown, bad = unknown + len(done.unknown), bad + len(chunk.bad)
    sys.stdout.write(
        f"{recorded} outcomes are recorded, {written} of them new;"
        f" rows with an unknown decision: {unknown}; bad rows: {bad}\n"
    )
    return 1 if unknown or bad else 0
