"""Audit columns of applications: read where decisions are recorded, refused elsewhere."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from credit_scoring.errors import InvalidApplication

FEATURES = ("a", "b:c", "d")
PLAIN = ApplicationReader(FEATURES, {"d": frozenset()}, frozenset(), frozenset(FEATURES), {})
TEXTS = "not a text of 1 to 100 characters"
NAMES = "not a name of 1 to 40 letters, digits, _ and -"
COLUMNS = "audit is not an object of 1 to 10 columns and their texts"
TEN = {f"column-{number}_X": "{,:[" * 25 for number in range(10)}


@pytest.fixture(scope="module")
def decoder() -> ApplicationDecoder:
    """Decodes applications that are recorded."""
    decoder = ApplicationDecoder(replace(PLAIN, takes_audit=True))
    decoder.rehearse()
    return decoder


def read(decoder: ApplicationDecoder, text: str) -> dict[str, str] | str:
    """The audit columns of an application, or the problem."""
    try:
        return dict(decoder.decode_one(text.encode()).audit)
    except InvalidApplication as refused:
        return str(refused)


def read_slowly(decoder: ApplicationDecoder, text: str) -> dict[str, str] | str:
    """Audit columns or the problem, by the slow reader alone."""
    try:
        return dict(decoder.reader.read(text.encode()).audit)
    except InvalidApplication as refused:
        return str(refused)


def sent(audit: Any) -> str:
    return json.dumps({"client": 1, "audit": audit}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("audit", "expected"),
    [
        ({"sex": "female"}, {"sex": "female"}),
        ({"sex": "female", "age_band": None}, {"sex": "female"}),
        ({"sex": None}, {}),
        ({"x" * 40: "é€\U0001f600" * 33, "-": "\n"}, {"x" * 40: "é€\U0001f600" * 33, "-": "\n"}),
        ({"1": " ", "2": "a:b:c", "3": '"\\'}, {"1": " ", "2": "a:b:c", "3": '"\\'}),
        (TEN, TEN),
        ({}, COLUMNS),
        (None, COLUMNS),
        ([{"sex": "female"}], COLUMNS),
        ("female", COLUMNS),
        ({**TEN, "one": "more"}, COLUMNS),
        ({"sex": ""}, f"audit: {TEXTS}: sex"),
        ({"sex": "x" * 101}, f"audit: {TEXTS}: sex"),
        ({"sex": 1, "age": 1.5, "a": True, "b": {"c": "d"}}, f"audit: {TEXTS}: sex, age, a, b"),
        ({"": "x"}, f"audit: {NAMES}: "),
        ({"x" * 41: "x"}, f"audit: {NAMES}: {'x' * 41}"),
        ({"a b": "x", "é": None, "sex": 2}, f"audit: {NAMES}: a b, é; {TEXTS}: sex"),
        ({"sex\n": "x"}, f"audit: {NAMES}: sex\n"),
        ({"sex": "a\0b"}, "audit: a character that cannot be recorded: sex"),
    ],
)
def test_columns_are_read_or_refused(decoder: ApplicationDecoder, audit: Any, expected: Any):
    text = sent(audit)
    assert read(decoder, text) == expected
    assert read_slowly(decoder, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'{"client":1,"\u0061udit":{"s\u0065x":"\u003a:"}}', {"sex": "::"}),
        (r'{"client":1,"audit":{"sex":"\ud800"}}',
         "audit: a character that cannot be recorded: sex"),
        (r'{"client":1,"audit":{"sex":"a","\u0073ex":"b"}}', "more than once: sex"),
        ('{"client":1,"audit":{"sex":"a","sex":null}}', "more than once: sex"),
        ('{"client":1,"audit":{"a":"b"},"audit":{"a":"b"}}', "more than once: audit"),
        ('{"client":1,"audits":{"a":"b"}}',
         "unknown: audits. Accepted: client, record, changes, reference, audit"),
        ('{"audit":{"a":"b"}}',
         "either client or record is wanted, a client's id or raw values by feature"),
    ],
)  # fmt: skip
def test_spellings_and_repeated_keys(decoder: ApplicationDecoder, text: str, expected: Any):
    assert read(decoder, text) == expected


def test_one_of_a_list_is_named_by_its_index(decoder: ApplicationDecoder):
    with pytest.raises(InvalidApplication) as refused:
        decoder.decode(f"[{sent({'sex': 'f'})},{sent({'sex': 3})}]".encode())
    assert str(refused.value) == f"applications[1]: audit: {TEXTS}: sex"
    found = decoder.decode(f"[{sent({'sex': 'f'})},{sent(TEN)}]".encode())
    assert [dict(one.audit) for one in found.items] == [{"sex": "f"}, TEN]


def test_the_decoder_and_the_slow_reader_agree(decoder: ApplicationDecoder):
    """Ten thousand drawn bodies, most of them nearly right."""
    draw = random.Random(29)
    pieces = ["sex", "a:b", "", "x" * 40, "x" * 41, "é", "\0", "\\u003a", '"', "{", "s\n", ":"]
    values: list[Any] = ["f", "a:b", "", None, 1, True, "x" * 100, "x" * 101, "\0", "\n", "{[,:"]
    for _ in range(10_000):
        audit = {draw.choice(pieces[: draw.choice((1, 4, 12))]): draw.choice(values)
                 for _ in range(draw.randrange(4))}  # fmt: skip
        body = {"client": 1, "audit": audit, "changes": {"b:c": 2}, "reference": "A:1"}
        keys = [key for key in body if key in ("client", "audit") or draw.random() < 0.5]
        draw.shuffle(keys)
        text = json.dumps({key: body[key] for key in keys}, ensure_ascii=draw.random() < 0.5)
        assert read(decoder, text) == read_slowly(decoder, text)


def test_elsewhere_the_key_is_as_unknown_as_any_other():
    decoder = ApplicationDecoder(PLAIN)
    for text in (sent({"sex": "female"}), sent(None), sent({"": 17})):
        expected = "unknown: audit. Accepted: client, record, changes, reference"
        assert read(decoder, text) == expected
