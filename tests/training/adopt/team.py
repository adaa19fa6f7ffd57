"""A credit team: its table, its models, and the command that adopts them."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from training import command

NUMBERS = ["income", "age", "duration"]
FEATURES = [*NUMBERS, "home"]
PROBA, ID, TARGET = "proba", "SK_ID_CURR", "TARGET"


def team_table(clients=240, seed=0):
    """Labelled clients: `Risk` is good or bad, models leave out `branch`, incomes have gaps."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "client": np.arange(clients) + 5_000,
            "income": rng.normal(3_000, 800, clients).round(2),
            "age": rng.integers(18, 80, clients),
            "duration": rng.integers(6, 60, clients),
            "home": rng.choice(["own", "rent", "free"], clients),
            "branch": rng.integers(1, 5, clients),
        }
    )
    risk = (table["home"] == "rent") - table["income"] / 800 + table["duration"] / 20
    table["Risk"] = np.where(risk + rng.normal(0, 0.8, clients) > -1, "bad", "good")
    table.loc[::11, "income"] = np.nan
    return table


def default_of(table):
    """1 for each client in default."""
    return (table["Risk"] == "bad").astype(int)


def unfitted(classifier):
    """A pipeline that imputes, scales and encodes the team's columns."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer((numbers, NUMBERS), (encoder, ["home"])), classifier
    )


def team_pipeline(table):
    """A logistic regression, fitted on 0 and 1."""
    return unfitted(LogisticRegression()).fit(table[FEATURES], default_of(table))


def adopt(*arguments):
    """The command `python -m training adopt` with these arguments, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["training", "adopt", *map(str, arguments)])
        command.main()


def refusals(capsys, *arguments):
    """The lines on stderr with which it refuses, without its name, and what it printed before."""
    with pytest.raises(SystemExit) as stop:
        adopt(*arguments)
    captured = capsys.readouterr()
    assert stop.value.code == 2
    lines = captured.err.splitlines()
    assert all(line.startswith("adopt: ") for line in lines)
    return [line.removeprefix("adopt: ") for line in lines], captured.out


def reference(folder):
    """The reference population of a folder, by id."""
    return pd.read_csv(folder / "train_samp.csv").set_index(ID)
