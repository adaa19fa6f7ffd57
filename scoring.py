"""Clients, features, the pipeline, its scores and their explanations. Nothing of HTTP.

    load(folder) -> Scoring                     reads and checks the files, once
        .client_ids, .features, .names          who is to be scored; raw and transformed features
        .raw_record(client_id)                  the client's row as the CSV has it
        .transformed_record(client_id)          the same row after the pipeline's transformer
        .predict(transformed_record)            probability of default, and the decision
        .explain(client_id)                     SHAP values of class 1
        .reference_values(feature)              a feature's values among those who paid and did not

Class 1 is a client in default, class 0 a solvent one; a probability is always that of class 1.
"""

import csv
import ctypes
import hashlib
import io
import json
import logging
import re
import traceback
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, NoReturn, Protocol

import joblib
import msgspec
import numpy as np
import orjson
import pandas as pd
from lightgbm import Booster, LGBMClassifier
from lightgbm.basic import (  # type: ignore[attr-defined]
    _C_API_DTYPE_FLOAT64,
    _C_API_PREDICT_NORMAL,
    _LIB,
    _safe_call,
)
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

MODEL_FILE = "model.joblib"
REFERENCE_FILE = "train_samp.csv"
NEW_FILE = "test_samp.csv"
FACTS_FILE = "model.json"
FILES = (MODEL_FILE, REFERENCE_FILE, NEW_FILE, FACTS_FILE)

ID = "SK_ID_CURR"
TARGET = "TARGET"
PROBA = "proba"
ROW_NUMBER = "Unnamed: 0"  # what pandas calls a first column without a name
NOT_FEATURES = frozenset({ROW_NUMBER, ID, TARGET, PROBA})

DEFAULT_THRESHOLD = 0.40
TOLERANCE = 1e-9  # how far base + SHAP values may be from the model's raw output
CHECKED_CLIENTS = 8  # how many clients the start-up scores both ways and explains
TRANSFORMED_AT_ONCE = 4096  # rows: bounds the transformer's temporary copies
STRUCTURE = b":,[{"  # characters without which JSON has no second value
STRUCTURE_MORE = (
    1000  # how many more of them than a record has are still read, to say what is wrong
)
NAMED_AT_MOST = 5  # names in one message
NAME_LENGTH = 100  # characters of a name in a message
LARGEST_DOUBLE = float(np.finfo(np.float64).max)
EXACT_INTEGERS = 2**53  # a double holds each whole number up to here
WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]+(\.0*)?\s*")
BLOCK = 1 << 20  # bytes read at once

# What pandas and the standard library raise on what is no table.
NO_TABLE = (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error, UnicodeError)

Matrix = NDArray[np.float64]
Record = dict[str, float | str | None]

log = logging.getLogger(__name__)


class BadFile(ValueError):
    """A file of the folder cannot be used; the message is one line that begins with its name."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file}: {' '.join(problem.split())}")


@contextmanager
def foreign_code(file: str, problem: Callable[[BaseException], str]) -> Iterator[None]:
    """Turn whatever the code of a file raises into a `BadFile`.

    Unpickling runs code that is not ours, and so do transformers, classifiers and what they are
    made of: there is no list of what they raise.

    Args:
        file: the file that is named.
        problem: what is wrong with it, for an error.

    Raises:
        BadFile: anything was raised, but a `BadFile` or an interrupt.
    """
    try:
        yield
    except (BadFile, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise BadFile(file, problem(error)) from error


def described(error: BaseException) -> str:
    """The kind and the text of an error, in short."""
    # A foreign error may fail at giving its text; the standard library is prepared for that.
    text = "".join(traceback.format_exception_only(error)).partition(": ")[2]
    return f"{type(error).__name__}: {shown(text.strip())}"


class UnknownClient(LookupError):
    """No new client has this id."""


class UnknownFeature(LookupError):
    """No feature has this name."""


class InvalidRecord(ValueError):
    """A transformed record cannot be scored; the message names its features, not its values."""


class InconsistentScore(RuntimeError):
    """A client scored at start-up now scores differently."""


@dataclass(frozen=True)
class Prediction:
    """The probability of default and the decision taken on it.

    Attributes:
        probability: probability of class 1, in [0, 1].
        prediction: 1 (default expected) where ``probability >= threshold``, else 0.
        threshold: the decision threshold, a probability.
    """

    probability: float
    prediction: int
    threshold: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a client scores as it does: SHAP values of class 1 in the model's raw output.

    The raw output is the log-odds for boosted trees, the probability for forests;
    ``base + values.sum()`` is the model's raw output for that client.

    Attributes:
        names: names of the transformed features, n of them.
        values: SHAP values, shape (n,).
        record: the transformed record, shape (n,), NaN where a value is missing.
        base: the expected value.
    """

    names: tuple[str, ...]
    values: Matrix
    record: Matrix
    base: float


class Model(Protocol):
    """A binary tree classifier on transformed values, n of them a client."""

    @property
    def largest(self) -> float:
        """The largest magnitude that the classifier accepts."""

    @property
    def is_logistic(self) -> bool:
        """Whether its raw output is log-odds; else it may also be the probability."""

    def probability(self, row: Matrix) -> float:
        """Probability of class 1 for one client, shape (n,)."""

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """SHAP values of class 1 for rows of clients, shape (m, n), and the expected value."""


