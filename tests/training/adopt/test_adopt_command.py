"""The command: its report, the files, and the lines with which it refuses."""

import hashlib
import json
import platform
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from credit_scoring.data.artifacts import (
    FEATURES_FILE,
    METADATA_FILE,
    MODEL_FILE,
    NEW_FILE,
    REFERENCE_FILE,
    SKOPS_FILE,
)
from tests.training.adopt.team import (
    FEATURES,
    ID,
    PROBA,
    adopt,
    default_of,
    reference,
    refusals,
    team_pipeline,
    team_table,
)
from training import command
from training.quality import auc_interval


def test_the_report_says_what_was_made(tmp_path, team_folder, risk_options, capsys):
    adopt(team_folder / MODEL_FILE, *risk_options, "--trust", "--threshold", "0.3")
    out = tmp_path / "out"
    table = team_table()
    probability = team_pipeline(table).predict_proba(table[FEATURES])[:, 1]
    auc, low, high = auc_interval(default_of(table).to_numpy(), probability)
    lines = capsys.readouterr().out.splitlines()
    import sklearn

    assert lines == [
        f"model      {MODEL_FILE}: pickle, LogisticRegression; records scikit-learn"
        f" {sklearn.__version__}, numpy >=2; opened in this one,"
        f" Python {platform.python_version()}",
        "clients    192 reference, 48 new of 240; 4 features",
        "proof      the service gives all 192 reference clients the probabilities of that"
        " environment, within 1e-09",
        "threshold  0.300",
        f"AUC        {auc:.3f}, 95 % interval {low:.3f} to {high:.3f},"
        f" {default_of(table).mean():.2%} in default; if the model was trained on these clients,"
        " that is too good",
        "left out   columns that the model does not take: branch",
        f"note       class 1 of the model means bad: its probability ranks these clients above the"
        f" others, AUC {auc:.3f}",
        *(
            f"{len(content):>10,} bytes  {out / file}"
            f"  SHA-256 {hashlib.sha256(content).hexdigest()}"
            for file in (SKOPS_FILE, REFERENCE_FILE, NEW_FILE, FEATURES_FILE)
            for content in [(out / file).read_bytes()]
        ),
    ]


