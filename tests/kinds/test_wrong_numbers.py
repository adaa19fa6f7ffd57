"""Files that would give other numbers than the model's are refused while the old ones serve on."""

import json
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from credit_scoring.data.artifacts import METADATA_FILE, MODEL_FILE, PROBA, REFERENCE_FILE, TARGET
from credit_scoring.model.loader import load
from main import create_app
from service.settings import Settings
from tests.kinds.containers import bare, bare_on_an_array, fixed_threshold, two_steps
from tests.kinds.kind_folder import KindFolder
from tests.kinds.kinds import KINDS, NUMBERS, lightgbm
from tests.support.servers.inprocess import client_of

Change = Callable[[KindFolder], object]


def edited(change: Callable[[pd.DataFrame], object]) -> Change:
    """Change the reference file."""

    def edit(folder: KindFolder) -> None:
        table = pd.read_csv(folder.path / REFERENCE_FILE, dtype={"BRANCH": str})
        change(table)
        table.to_csv(folder.path / REFERENCE_FILE, index=False)

    return edit


def a_probability(table: pd.DataFrame) -> None:
    table.loc[130, PROBA] += 3e-9


def a_value(table: pd.DataFrame) -> None:
    table.loc[7, "EXT SOURCE"] += 1


def columns_in_another_order(folder: KindFolder) -> None:
    """Train the classifier on an array whose columns are reversed."""
    model = lightgbm().fit(folder.reference[NUMBERS[::-1]].to_numpy(), folder.reference[TARGET])
    joblib.dump(model, folder.path / MODEL_FILE)


def names_that_change_places(folder: KindFolder) -> None:
    """Values of one column under the name of another one."""
    swapped = [NUMBERS[1], NUMBERS[0], *NUMBERS[2:]]
    rows = folder.reference[swapped].set_axis(NUMBERS, axis=1)
    joblib.dump(lightgbm().fit(rows, folder.reference[TARGET]), folder.path / MODEL_FILE)


def classes_in_another_order(folder: KindFolder) -> None:
    model = lightgbm().fit(folder.reference[NUMBERS[::-1]], 1 - folder.reference[TARGET])
    joblib.dump(model, folder.path / MODEL_FILE)


def another_threshold(folder: KindFolder) -> None:
    (folder.path / METADATA_FILE).write_text(json.dumps({"threshold": 0.31}))


def the_other_class(folder: KindFolder) -> None:
    (folder.path / METADATA_FILE).write_text(json.dumps({"default_class": 0}))


