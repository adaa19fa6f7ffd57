"""Simulated clients: their columns, and the aggregates of their credits."""

import numpy as np
import pandas as pd

from training.population.credit_history import aggregate, month_run
from training.population.simulation import simulate


def test_the_wide_population_has_home_credits_347_features():
    wide, usual = simulate(300, 5, wide=True), simulate(300, 5)
    assert wide.shape == (300, 349)
    assert {*usual} < {*wide}


def test_aggregates_are_those_of_the_children():
    children = pd.DataFrame(
        {"client": [0, 2, 2], "AMT": [5.0, 1.0, 2.0], "KIND": ["x: y", "x: y", "z"]}
    )
    features = [
        *("bureau_AMT_mean", "bureau_AMT_sum", "bureau_KIND_x: y_count"),
        *("bureau_KIND_x: y_count_norm", "previous_AMT_mean", "AMT"),
    ]
    table = aggregate(children, "bureau", features)
    assert table.to_dict("list") == {
        "bureau_AMT_mean": [5.0, 1.5],
        "bureau_AMT_sum": [5.0, 3.0],
        "bureau_KIND_x: y_count": [1, 1],
        "bureau_KIND_x: y_count_norm": [1.0, 0.5],
    }
    assert list(table.index) == [0, 2]


def test_a_run_of_months_is_that_of_its_rows():
    rows = np.arange(-7, -2)
    assert month_run(np.array([-7]), np.array([5]), "M") == {
        "M_count": 5, "M_mean": rows.mean(), "M_max": -3, "M_min": -7, "M_sum": rows.sum(),
    }  # fmt: skip
