"""Words of files, clients and settings are text, whatever they are."""

from html.parser import HTMLParser

import pytest

from register.letter.languages.texts import Language
from register.letter.letter import letter_html
from tests.register.letter.recorded import decision, feature, lender, reason

HOSTILE = '</bdi><script>alert(1)</script><img src=x onerror="alert(2)">&amp;\'"{0}{label}%s\u202e'
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer",
    "h1", "h2", "p", "ol", "ul", "li", "dl", "div", "dt", "dd", "bdi", "strong", "address", "br",
}  # fmt: skip


class Elements(HTMLParser):
    """Collects elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("value", [1.0, None, HOSTILE])
def test_hostile_words_stay_text(language: Language, value: float | str | None):
    median = None if isinstance(value, str) else 2.0
    reasons = [
        reason(HOSTILE, HOSTILE, feature(HOSTILE, value, median, HOSTILE)),
        reason("Theme" + HOSTILE, HOSTILE, feature(HOSTILE, value, median, "0 to 1" + HOSTILE)),
    ]
    recorded = decision(reasons, {"client": HOSTILE, "reference": HOSTILE})
    details = ("name", "address", "contact", "agency", "report_agency")
    settings = lender(**{f"lender_{detail}": HOSTILE for detail in details})
    found = Elements(letter_html(recorded, settings, language).html)
    assert found.tags <= ALLOWED
    assert found.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class"}
    assert found.text.count(HOSTILE) >= 14
    assert "{label}" in found.text