class LightGBMModel:
    """LightGBM, called by its C function for single rows.

    The Python wrappers prepare each call anew, which takes several times as long as the trees do.
    ``pred_contrib`` is the exact TreeSHAP of Lundberg et al. (2018, arXiv:1802.03888), the very
    call that ``shap.TreeExplainer`` makes.
    """

    largest = LARGEST_DOUBLE
    is_logistic = True

    def __init__(self, booster: Booster) -> None:
        self.booster = booster
        self._prepared = ctypes.c_void_p()
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle,
                ctypes.c_int(_C_API_PREDICT_NORMAL),
                ctypes.c_int(0),  # from the first tree
                ctypes.c_int(booster.best_iteration),  # to the best one, or the last
                ctypes.c_int(_C_API_DTYPE_FLOAT64),
                ctypes.c_int32(booster.num_feature()),
                b"num_threads=1",
                ctypes.byref(self._prepared),
            )
        )
        weakref.finalize(self, _LIB.LGBM_FastConfigFree, self._prepared)

    def probability(self, row: Matrix) -> float:
        """See `Model`."""
        probability, length = ctypes.c_double(), ctypes.c_int64()
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFast(
                self._prepared,
                ctypes.c_void_p(row.ctypes.data),
                ctypes.byref(length),
                ctypes.byref(probability),
            )
        )
        return probability.value

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Model`."""
        contributions = np.asarray(self.booster.predict(rows, pred_contrib=True, num_threads=1))
        return np.ascontiguousarray(contributions[:, :-1]), float(contributions[0, -1])


@dataclass(frozen=True, eq=False)
class ExplainedModel:
    """Any other classifier that ``shap.TreeExplainer`` explains."""

    classifier: Any
    explainer: Any
    columns: Sequence[str] | None
    largest: float = float(np.finfo(np.float32).max)  # scikit-learn's trees cast to float32
    is_logistic = False

    def probability(self, row: Matrix) -> float:
        """See `Model`."""
        rows = row.reshape(1, -1)
        named = rows if self.columns is None else pd.DataFrame(rows, columns=pd.Index(self.columns))
        return float(self.classifier.predict_proba(named)[0, 1])

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Model`."""
        values = np.asarray(self.explainer.shap_values(rows, check_additivity=False))
        # Classifiers with one raw output per class add a last axis of two.
        values = values[..., 1] if values.ndim == 3 else values
        # orjson writes contiguous doubles alone.
        return np.ascontiguousarray(values, np.float64), float(
            np.ravel(self.explainer.expected_value)[-1]
        )


@dataclass(frozen=True, eq=False)
class Table:
    """Feature values of clients as doubles; a text feature holds positions in its categories.

    Attributes:
        values: shape (clients, features), NaN where a value is missing.
        categories: by the position of a text feature.
    """

    values: Matrix
    categories: Mapping[int, Sequence[str]]

    def row(self, position: int) -> list[float | str | None]:
        """One client's values, NaN for a missing number and None for a missing text."""
        row: list[float | str | None] = self.values[position].tolist()
        for column, categories in self.categories.items():
            code = self.values[position, column]
            row[column] = None if np.isnan(code) else categories[int(code)]
        return row


@dataclass(frozen=True, eq=False)
class Reference:
    """Feature values of the reference clients as doubles, a feature at a time, in file order.

    Attributes:
        columns: an array a feature, shape (clients,), NaN where a value is missing.
        categories: by the position of a text feature.
        by_class: the positions of the clients of class 0, and of those of class 1.
    """

    columns: Sequence[Matrix]
    categories: Mapping[int, Sequence[str]]
    by_class: tuple[NDArray[np.intp], NDArray[np.intp]]

    def __len__(self) -> int:
        """How many clients there are."""
        return sum(map(len, self.by_class))

    def of_class(self, label: Literal[0, 1], column: int) -> Matrix | list[str]:
        """The values of one feature, missing ones left out: doubles, or texts."""
        values = self.columns[column][self.by_class[label]]
        present = values[~np.isnan(values)]
        if column in self.categories:
            return [self.categories[column][int(code)] for code in present]
        return present


