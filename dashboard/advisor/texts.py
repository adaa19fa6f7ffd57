"""The interface's words, in the languages of `texts.toml`, where all of them are."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "fr"]
LANGUAGES: Mapping[Language, str] = {"en": "English", "fr": "Français"}
FILE = Path(__file__).with_name("texts.toml")


@cache
def texts() -> dict[str, dict[str, str]]:
    """Each text by its key and language."""
    return tomllib.loads(FILE.read_text("utf-8"))


def text(language: Language, key: str, **values: str) -> str:
    """A text with its gaps filled in."""
    return texts()[key][language].format(**values)