MUTATIONS: dict[str, tuple[str, Change, str]] = {
    "a stored probability": (
        "lightgbm", edited(a_probability),
        "train_samp.csv: row 131: proba is {proba}, and model.joblib gives {own};"
        " so in 1 of 260 rows: the model or the values are not those of its makers",
    ),
    "a value": ("lightgbm", edited(a_value), "train_samp.csv: row 8: proba is "),
    "columns in another order": ("lightgbm", columns_in_another_order, "train_samp.csv: row 1: "),
    "names that change places": ("lightgbm", names_that_change_places, "train_samp.csv: row 1: "),
    "classes in another order": ("lightgbm", classes_in_another_order, "train_samp.csv: row 1: "),
    "the default class": ("lightgbm", the_other_class, "train_samp.csv: row 1: proba is "),
    "the default class of a linear model": ("logistic", the_other_class, "train_samp.csv: row 1: "),
    "a threshold": (
        "fixed", another_threshold,
        "model.json: threshold is 0.31, and model.joblib was fitted with 0.3: leave it out here",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_refused_and_the_old_numbers_are_served(name: str, tmp_path: Path):
    kind, change, expected = MUTATIONS[name]
    is_fixed = kind == "fixed"
    container = fixed_threshold if is_fixed else bare
    folder = KindFolder(
        tmp_path / "ressources", KINDS["lightgbm" if is_fixed else kind](), container
    )
    app = create_app(Settings(ressources_dir=folder.path, reload_seconds=0))
    http = client_of(app)
    stored = float(folder.reference[PROBA].iloc[130])
    change(folder)
    app.service.folder.look()
    app.service.folder.look()  # files that no longer change are read at the second look
    refused = http.get("/health").json()["refused"]
    line = expected.format(proba=repr(stored + 3e-9), own=repr(stored))
    assert refused.startswith(line)
    served = http.post("/score?reasons=0", json=[{"client": client} for client in folder.ids])
    assert [one["probability"] for one in served.json()] == folder.expected
    assert {one["threshold"] for one in served.json()} == {0.3 if is_fixed else 0.4}


def test_a_model_of_the_good_class_is_served_by_its_other_class(tmp_path: Path):
    """With `default_class`, the probability is that of the class that means default."""
    folder = KindFolder(tmp_path / "right", KINDS["lightgbm"](), two_steps)
    features = folder.stored.features
    model = folder.stored.model.fit(
        folder.reference[features], np.where(folder.reference[TARGET] == 1, "bad", "good")
    )
    joblib.dump(model, folder.path / MODEL_FILE)
    table = pd.read_csv(folder.path / REFERENCE_FILE, dtype={"BRANCH": str})
    table[PROBA] = model.predict_proba(folder.reference[features])[:, 0]
    table.to_csv(folder.path / REFERENCE_FILE, index=False)
    (folder.path / METADATA_FILE).write_text(json.dumps({"default_class": "bad"}))
    http = client_of(create_app(Settings(ressources_dir=folder.path)))
    found = http.post("/score?reasons=0", json=[{"client": client} for client in folder.ids]).json()
    expected = [
        model.predict_proba(folder.new[features].iloc[[row]])[0, 0] for row in range(len(found))
    ]
    assert [one["probability"] for one in found] == expected


def test_a_transformer_that_hands_columns_through_is_matched_by_name(tmp_path: Path):
    """The classifier was fitted on another order of columns than its transformer gives."""
    hands_on = FunctionTransformer(feature_names_out="one-to-one")
    folder = KindFolder(tmp_path / "ressources", lightgbm(), bare)
    trained = folder.stored.model  # on the reversed order
    pipeline = make_pipeline(hands_on.fit(folder.reference[NUMBERS]), trained)
    joblib.dump(pipeline, folder.path / MODEL_FILE)
    http = client_of(create_app(Settings(ressources_dir=folder.path)))
    found = http.post("/score?reasons=0", json=[{"client": client} for client in folder.ids]).json()
    assert [one["probability"] for one in found] == folder.expected


def test_a_model_without_names_takes_the_order_of_the_table_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    folder = KindFolder(tmp_path / "ressources", lightgbm(), bare_on_an_array)
    load(folder.path)
    assert caplog.messages == []
    table = pd.read_csv(folder.path / REFERENCE_FILE).drop(columns=PROBA)
    table.to_csv(folder.path / REFERENCE_FILE, index=False)
    load(folder.path)
    assert caplog.messages == [
        "model.joblib: records no names of its columns: they are taken in the order of"
        " train_samp.csv, and no column proba proves it"
    ]


def test_the_threshold_of_a_fixed_classifier_is_that_of_the_default_class(tmp_path: Path):
    """A threshold on class 1, when class 0 means default, is turned round."""
    folder = KindFolder(tmp_path / "ressources", lightgbm(), fixed_threshold)
    assert isinstance(folder.stored.model, FixedThresholdClassifier)
    table = pd.read_csv(folder.path / REFERENCE_FILE)
    table[PROBA] = folder.stored.model.predict_proba(folder.reference[NUMBERS])[:, 0]
    table.to_csv(folder.path / REFERENCE_FILE, index=False)
    (folder.path / METADATA_FILE).write_text(json.dumps({"default_class": 0}))
    http = client_of(create_app(Settings(ressources_dir=folder.path)))
    found = http.post("/score?reasons=0", json=[{"client": client} for client in folder.ids]).json()
    decided = folder.stored.model.predict(folder.new[NUMBERS])
    assert [one["prediction"] for one in found] == (1 - decided).tolist()
    assert 0 < sum(decided) < len(decided)