@dataclass(frozen=True, eq=False)
class Scoring:
    """Everything that was loaded from one folder; made by `load`, never changed."""

    features: tuple[str, ...]
    names: tuple[str, ...]
    full_names: tuple[str, ...]  # the same as the transformer gives them, with its prefixes
    client_ids: tuple[int, ...]
    threshold: float
    sha256: Mapping[str, str]
    facts: Mapping[str, Any]
    model: Model
    raw: Table
    transformed: Matrix  # (new clients, names)
    reference: Reference
    probability_at_start: float  # of the first new client

    @cached_property
    def _position(self) -> dict[int, int]:
        return {client_id: position for position, client_id in enumerate(self.client_ids)}

    @cached_property
    def _feature_position(self) -> dict[str, int]:
        """Positions by name, and by other names where these are of one feature.

        Other names are the transformer's full ones, and any name as a query without escapes gives
        it: ``+`` as a space.
        """
        features = {name: position for position, name in enumerate(self.features)}
        known = {
            full: features[name] for full, name in self._name_by_full.items() if name in features
        } | features
        spaced = Counter(name.replace("+", " ") for name in known)
        unescaped = {name.replace("+", " "): position for name, position in known.items()}
        return {name: at for name, at in unescaped.items() if spaced[name] == 1} | known

    @cached_property
    def _name_by_full(self) -> dict[str, str]:
        """The names of transformed features whose full names are others, by these."""
        pairs = zip(self.full_names, self.names, strict=True)
        return {full: name for full, name in pairs if full != name}

    @cached_property
    def _known_names(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def _may_miss(self) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(self.transformed).any(axis=0))

    @cached_property
    def nullable(self) -> frozenset[str]:
        """The transformed features that new clients miss here and there: null is accepted."""
        return frozenset(
            name for name, missing in zip(self.names, self._may_miss, strict=True) if missing
        )

    @property
    def text_features(self) -> frozenset[str]:
        """The features that are text."""
        return frozenset(self.features[position] for position in self.raw.categories)

    @cached_property
    def _decode(self) -> Callable[[bytes], msgspec.Struct]:
        """A decoder of this model's records alone: every name, each number in range."""
        largest = self.model.largest
        number = Annotated[float, msgspec.Meta(ge=-largest, le=largest)]
        fields = [
            (f"f{position}", number | None if may_miss else number)
            for position, may_miss in enumerate(self._may_miss)
        ]
        names = {field: name for (field, _), name in zip(fields, self.names, strict=True)}
        record = msgspec.defstruct("Record", fields, rename=names, forbid_unknown_fields=True)
        return msgspec.json.Decoder(record).decode

    @cached_property
    def _colons(self) -> int:
        """How many colons a record has as JSON text, every key being there once."""
        return len(self.names) + sum(name.count(":") for name in self.names)

    @cached_property
    def _structure(self) -> int:
        """How many characters that JSON is made of a record may have, and some more."""
        in_names = sum(map(_count_structure, map(str.encode, self.full_names)))
        return 2 * len(self.names) + in_names + STRUCTURE_MORE

    def raw_record(self, client_id: int) -> Record:
        """The client's row as the CSV has it, NaN or None where a value is missing.

        Raises:
            UnknownClient: no new client has that id.
        """
        return dict(zip(self.features, self.raw.row(self._find(client_id)), strict=True))

    def transformed_record(self, client_id: int) -> dict[str, float]:
        """The client's row after the pipeline's transformer, NaN where a value is missing.

        Raises:
            UnknownClient: no new client has that id.
        """
        return dict(zip(self.names, self._row(client_id)[0].tolist(), strict=True))

    def predict(self, record: Mapping[str, object]) -> Prediction:
        """Score a transformed record, whatever the order of its keys.

        Raises:
            InvalidRecord: a feature is missing, unknown, not a number, out of range, or null where
                the new clients never miss it.
        """
        return self._scored(self._checked_row(record))

    def predict_json(self, text: bytes) -> Prediction:
        """Score a transformed record that is JSON text: as `predict`, but faster.

        Raises:
            InvalidRecord: as for `predict`, or it is not JSON, not an object, or has a key twice.
        """
        # Of a key that comes twice msgspec keeps the last; one more colon tells, at little cost,
        # where none is written as an escape.
        colons = _count(text, ":")
        if colons == self._colons and b"\\" not in text:
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                values = msgspec.structs.astuple(self._decode(text))
                return self._scored(np.array(values, dtype=np.float64))  # None becomes NaN
        return self.predict(self._parsed(text))

    def require_client(self, client_id: int) -> None:
        """Nothing, where the client is known.

        Raises:
            UnknownClient: no new client has that id.
        """
        self._find(client_id)

    def explain(self, client_id: int) -> Explanation:
        """SHAP values of one new client; see `Explanation` for units and shapes.

        Raises:
            UnknownClient: no new client has that id.
        """
        row = self._row(client_id)
        values, base = self.model.contributions(row)
        return Explanation(self.names, values[0], row[0], base)

    def reference_values(self, feature: str) -> tuple[Matrix | list[str], Matrix | list[str]]:
        """Raw values of a feature among reference clients of class 0 and of class 1.

        Missing values are left out; each list is in the order of the file.

        Raises:
            UnknownFeature: no feature has that name.
        """
        column = self._feature_position.get(feature)
        if column is None:
            raise UnknownFeature(
                f"unknown feature {shown(feature)}, not one of the {len(self.features)} features"
            )
        return self.reference.of_class(0, column), self.reference.of_class(1, column)

    def check(self) -> None:
        """Score the first new client again.

        Raises:
            InconsistentScore: the probability is not the one found at start-up.
        """
        if self.model.probability(self.transformed[0]) != self.probability_at_start:
            raise InconsistentScore("a client no longer scores as at start-up")

    def _find(self, client_id: int) -> int:
        position = self._position.get(client_id)
        if position is None:
            raise UnknownClient(
                f"unknown client {shown(client_id)},"
                f" not one of the {len(self.client_ids)} new clients"
            )
        return position

    def _row(self, client_id: int) -> Matrix:
        position = self._find(client_id)
        return self.transformed[position : position + 1]

    def _scored(self, row: Matrix) -> Prediction:
        probability = self.model.probability(row)
        return Prediction(probability, int(probability >= self.threshold), self.threshold)

    def _checked_row(self, record: Mapping[str, object]) -> Matrix:
        """The record's values in the model's order, shape (n,)."""
        record = self._named(record)
        if problems := self._problems(record):
            raise self._invalid(problems)
        # None becomes NaN
        return np.array([record[name] for name in self.names], dtype=np.float64)

    def _invalid(self, problem: str) -> InvalidRecord:
        return InvalidRecord(
            f"{problem}. Accepted: the {len(self.names)} transformed features, as numbers"
        )

    def _parsed(self, text: bytes) -> Mapping[str, object]:
        """The object that a JSON text is.

        By the standard library, which knows a repeated key and gives 1e999 as infinity.
        """

        def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
            record = dict(pairs)
            if len(record) < len(pairs):
                twice = [
                    name for name, count in Counter(name for name, _ in pairs).items() if count > 1
                ]
                raise self._invalid(f"more than once: {listed(twice)}")
            return record

        def refused(constant: str) -> NoReturn:
            raise ValueError(f"{constant} is no number")

        if not text.strip():
            raise self._invalid("empty, not a JSON object")
        # Before anything is built of it: a megabyte of values holds the process for a second.
        if (structure := _count_structure(text)) > self._structure:
            raise self._invalid(
                f"{structure} commas, colons and brackets, far more than a record has"
            )
        try:
            record = json.loads(
                text.decode(), object_pairs_hook=once, parse_constant=refused, parse_int=float
            )
        except InvalidRecord:
            raise
        except (ValueError, RecursionError) as error:
            raise self._invalid(f"not JSON: {error}") from error
        if not isinstance(record, dict):
            raise self._invalid("JSON, but not an object")
        return record

    def _named(self, record: Mapping[str, object]) -> Mapping[str, object]:
        """The record with full names replaced by the names that are served."""
        given = [full for full in record if full in self._name_by_full]
        if not given:
            return record
        if twice := [name for full in given if (name := self._name_by_full[full]) in record]:
            raise self._invalid(f"more than once: {listed(twice)}")
        return {self._name_by_full.get(name, name): value for name, value in record.items()}

    def _problems(self, record: Mapping[str, object]) -> str:
        """What is wrong with a record, by feature, without its values; empty if nothing is."""
        if record.keys() == {"data"} and isinstance(record["data"], str):
            return "data alone, a text: decode it, and send the record that it holds"
        wrong: dict[str, list[str]] = {
            "missing": [name for name in self.names if name not in record],
            "unknown": [name for name in record if name not in self._known_names],
        }
        for name, may_miss in zip(self.names, self._may_miss, strict=True):
            if name in record and (problem := self._problem(record[name], bool(may_miss))):
                wrong.setdefault(problem, []).append(name)
        return "; ".join(f"{problem}: {listed(names)}" for problem, names in wrong.items() if names)

    def _problem(self, value: object, may_miss: bool) -> str | None:
        if value is None or value != value:
            return None if may_miss else "null, though never missing among clients"
        if not _is_numeric(type(value)):
            return "not a number"
        return None if abs(value) <= self.model.largest else "out of range"  # type: ignore[arg-type]


