"""`credit_scoring` against the pipeline, pandas, shap and Python's own float, value by value."""

import csv
import math
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shap
from artefacts import (
    AWKWARD,
    NUMBERS,
    PLAIN,
    TEXTS,
    lightgbm,
    make_folder,
)
from lightgbm import LGBMClassifier
from recipes import RECIPES, Case, cells, null, value
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OrdinalEncoder,
)

from credit_scoring.errors import InconsistentScore, InvalidRecord, UnknownClient, UnknownFeature
from credit_scoring.files import ID, NEW_FILE, PROBA, REFERENCE_FILE, TARGET
from credit_scoring.scorer import Scorer

# What was loaded


def test_ids_and_features_are_those_of_the_files_in_their_order(case):
    assert list(case.scorer.client_ids) == list(cells(case.folder / NEW_FILE))
    columns = case.folder.read(REFERENCE_FILE).columns
    assert list(case.scorer.features) == columns[2:-2].tolist()


def test_a_raw_record_is_the_text_of_the_file(case):
    for client_id, row in cells(case.folder / NEW_FILE).items():
        expected = {name: value(row[name]) for name in case.scorer.features}
        assert null(case.scorer.raw_record(client_id)) == expected


def test_a_transformed_record_is_what_the_transformer_gives(case):
    expected = case.transformed()
    assert list(case.scorer.names) == list(expected)
    for client_id in case.scorer.client_ids:
        record = case.scorer.transformed_record(client_id)
        assert list(record) == list(expected)
        np.testing.assert_array_equal(list(record.values()), expected.loc[client_id])


def test_every_client_scores_as_the_pipeline_scores_its_raw_record(case):
    """Alone, among all, and with the keys in any order: the same double."""
    shuffled = random.Random(1)
    together = case.pipeline.predict_proba(case.inputs)[:, 1]
    assert len(set(together)) > 5
    for client_id, among_all in zip(case.scorer.client_ids, together, strict=True):
        record = null(case.scorer.transformed_record(client_id))
        keys = shuffled.sample(list(record), len(record))
        alone = case.pipeline.predict_proba(case.inputs.loc[[client_id]])[0, 1]
        for sent in (record, {key: record[key] for key in keys}):
            prediction = case.scorer.predict(sent)
            assert prediction.probability == alone == among_all
            assert prediction.prediction == (alone >= 0.4)
            assert prediction.threshold == 0.4


def test_every_explanation_adds_up(case):
    for client_id in case.scorer.client_ids:
        explanation = case.scorer.explain(client_id)
        probability = case.scorer.predict(case.scorer.transformed_record(client_id)).probability
        record = np.array(list(case.scorer.transformed_record(client_id).values()))
        output = explanation.base + explanation.values.sum()
        assert explanation.names == case.scorer.names
        assert explanation.values.shape == explanation.record.shape == record.shape
        np.testing.assert_array_equal(explanation.record, record)
        if isinstance(case.classifier, LGBMClassifier):
            margin = case.classifier.booster_.predict(record[np.newaxis], raw_score=True)[0]
        elif hasattr(case.classifier, "decision_function"):
            margin = math.log(probability / (1 - probability))
        else:
            margin = probability
        assert output == pytest.approx(margin, abs=1e-9, rel=0)
        if margin != probability:
            assert 1 / (1 + math.exp(-output)) == pytest.approx(probability, abs=1e-9, rel=0)


def test_reference_values_are_those_of_each_class_in_file_order(case):
    rows = cells(case.folder / REFERENCE_FILE).values()
    for feature in case.scorer.features:
        expected = [
            [value(row[feature]) for row in rows if row[TARGET] == of_class and row[feature]]
            for of_class in "01"
        ]
        assert [list(values) for values in case.scorer.reference_values(feature)] == expected


def test_null_is_accepted_exactly_where_clients_miss_a_value(case):
    rows = case.transformed()
    missed = set(rows.columns[rows.isna().any()])
    record = case.scorer.transformed_record(case.scorer.client_ids[0])
    assert case.scorer.records.nullable == missed
    for name in case.scorer.names:
        if name in missed:
            (expected,) = case.plainly(rows[:1].assign(**{name: math.nan}))
            assert case.scorer.predict(record | {name: None}).probability == expected
            assert case.scorer.predict(record | {name: math.nan}).probability == expected
        else:
            with pytest.raises(InvalidRecord) as refused:
                case.scorer.predict(record | {name: None})
            assert str(refused.value) == (
                f"null, though never missing among clients: {name}."
                f" Accepted: the {len(record)} transformed features, as numbers"
            )


# The fast way beside the plain one


