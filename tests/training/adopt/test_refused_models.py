"""Models and tables that do not fit together: the line names both, and the next step."""

import pickle
import sys
from types import ModuleType

import joblib
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, OrdinalEncoder
from sklearn.svm import LinearSVC

from tests.training.adopt.team import (
    FEATURES,
    ID,
    default_of,
    refusals,
    team_pipeline,
    team_table,
    unfitted,
)
from training.adopt.environment.foreign_model import last_error


def test_columns_that_do_not_fit_are_said_with_a_hint(tmp_path, risk_options, capsys):
    table = pd.get_dummies(team_table()[FEATURES].fillna(0), columns=["home"])
    model = LogisticRegression(max_iter=1000).fit(table, default_of(team_table()))
    joblib.dump(model, tmp_path / "model.pkl")
    few = ("--trust", "--reference-clients", 240)
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, *few)
    assert problems == [
        "clients.csv: lacks 3 of 6 columns that model.pkl takes: home_free, home_own, home_rent;"
        " home_free looks like a value of home, encoded before the model: give the table as the"
        " model takes it, or store a Pipeline that encodes",
        "clients.csv: has 240 clients, and 240 reference clients and 48 new ones are wanted, of the"
        " first at least 4: give smaller numbers as --reference-clients and --new-clients",
    ]


def test_a_model_without_names_needs_its_columns_only(tmp_path, risk_options, capsys):
    table = team_table()
    model = LogisticRegression(max_iter=1000)
    model.fit(table[["age", "duration"]].to_numpy(), default_of(table))
    joblib.dump(model, tmp_path / "model.pkl")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: takes 2 columns and records no names, and clients.csv has 5 beside id and"
        " outcome (income, age, duration, home, branch): keep its columns only, in the order of"
        " the training"
    ]


def test_a_model_of_three_classes_is_refused(tmp_path, risk_options, capsys):
    table = team_table()
    model = unfitted(LogisticRegression()).fit(table[FEATURES], table["branch"].clip(upper=3))
    joblib.dump(model, tmp_path / "model.pkl")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: its classifier knows 3 classes (1, 2, 3), two are needed: fit it on default or"
        " not"
    ]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("", "no message"),
        ("a warning\nit holds 2 classifiers\n", "it holds 2 classifiers"),
        (
            "Traceback:\n  File\nValueError: yet missing:\n- age\n- income\n",
            "ValueError: yet missing: - age - income",
        ),
        ("xgboost.core.XGBoostError: wrong\n  [bt] (8) x.so\n",
         "xgboost.core.XGBoostError: wrong [bt] (8) x.so"),
    ],
)  # fmt: skip
def test_an_error_of_several_lines_is_told_from_its_name_on(said, error):
    assert last_error(said) == error


def test_a_column_that_the_service_cannot_have_is_named(tmp_path, risk_options, capsys):
    table = team_table().rename(columns={"duration": "Unnamed: 0"})
    model = LogisticRegression(max_iter=1000).fit(table[["age", "Unnamed: 0"]], default_of(table))
    joblib.dump(model, tmp_path / "model.pkl")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: takes the column Unnamed: 0, which the service keeps for itself: fit the model"
        " without it"
    ]


WRAPPER = """
class Wrapper:
    classes_ = [0, 1]

    def predict_proba(self, rows):
        return (rows["home"] == "rent").astype(float)
"""


def test_an_own_class_that_gives_one_column_is_refused(tmp_path, monkeypatch, risk_options, capsys):
    """It may take texts, which a classifier of a library would not."""
    module = ModuleType("own_wrapper")
    exec(WRAPPER, module.__dict__)  # noqa: S102 - written above
    monkeypatch.setitem(sys.modules, "own_wrapper", module)
    module.Wrapper.feature_names_in_ = ["age", "home"]
    joblib.dump(module.Wrapper(), tmp_path / "model.pkl")
    text = f"{WRAPPER}    feature_names_in_ = ['age', 'home']\n"
    (tmp_path / "own_wrapper.py").write_text(text)
    monkeypatch.delitem(sys.modules, "own_wrapper")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: its Wrapper gives one column of probabilities, and predict_proba gives one for"
        " each of two classes: store the model inside it"
    ]


def test_a_dict_vectorizer_is_refused(tmp_path, risk_options, capsys):
    table = team_table()
    dicts = table[["age", "home"]].to_dict("records")
    model = make_pipeline(DictVectorizer(), LogisticRegression(max_iter=1000))
    joblib.dump(model.fit(dicts, default_of(table)), tmp_path / "model.pkl")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: cannot be opened in the environment of its versions: its DictVectorizer takes"
        " dicts, and a table has columns: train it with a OneHotEncoder in a ColumnTransformer"
    ]


def test_a_dict_of_two_models_is_refused(tmp_path, risk_options, capsys):
    model = team_pipeline(team_table())
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": model, "b": model[-1]}))
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: cannot be opened in the environment of its versions: it holds 2 classifiers"
        " (Pipeline, LogisticRegression): store one model alone, or one Pipeline"
    ]