def _count(text: bytes, character: str) -> int:
    """How often an ASCII character comes in a text."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(character)))


def _count_structure(text: bytes) -> int:
    """How many commas, colons and opening brackets a text has."""
    return sum(_count(text, chr(character)) for character in STRUCTURE)


def _is_numeric(kind: type) -> bool:
    """Whether values of that type are numbers or missing; a boolean is neither."""
    return issubclass(kind, (float, int, type(None))) and kind is not bool


def shown(name: object) -> str:
    """A received or loaded name, safe and short enough for a message."""
    text = str(name)
    text = text if len(text) <= NAME_LENGTH else text[:NAME_LENGTH] + "…"
    return text.encode("utf-8", "backslashreplace").decode()


def listed(names: Sequence[object]) -> str:
    """The first few names, and how many more there are."""
    first = ", ".join(map(shown, names[:NAMED_AT_MOST]))
    more = len(names) - NAMED_AT_MOST
    return f"{first} and {more} more" if more > 0 else first


def load(folder: Path, model_sha256: str | None = None) -> Scoring:
    """Read and check a folder of files.

    Args:
        folder: holds ``model.joblib``, ``train_samp.csv``, ``test_samp.csv`` and perhaps
            ``model.json``.
        model_sha256: the SHA-256 that ``model.joblib`` must have, whatever ``model.json`` says.

    Raises:
        BadFile: a file is missing, unreadable or at odds with the others.
    """
    with foreign_code(str(folder), lambda error: f"cannot be loaded: {described(error)}"):
        return _load(folder, model_sha256)


def _load(folder: Path, model_sha256: str | None) -> Scoring:
    facts = _read_facts(folder / FACTS_FILE)
    hashes = facts.get("sha256", {})
    pipeline, model_hash = _read_pipeline(
        folder / MODEL_FILE, {hashes.get(MODEL_FILE), model_sha256}
    )
    reference_path, new_path = folder / REFERENCE_FILE, folder / NEW_FILE
    features = _features_in(reference_path)
    with warnings.catch_warnings(), ThreadPoolExecutor(1) as beside:
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # see `_is_mixed`
        # One thread takes these in turn: the second finds the first one done.
        reading = beside.submit(_read_new, new_path, hashes.get(NEW_FILE), features)
        transforming = beside.submit(lambda: _transform(pipeline[0], reading.result()[0], features))
        reference, reference_hash = _read_reference(
            reference_path, hashes.get(REFERENCE_FILE), features
        )
        new, client_ids, raw, new_hash = reading.result()
        _name_ignored(new, features)
        _check_kinds(features, reference, raw)
        full_names, transformed = transforming.result()
    names = _without_prefixes(pipeline[0], full_names)
    model = _model(pipeline[1], names)
    largest = model.largest
    beyond = (transformed > largest).any(axis=0) | (transformed < -largest).any(axis=0)
    _check_range(NEW_FILE, [names[column] for column in np.flatnonzero(beyond)])

    checked = np.unique(np.linspace(0, len(new) - 1, CHECKED_CLIENTS, dtype=int))
    inputs = _inputs(pipeline[0], features)
    _check_scores(pipeline, model, new.iloc[checked][inputs], transformed[checked])
    return Scoring(
        features=tuple(features),
        names=tuple(names),
        full_names=tuple(full_names),
        client_ids=tuple(client_ids),
        threshold=facts["threshold"],
        sha256={MODEL_FILE: model_hash, REFERENCE_FILE: reference_hash, NEW_FILE: new_hash},
        facts=facts,
        model=model,
        raw=raw,
        transformed=transformed,
        reference=reference,
        probability_at_start=model.probability(transformed[0]),
    )


def _features_in(path: Path) -> list[str]:
    """The features that the header names; what is wrong with it is said when all is read."""
    with foreign_code(path.name, _unreadable), suppress(OSError, ValueError):
        return _features(pd.read_csv(path, nrows=0))
    return []


def _read_reference(
    path: Path, expected: str | None, features: Sequence[str]
) -> tuple[Reference, str]:
    """The reference clients, and the file's SHA-256."""
    with foreign_code(path.name, _unreadable):
        frame, sha256 = read_table(path, expected)
        _check_ids(path.name, frame)
        in_default = _targets(frame)
        if _features(frame) != features:
            raise BadFile(path.name, "changed while it was read")
        by_class = np.flatnonzero(in_default == 0), np.flatnonzero(in_default == 1)
        return Reference(*_doubles(path.name, frame, features), by_class), sha256


