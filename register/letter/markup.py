"""HTML from texts: everything that came from a file, a client or a setting is escaped here."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Data:
    """Marks words that came from a file or a client.

    An element isolates them, so that characters which turn the direction of writing change nothing
    around them.

    Attributes:
        language: of the words, as a code for `lang`; None if it is the letter's.
        own: words that are in the letter's language all the same.
    """

    language: str | None
    own: frozenset[str] = frozenset()

    def is_own(self, text: str) -> bool:
        """True for words in the letter's language."""
        return self.language is None or text in self.own

    def __call__(self, text: str) -> str:
        """Words of the data team."""
        language = "" if self.is_own(text) else f' lang="{escape(self.language or "")}"'
        return f"<bdi{language}>{escape(text)}</bdi>"


def lines(text: str) -> str:
    """A text of some lines, such as an address."""
    return "<br>".join(map(escape, text.strip().splitlines()))


def element(tag: str, content: str) -> str:
    """An element on one line."""
    return f"<{tag}>{content}</{tag}>"


def paragraphs(texts: Iterable[str]) -> str:
    """Paragraphs, each on its own line."""
    return "\n".join(element("p", text) for text in texts)


def listed(tag: str, items: Iterable[str]) -> str:
    """A list, with or without an order."""
    return "\n".join([f"<{tag}>", *(element("li", item) for item in items), f"</{tag}>"])


def section(title: str, *blocks: str) -> str:
    """A section under a heading of the second level; empty blocks are left out."""
    return "\n".join(["<section>", element("h2", title), *filter(None, blocks), "</section>"])
