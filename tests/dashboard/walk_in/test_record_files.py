"""Records in files and texts: read strictly, and what a feature cannot have is told apart."""

import json
from typing import Any

import pytest

from advisor.walk_in.record_files import ReadRecord, Unreadable, read_file, read_text

NOTHING: dict[str, Any] = {"quantiles": None, "shares": None}
NUMBER = {"kind": "number", "class0": NOTHING, "class1": NOTHING}
CATEGORIES = {"quantiles": None, "shares": {"Laborers": 0.75, "NA": 0.25}}
FEATURES: Any = {
    "AMT_CREDIT": {**NUMBER, "lowest": 0.0, "highest": 1e9},
    "AMT_ANNUITY": NUMBER,
    "FLAG_EMAIL": {**NUMBER, "kind": "flag"},
    "OCCUPATION": {"kind": "text", "class0": CATEGORIES, "class1": CATEGORIES},
}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{", "no_json"),
        ("[1]", "no_object"),
        ("a,b\n1,2\n3,4\n", "no_single_row"),
        ("", "no_single_row"),
        ('"a\n1', "no_single_row"),
        ('{"AMT_CREDIT": NaN}', "no_json"),
        ('{"AMT_CREDIT": -Infinity}', "no_json"),
        ('{"AMT_CREDIT": "\\ud800"}', "no_json"),
        ('{"a":' * 5000, "no_json"),
        ('{"AMT_CREDIT": 1, "AMT_CREDIT": 2}', "twice"),
        ("AMT_CREDIT,AMT_CREDIT\n1,2\n", "twice"),
        ("AMT_CREDIT,AMT_ANNUITY\n1\n", "cells"),
        ("AMT_CREDIT,AMT_ANNUITY\n1,2,3\n", "cells"),
    ],
)
def test_a_text_without_a_record(text: str, key: str):
    with pytest.raises(Unreadable, match=f"^{key}$"):
        read_text(text, FEATURES)


def test_a_file_that_is_not_text():
    with pytest.raises(Unreadable, match=r"^no_text$"):
        read_file("row.csv", b"AMT_CREDIT\n\xff\n", FEATURES)


def test_the_name_of_a_file_says_what_it_is():
    content = b'\xef\xbb\xbf{"AMT_CREDIT": 250000}'
    assert read_file("a.JSON", content, FEATURES) == ReadRecord({"AMT_CREDIT": 250_000.0})
    with pytest.raises(Unreadable, match=r"^no_single_row$"):
        read_file("a.csv", content, FEATURES)


def test_values_are_doubles_texts_or_missing():
    record = {"AMT_ANNUITY": 7, "AMT_CREDIT": None, "FLAG_EMAIL": -0.0, "OCCUPATION": "NULL"}
    read = read_text(json.dumps(record), FEATURES)
    expected = {"AMT_CREDIT": None, "AMT_ANNUITY": 7.0, "FLAG_EMAIL": -0.0, "OCCUPATION": None}
    assert repr(read.values) == repr(expected)
    assert read_text('{"OCCUPATION": "NA"}', FEATURES).values == {"OCCUPATION": "NA"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AMT_CREDIT", "much"),
        ("AMT_CREDIT", True),
        ("AMT_CREDIT", [1]),
        ("AMT_CREDIT", -5),
        ("AMT_CREDIT", 1e30),
        ("AMT_ANNUITY", 10**400),
        ("FLAG_EMAIL", "1"),
        ("OCCUPATION", 3),
        ("OCCUPATION", {"a": 1}),
    ],
)
def test_a_value_that_a_feature_cannot_have(name: str, value: Any):
    read = read_text(json.dumps({name: value, "FLAG_EMAIL": value}), FEATURES)
    assert read.refused[name] == value
    assert name not in read.values


@pytest.mark.parametrize("cell", ["1" * 200_000, "1" * 200_000 + "x", "inf", "1e999", "1_000"])
def test_a_cell_that_is_not_a_number(cell: str):
    assert read_text(f"AMT_CREDIT\n{cell}\n", FEATURES) == ReadRecord(refused={"AMT_CREDIT": cell})


def test_a_csv_with_semicolons_has_decimal_commas():
    text = 'AMT_CREDIT;AMT_ANNUITY;FLAG_EMAIL;OCCUPATION\n250000,5;-0,25;1;"Labor;1,5"\n'
    assert read_text(text, FEATURES).values == {
        "AMT_CREDIT": 250000.5,
        "AMT_ANNUITY": -0.25,
        "FLAG_EMAIL": 1.0,
        "OCCUPATION": "Labor;1,5",
    }
    refused = read_text("AMT_CREDIT;AMT_ANNUITY\n1,000,5;2.5\n", FEATURES)
    assert (refused.refused, refused.values) == ({"AMT_CREDIT": "1,000,5"}, {"AMT_ANNUITY": 2.5})


def test_columns_that_are_not_features():
    text = ",SK_ID_CURR,AMT_ANNUITY,TARGET,Unnamed: 0,COLOUR\n7,1,2.5,1,7,red\n"
    assert read_text(text, FEATURES) == ReadRecord({"AMT_ANNUITY": 2.5}, ("COLOUR",))