@pytest.mark.parametrize(
    "case", ["lightgbm", "no imputation", "lightgbm text sparse"], indirect=True
)
def test_contributions_are_those_of_shap(case):
    rows = case.transformed().to_numpy()
    explainer = shap.TreeExplainer(case.classifier)
    values = np.array([case.scorer.explain(client).values for client in case.scorer.client_ids])
    np.testing.assert_array_equal(values, explainer(rows).values)
    bases = {case.scorer.explain(client).base for client in case.scorer.client_ids}
    assert bases == {explainer.expected_value}


@pytest.mark.parametrize(
    "case", ["lightgbm", "forest", "gradient boosting", "histogram boosting text"], indirect=True
)
def test_threads_do_not_disturb_each_other(case):
    """32 at once, each all clients from another one on: the bits that one thread gets."""

    def results(start: int) -> dict[int, tuple[bytes, float, float]]:
        ids = case.scorer.client_ids[start % 20 :] + case.scorer.client_ids[: start % 20]
        explained = {}
        for client_id in ids:
            explanation = case.scorer.explain(client_id)
            prediction = case.scorer.predict(case.scorer.transformed_record(client_id))
            bits = explanation.values.tobytes()
            explained[client_id] = bits, explanation.base, prediction.probability
        return explained

    alone = results(0)
    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(results, range(32))) == [alone] * 32


def test_the_check_scores_the_first_client_again(simple):
    simple.scorer.check()
    with pytest.raises(InconsistentScore, match=r"^a client no longer scores as at start-up$"):
        replace(simple.scorer, probability_at_start=0.5).check()


# What is not there


@pytest.mark.parametrize("method", ["raw_record", "transformed_record", "explain"])
@pytest.mark.parametrize("client_id", [0, -1, 100_001, 2**70])
def test_an_unknown_client_is_named(simple, method, client_id):
    with pytest.raises(UnknownClient) as refused:
        getattr(simple.scorer, method)(client_id)
    assert str(refused.value) == (f"unknown client {client_id}, not one of the 20 new clients")


@pytest.mark.parametrize("feature", ["", "amt_credit", ID, TARGET, PROBA, "Unnamed: 0"])
def test_an_unknown_feature_is_named(simple, feature):
    with pytest.raises(UnknownFeature) as refused:
        simple.scorer.reference_values(feature)
    assert str(refused.value) == (f"unknown feature {feature}, not one of the 8 features")


def test_an_unknown_feature_is_named_in_short(simple):
    with pytest.raises(UnknownFeature, match=rf"^unknown feature {'x' * 100}…, not one of "):
        simple.scorer.reference_values("x" * 1_000_000)


class Compared(str):
    """A name that counts how often names are compared."""

    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__

    def replace(self, *changes) -> "Compared":
        return Compared(str.replace(self, *changes))


def test_many_features_are_looked_up_in_linear_time(simple):
    """Each name was compared with all others: a second for 10,000 features."""
    names = tuple(Compared(f"{number}+a" if number % 2 else f"{number}") for number in range(2_000))
    records = replace(simple.scorer.records, names=names, full_names=names)
    many = replace(simple.scorer, features=names, records=records)
    reference = replace(many.reference, columns=many.reference.columns[:1] * 2_000)
    many = replace(many, reference=reference)
    Compared.times = 0
    assert many.reference_values("1 a")[0].size > 0
    assert Compared.times < 20 * len(names)


def test_a_plus_may_come_as_a_space(simple):
    exact = simple.scorer.reference_values("previous_CHANNEL_TYPE_AP+ (Cash loan)_mean")
    spaced = simple.scorer.reference_values("previous_CHANNEL_TYPE_AP  (Cash loan)_mean")
    assert [list(values) for values in spaced] == [list(values) for values in exact]


def test_a_plus_that_may_come_as_the_space_of_another_name_is_needed(tmp_path):
    """`a b` is itself; `c d` is `c+d`; `e f+` might be two features and is none."""
    names = ["a b", "a+b", "c+d", "e+f+", "e+f "]
    columns = dict(zip(PLAIN + AWKWARD[:2], names, strict=True))
    folder = make_folder(
        tmp_path / "ressources",
        make_pipeline(SimpleImputer(), lightgbm()),
        PLAIN + AWKWARD[:2],
        lambda frame: frame.rename(columns=columns),
        names,
    )
    scorer, reference = folder.load(), folder.read(REFERENCE_FILE)
    solvent = reference[reference[TARGET] == 0]
    for asked, column in [*zip(names, names, strict=True), ("c d", "c+d")]:
        expected = solvent[column].dropna().tolist()
        assert scorer.reference_values(asked)[0].tolist() == expected
    with pytest.raises(UnknownFeature):
        scorer.reference_values("e f ")


# Records that cannot be scored

