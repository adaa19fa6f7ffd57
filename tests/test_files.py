"""Files that cannot be used: each refused with one line that names it, before anything serves."""

import csv
import gzip
import json
import math
import os
import pickle
import signal
import socket
import subprocess
import sys
from asyncio import CancelledError
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.base
from artefacts import NUMBERS, PLAIN, Folder, imputed_and_scaled, lightgbm, make_folder
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler

from credit_scoring import loading
from credit_scoring.errors import BadFile
from credit_scoring.files import ID, METADATA_FILE, MODEL_FILE, NEW_FILE, REFERENCE_FILE, TARGET
from credit_scoring.loading import load

ROOT = Path(__file__).parent.parent
TABLES = [REFERENCE_FILE, NEW_FILE]
Damage = Callable[[Folder], object]


@pytest.fixture
def folder(numbers: Folder, tmp_path: Path) -> Folder:
    """Good files, without hashes in model.json: what follows is found by other means."""
    copied = numbers.copy(tmp_path)
    copied.write_facts(sha256={})
    return copied


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Three features, nothing in quotes, no hashes. Nobody writes into it."""
    path = tmp_path_factory.mktemp("plain") / "ressources"
    made = make_folder(path, make_pipeline(imputed_and_scaled(PLAIN), lightgbm()), PLAIN)
    assert not any(b'"' in (made / name).read_bytes() for name in TABLES)
    made.write_facts(sha256={})
    return made


def refusal(folder: Folder, model_sha256: str | None = None) -> str:
    with pytest.raises(BadFile) as refused:
        load(folder.path, model_sha256)
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    assert len(message.encode()) < 2_000
    return message


# Ways to damage a file


def removed(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def a_folder(name: str) -> Damage:
    def replace(folder: Folder) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return replace


def holding(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def changed(name: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def rows_changed(name: str, change: Callable[[list[list[str]]], object]) -> Damage:
    """Change the fields of a table; row 0 is its header."""

    def write(folder: Folder) -> None:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        change(rows)
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)

    return write


def cell(name: str, row: int, column: str, text: str) -> Damage:
    def write(rows: list[list[str]]) -> None:
        rows[row][rows[0].index(column)] = text

    return rows_changed(name, write)


def without(name: str, column: str) -> Damage:
    def write(rows: list[list[str]]) -> None:
        position = rows[0].index(column)
        for row in rows:
            del row[position]

    return rows_changed(name, write)


def longer(name: str, *numbers: int) -> Damage:
    """One field more at the end of those rows; of all clients' where none is given."""

    def write(rows: list[list[str]]) -> None:
        for number in numbers or range(1, len(rows)):
            rows[number].append("1")

    return rows_changed(name, write)


def shorter(name: str, *numbers: int) -> Damage:
    """One field less at the end of those rows; of all clients' where none is given."""

    def write(rows: list[list[str]]) -> None:
        for number in numbers or range(1, len(rows)):
            rows[number].pop()

    return rows_changed(name, write)


def both(*damages: Damage) -> Damage:
    return lambda folder: [damage(folder) for damage in damages]


def model(make: Callable[[], object]) -> Damage:
    return lambda folder: joblib.dump(make(), folder / MODEL_FILE)


def fitted(classifier: object, transformer: object = None, features: list[str] = NUMBERS) -> Damage:
    """A pipeline of that classifier, fitted on the reference clients."""

    def write(folder: Folder) -> None:
        known = folder.read(REFERENCE_FILE)
        pipeline = make_pipeline(transformer or imputed_and_scaled(), classifier)
        joblib.dump(pipeline.fit(known[features], known[TARGET]), folder / MODEL_FILE)

    return write


def outcomes(classes: list[object]) -> Damage:
    """A classifier that knows other classes than 0 and 1."""

    def write(folder: Folder) -> None:
        known = folder.read(REFERENCE_FILE)
        outcome = np.array(classes)[np.arange(len(known)) % len(classes)]
        pipeline = make_pipeline(imputed_and_scaled(), lightgbm())
        joblib.dump(pipeline.fit(known[NUMBERS], outcome), folder / MODEL_FILE)

    return write


def of_scikit_learn(release: str) -> Damage:
    def write(folder: Folder) -> None:
        with pytest.MonkeyPatch.context() as patch:
            pipeline = folder.pipeline()
            patch.setattr(sklearn.base, "__version__", release)
            joblib.dump(pipeline, folder / MODEL_FILE)

    return write


