"""The columns `lowest` and `highest` of `features.csv`, and the tables that they refuse."""

import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from credit_scoring.data.artifacts import FEATURES_FILE, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.features.feature_file import parse_features
from credit_scoring.errors import BadFile
from credit_scoring.model.loader import load
from tests.support.bundles.folders import write_metadata

FEATURE = "previous_AMT_CREDIT_sum"  # no formula has it


def read(lowest: str, highest: str, kind: str = "") -> FeatureDictionary:
    return parse_features(f"name,kind,lowest,highest\nX,{kind},{lowest},{highest}".encode(), ["X"])


@pytest.mark.parametrize(
    ("lowest", "highest", "ends", "text"),
    [
        ("0", "1e7", (0, 1e7), "0 to 10000000"),
        (" -3.5 ", "", (-3.5, math.inf), "-3.5 or more"),
        ("", "2", (-math.inf, 2), "2 or less"),
        ("5", "5", (5, 5), "5 to 5"),
    ],
)
def test_a_range_has_one_end_or_two(
    lowest: str, highest: str, ends: tuple[float, float], text: str
):
    dictionary = read(lowest, highest)
    (feature,) = dictionary.ranged
    assert (feature.lowest, feature.highest) == ends
    assert (feature.range_text, feature.out_of_range) == (text, f"out of the range {text}")


def test_without_both_any_number_is_a_value():
    dictionary = read("", "")
    assert dictionary.ranged == ()
    assert (dictionary.features["X"].lowest, dictionary.features["X"].highest) == (
        -math.inf,
        math.inf,
    )


@pytest.mark.parametrize(
    "ends", [("2", "1"), ("low", ""), ("", "nan"), ("0", "1,5"), ("inf", ""), ("", "1e400")]
)
def test_no_range_is_refused(ends: tuple[str, str]):
    low, high = ends
    with pytest.raises(BadFile) as refused:
        read(low, f'"{high}"')
    assert str(refused.value) == (
        "features.csv: row 1: lowest or highest is not a number, or lowest is above highest"
    )


def test_a_text_has_no_range():
    with pytest.raises(BadFile) as refused:
        read("0", "", "text")
    assert str(refused.value) == ("features.csv: row 1: a text has no lowest and no highest value")
    with pytest.raises(BadFile) as refused:
        read("0", "").check_kinds({"X"})
    assert str(refused.value) == ("features.csv: text features have a lowest or a highest value: X")


@pytest.mark.parametrize("file", [REFERENCE_FILE, NEW_FILE])
def test_a_row_of_a_table_outside_is_named(small_bundle_folder: Path, tmp_path: Path, file: str):
    folder = Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))
    tables = {name: pd.read_csv(folder / name, index_col=0) for name in (REFERENCE_FILE, NEW_FILE)}
    highest = max(table[FEATURE].max() for table in tables.values())
    rows = pd.read_csv(folder / FEATURES_FILE, dtype=str, keep_default_na=False)
    rows.loc[rows["name"] == FEATURE, "highest"] = str(highest)
    rows.to_csv(folder / FEATURES_FILE, index=False)
    write_metadata(folder)
    assert load(folder).dictionary.features[FEATURE].highest == highest
    tables[file].iloc[7, tables[file].columns.get_loc(FEATURE)] = highest + 1
    tables[file].to_csv(folder / file)
    write_metadata(folder)
    with pytest.raises(BadFile) as refused:
        load(folder)
    assert str(refused.value) == (
        f"{file}: column {FEATURE}: row 8 is out of the range in features.csv,"
        f" {highest:.15g} or less"
    )