ALL = "AMT_CREDIT, DAYS_BIRTH, OWN_CAR_AGE, previous_CHANNEL_TYPE_AP+ (Cash loan)_mean, "
ALL += "APP_EXT_SOURCE_1*EXT_SOURCE_2 and 3 more"
NEVER_MISSING = "null, though never missing among clients"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"more": 1.0}, "unknown: more"),
        ({"amt_credit": 1.0, "": 2.0}, "unknown: amt_credit, "),
        ({f"new {n}": 1.0 for n in range(5)}, "unknown: new 0, new 1, new 2, new 3, new 4"),
        (
            {f"new {n}": 1.0 for n in range(100_000)},
            "unknown: new 0, new 1, new 2, new 3, new 4 and 99995 more",
        ),
        ({"AMT_CREDIT": "1.0"}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": ""}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": True, "OWN_CAR_AGE": False}, "not a number: AMT_CREDIT, OWN_CAR_AGE"),
        ({"AMT_CREDIT": [1.0]}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": []}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": {"AMT_CREDIT": 1.0}}, "not a number: AMT_CREDIT"),
        ({"AMT_CREDIT": None}, f"{NEVER_MISSING}: AMT_CREDIT"),
        ({"AMT_CREDIT": math.nan}, f"{NEVER_MISSING}: AMT_CREDIT"),
        ({"AMT_CREDIT": math.inf}, "out of range: AMT_CREDIT"),
        ({"AMT_CREDIT": -math.inf}, "out of range: AMT_CREDIT"),
        ({"AMT_CREDIT": 10**400}, "out of range: AMT_CREDIT"),
        (
            {"AMT_CREDIT": -(10**400), "DAYS_BIRTH": "x"},
            "out of range: AMT_CREDIT; not a number: DAYS_BIRTH",
        ),
        (dict.fromkeys(NUMBERS), f"{NEVER_MISSING}: {ALL}"),
        (dict.fromkeys(NUMBERS, "x"), f"not a number: {ALL}"),
        (
            {"more": 1, "AMT_CREDIT": None, "DAYS_BIRTH": "x", "OWN_CAR_AGE": math.inf},
            f"unknown: more; {NEVER_MISSING}: AMT_CREDIT; not a number: DAYS_BIRTH;"
            " out of range: OWN_CAR_AGE",
        ),
    ],
)
def test_an_invalid_record_is_refused_by_names(simple, change, problem):
    record = simple.scorer.transformed_record(simple.scorer.client_ids[0]) | change
    assert refusal(simple, record) == problem


def refusal(case: Case, record: dict[str, object]) -> str:
    """The message less its last sentence."""
    with pytest.raises(InvalidRecord) as refused:
        case.scorer.predict(record)
    problem, last, rest = str(refused.value).rpartition(". Accepted: the ")
    assert (
        last + rest == f". Accepted: the {len(case.scorer.names)} transformed features, as numbers"
    )
    return problem


@pytest.mark.parametrize(
    ("left_out", "problem"),
    [
        (["DAYS_BIRTH"], "missing: DAYS_BIRTH"),
        (["OWN_CAR_AGE", "DAYS_BIRTH"], "missing: DAYS_BIRTH, OWN_CAR_AGE"),
        (NUMBERS, f"missing: {ALL}"),
    ],
)
def test_a_record_without_a_feature_is_refused(simple, left_out, problem):
    record = simple.scorer.transformed_record(simple.scorer.client_ids[0])
    rest = {name: value for name, value in record.items() if name not in left_out}
    assert refusal(simple, rest) == problem
    assert refusal(simple, rest | {"days_birth": 1.0}) == f"{problem}; unknown: days_birth"


def test_a_refusal_is_short_and_holds_no_value(simple):
    long = {f"{n}" + "é" * 10_000: "a secret" for n in range(50)}
    surrogates = {"\ud800" * 10_000: 123456.75}
    record = surrogates | long | {f"new {n}": 123456.75 for n in range(100_000)}
    record |= {"AMT_CREDIT": "a secret", "DAYS_BIRTH": 4 * 10**308, "OWN_CAR_AGE": ["a secret"]}
    shown = ["\\ud800" * 100 + "…", *(f"{n}" + "é" * 99 + "…" for n in range(4))]
    assert refusal(simple, record) == (
        f"missing: {', '.join(AWKWARD)}; unknown: {', '.join(shown)} and 100046 more;"
        " not a number: AMT_CREDIT, OWN_CAR_AGE; out of range: DAYS_BIRTH"
    )


