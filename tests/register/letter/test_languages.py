"""Both languages: the same placeholders, and the typography of each."""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from register.letter.languages.english import ENGLISH
from register.letter.languages.french import FRENCH
from register.letter.languages.texts import Texts


def texts(found: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """All texts of a language, by the path of their names."""
    if isinstance(found, str):
        yield name, found
    elif is_dataclass(found):
        for field in fields(found):
            yield from texts(getattr(found, field.name), f"{name}.{field.name}")
    elif isinstance(found, Mapping):
        for key, value in found.items():
            yield from texts(value, f"{name}.{key}")
    elif isinstance(found, tuple):
        for at, value in enumerate(found):
            yield from texts(value, f"{name}.{at}")


def placeholders(text: str) -> list[str | None]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_both_languages_have_the_same_texts_and_placeholders():
    english, french = dict(texts(ENGLISH)), dict(texts(FRENCH))
    assert list(english) == list(french)
    assert len(english) > 90
    assert {name: placeholders(text) for name, text in english.items()} == {
        name: placeholders(text) for name, text in french.items()
    }
    same = {name for name, text in english.items() if text == french[name]}
    assert same <= {
        ".numbers.units.documents.0", ".numbers.units.documents.1", ".template",
    }  # fmt: skip


@pytest.mark.parametrize("language", [ENGLISH, FRENCH])
def test_texts_are_plain_and_typographic(language: Texts):
    for name, text in texts(language):
        assert not re.search(r"""[<>&"']""", text), name
        assert "compliant" not in text.lower()
        assert "  " not in text
        assert text == text.strip(" \n")


def test_french_spaces_before_punctuation_do_not_break():
    for name, text in texts(FRENCH):
        assert not re.search(r"(?<!\u00a0):", text), name
        assert not re.search(r"(?<!\u202f)[;!?]", text), name
        assert not re.search(r"\d [a-zé]", text.replace("0 à 100", "")), name
    for name, text in texts(ENGLISH):
        assert not re.search(r"\u202f|[\u00a0 ][:;!?]", text), name


def test_a_month_begins_with_its_own_day():
    from_texts = FRENCH.numbers.first_day, ENGLISH.numbers.first_day
    assert from_texts == ("1er", "1")
    assert FRENCH.numbers.months[7] == "août"
    assert len(FRENCH.numbers.months) == len(ENGLISH.numbers.months) == 12
