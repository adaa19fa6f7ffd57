"""The interface's texts, in the languages of `texts.toml`."""

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
    """All texts, by key and language."""
    return tomllib.loads(FILE.read_text("utf-8"))


def text(language: Language, key: str, **values: str) -> str:
    """A text with its placeholders filled in."""
    return texts()[key][language].format(**values)
