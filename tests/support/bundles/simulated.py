"""A folder of simulated decisions, made by the command with small models."""

import sys
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from training import command, fitting
from training.simulated_decisions import bundle_folders

SMALL = {"TRAINING_CLIENTS": 1_500, "REFERENCE_CLIENTS": 400, "NEW_CLIENTS": 60}
DECISIONS = 4_800


def simulate(out: Path, *options: object) -> None:
    """Run `python -m training simulate-decisions` in this process."""
    arguments = ["training", "simulate-decisions", str(out), *map(str, options)]
    with ExitStack() as stack:
        for name, value in SMALL.items():
            stack.enter_context(patch.object(bundle_folders, name, value))
        stack.enter_context(patch.object(fitting, "TREES", range(20, 41, 20)))
        stack.enter_context(patch.object(fitting, "FOLDS", 2))
        stack.enter_context(patch.object(sys, "argv", arguments))
        command.main()
