"""A team's folder: its table as CSV and a model. No test writes into it."""

import joblib
import pytest

from tests.training.adopt.team import team_pipeline, team_table


@pytest.fixture(scope="session")
def team_folder(tmp_path_factory):
    """A folder with ``clients.csv`` and ``model.joblib``."""
    folder = tmp_path_factory.mktemp("team")
    table = team_table()
    table.to_csv(folder / "clients.csv", index=False)
    joblib.dump(team_pipeline(table), folder / "model.joblib", compress=3)
    return folder


@pytest.fixture
def risk_options(team_folder, tmp_path):
    """Options that name the table, its columns and the folder to write."""
    columns = ("--id", "client", "--target", "Risk", "--default", "bad")
    return ("--table", team_folder / "clients.csv", *columns, "--out", tmp_path / "out")
