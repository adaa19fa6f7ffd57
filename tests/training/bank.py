"""A bank unlike Home Credit, and the trainer's command."""

import sys

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import ID, TARGET
from credit_scoring.data.model_file import read_model
from training import command


def a_bank(clients=900, seed=0):
    """A table unlike Home Credit's: texts, flags, gaps, a constant, an empty column, odd names."""
    rng = np.random.default_rng(seed)
    risk = rng.standard_normal(clients)
    score = np.where(rng.random(clients) < 0.2, np.nan, risk + rng.standard_normal(clients))
    housing = np.where(risk > 0.8, "rent", rng.choice(["own", "with parents, free"], clients))
    return pd.DataFrame(
        {
            TARGET: (risk + 0.5 * rng.standard_normal(clients) > 1.3).astype(int),
            "score: a, b [%] {x}": score,
            ID: rng.permutation(clients) + 7,
            "housing": np.where(rng.random(clients) < 0.1, None, housing),
            "town": rng.choice([f"town {n}" for n in range(60)], clients),
            "is new": rng.random(clients) < 0.5,
            "is known": np.where(rng.random(clients) < 0.1, None, rng.random(clients) < 0.5),
            "empty": np.nan,
            "constant": 3,
            "income": rng.integers(10, 99, clients) * 1000,
        }
    )


def districts(ids):
    """Districts of clients, some unknown: a column that is audited but is not a feature."""
    return ids.map(lambda number: ["north", "south", "south", None][number % 4])


def run(*arguments):
    """The command `python -m training` with these arguments, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["training", *map(str, arguments)])
        command.main()


def refusal(capsys, *arguments):
    """The line on stderr with which the trainer refuses."""
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    captured = capsys.readouterr()
    assert (stop.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
    return captured.err.rstrip("\n")


def model_of(folder):
    """The model of a folder, from whichever file is opened."""
    return read_model(folder, {}).model


def read(folder, file):
    """A table of the folder, without its row numbers."""
    return pd.read_csv(folder / file, index_col=0)


def scored(clients=400, seed=0, decimals=2):
    """Outcomes, and probabilities that know something of them, with ties."""
    rng = np.random.default_rng(seed)
    target = (rng.random(clients) < 0.15).astype(int)
    return target, (0.3 * target + 0.7 * rng.random(clients)).round(decimals)
