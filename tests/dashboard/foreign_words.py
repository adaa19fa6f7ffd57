"""English words on a page in French: those of the interface's English texts that no French has."""

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import Any

from streamlit.testing.v1 import AppTest

from advisor.service_client.response_models import Feature
from advisor.texts import texts
from tests.dashboard.conftest import TAG, chart_texts

WORD = re.compile(r"[^\W\d_]{3,}")
PLACEHOLDER = re.compile(r"\{\w+\}")
STYLE = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
BILINGUAL = {"language"}  # the label of the choice of a language has both
CONTROLS = (
    "button", "button_group", "checkbox", "date_input", "expander", "multiselect", "number_input",
    "radio", "selectbox", "slider", "text_area", "text_input",
)  # fmt: skip


def words_in(found: Iterable[str]) -> set[str]:
    """The words of three letters or more, in small letters."""
    return {word.lower() for text in found for word in WORD.findall(text)}


def interface_words() -> set[str]:
    """The words that only English texts of the interface have."""
    english, french = (
        words_in(PLACEHOLDER.sub(" ", each[language]) for each in texts().values())
        for language in ("en", "fr")
    )
    return english - french


def words_of_data(features: Iterable[Feature]) -> set[str]:
    """The words of the features: names, and labels, themes, units and categories."""
    return words_in(
        text
        for each in features
        for text in (
            each["name"].replace("_", " "), each["label"], each["group"], each["unit"],
            *(each["class0"]["shares"] or ()), *(each["class1"]["shares"] or ()),
        )
    )  # fmt: skip


def shown_texts(page: AppTest) -> list[str]:
    """All that a reader of a page reads: texts, charts, and labels and options of controls."""
    controls: list[Any] = [each for kind in CONTROLS for each in page.main.get(kind)]
    elements = [
        *page.main.markdown, *page.main.header, *page.main.subheader, *page.main.title,
        *page.main.error, *page.main.warning, *page.main.info, *page.main.success,
        *page.main.html,
    ]  # fmt: skip
    found = [unescape(TAG.sub(" ", STYLE.sub(" ", str(each.value)))) for each in elements]
    found += chart_texts(page)
    for each in controls:
        found += [str(getattr(each, name, "") or "") for name in ("label", "help", "placeholder")]
        found += map(str, getattr(each, "options", None) or ())
    for chart in page.get("vega_lite_chart"):
        found += titles(json.loads(chart.proto.spec))
    return found


def titles(spec: Any) -> list[str]:
    """The titles and texts of a chart's specification and its rows."""
    if isinstance(spec, list):
        return [text for each in spec for text in titles(each)]
    if not isinstance(spec, dict):
        return []
    own = [
        spec[name] for name in ("title", "text", "class", "series", "at", "name") if name in spec
    ]
    inner = (text for each in spec.values() for text in titles(each))
    return [*(text for text in own if isinstance(text, str)), *inner]


def english_words(page: AppTest, allowed: Iterable[str] = ()) -> list[str]:
    """The English words of the interface on a page, but the allowed ones."""
    return sorted(words_in(shown_texts(page)) & interface_words() - {*allowed} - BILINGUAL)