def _read_new(
    path: Path, expected: str | None, features: Sequence[str]
) -> tuple[pd.DataFrame, list[int], Table, str]:
    """The new clients as pandas reads them, their ids and values, and the file's SHA-256."""
    with foreign_code(path.name, _unreadable):
        frame, sha256 = read_table(path, expected)
        client_ids = _check_ids(path.name, frame)
        _check_columns(frame, features)
        columns, categories = _doubles(path.name, frame, features)
        values = np.empty((len(frame), len(features)))
        for position, column in enumerate(columns):
            values[:, position] = column
        return frame, client_ids, Table(values, categories), sha256


def _unreadable(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if isinstance(error, NO_TABLE):
        return f"is not a CSV table: {shown(error)}"
    return f"cannot be read: {described(error)}"


def give_back_memory() -> None:
    """Let the system have what reading took: glibc would keep a quarter of a large process.

    Called when nothing holds a frame any more.
    """
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _read_facts(path: Path) -> dict[str, Any]:
    """What ``model.json`` says, and the default threshold where it gives none."""
    facts: dict[str, Any] = {}
    with foreign_code(path.name, _unreadable):
        try:
            facts = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            log.warning("%s: absent, the threshold is %.2f", path.name, DEFAULT_THRESHOLD)
        except orjson.JSONDecodeError as error:
            raise BadFile(path.name, f"is not JSON: {error}") from error
    if not isinstance(facts, dict):
        raise BadFile(path.name, "is not a JSON object")
    facts = {"threshold": DEFAULT_THRESHOLD, **facts}
    threshold, hashes = facts["threshold"], facts.get("sha256", {})
    if type(threshold) not in (float, int) or not 0 <= threshold <= 1:
        raise BadFile(path.name, "threshold is not a probability")
    if not isinstance(hashes, dict) or not all(isinstance(sha, str) for sha in hashes.values()):
        raise BadFile(path.name, "sha256 is not an object of file names and hashes")
    return facts


def _read_pipeline(path: Path, expected: set[str | None]) -> tuple[Pipeline, str]:
    """The pipeline, unpickled only from bytes that have every expected hash."""
    with foreign_code(path.name, _unreadable):
        content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    for known in expected:
        _check_hash(path.name, sha256, known)
    with foreign_code(path.name, _unpickling), warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        pipeline = joblib.load(io.BytesIO(content))
    with foreign_code(path.name, lambda error: f"is no Pipeline to use: {described(error)}"):
        _check_pipeline(path.name, pipeline)
    return pipeline, sha256


def _unpickling(error: BaseException) -> str:
    if isinstance(error, InconsistentVersionWarning):
        return (
            f"was pickled by scikit-learn {error.original_sklearn_version},"
            f" {error.current_sklearn_version} is installed"
        )
    return f"cannot be unpickled: {described(error)}"


def _check_pipeline(file: str, pipeline: object) -> None:
    """It is what the service can use: a transformer and a classifier of two classes."""
    if not isinstance(pipeline, Pipeline) or len(getattr(pipeline, "steps", ())) != 2:
        raise BadFile(file, "is not a scikit-learn Pipeline of two steps")
    if not hasattr(pipeline[0], "transform") or not hasattr(pipeline[1], "predict_proba"):
        raise BadFile(file, "is not a Pipeline of a transformer and a classifier")
    if not np.array_equal(getattr(pipeline[1], "classes_", []), [0, 1]):
        raise BadFile(file, "its classifier is not fitted on the classes 0 and 1")


def _check_hash(file: str, sha256: str, expected: str | None) -> None:
    if expected is not None and sha256 != expected.lower():
        raise BadFile(file, f"its SHA-256 is {sha256}, expected {shown(expected)}")


def read_table(path: Path, expected: str | None = None) -> tuple[pd.DataFrame, str]:
    """A CSV file as pandas reads it, every number to its nearest double; and its SHA-256.

    Raises:
        BadFile: it has another hash than expected, cannot be read, is no table of whole rows and
            distinct columns, or has a whole number that no double holds.
    """
    with foreign_code(path.name, _unreadable), path.open("rb") as file:
        sha256, commas, quotes = _digest(file)
        _check_hash(path.name, sha256, expected)
        rows = _rows(file)
        header, first = next(rows, []), next(rows, [])
        rows.close()
        file.seek(0)
        frame = pd.read_csv(file)
        mixed = [name for name in frame if _is_mixed(frame[name])]
        if mixed:  # pandas types a large file piece by piece: 12 here, "12" there
            file.seek(0)
            frame = pd.read_csv(file, dtype=dict.fromkeys(mixed, "str"))
        # pandas fills short rows without a word, and shifts all where the first one is long.
        shifted = len(first) != len(header)
        if shifted or quotes or commas != (len(frame) + 1) * (len(header) - 1):
            _check_widths(path.name, file, len(header))
        _check_whole_numbers(path.name, file, frame)
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        raise BadFile(path.name, f"has a column more than once: {listed(repeated)}")
    if frame.empty:
        raise BadFile(path.name, "holds no client")
    return frame, sha256


def _check_whole_numbers(file_name: str, file: BinaryIO, frame: pd.DataFrame) -> None:
    """No whole number is one that a double, as which it is served, cannot hold."""
    large = [name for name in _features(frame) if _has_large_numbers(frame[name])]
    if not large:
        return
    file.seek(0)
    # Where one is missing pandas has read doubles already: only the text tells.
    texts = pd.read_csv(file, usecols=large, dtype="str")
    for name in large:
        altered = texts[name].map(_is_altered, na_action="ignore").fillna(False).astype(bool)
        if altered.any():
            raise BadFile(
                file_name,
                f"column {shown(name)}: row {_first(altered)} is a whole number"
                " that no double holds exactly",
            )


def _has_large_numbers(column: pd.Series) -> bool:
    return not (_is_text(column) or column.dtype == object) and bool(
        (column >= EXACT_INTEGERS).any() or (column <= -EXACT_INTEGERS).any()
    )


def _is_altered(text: str) -> bool:
    """Whether a number is whole and another one as a double."""
    return bool(WHOLE_NUMBER.fullmatch(text)) and float(text) != int(text.partition(".")[0])


def _digest(file: BinaryIO) -> tuple[str, int, bool]:
    """SHA-256 of a file, its number of commas, and whether it has quotes."""
    sha256, commas, quotes = hashlib.sha256(), 0, False
    while block := file.read(BLOCK):
        sha256.update(block)
        commas += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord(",")))
        quotes = quotes or b'"' in block
    return sha256.hexdigest(), commas, quotes


