"""The interface's texts, in the languages of the files of `wordings/`.

A file has a topic's texts by key and language. Names in braces are placeholders. Labels, themes and
reasons are the data team's words: the service sends them.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "fr"]
LANGUAGES: Mapping[Language, str] = {"en": "English", "fr": "Français"}
FOLDER = Path(__file__).with_name("wordings")


@cache
def texts() -> dict[str, dict[str, str]]:
    """All texts, by key and language."""
    return {
        key: by_language
        for file in sorted(FOLDER.glob("*.toml"))
        for key, by_language in tomllib.loads(file.read_text("utf-8")).items()
    }


def text(language: Language, key: str, **values: str) -> str:
    """A text with its placeholders filled in."""
    return texts()[key][language].format(**values)
