"""Figures per group: compared with pandas, and None for a division by 0."""

import json

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import (
    ID,
    METADATA_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    TARGET,
)
from credit_scoring.model.loader import load
from tests.training.bank import a_bank, districts, model_of, read, refusal
from training.audit import audit


def test_figures_of_two_groups_by_hand():
    traits = pd.DataFrame({"sex": ["f", "f", "f", "f", "m", "m", "m", None]})
    target = np.array([0, 0, 0, 1, 0, 0, 1, 0])
    refused = np.array([0, 0, 1, 1, 1, 0, 1, 1], bool)
    f, m, missing = audit(traits, target, refused)["sex"]
    assert f == {
        "group": "f", "clients": 4, "accepted": 0.5, "ratio_to_best": 1.0,
        "true_positive_rate": 1.0, "false_positive_rate": 0.3333,
    }  # fmt: skip
    assert m == {
        "group": "m", "clients": 3, "accepted": 0.3333, "ratio_to_best": 0.6667,
        "true_positive_rate": 1.0, "false_positive_rate": 0.5,
    }  # fmt: skip
    assert missing == {
        "group": None, "clients": 1, "accepted": 0.0, "ratio_to_best": 0.0,
        "true_positive_rate": None, "false_positive_rate": 1.0,
    }  # fmt: skip


def test_where_nobody_is_accepted_there_is_no_ratio():
    flag = pd.DataFrame({"flag": [1.0, 0.0, 1.0]})
    groups = audit(flag, np.array([0, 1, 0]), np.array([True, True, True]))["flag"]
    assert [(group["group"], group["ratio_to_best"]) for group in groups] == [
        ("0", None),
        ("1", None),
    ]


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([2.5, 1, 2.5, np.nan], [("1", 1), ("2.5", 2), (None, 1)]),
        (
            [*range(100), np.nan],
            [
                ("up to 19", 20),
                ("19 to 39", 20),
                ("39 to 59", 20),
                ("59 to 79", 20),
                ("above 79", 20),
                (None, 1),
            ],
        ),
        ([0] * 50 + [*range(12)], [("up to 0", 51), ("above 0", 11)]),
        ([np.nan] * 3, [(None, 3)]),
        ([10, 9, 10], [("9", 1), ("10", 2)]),
    ],
)
def test_numbers_are_their_own_groups_or_fifths_of_the_clients(values, groups):
    everybody = np.zeros(len(values), int)
    found = audit(pd.DataFrame({"x": values}), everybody, everybody == 1)["x"]
    assert [(group["group"], group["clients"]) for group in found] == groups


def test_groups_of_the_command_are_those_of_the_held_out_clients(bank_folder):
    """The groups of protected features, and of an audited column, which is not a feature."""
    metadata = json.loads((bank_folder / METADATA_FILE).read_text())
    held_out = pd.concat([read(bank_folder, REFERENCE_FILE), read(bank_folder, NEW_FILE)])
    table = a_bank().set_index(ID).loc[held_out[ID]]
    refused = model_of(bank_folder).predict_proba(held_out)[:, 1] >= metadata["threshold"]
    known = pd.DataFrame(
        {
            "housing": table["housing"].to_numpy(),
            "is known": table["is known"].map({True: "1", False: "0"}).to_numpy(),
            "district": districts(held_out[ID]).to_numpy(),
            "refused": refused,
            "target": table[TARGET].to_numpy(),
        }
    )
    groups = metadata["quality"]["groups"]
    assert list(groups) == ["housing", "is known", "income", "district"]
    for column in ("housing", "is known", "district"):
        by_group = known.groupby(column, dropna=False)["refused"]
        share = 1 - by_group.mean()
        rates = known.groupby([column, "target"], dropna=False)["refused"].mean().unstack()
        expected = [
            {
                "group": None if pd.isna(name) else name,
                "clients": by_group.size()[name],
                "accepted": round(share[name], 4),
                "ratio_to_best": round(share[name] / share.max(), 4),
                "true_positive_rate": round(rates.loc[name, 1], 4),
                "false_positive_rate": round(rates.loc[name, 0], 4),
            }
            for name in share.index
        ]
        assert groups[column] == expected
    income = table["income"].sort_values()
    low = known["refused"][(table["income"] <= income.iloc[53]).to_numpy()]
    assert groups["income"][0]["group"] == f"up to {income.iloc[53]}"
    assert groups["income"][0]["accepted"] == round(1 - low.mean(), 4)
    assert "district" not in load(bank_folder).features


def test_a_column_that_is_not_there_cannot_be_audited(tmp_path, capsys):
    a_bank().to_csv(tmp_path / "clients.csv")
    options = ("--data", tmp_path / "clients.csv", "--out", tmp_path / "out", "--audit")
    for names, absent in (("income,age", "age"), (TARGET, TARGET), (ID, ID)):
        line = refusal(capsys, *options, names)
        assert line == f"training: clients.csv: has no column {absent} to audit"