def _rows(file: BinaryIO) -> Generator[list[str], None, None]:
    """The fields of each row."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from csv.reader(text)
    finally:
        text.detach()  # else it closes the file


def _check_widths(file_name: str, file: BinaryIO, width: int) -> None:
    for number, row in enumerate(_rows(file)):
        if row and len(row) != width:
            raise BadFile(file_name, f"row {number} has {len(row)} fields, the header {width}")


def _is_mixed(column: pd.Series) -> bool:
    """Whether a column came out as Python objects other than true, false and missing."""
    return column.dtype == object and not column.dropna().isin([True, False]).all()


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) and column.dtype != object


def _check_ids(file: str, frame: pd.DataFrame) -> list[int]:
    """The clients' ids, integers without repetition."""
    if ID not in frame:
        raise BadFile(file, f"lacks the column {ID}")
    ids = frame[ID]
    if not pd.api.types.is_integer_dtype(ids):
        raise BadFile(file, f"column {ID}: row {_first(~_is_integer(ids))} is not an integer")
    if ids.duplicated().any():
        rows = np.flatnonzero(ids.duplicated(keep=False) & (ids == ids[ids.duplicated()].iloc[0]))
        raise BadFile(file, f"column {ID}: rows {rows[0] + 1} and {rows[1] + 1} have the same id")
    return ids.tolist()


