"""Running the trainer, and a table that is unlike Home Credit's."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import train
from credit_scoring.files import ID, NEW_FILE, REFERENCE_FILE, TARGET

SHIPPED = Path(train.__file__).with_name("ressources")
TABLES = (REFERENCE_FILE, NEW_FILE)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train.py", *map(str, arguments)])
    train.main()


def refusal(monkeypatch, capsys, *arguments):
    """The line on stderr with which the trainer refuses."""
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, *arguments)
    captured = capsys.readouterr()
    assert (stop.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
    return captured.err.rstrip("\n")


def read(folder, file):
    return pd.read_csv(folder / file, index_col=0)


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
