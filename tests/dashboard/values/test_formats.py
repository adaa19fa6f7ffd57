"""Numbers and values, written as readers of a language expect, and the interface's texts."""

import re
import string
import tomllib
from collections import Counter
from typing import Any

import pytest

from advisor.formatting.formats import Words, rounded
from advisor.service_client import errors
from advisor.texts import FOLDER, LANGUAGES, texts
from tests.support.servers.server import ROOT

EN, FR = Words("en"), Words("fr")


@pytest.mark.parametrize(
    ("value", "unit", "kind", "text"),
    [
        (None, "currency", "number", "not known"),
        (157500.0, "currency", "number", "157,500\u00a0currency"),
        (0.0123456, "ratio", "number", "0.0123"),
        (0.000012345, "ratio", "number", "0.0000123"),
        (-15000.0, "days from the application", "number", "41.1\u00a0years before the application"),
        (12.0, "days before the application", "number", "12\u00a0days after the application"),
        (3652.5, "days", "number", "10.0\u00a0years"),
        (1.0, "0 or 1", "flag", "yes"),
        (-0.0, "0 or 1", "flag", "no"),
        (2.0, "0 or 1", "flag", "2"),
        (0.5, "", "flag", "0.5000"),
        ("Working", "", "text", "Working"),
    ],
)
def test_a_value_is_written_with_its_unit(value, unit: str, kind: str, text: str):
    assert EN.value(value, unit, kind) == text


def test_a_language_has_its_own_separators():
    assert EN.number(-1234.5, 2) == "\u22121,234.50"
    assert FR.number(-1234.5, 2) == "\u22121\u202f234,50"
    assert FR.percent(0.314, 1) == "31,4\u00a0%"


@pytest.mark.parametrize(
    ("number", "up", "expected"),
    [
        (246321.39987989928, False, 246321.0),
        (240978.00001, True, 240979.0),
        (13.55322, True, 13.554),
        (0.12345678, False, 0.1234),
        (0.99999, True, 1.0),
        (-3000.4, True, -3000.4),
        (-3000.456, True, -3000.45),
        (-3000.456, False, -3000.46),
        (0.0000123456, True, 0.0000124),
        (42.0, True, 42.0),
        (1e30, True, 1e30),
    ],
)
def test_a_number_is_rounded_up_or_down(number: float, up: bool, expected: float):
    assert rounded(number, up=up) == expected


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (246321.0, "currency", "246,321\u00a0currency"),
        (246321.39987989928, "currency", "246,321.39987989928\u00a0currency"),
        (0.1235, "0 to 1", "0.1235"),
        (-3652.5, "days from the application",
         "10.0\u00a0years before the application (typed as \u22123,652.5)"),
        (-3652.5, "days", "\u22123,652.5 (\u221210.0\u00a0years)"),
        ("Working", "", "Working"),
    ],
)  # fmt: skip
def test_an_exact_value_has_all_digits(value, unit: str, text: str):
    kind = "text" if isinstance(value, str) else "number"
    described: Any = {"label": "X", "unit": unit, "base_unit": unit, "kind": kind}
    assert EN.exact_value(described, value) == text


def test_a_text_is_in_one_file_only():
    """A later file would silently replace the text of an earlier one."""
    keys = Counter(key for file in FOLDER.glob("*.toml") for key in tomllib.loads(file.read_text()))
    assert [key for key, times in keys.items() if times > 1] == []


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_text_has_every_language_and_the_same_placeholders():
    for key, by_language in texts().items():
        assert by_language.keys() == LANGUAGES.keys(), key
        assert len({frozenset(placeholders(text)) for text in by_language.values()}) == 1, key


def test_every_error_has_a_sentence_and_a_next_step():
    for error in errors.DashboardError.__subclasses__():
        assert {f"error_{error.key}", f"way_{error.key}"} <= texts().keys()


SOURCES = "\n".join(file.read_text() for file in (ROOT / "dashboard").rglob("*.py"))


def test_every_text_that_is_used_exists():
    assert {*re.findall(r'words(?:\(\))?\(\s*"([\w-]+)"', SOURCES)} <= texts().keys()


def test_every_text_is_used():
    """By its key, or by an f-string that may make it."""
    formatted = re.findall(r'f"([\w{}.-]*_[\w{}.-]*)"', SOURCES)
    patterns = [re.sub(r"\{[^}]*\}", "[a-z0-9_-]+", text) for text in formatted if "{" in text]
    unused = {
        key
        for key in texts()
        if f'"{key}"' not in SOURCES and not any(re.fullmatch(pattern, key) for pattern in patterns)
    }
    assert unused == set()