def test_the_files_have_the_cells_of_the_table(tmp_path, team_folder, risk_options):
    sizes = ("--reference-clients", 100, "--new-clients", 30)
    adopt(team_folder / MODEL_FILE, *risk_options, "--trust", *sizes)
    cells = pd.read_csv(team_folder / "clients.csv", dtype="str", keep_default_na=False)
    cells = cells.rename(columns={"client": ID}).set_index(ID)
    written = [
        pd.read_csv(tmp_path / "out" / file, dtype="str", keep_default_na=False).set_index(ID)
        for file in (REFERENCE_FILE, NEW_FILE)
    ]
    assert [len(table) for table in written] == [100, 30]
    assert not set(written[0].index) & set(written[1].index)
    for table in written:
        pd.testing.assert_frame_equal(table[FEATURES], cells.loc[table.index, FEATURES])
    share = default_of(team_table()).mean()
    assert written[0]["TARGET"].astype(int).sum() == round(100 * share)
    metadata = json.loads((tmp_path / "out" / METADATA_FILE).read_text())
    assert metadata["threshold"] == 0.5
    content = (team_folder / MODEL_FILE).read_bytes()
    assert metadata["adopted_file"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_other_files_of_the_folder_stay(tmp_path, team_folder, risk_options):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("notes.txt", MODEL_FILE, "requirements.txt"):
        (out / name).write_text("mine")
    adopt(team_folder / MODEL_FILE, *risk_options, "--trust")
    made = {SKOPS_FILE, METADATA_FILE, REFERENCE_FILE, NEW_FILE, FEATURES_FILE}
    assert {file.name for file in out.iterdir()} == made | {"notes.txt"}


def test_nothing_is_opened_without_trust(tmp_path, team_folder, risk_options, capsys):
    problems, listed = refusals(capsys, team_folder / MODEL_FILE, *risk_options)
    sha256 = hashlib.sha256((team_folder / MODEL_FILE).read_bytes()).hexdigest()
    typed = " ".join(map(str, [team_folder / MODEL_FILE, *risk_options]))
    assert problems == [
        f"{MODEL_FILE}: opening a pickle runs what it names, so nothing was opened: read the list,"
        f" and if you trust it: ./startup.sh python -m training adopt {typed} --sha256 {sha256}"
    ]
    assert listed.startswith(f"{MODEL_FILE} is a pickle. Opening it calls what it names:\n")
    assert "sklearn.linear_model._logistic.LogisticRegression" in listed
    assert not (tmp_path / "out").exists()
    adopt(team_folder / MODEL_FILE, *risk_options, "--sha256", sha256)
    assert (tmp_path / "out" / SKOPS_FILE).is_file()


def test_all_that_is_wrong_is_said_at_once(tmp_path, team_folder, capsys):
    options = ("--table", team_folder / "clients.csv", "--out", tmp_path / "out")
    problems, _ = refusals(
        capsys, team_folder / MODEL_FILE, *options, "--id", "number", "--target", "Risk"
    )
    assert [problem.partition(":")[2].split(":")[0].split(",")[0] for problem in problems] == [
        " has no column number",
        " column Risk",
        " opening a pickle runs what it names",
    ]


def with_proba(folder, changed=0.0):
    """A table with the probabilities of `team_pipeline`, one of them changed."""
    table = team_table()
    probability = team_pipeline(table).predict_proba(table[FEATURES])[:, 1]
    probability[7] += changed
    table.assign(theirs=probability).to_csv(folder / "scored.csv", index=False)
    return folder / "scored.csv", probability


def test_the_makers_probabilities_are_compared(tmp_path, team_folder, risk_options, capsys):
    path, probability = with_proba(tmp_path)
    options = ("--trust", "--table", path, "--proba", "theirs")
    adopt(team_folder / MODEL_FILE, *risk_options, *options)
    held = reference(tmp_path / "out")
    np.testing.assert_array_equal(held[PROBA], probability[held.index - 5_000])
    assert "the makers' probabilities are the model's" in capsys.readouterr().out


def test_other_probabilities_of_the_makers_are_refused(tmp_path, team_folder, risk_options, capsys):
    path, probability = with_proba(tmp_path, changed=1e-5)
    options = ("--trust", "--table", path, "--proba", "theirs")
    (problem,), _ = refusals(capsys, team_folder / MODEL_FILE, *risk_options, *options)
    assert problem.startswith(
        f"scored.csv: row 8: the makers' probability is {float(probability[7])!r}, and the model"
        " gives "
    )
    assert not (tmp_path / "out").exists()


def test_a_dictionary_that_was_filled_in_is_taken(tmp_path, team_folder, risk_options):
    content = "name,label,kind\nhome,Home,text\nincome,Income,number\n"
    (tmp_path / "filled.csv").write_text(content)
    options = ("--trust", "--features", tmp_path / "filled.csv")
    adopt(team_folder / MODEL_FILE, *risk_options, *options)
    assert (tmp_path / "out" / FEATURES_FILE).read_text() == content


def test_a_table_with_infinite_values_is_refused(tmp_path, risk_options, capsys):
    table = team_table()
    model = LogisticRegression(max_iter=1000).fit(table[["age", "duration"]], default_of(table))
    joblib.dump(model, tmp_path / "model.pkl")
    table["age"] = table["age"].where(table["age"].index != 4, np.inf)
    table.to_csv(tmp_path / "infinite.csv", index=False)
    options = ("--trust", "--table", tmp_path / "infinite.csv")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, *options)
    assert problems == [
        "infinite.csv: column age: row 5 is out of range: leave the cell empty, or remove the row"
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["m.pkl"], "the following arguments are required: --table"),
        (["m.pkl", "--table", "t.csv", "--threshold", "2"],
         "argument --threshold: 2 is not a probability, from 0 to 1"),
        (["m.pkl", "--table", "t.csv", "--new-clients", "0"],
         "argument --new-clients: 0 is not a whole number from 1 to 1000000"),
        (["m.pkl", "--table", "t.csv", "--trust", "--sha256", "ab"],
         "argument --sha256: not allowed with argument --trust"),
    ],
)  # fmt: skip
def test_an_option_that_will_not_do_is_refused(arguments, problem, capsys):
    assert refusals(capsys, *arguments) == ([problem], "")


def test_files_that_are_not_there_are_both_named(tmp_path, capsys):
    problems, _ = refusals(capsys, tmp_path / "m.pkl", "--table", tmp_path / "t.csv")
    assert problems == [
        "t.csv: cannot be read: No such file or directory",
        "m.pkl: cannot be read: No such file or directory",
    ]


def test_training_alone_is_as_before_and_names_the_command(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["training", "--help"])
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith("usage: python -m training [-h] [--data CSV | --wide]")
    assert printed.endswith(
        "python -m training adopt --help: make them from a model that a team has."
        " python -m training simulate-decisions --help: decisions of a lender."
    )