def test_encoders_of_outcomes_prepare_no_columns(tmp_path, risk_options, capsys):
    """scikit-learn's LabelEncoder takes one column: a notebook keeps one for each text column."""
    table = team_table()[["home", "age"]].fillna(0)
    encoders = {name: LabelEncoder().fit(table[name].astype(str)) for name in table}
    coded = table.assign(home=encoders["home"].transform(table["home"].astype(str)))
    model = LogisticRegression(max_iter=1000).fit(coded.to_numpy(), default_of(team_table()))
    stored = {"model": model, "label_encoders": encoders, "columns": list(table)}
    joblib.dump(stored, tmp_path / "model.pkl")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "clients.csv: column home: row 1 is text, and model.pkl was fitted on numbers there: encode"
        " it as the training did"
    ]


def test_a_missing_cell_that_the_model_does_not_take_is_refused(tmp_path, risk_options, capsys):
    table = team_table()
    assert table["income"].isna().any()
    model = LogisticRegression().fit(table[["age", "income"]].fillna(0), default_of(table))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    (problem,), _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problem.startswith("model.pkl: does not take the table in the environment")
    assert problem.endswith("; fill the missing cells of the table as the training did")


def test_a_model_without_probabilities_is_refused_with_the_next_step(
    tmp_path, risk_options, capsys
):
    table = team_table()
    model = LinearSVC().fit(table[["age", "income"]].fillna(0), default_of(table))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: cannot be opened in the environment of its versions: its LinearSVC has no"
        " predict_proba: fit it inside a CalibratedClassifierCV, or fit a classifier"
    ]


def test_a_threshold_beside_that_of_the_model_is_refused(tmp_path, risk_options, capsys):
    table = team_table()
    numbers = table[["age", "income"]].fillna(0)
    model = FixedThresholdClassifier(LogisticRegression().fit(numbers, default_of(table)))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model.fit(numbers, default_of(table))))
    given = ("--trust", "--threshold", "0.3")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, *given)
    assert problems == ["--threshold: the model has a threshold of its own: leave the option out"]


def test_a_dict_whose_encoder_prepares_some_columns_is_refused(tmp_path, risk_options, capsys):
    table = team_table()
    encoder = OrdinalEncoder().set_output(transform="pandas").fit(table[["home"]])
    coded = table[["age", "home"]].assign(home=encoder.transform(table[["home"]]))
    model = LogisticRegression(max_iter=1000).fit(coded, default_of(table))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"encoder": encoder, "model": model}))
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "model.pkl: does not take the table in the environment of its versions: its OrdinalEncoder"
        " gives 1 columns, and its LogisticRegression takes 2: store a Pipeline of all that"
        " prepares them"
    ]


def test_texts_in_place_of_the_models_codes_are_refused(tmp_path, risk_options, capsys):
    """The encoder would know none of them, and be silent."""
    table = team_table()
    coded = table.assign(home=table["home"].map({"free": 0, "own": 1, "rent": 2}))
    encoder = OneHotEncoder(handle_unknown="ignore")
    model = make_pipeline(
        make_column_transformer((encoder, ["home"]), remainder="passthrough"),
        LogisticRegression(max_iter=1000),
    ).fit(coded[["home", "age"]], default_of(table))
    joblib.dump(model, tmp_path / "model.pkl")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, "--trust")
    assert problems == [
        "clients.csv: column home: row 1 is text, and model.pkl was fitted on numbers there: encode"
        " it as the training did"
    ]


def test_blank_cells_among_numbers_are_refused(tmp_path, risk_options, capsys):
    """pandas reads a column with one of them as text; the training made them missing."""
    table = team_table()
    numbers = table[["age", "income"]]
    model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(numbers, default_of(table))
    joblib.dump(model, tmp_path / "model.pkl")
    blank = table.assign(income=table["income"].astype(object).where(table["income"].notna(), " "))
    blank.to_csv(tmp_path / "clients.csv", index=False)
    options = ("--table", tmp_path / "clients.csv", *risk_options[2:])
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *options, "--trust")
    assert problems == [
        "clients.csv: column income: row 1 is blank, not empty, and model.pkl was fitted on numbers"
        " there: leave such cells empty"
    ]


def test_an_id_column_that_is_another_feature_is_refused(tmp_path, risk_options, capsys):
    """The folder has room for one column of that name."""
    table = team_table().rename(columns={"duration": ID})
    table.to_csv(tmp_path / "ids.csv", index=False)
    model = LogisticRegression(max_iter=1000).fit(table[["age", ID]], default_of(table))
    joblib.dump(model, tmp_path / "model.pkl")
    options = ("--trust", "--table", tmp_path / "ids.csv")
    problems, _ = refusals(capsys, tmp_path / "model.pkl", *risk_options, *options)
    assert problems == [
        f"model.pkl: takes the column {ID}, which the service keeps for the ids: give --id {ID}, or"
        " fit the model without it"
    ]