def model_of(steps: Callable[[pd.DataFrame], tuple[object, object]]) -> Damage:
    """A pipeline put together from what was fitted apart."""
    return lambda folder: joblib.dump(
        make_pipeline(*steps(folder.read(REFERENCE_FILE))), folder / MODEL_FILE
    )


def beyond_doubles(frame: pd.DataFrame) -> pd.DataFrame:
    """Fitted on some rows, it gives infinity for all others."""
    return frame.assign(AMT_CREDIT=np.inf) if len(frame) < 100 else frame


def facts(**given: object) -> Damage:
    return lambda folder: folder.write_facts(**given)


def named(names: Callable[[list[str]], object]) -> Damage:
    """A transformer that gives its outputs other names than a text each."""
    return lambda folder: fitted(lightgbm(), Renaming(names(NUMBERS)))(folder)


class Renaming(BaseEstimator, TransformerMixin):
    """Leaves the values as they are, and names them."""

    def __init__(self, names: object = ()) -> None:
        self.names = names

    def fit(self, frame: pd.DataFrame, _: object = None) -> "Renaming":
        self.feature_names_in_ = frame.columns.to_numpy()
        return self

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        return frame.to_numpy(float)

    def get_feature_names_out(self, _: object = None) -> object:
        return self.names


def masked(frame: pd.DataFrame) -> np.ndarray:
    return np.ma.masked_invalid(frame.to_numpy(float))


NAMELESS = "its transformer does not give each of its outputs a name"
NO_FILE = "cannot be read: No such file or directory"
IS_FOLDER = "cannot be read: Is a directory"
NO_TABLE = "is not a CSV table"
NO_PIPELINE = "is not a scikit-learn Pipeline of two steps"
NO_CLASSES = "its classifier is not fitted on the classes 0 and 1"
NO_PROBABILITY = "is not a Pipeline of a transformer and a classifier"
UNREADABLE = "cannot be unpickled: "
ENDS_EARLY = UNREADABLE + "EOFError:"

