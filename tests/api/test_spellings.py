"""Spellings of a table that give the same bundle."""

import csv
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OrdinalEncoder,
)

from credit_scoring.data.artifacts import ID, NEW_FILE, PROBA, REFERENCE_FILE, TARGET
from credit_scoring.model.bundle import Bundle
from tests.support.bundles.artefacts import (
    TEXTS,
    lightgbm,
    make_folder,
)
from tests.support.bundles.folders import write_metadata
from tests.support.tables import null


def spelled(**options: object) -> Callable[[Path], None]:
    """Write a table again with some options of pandas; each cell keeps its text."""

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


def content(bundle: Bundle) -> dict[str, object]:
    """Everything in a bundle except the hashes of its files."""
    ids = bundle.client_ids
    return {
        "ids": ids,
        "features": bundle.features,
        "raw": [null(bundle.raw_record(client)) for client in ids],
        "transformed": [null(bundle.transformed_record(client)) for client in ids],
        "explained": [bundle.explain(client).values.tolist() for client in ids],
        "reference": [
            [list(values) for values in bundle.reference_values(feature)]
            for feature in bundle.features
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
@pytest.mark.parametrize("case", ["lightgbm text dense"], indirect=True)
def test_spelling_does_not_matter(case, write, tmp_path):
    folder = case.folder.copy(tmp_path)
    before = content(case.bundle)
    for name in (REFERENCE_FILE, NEW_FILE):
        text = (folder / name).read_bytes()
        write[1](folder / name)
        assert (folder / name).read_bytes() != text
    write_metadata(folder)
    assert content(folder.load()) == before


def test_the_probabilities_in_the_reference_file_are_not_needed(lightgbm_folder, tmp_path):
    folder = lightgbm_folder.copy(tmp_path)
    without(-1)(folder / REFERENCE_FILE)
    write_metadata(folder)
    assert content(folder.load()) == content(lightgbm_folder.load())


def test_other_columns_of_the_new_clients_are_ignored_with_a_warning(
    lightgbm_folder, tmp_path, caplog
):
    folder = lightgbm_folder.copy(tmp_path)
    table = folder.read(NEW_FILE).assign(**{"a text": "x", "other": np.inf, TARGET: 1, PROBA: 0.5})
    table[table.columns[::-1]].to_csv(folder / NEW_FILE, index=False)
    write_metadata(folder)
    assert content(folder.load()) == content(lightgbm_folder.load())
    assert caplog.messages == [
        "test_samp.csv: columns that train_samp.csv lacks are ignored: other, a text"
    ]


def test_text_that_looks_like_numbers_in_one_part_of_a_large_file(tmp_path):
    """pandas reads 1,110 rows of 600 columns in two chunks, and infers the type of each."""
    fillers = [f"filler {number}" for number in range(600)]
    text = ["007"] * 1_080 + ["7a", "", "8"] * 10

    def enlarge(frame: pd.DataFrame) -> pd.DataFrame:
        large = pd.concat([frame] * 60)[:1_110].assign(**{ID: range(1_110), TEXTS[1]: text})
        return large.join(pd.DataFrame(1, large.index.unique(), fillers))

    encoder = OrdinalEncoder(encoded_missing_value=-1)
    steps = make_pipeline(encoder, lightgbm())
    folder = make_folder(tmp_path / "ressources", steps, [TEXTS[1]], enlarge, dtype={TEXTS[1]: str})
    bundle = folder.load()
    assert [bundle.raw_record(client)[TEXTS[1]] or "" for client in range(1_110)] == text
    assert bundle.transformed_record(1)[TEXTS[1]] == 0
    assert sorted(np.concatenate(bundle.reference_values(TEXTS[1]))) == sorted(filter(None, text))