@pytest.mark.parametrize(
    ("case", "largest"),
    [("lightgbm", 1.7976931348623157e308), ("forest", 3.4028234663852886e38)],
    indirect=["case"],
)
def test_a_number_is_out_of_range_where_the_classifier_cannot_take_it(case, largest):
    record = case.scorer.transformed_record(case.scorer.client_ids[0])
    for accepted in (largest, -largest, 5e-324, -0.0, int(largest)):
        sent = record | {"AMT_CREDIT": accepted}
        (expected,) = case.plainly(pd.DataFrame([sent], dtype=float))
        assert case.scorer.predict(sent).probability == expected
    for refused in (math.nextafter(largest, math.inf), math.inf, int(largest) * 2, -(10**5000)):
        assert refusal(case, record | {"AMT_CREDIT": refused}) == "out of range: AMT_CREDIT"


# Ways to write the same table


def spelled(**options: object) -> Callable[[Path], None]:
    """Write a table again with those options of pandas, every cell as it was."""

    def write(path: Path) -> None:
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        table.columns = ["", *table.columns[1:]]
        table.to_csv(path, **{"index": False} | options)

    return write


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(change(path.read_bytes())) and None


def without(column: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        table = pd.read_csv(path, dtype="str", keep_default_na=False)
        table.drop(columns=table.columns[column]).to_csv(path, index=False)

    return write


def content(scorer: Scorer) -> dict[str, object]:
    """All that a scoring knows, but the hashes of its files."""
    ids = scorer.client_ids
    return {
        "ids": ids,
        "features": scorer.features,
        "raw": [null(scorer.raw_record(client)) for client in ids],
        "transformed": [null(scorer.transformed_record(client)) for client in ids],
        "explained": [scorer.explain(client).values.tolist() for client in ids],
        "reference": [
            [list(values) for values in scorer.reference_values(feature)]
            for feature in scorer.features
        ],
    }


@pytest.mark.parametrize(
    "write",
    {
        "CRLF": spelled(lineterminator="\r\n"),
        "CR": spelled(lineterminator="\r"),
        "byte order mark": spelled(encoding="utf-8-sig"),
        "everything quoted": spelled(quoting=csv.QUOTE_ALL),
        "no row numbers": without(0),
        "missing as NA": rewritten(
            lambda text: text.replace(b",,", b",NA,").replace(b",,", b",nan,")
        ),
        "no last line end": rewritten(bytes.rstrip),
        "empty lines": rewritten(lambda text: text.replace(b"\n", b"\n\n", 1) + b"\n\n"),
    }.items(),
    ids=itemgetter(0),
)
@pytest.mark.parametrize("recipe", ["lightgbm", "lightgbm text dense"])
def test_spelling_does_not_matter(recipe, write, tmp_path):
    folder = make_folder(tmp_path / "ressources", *RECIPES[recipe]())
    before = content(folder.load())
    for name in (REFERENCE_FILE, NEW_FILE):
        text = (folder / name).read_bytes()
        write[1](folder / name)
        assert (folder / name).read_bytes() != text
    folder.write_facts()
    assert content(folder.load()) == before


def test_the_probabilities_in_the_reference_file_are_not_needed(numbers, tmp_path):
    folder = numbers.copy(tmp_path)
    without(-1)(folder / REFERENCE_FILE)
    folder.write_facts()
    assert content(folder.load()) == content(numbers.load())


def test_other_columns_of_the_new_clients_are_ignored_with_a_warning(numbers, tmp_path, caplog):
    folder = numbers.copy(tmp_path)
    table = folder.read(NEW_FILE).assign(**{"a text": "x", "other": np.inf, TARGET: 1, PROBA: 0.5})
    table[table.columns[::-1]].to_csv(folder / NEW_FILE, index=False)
    folder.write_facts()
    assert content(folder.load()) == content(numbers.load())
    assert caplog.messages == [
        "test_samp.csv: columns that train_samp.csv lacks are ignored: other, a text"
    ]


def test_text_that_looks_like_numbers_in_one_part_of_a_large_file(tmp_path):
    """pandas reads 1,110 rows of 600 columns in two pieces, and types each on its own."""
    fillers = [f"filler {number}" for number in range(600)]
    text = ["007"] * 1_080 + ["7a", "", "8"] * 10

    def enlarge(frame: pd.DataFrame) -> pd.DataFrame:
        large = pd.concat([frame] * 60)[:1_110].assign(**{ID: range(1_110), TEXTS[1]: text})
        return large.join(pd.DataFrame(1, large.index.unique(), fillers))

    encoder = OrdinalEncoder(encoded_missing_value=-1)
    steps = make_pipeline(encoder, lightgbm())
    folder = make_folder(tmp_path / "ressources", steps, [TEXTS[1]], enlarge, dtype={TEXTS[1]: str})
    scorer = folder.load()
    assert [scorer.raw_record(client)[TEXTS[1]] or "" for client in range(1_110)] == text
    assert scorer.transformed_record(1)[TEXTS[1]] == 0
    assert sorted(np.concatenate(scorer.reference_values(TEXTS[1]))) == sorted(filter(None, text))