def _is_integer(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce") % 1 == 0


def _first(condition: pd.Series) -> int:
    """The number of the first row where a condition holds, the row under the header being 1."""
    return int(condition.to_numpy().argmax()) + 1


def _targets(reference: pd.DataFrame) -> NDArray[np.int64]:
    """Each reference client's class."""
    if TARGET not in reference:
        raise BadFile(REFERENCE_FILE, f"lacks the column {TARGET}")
    classes = pd.to_numeric(reference[TARGET], errors="coerce")
    known = classes.isin([0, 1])
    if not known.all():
        raise BadFile(REFERENCE_FILE, f"column {TARGET}: row {_first(~known)} is neither 0 nor 1")
    return classes.to_numpy(np.int64)


def _doubles(
    file: str, frame: pd.DataFrame, features: Sequence[str]
) -> tuple[list[Matrix], dict[int, list[str]]]:
    """The features' values, an array each, and the categories of text; see `Table`.

    Where pandas has doubles the array is the frame's own: reading takes no memory twice.
    """
    columns, categories, infinite = [], {}, []
    for position, name in enumerate(features):
        column = frame[name]
        if _is_text(column):
            codes, texts = pd.factorize(column)
            categories[position] = texts.tolist()
            values = np.where(codes < 0, np.nan, codes)
        else:
            values = column.to_numpy(np.float64)
        if np.isinf(values).any():
            infinite.append(name)
        columns.append(values)
    _check_range(file, infinite)
    return columns, categories


def _check_range(file: str, beyond: Sequence[str]) -> None:
    """JSON has no infinity, and a classifier may take less than all doubles."""
    if beyond:
        raise BadFile(file, f"infinite or too large values in {listed(beyond)}")


def _columns(frame: pd.DataFrame) -> list[str]:
    return list(map(str, frame.columns))


def _features(frame: pd.DataFrame) -> list[str]:
    return [name for name in _columns(frame) if name not in NOT_FEATURES]


def _check_columns(new: pd.DataFrame, features: Sequence[str]) -> None:
    """Every feature of the reference clients is there."""
    missing = [name for name in features if name not in new]
    if missing:
        raise BadFile(NEW_FILE, f"lacks features of {REFERENCE_FILE}: {listed(missing)}")


def _name_ignored(new: pd.DataFrame, features: Sequence[str]) -> None:
    """What else is there is not served."""
    known = set(features)
    others = [name for name in _features(new) if name not in known]
    if others:
        log.warning(
            "%s: columns that %s lacks are ignored: %s", NEW_FILE, REFERENCE_FILE, listed(others)
        )


def _check_kinds(features: Sequence[str], reference: Reference, new: Table) -> None:
    """A feature is numbers in both files or text in both; without any value it may be either."""
    for file, here, there, columns_there in (
        (REFERENCE_FILE, reference.categories, new.categories, new.values.T),
        (NEW_FILE, new.categories, reference.categories, reference.columns),
    ):
        text = [
            features[position]
            for position in here
            if position not in there and not np.isnan(columns_there[position]).all()
        ]
        if text:
            raise BadFile(file, f"text where the other file has numbers: {listed(text)}")


def _inputs(transformer: Any, features: Sequence[str]) -> list[str]:
    """The features that the transformer was fitted on, in its order."""
    inputs = list(getattr(transformer, "feature_names_in_", features))
    known = set(features)
    missing = [name for name in inputs if name not in known]
    if missing:
        raise BadFile(REFERENCE_FILE, f"lacks columns that {MODEL_FILE} needs: {listed(missing)}")
    return inputs


def _transform(
    transformer: Any, frame: pd.DataFrame, features: Sequence[str]
) -> tuple[list[str], Matrix]:
    """Names and values of the transformed records, shape (clients, names)."""
    inputs = _inputs(transformer, features)
    text = [name for name in inputs if _is_text(frame[name])]

    def refused(error: BaseException) -> str:
        """Without the error's own text: it may hold a client's value."""
        return (
            f"the transformer of {MODEL_FILE} refuses it ({type(error).__name__});"
            f" its text columns: {listed(text) or 'none'}"
        )

    transformed = np.empty((0, 0))
    names: list[str] = []
    for start in range(0, len(frame), TRANSFORMED_AT_ONCE):
        part = frame.iloc[start : start + TRANSFORMED_AT_ONCE][inputs]
        with foreign_code(NEW_FILE, refused):
            output = transformer.transform(part)
            if np.ma.isMaskedArray(output):
                raise BadFile(MODEL_FILE, "its transformer gives a masked array")
            rows = np.asarray(output.toarray() if issparse(output) else output, dtype=np.float64)
            rows = rows.reshape(len(part), -1)
        if start == 0:
            names = _output_names(transformer, output)
            transformed = np.empty((len(frame), rows.shape[1]))
        transformed[start : start + len(rows)] = rows
    if len(names) != transformed.shape[1] or len(set(names)) != len(names):
        raise BadFile(MODEL_FILE, "its transformer does not give each of its outputs a name")
    return names, transformed


def _output_names(transformer: Any, output: Any) -> list[str]:
    """The names of the transformed features; none where the transformer does not tell.

    Raises:
        BadFile: a name is no text, nor a number that stands for one.
    """
    names: list[Any] = []
    with suppress(BadFile), foreign_code(MODEL_FILE, described):
        names = list(
            output.columns if hasattr(output, "columns") else transformer.get_feature_names_out()
        )
    wrong = [name for name in names if not isinstance(name, (str, int, np.integer))]
    if wrong:
        kind = type(wrong[0]).__name__
        raise BadFile(MODEL_FILE, f"its transformer names an output by a {kind}, not by a text")
    texts = list(map(str, names))  # NumPy's own texts become Python's
    if unwritable := [text for text in texts if not _is_unicode(text)]:
        raise BadFile(
            MODEL_FILE, f"its transformer names an output by what is no text: {listed(unwritable)}"
        )
    return texts


def _is_unicode(text: str) -> bool:
    """Whether a text can be written: a lone surrogate cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


Prefixes = list[dict[str, "Prefixes"]]


def _without_prefixes(transformer: Any, full_names: Sequence[str]) -> list[str]:
    """The names less the prefixes of column transformers, where what remains is unique."""
    prefixes = _prefixes(transformer)
    short = [_without_prefix(name, prefixes) for name in full_names]
    counts, taken = Counter(short), set(full_names)
    return [
        name if counts[name] == 1 and name not in taken else full
        for full, name in zip(full_names, short, strict=True)
    ]


def _prefixes(transformer: Any) -> Prefixes:
    """The labels that column transformers put before names, the last one's first.

    Each label comes with those that the transformer under it has put there before.
    """
    steps = [step for _, step in transformer.steps] if isinstance(transformer, Pipeline) else []
    return [
        {label: _prefixes(inner) for label, inner, _ in step.transformers_}
        for step in reversed(steps or [transformer])
        if isinstance(step, ColumnTransformer) and step.verbose_feature_names_out is True
    ]


def _without_prefix(name: str, prefixes: Prefixes) -> str:
    for labels in prefixes:
        ends = [found.start() for found in re.finditer("(?=__)", name)]
        if label := max((name[:end] for end in ends if name[:end] in labels), key=len, default=""):
            name = _without_prefix(name[len(label) + 2 :], labels[label])
    return name


def _model(classifier: Any, names: Sequence[str]) -> Model:
    """The classifier behind one interface, with one thread a call.

    Threads cost a single row more than they give, and OpenMP's hang in a forked process.
    """
    with foreign_code(MODEL_FILE, lambda error: f"its classifier fails: {described(error)}"):
        if getattr(classifier, "n_features_in_", len(names)) != len(names):
            raise BadFile(
                MODEL_FILE,
                f"its transformer gives {len(names)} features,"
                f" its classifier takes {classifier.n_features_in_}",
            )
        if hasattr(classifier, "n_jobs"):
            classifier.n_jobs = 1
        if isinstance(classifier, LGBMClassifier):
            return LightGBMModel(classifier.booster_)
        columns = getattr(classifier, "feature_names_in_", None)
    import shap  # half a second and 75 MB that LightGBM can do without

    kind = type(classifier).__name__
    with foreign_code(MODEL_FILE, lambda _: f"shap.TreeExplainer does not explain a {kind}"):
        return ExplainedModel(classifier, shap.TreeExplainer(classifier), columns)


def _check_scores(pipeline: Pipeline, model: Model, raw: pd.DataFrame, rows: Matrix) -> None:
    """The model scores clients as the pipeline does, one by one, and its explanations add up."""

    def failed(error: BaseException) -> str:
        return f"cannot score the clients of {NEW_FILE}: {described(error)}"

    with foreign_code(MODEL_FILE, failed):
        whole = np.asarray(pipeline.predict_proba(raw)[:, 1], np.float64)
        alone = np.array([model.probability(row) for row in rows])
        values, base = model.contributions(rows)
    if not ((whole >= 0) & (whole <= 1)).all():
        raise BadFile(MODEL_FILE, "gives a client a probability outside of 0 to 1")
    # Not to the last bit: matrix products may differ there between one client and several.
    if not np.allclose(alone, whole, rtol=0, atol=TOLERANCE):
        raise BadFile(MODEL_FILE, "scores a client differently alone and among others")
    output = base + values.sum(axis=1)
    distances = [np.abs(logistic(output) - alone).max()]
    if not model.is_logistic:
        distances.append(np.abs(output - alone).max())
    if not min(distances) <= TOLERANCE:
        raise BadFile(MODEL_FILE, "its SHAP values do not add up to its raw output")


def logistic(output: Matrix) -> Matrix:
    """The probability that log-odds stand for."""
    probability: Matrix = 1 / (1 + np.exp(-output))
    return probability
