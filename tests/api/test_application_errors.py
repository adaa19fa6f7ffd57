"""Applications in JSON text: escapes, refusals, and the number of calls for each."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from credit_scoring.errors import InvalidApplication

FEATURES = tuple(f"feature {number}" for number in range(200))
CALLS = 150  # of functions, for one application of 200 features

Spell = Callable[[str], str]


@pytest.fixture(scope="module")
def decoder() -> ApplicationDecoder:
    decoder = ApplicationDecoder(
        ApplicationReader(
            FEATURES, dict.fromkeys(FEATURES[:2], frozenset()), frozenset(), frozenset(), {}
        )
    )
    decoder.rehearse()
    return decoder


def application(**more: Any) -> str:
    values = dict.fromkeys(FEATURES, 3) | dict.fromkeys(FEATURES[:2], "a text: é")
    return json.dumps({"record": values | more, "reference": "A:17"})


def calls(function: Callable[[], object]) -> int:
    """The number of function calls that a function makes."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("colon", [":", r"\u003a", r"\u003A"])
def test_a_record_is_read_without_a_call_for_each_value(decoder: ApplicationDecoder, colon: str):
    """A call costs a microsecond in a thread that gives way, and a list has very many values."""
    text = application().replace("A:17", f"A{colon}17")
    assert "\\" in text  # the é of a value
    read = decoder.decode_one(text.encode())
    assert read.record is not None
    assert read.record.texts == {0: "a text: é", 1: "a text: é"}
    assert read.record.numbers[2:].tolist() == [3.0] * 198
    assert not read.record.left_out
    assert read.external_id == "A:17"
    assert calls(lambda: decoder.decode_one(text.encode())) < CALLS


@pytest.mark.parametrize("twice", ["client", r"\u0063lient"])
@pytest.mark.parametrize("reference", [r"\u003a", r"\u003A", r"\\u003a", ":", r"\""])
def test_a_key_that_comes_twice_is_found_whatever_is_escaped(
    decoder: ApplicationDecoder, twice: str, reference: str
):
    text = f'{{"client":1,"{twice}":2,"reference":"{reference}"}}'
    with pytest.raises(InvalidApplication, match="more than once: client"):
        decoder.decode_one(text.encode())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({FEATURES[0]: 17}, "record: not a text: feature 0"),
        ({FEATURES[2]: "17"}, "record: not a number: feature 2"),
        ({FEATURES[2]: 10**400}, "record: out of range: feature 2"),
        ({FEATURES[2]: True}, "record: not a number: feature 2"),
        ({FEATURES[2]: None}, "record: null, though never missing among clients: feature 2"),
        ({"17": 17}, "record: unknown: 17"),
    ],
)
def test_wrong_values_are_named_where_a_colon_is_escaped(
    decoder: ApplicationDecoder, change: dict[str, Any], problem: str
):
    text = application(**change).replace("A:17", r"A\u003a17")
    with pytest.raises(InvalidApplication) as refused:
        decoder.decode_one(text.encode())
    assert str(refused.value) == problem


def test_an_external_id_that_is_a_number_is_refused(decoder: ApplicationDecoder):
    with pytest.raises(InvalidApplication, match="reference is not a text"):
        decoder.decode_one(b'{"client":1,"reference":17}')
