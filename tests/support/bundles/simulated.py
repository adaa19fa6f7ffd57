"""A folder of simulated decisions, made by the command with small models."""

import sys
from pathlib import Path
from unittest.mock import patch

from training import command, fitting
from training.simulated_decisions import bundle_folders

SMALL = {"TRAINING_CLIENTS": 1_500, "REFERENCE_CLIENTS": 400, "NEW_CLIENTS": 60}
DECISIONS = 4_800


def simulate(out: Path, *options: object) -> None:
    """Run `python -m training simulate-decisions` in this process."""
    arguments = ["training", "simulate-decisions", str(out), *map(str, options)]
    with (
        patch.multiple(bundle_folders, **SMALL),
        patch.multiple(fitting, TREES=range(20, 41, 20), FOLDS=2),
        patch.object(sys, "argv", arguments),
    ):
        command.main()