MODELS: dict[str, tuple[Damage, str]] = {
    "missing": (removed(MODEL_FILE), NO_FILE),
    "a folder": (a_folder(MODEL_FILE), IS_FOLDER),
    "empty": (holding(MODEL_FILE, b""), ENDS_EARLY),
    "one byte short": (changed(MODEL_FILE, lambda pickled: pickled[:-1]), ENDS_EARLY),
    "half": (changed(MODEL_FILE, lambda pickled: pickled[: len(pickled) // 2]), ENDS_EARLY),
    "text": (holding(MODEL_FILE, b"a model\n"), UNREADABLE + "IndexError: pop from empty list"),
    "random bytes": (
        holding(MODEL_FILE, np.random.default_rng(1).bytes(10_000)),
        UNREADABLE + "KeyError: 255",
    ),
    "zeros": (holding(MODEL_FILE, bytes(10_000)), UNREADABLE + "KeyError: 0"),
    "cut gzip": (changed(MODEL_FILE, lambda pickled: gzip.compress(pickled)[:-99]), ENDS_EARLY),
    "bad zlib": (
        holding(MODEL_FILE, b"\x78\x9c" + b"\xff" * 50),
        UNREADABLE + "error: Error -3 while decompressing data: invalid block type",
    ),
    "bad bz2": (
        holding(MODEL_FILE, b"BZh9" + b"\xff" * 50),
        UNREADABLE + "OSError: Invalid data stream",
    ),
    "bad lzma": (
        holding(MODEL_FILE, b"\xfd7zXZ\x00" + b"\xff" * 50),
        UNREADABLE + "LZMAError: Corrupt input data",
    ),
    "of a package that is not there": (
        holding(MODEL_FILE, b"\x80\x04\x8c\x08nowheres\x8c\x05Model\x93."),
        UNREADABLE + "ModuleNotFoundError: No module named 'nowheres'",
    ),
    "a dict": (model(dict), NO_PIPELINE),
    "a classifier": (model(lightgbm), NO_PIPELINE),
    "one step": (model(lambda: make_pipeline(lightgbm())), NO_PIPELINE),
    "three steps": (
        model(lambda: make_pipeline(StandardScaler(), StandardScaler(), lightgbm())),
        NO_PIPELINE,
    ),
    "two classifiers": (model(lambda: make_pipeline(lightgbm(), lightgbm())), NO_PROBABILITY),
    "a regressor": (fitted(RandomForestRegressor(2)), NO_PROBABILITY),
    "not fitted": (model(lambda: make_pipeline(imputed_and_scaled(), lightgbm())), NO_CLASSES),
    "not fitted forest": (
        model(lambda: make_pipeline(imputed_and_scaled(), RandomForestClassifier())),
        NO_CLASSES,
    ),
    "three classes": (outcomes([0, 1, 2]), NO_CLASSES),
    "one class": (outcomes([1]), NO_CLASSES),
    "classes 1 and 2": (outcomes([1, 2]), NO_CLASSES),
    "classes no and yes": (outcomes(["no", "yes"]), NO_CLASSES),
    "logistic regression": (
        fitted(LogisticRegression()),
        "shap.TreeExplainer does not explain a LogisticRegression",
    ),
    "AdaBoost": (
        fitted(AdaBoostClassifier(n_estimators=2)),
        "shap.TreeExplainer does not explain a AdaBoostClassifier",
    ),
    "scikit-learn 1.2.0": (
        of_scikit_learn("1.2.0"),
        f"was pickled by scikit-learn 1.2.0, {sklearn.__version__} is installed",
    ),
    "scikit-learn 99.0": (
        of_scikit_learn("99.0"),
        f"was pickled by scikit-learn 99.0, {sklearn.__version__} is installed",
    ),
    "fewer features": (
        model_of(
            lambda known: (
                imputed_and_scaled().fit(known[NUMBERS]),
                lightgbm().fit(known[PLAIN].to_numpy(), known[TARGET]),
            )
        ),
        "its transformer gives 8 features, its classifier takes 3",
    ),
    "outputs named by tuples": (
        named(lambda names: [(name, 1) for name in names]),
        "its transformer names an output by a tuple, not by a text",
    ),
    "outputs named by bytes": (
        named(lambda names: [name.encode() for name in names]),
        "its transformer names an output by a bytes, not by a text",
    ),
    "an output named by nothing": (
        named(lambda names: [None, *names[1:]]),
        "its transformer names an output by a NoneType, not by a text",
    ),
    "outputs named by a table": (
        named(lambda names: np.array([names])),
        "its transformer names an output by a ndarray, not by a text",
    ),
    "an output named by a mask": (
        named(lambda names: np.ma.array(names, mask=[True] + [False] * 7, dtype=object)),
        "its transformer names an output by a MaskedConstant, not by a text",
    ),
    "an output named by a lone surrogate": (
        named(lambda names: ["\ud800", *names[1:]]),
        r"its transformer names an output by what is no text: \ud800",
    ),
    "more names than outputs": (named(lambda names: [*names, names[0]]), NAMELESS),
    "a name twice": (named(lambda names: [*names[1:], names[1]]), NAMELESS),
    "outputs without names": (
        fitted(lightgbm(), FunctionTransformer(np.asarray)),
        NAMELESS,
    ),
    "a masked output": (
        fitted(lightgbm(), FunctionTransformer(masked, feature_names_out="one-to-one")),
        "its transformer gives a masked array",
    ),
    "probabilities that are none": (
        fitted(lightgbm().set_params(objective="regression", n_estimators=1)),
        "its SHAP values do not add up to its raw output",
    ),
    "probabilities beyond one": (
        fitted(lightgbm().set_params(objective="regression", n_estimators=300, learning_rate=2)),
        "gives a client a probability outside of 0 to 1",
    ),
}


@pytest.mark.parametrize(("damage", "problem"), MODELS.values(), ids=MODELS)
def test_a_bad_model_is_refused(folder, damage, problem):
    damage(folder)
    assert refusal(folder) == f"{MODEL_FILE}: {problem}"


TABLE_PROBLEMS: dict[str, tuple[Callable[[str], Damage], str]] = {
    "missing": (removed, NO_FILE),
    "a folder": (a_folder, IS_FOLDER),
    "empty": (lambda name: holding(name, b""), f"{NO_TABLE}: No columns to parse from file"),
    "empty lines": (
        lambda name: holding(name, b"\n\n"),
        f"{NO_TABLE}: No columns to parse from file",
    ),
    "header only": (
        lambda name: rows_changed(name, lambda rows: rows.__delitem__(slice(1, None))),
        "holds no client",
    ),
    "text": (lambda name: holding(name, b"not a table\n"), "holds no client"),
    "not UTF-8": (
        lambda name: changed(name, lambda text: text.replace("Â".encode(), b"\xc2")),
        f"{NO_TABLE}: 'utf-8' codec can't decode byte 0xc2 in position 156:"
        " invalid continuation byte",
    ),
    "random bytes": (
        lambda name: holding(name, np.random.default_rng(1).bytes(10_000)),
        f"{NO_TABLE}: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    ),
    "zeros": (lambda name: holding(name, bytes(1_000)), "holds no client"),
    "a pickle": (
        lambda name: holding(name, pickle.dumps({})),
        f"{NO_TABLE}: 'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte",
    ),
    "no id": (lambda name: without(name, ID), f"lacks the column {ID}"),
    "an id twice": (
        lambda name: rows_changed(name, lambda rows: rows[9].__setitem__(1, rows[3][1])),
        f"column {ID}: rows 3 and 9 have the same id",
    ),
    "an id missing": (
        lambda name: cell(name, 4, ID, ""),
        f"column {ID}: row 4 is not an integer",
    ),
    "an id with a fraction": (
        lambda name: cell(name, 4, ID, "100.5"),
        f"column {ID}: row 4 is not an integer",
    ),
    "an id infinite": (
        lambda name: cell(name, 4, ID, "inf"),
        f"column {ID}: row 4 is not an integer",
    ),
    "an id in words": (
        lambda name: cell(name, 4, ID, "secret"),
        f"column {ID}: row 4 is not an integer",
    ),
    "a column twice": (
        lambda name: rows_changed(name, lambda rows: [row.append(row[3]) for row in rows]),
        "has a column more than once: DAYS_BIRTH",
    ),
    "cut in a row": (
        lambda name: changed(name, lambda text: text[: text.rindex(b",", 0, -1) - 1] + b"\n"),
        "row {rows} has {less} fields, the header {width}",
    ),
    "cut in quotes": (
        lambda name: changed(name, lambda text: text + b'1,"a'),
        f"{NO_TABLE}: Error tokenizing data. C error: EOF inside string starting at row {{next}}",
    ),
    "longer first row": (
        lambda name: longer(name, 1),
        "row 1 has {more} fields, the header {width}",
    ),
    "longer row": (
        lambda name: longer(name, 12),
        f"{NO_TABLE}: Error tokenizing data. C error: Expected {{width}} fields in line 13,"
        " saw {more}",
    ),
    "longer rows": (longer, "row 1 has {more} fields, the header {width}"),
    "shorter first row": (
        lambda name: shorter(name, 1),
        "row 1 has {less} fields, the header {width}",
    ),
    "shorter row": (lambda name: shorter(name, 12), "row 12 has {less} fields, the header {width}"),
    "shorter rows": (shorter, "row 1 has {less} fields, the header {width}"),
    "longer first row, shorter second": (
        lambda name: both(longer(name, 1), shorter(name, 2)),
        "row 1 has {more} fields, the header {width}",
    ),
    "shorter row, and a comma in quotes": (
        lambda name: both(shorter(name, 12), cell(name, 5, "AMT_CREDIT", "1,5")),
        "row 12 has {less} fields, the header {width}",
    ),
    "text in a number": (
        lambda name: cell(name, 4, "AMT_CREDIT", "secret"),
        "text where the other file has numbers: AMT_CREDIT",
    ),
    "text in numbers": (
        lambda name: both(*(cell(name, 4, feature, "secret") for feature in NUMBERS)),
        f"text where the other file has numbers: {', '.join(NUMBERS[:5])} and 3 more",
    ),
    "infinite": (
        lambda name: cell(name, 4, "AMT_CREDIT", "-inf"),
        "infinite or too large values in AMT_CREDIT",
    ),
    "a whole number that no double holds": (
        lambda name: cell(name, 4, "DAYS_BIRTH", "9007199254740993"),
        "column DAYS_BIRTH: row 4 is a whole number that no double holds exactly",
    ),
    "a negative one": (
        lambda name: cell(name, 4, "DAYS_BIRTH", "-9007199254740993"),
        "column DAYS_BIRTH: row 4 is a whole number that no double holds exactly",
    ),
    "one beyond 64 bits": (
        lambda name: cell(name, 4, "AMT_CREDIT", "36893488147419103233"),
        "column AMT_CREDIT: row 4 is a whole number that no double holds exactly",
    ),
    "one among missing values": (
        lambda name: cell(name, 4, "OWN_CAR_AGE", "9007199254740993"),
        "column OWN_CAR_AGE: row 4 is a whole number that no double holds exactly",
    ),
    "one with a point": (
        lambda name: cell(name, 4, "OWN_CAR_AGE", "+9007199254740993.0"),
        "column OWN_CAR_AGE: row 4 is a whole number that no double holds exactly",
    ),
    "beyond doubles": (
        lambda name: cell(name, 4, "AMT_CREDIT", "1e999"),
        "infinite or too large values in AMT_CREDIT",
    ),
}


@pytest.mark.parametrize(("name", "width", "rows"), [(REFERENCE_FILE, 12, 300), (NEW_FILE, 10, 20)])
@pytest.mark.parametrize(("damage", "problem"), TABLE_PROBLEMS.values(), ids=TABLE_PROBLEMS)
def test_a_bad_table_is_refused(folder, name, width, rows, damage, problem):
    damage(name)(folder)
    expected = problem.format(width=width, more=width + 1, less=width - 1, rows=rows, next=rows + 1)
    assert refusal(folder) == f"{name}: {expected}"


RAGGED = {
    key: problem for key, problem in TABLE_PROBLEMS.items() if key.startswith(("long", "short"))
}


@pytest.mark.parametrize(("name", "width"), [(REFERENCE_FILE, 7), (NEW_FILE, 5)])
@pytest.mark.parametrize(("damage", "problem"), RAGGED.values(), ids=RAGGED)
def test_a_ragged_table_without_quotes_is_refused(plain, tmp_path, name, width, damage, problem):
    """Then commas are counted first, and rows are looked at only where the number is wrong."""
    folder = plain.copy(tmp_path)
    damage(name)(folder)
    assert refusal(folder) == f"{name}: " + problem.format(
        width=width, more=width + 1, less=width - 1
    )


NO_CLASS = f"{REFERENCE_FILE}: column {TARGET}: row 4 is neither 0 nor 1"
LACKS_INPUT = f"{REFERENCE_FILE}: lacks columns that {MODEL_FILE} needs: "
REFUSED = f"{NEW_FILE}: the transformer of {MODEL_FILE} refuses it"
NO_JSON = f"{METADATA_FILE}: is not JSON: "
NO_THRESHOLD = f"{METADATA_FILE}: threshold is not a probability"
NO_HASHES = f"{METADATA_FILE}: sha256 is not an object of file names and hashes"

AT_ODDS: dict[str, tuple[Damage, str]] = {
    "no class": (without(REFERENCE_FILE, TARGET), f"{REFERENCE_FILE}: lacks the column {TARGET}"),
    "class 2": (cell(REFERENCE_FILE, 4, TARGET, "2"), NO_CLASS),
    "class -1": (cell(REFERENCE_FILE, 4, TARGET, "-1"), NO_CLASS),
    "class 0.5": (cell(REFERENCE_FILE, 4, TARGET, "0.5"), NO_CLASS),
    "class missing": (cell(REFERENCE_FILE, 4, TARGET, ""), NO_CLASS),
    "class infinite": (cell(REFERENCE_FILE, 4, TARGET, "inf"), NO_CLASS),
    "class in words": (cell(REFERENCE_FILE, 4, TARGET, "secret"), NO_CLASS),
    "new clients lack a feature": (
        without(NEW_FILE, "DAYS_BIRTH"),
        f"{NEW_FILE}: lacks features of {REFERENCE_FILE}: DAYS_BIRTH",
    ),
    "new clients lack many": (
        both(*(without(NEW_FILE, name) for name in NUMBERS[:7])),
        f"{NEW_FILE}: lacks features of {REFERENCE_FILE}: {', '.join(NUMBERS[:5])} and 2 more",
    ),
    "both lack an input": (
        both(without(NEW_FILE, "DAYS_BIRTH"), without(REFERENCE_FILE, "DAYS_BIRTH")),
        LACKS_INPUT + "DAYS_BIRTH",
    ),
    "only the reference lacks an input": (
        without(REFERENCE_FILE, "DAYS_BIRTH"),
        LACKS_INPUT + "DAYS_BIRTH",
    ),
    "an input by another name": (
        both(*(changed(name, lambda text: text.replace(b"AMT_", b"amt_")) for name in TABLES)),
        LACKS_INPUT + "AMT_CREDIT",
    ),
    "text in both tables": (
        both(*(cell(name, 4, "AMT_CREDIT", "secret") for name in TABLES)),
        f"{REFUSED} (ValueError); its text columns: AMT_CREDIT",
    ),
    "transformer not fitted": (
        model_of(lambda known: (StandardScaler(), lightgbm().fit(known[PLAIN], known[TARGET]))),
        f"{REFUSED} (NotFittedError); its text columns: none",
    ),
    "infinite after the transformer": (
        fitted(RandomForestClassifier(2), FunctionTransformer(beyond_doubles)),
        f"{NEW_FILE}: infinite or too large values in AMT_CREDIT",
    ),
    "beyond what the classifier takes": (
        both(fitted(RandomForestClassifier(2)), cell(NEW_FILE, 2, "AMT_CREDIT", "-1e300")),
        f"{NEW_FILE}: infinite or too large values in AMT_CREDIT",
    ),
    "model.json a folder": (a_folder(METADATA_FILE), f"{METADATA_FILE}: {IS_FOLDER}"),
    "model.json empty": (
        holding(METADATA_FILE, b""),
        NO_JSON + "Input is a zero-length, empty document: line 1 column 1 (char 0)",
    ),
    "model.json cut": (
        holding(METADATA_FILE, b'{"threshold": 0.4'),
        NO_JSON + "unexpected end of data: line 1 column 18 (char 17)",
    ),
    "model.json a list": (
        holding(METADATA_FILE, b"[0.4]"),
        f"{METADATA_FILE}: is not a JSON object",
    ),
    "model.json null": (
        holding(METADATA_FILE, b"null"),
        f"{METADATA_FILE}: is not a JSON object",
    ),
    "threshold NaN": (
        holding(METADATA_FILE, b'{"threshold": NaN}'),
        NO_JSON + "unexpected character, expected a JSON value: line 1 column 15 (char 14)",
    ),
    "threshold null": (facts(threshold=None), NO_THRESHOLD),
    "threshold in words": (facts(threshold="0.4"), NO_THRESHOLD),
    "threshold true": (facts(threshold=True), NO_THRESHOLD),
    "threshold above one": (facts(threshold=1.5), NO_THRESHOLD),
    "threshold below zero": (facts(threshold=-0.1), NO_THRESHOLD),
    "hashes null": (facts(sha256=None), NO_HASHES),
    "hashes in words": (facts(sha256="0" * 64), NO_HASHES),
    "a hash null": (facts(sha256={MODEL_FILE: None}), NO_HASHES),
    "a hash a number": (facts(sha256={MODEL_FILE: 0}), NO_HASHES),
}


@pytest.mark.parametrize(("damage", "problem"), AT_ODDS.values(), ids=AT_ODDS)
def test_files_at_odds_are_refused(folder, damage, problem):
    damage(folder)
    assert refusal(folder) == problem


@pytest.mark.parametrize(
    "classifier",
    [
        GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()),
        CalibratedClassifierCV(RandomForestClassifier(2)),
        DummyClassifier(),
        GaussianNB(),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_a_classifier_that_shap_does_not_explain_is_refused(folder, classifier):
    fitted(classifier)(folder)
    kind = type(classifier).__name__
    assert refusal(folder) == f"{MODEL_FILE}: shap.TreeExplainer does not explain a {kind}"


def test_a_classifier_of_categories_is_refused(folder):
    """shap reads such trees wrongly, and says nothing."""
    binned = make_pipeline(SimpleImputer(), KBinsDiscretizer(4, encode="ordinal"))
    fitted(HistGradientBoostingClassifier(max_iter=9, categorical_features=[0, 1]), binned)(folder)
    assert refusal(folder) == f"{MODEL_FILE}: its SHAP values do not add up to its raw output"


def test_a_classifier_that_takes_no_missing_value_is_refused(folder):
    """GradientBoostingClassifier behind a transformer that leaves them."""
    known = folder.read(REFERENCE_FILE)
    boosting = GradientBoostingClassifier(n_estimators=2).fit(
        known[NUMBERS].fillna(0), known[TARGET]
    )
    model(lambda: make_pipeline(FunctionTransformer(), boosting))(folder)
    problem = (
        f"{MODEL_FILE}: cannot score the clients of {NEW_FILE}:"
        " ValueError: Input X contains NaN. Gradient"
    )
    assert refusal(folder).startswith(problem)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
@pytest.mark.parametrize("name", [MODEL_FILE, REFERENCE_FILE, NEW_FILE, METADATA_FILE])
def test_an_unreadable_file_is_refused(folder, name):
    (folder / name).chmod(0)
    assert refusal(folder) == f"{name}: cannot be read: Permission denied"


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740994", "1e300", "2e16"])
@pytest.mark.parametrize("column", ["DAYS_BIRTH", "OWN_CAR_AGE"])
def test_a_large_number_that_a_double_holds_is_served_as_it_is(folder, number, column):
    both(*(cell(name, 4, column, number) for name in TABLES))(folder)
    scorer = folder.load()
    assert scorer.raw_record(scorer.client_ids[3])[column] == float(number)
    assert float(number) in np.concatenate(scorer.reference_values(column))


class Raises:
    """Opened as a pickle, it raises."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self):
        return thrown, (self.error,)


def thrown(error: BaseException) -> None:
    raise error


class Mute(Exception):
    """An error that cannot tell what it is."""

    def __str__(self) -> str:
        raise RuntimeError


FOREIGN = [
    RuntimeError("why"),
    StopIteration("why"),
    MemoryError("why"),
    BadZipFile("why"),
    SystemExit("why"),
    GeneratorExit("why"),
    CancelledError("why"),
    Exception("why"),
    Warning("why"),
]


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_whatever_unpickling_raises_is_a_refusal(folder, error):
    joblib.dump(Raises(error), folder / MODEL_FILE)
    assert refusal(folder) == f"{MODEL_FILE}: {UNREADABLE}{type(error).__name__}: why"


def test_an_error_that_cannot_be_told_is_a_refusal(folder):
    joblib.dump(Raises(Mute()), folder / MODEL_FILE)
    assert refusal(folder).startswith(f"{MODEL_FILE}: {UNREADABLE}Mute: ")


def test_an_error_is_told_in_short(folder):
    joblib.dump(Raises(RuntimeError("why\n" * 10_000)), folder / MODEL_FILE)
    assert len(refusal(folder)) < 200


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_whatever_a_transformer_raises_is_a_refusal_without_its_text(folder, error):
    transformer = FunctionTransformer(raising_later, kw_args={"error": error})
    fitted(lightgbm(), transformer)(folder)
    kind = type(error).__name__
    assert refusal(folder) == f"{REFUSED} ({kind}); its text columns: none"


def raising_later(frame: pd.DataFrame, error: BaseException) -> np.ndarray:
    """Fitted on many rows, it fails on some."""
    if len(frame) < 100:
        raise error
    return frame.to_numpy(float)


# Hashes


@pytest.mark.parametrize("name", [MODEL_FILE, REFERENCE_FILE, NEW_FILE])
def test_one_flipped_bit_is_refused(numbers, tmp_path, name):
    folder = numbers.copy(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    was, is_now = (sha256((at / name).read_bytes()).hexdigest() for at in (numbers, folder))
    assert refusal(folder) == f"{name}: its SHA-256 is {is_now}, expected {was}"


def test_a_header_that_changes_while_it_is_read_is_refused(folder, monkeypatch):
    header_of = loading._features_in

    def read_and_replaced(path: Path) -> list[str]:
        features = header_of(path)
        without(REFERENCE_FILE, "AMT_CREDIT")(folder)
        return features

    monkeypatch.setattr(loading, "_features_in", read_and_replaced)
    assert refusal(folder) == f"{REFERENCE_FILE}: changed while it was read"


def test_a_reference_file_without_features_is_refused(folder):
    for feature in NUMBERS:
        without(REFERENCE_FILE, feature)(folder)
    message = refusal(folder)
    assert message.startswith(f"{REFERENCE_FILE}: ")
    assert NUMBERS[0] in message


@pytest.mark.parametrize("damage", [removed(REFERENCE_FILE), holding(REFERENCE_FILE, b"")])
def test_a_bad_reference_file_says_nothing_of_the_new_clients(folder, damage, caplog):
    damage(folder)
    assert refusal(folder).startswith(f"{REFERENCE_FILE}: ")
    assert caplog.messages == []


def test_a_hash_may_be_in_upper_case(numbers, tmp_path):
    folder = numbers.copy(tmp_path)
    hashes = {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in (MODEL_FILE, *TABLES)
    }
    folder.write_facts(sha256={name: value.upper() for name, value in hashes.items()})
    assert load(folder.path, hashes[MODEL_FILE].upper()).sha256 == hashes
    (folder / METADATA_FILE).unlink()
    assert load(folder.path, hashes[MODEL_FILE]).sha256 == hashes


class Canary:
    """A pickle that makes a file where somebody opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_is_opened_only_with_the_right_hash(folder, tmp_path):
    sign = tmp_path / "opened"
    (folder / MODEL_FILE).write_bytes(pickle.dumps(Canary(sign)))
    right = sha256((folder / MODEL_FILE).read_bytes()).hexdigest()
    refused = f"{MODEL_FILE}: its SHA-256 is {right}, expected {'0' * 64}"
    assert refusal(folder, "0" * 64) == refused
    folder.write_facts(sha256={MODEL_FILE: "0" * 64})
    assert refusal(folder) == refused
    assert refusal(folder, right) == refused
    assert not sign.exists()
    folder.write_facts()
    assert refusal(folder, right) == f"{MODEL_FILE}: {NO_PIPELINE}"
    assert sign.exists()


# model.json


def test_without_facts_the_threshold_is_the_default_and_the_log_says_so(folder, caplog):
    (folder / METADATA_FILE).unlink()
    assert folder.load().threshold == 0.4
    assert caplog.messages == ["model.json: absent, the threshold is 0.40"]


@pytest.mark.parametrize("threshold", [0, 1, 0.0, 1.0, 0.25, 5e-324])
def test_the_threshold_of_the_facts_decides(folder, threshold):
    folder.write_facts(threshold=threshold, trained="2026-01-02")
    scorer = folder.load()
    assert scorer.threshold == threshold
    assert scorer.metadata["trained"] == "2026-01-02"
    for client_id in scorer.client_ids:
        prediction = scorer.predict(scorer.transformed_record(client_id))
        assert prediction.prediction == int(prediction.probability >= threshold)


def test_a_probability_equal_to_the_threshold_is_a_default(folder):
    scorer = folder.load()
    record = scorer.transformed_record(scorer.client_ids[3])
    probability = scorer.predict(record).probability
    for threshold, decision in [(probability, 1), (math.nextafter(probability, 1), 0)]:
        folder.write_facts(threshold=threshold)
        assert folder.load().predict(record).prediction == decision


# The real process

DAMAGE, PROBLEM = AT_ODDS["text in both tables"]
UVICORN = ["uvicorn", "main:app"]
GUNICORN = ["gunicorn", "main:app"]


@pytest.mark.parametrize(
    ("command", "workers", "damage", "model_sha256", "problem"),
    [
        (UVICORN, 1, removed(NEW_FILE), "", f"{NEW_FILE}: {NO_FILE}"),
        (UVICORN, 1, DAMAGE, "", PROBLEM),
        (
            UVICORN,
            1,
            holding(MODEL_FILE, b""),
            "f" * 64,
            f"{MODEL_FILE}: its SHA-256 is {sha256(b'').hexdigest()}, expected {'f' * 64}",
        ),
        (GUNICORN, 2, cell(REFERENCE_FILE, 4, TARGET, "secret"), "", NO_CLASS),
    ],
    ids=["uvicorn, file", "uvicorn, column", "uvicorn, hash", "gunicorn, row"],
)
def test_the_service_does_not_start(folder, command, workers, damage, model_sha256, problem):
    damage(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    at = ["--bind", f"{host}:{port}"] if command is GUNICORN else ["--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--workers", str(workers), *at],
        cwd=ROOT,
        env={"RESSOURCES_DIR": str(folder.path), "MODEL_SHA256": model_sha256},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=60)
        group_is_gone = not is_alive(process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    lines = errors.splitlines()
    ours = [json.loads(line) for line in lines if line.startswith("{")]
    assert 1 <= len(ours) <= workers
    assert {(line["level"], line["event"]) for line in ours} == {
        ("critical", f"cannot start: {problem}")
    }
    assert output == ""
    assert "secret" not in errors
    assert group_is_gone
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, port), timeout=5)
    if command is UVICORN:
        assert len(lines) == 1
        assert process.returncode == 3
    else:
        # Where two workers fail in the same moment, gunicorn ends with 1 and a trace of its own.
        assert process.returncode in {1, 3}
        assert "main.py" not in errors
        assert "loading.py" not in errors


def is_alive(group: int) -> bool:
    """Whether a process of that group is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False
