"""A letter on white paper: the frame that shows it, and the button that prints it alone.

The browser prints the frame, or saves it as PDF: text that can be selected, with headings and
lists for screen readers, and without the page's menu.
"""

import re
from html import escape
from itertools import groupby

import streamlit as st

from advisor.formatting.formats import Words

EDITOR = "letter_editor"  # key of the container of the field in which a letter is edited
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
# The frame has the page's origin, so that the page can print it: no script may run in it.
NO_SCRIPTS = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
BUTTON = (
    "font:inherit;font-size:.875rem;color:inherit;background:transparent;min-height:2.5rem;"
    "border:1px solid currentColor;border-radius:.5rem;padding:.25rem .75rem;cursor:pointer"
)
STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 42rem; padding: 1.5rem 1.5rem; background: #fff; color: #1a1a1a;
 font: 1rem/1.5 Charter, "Bitstream Charter", Cambria, Georgia, serif; overflow-wrap: break-word; }
header { margin-bottom: 2rem; }
header p { margin: 0; }
header p:first-child { font-weight: bold; font-size: 1.15rem; }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; line-height: 1.25; }
p { margin: 0 0 .75rem; white-space: pre-line; }
ol, ul { margin: 0 0 .75rem; padding-left: 1.5rem; }
li { margin-bottom: .4rem; break-inside: avoid; }
@page { margin: 1.8cm 2.2cm; }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } }
"""
LINE = re.compile(r"(?:(\d+)\.|[-\u2022])\s+(.*)")  # of a list: "1. …" or "- …"
TEXT = r"\2"  # the text of such a line
HEIGHT = 600  # pixels; a script of the page sets it to the letter's own
# A click may come before the page has drawn the last words that were typed: it waits for them.
SCRIPT = """<script>
if (!window.lettersFitted) {
    const frame = () => document.querySelector("[data-testid=stIFrame]")
    const fit = () => {
        const body = frame()?.contentDocument?.body
        if (!body?.childElementCount) return
        const around = frame().closest("[data-testid=stElementContainer]")
        for (const each of [frame(), around]) each.style.height = `${body.offsetHeight + 8}px`
    }
    const isDrawn = () => {
        const field = document.querySelector(".st-key-letter_editor textarea")
        const body = frame()?.contentDocument?.body
        return !field || body?.dataset.text === field.value
    }
    const print = (tries) => {
        if (isDrawn()) frame().contentWindow.print()
        else if (tries) setTimeout(print, 100, tries - 1)
    }
    document.addEventListener("load", fit, true)
    window.addEventListener("resize", fit)
    document.addEventListener("click", event => {
        if (event.target.closest?.("#print-letter")) print(100)
    })
    window.lettersFitted = fit
}
window.lettersFitted()
</script>"""


def show_print_button(words: Words) -> None:
    """Show the button that prints the letter on the page, or saves it as PDF."""
    st.html(
        f'<button id="print-letter" type="button" style="{BUTTON}">{words("print")}</button>'
        + SCRIPT,
        width="content",
        unsafe_allow_javascript=True,
    )


def show(words: Words, html: str) -> None:
    """Show a letter as it is printed."""
    with st.container(border=True, key="letter_paper"):
        st.iframe(without_scripts(html), height=HEIGHT, alt=words("letter_frame"))


def without_scripts(html: str) -> str:
    """An HTML document with a rule that keeps scripts and requests out."""
    if HEAD.search(html):
        return HEAD.sub(lambda head: head[0] + NO_SCRIPTS, html, count=1)
    return NO_SCRIPTS + html


def document(text: str, language: str, head: str = "") -> str:
    """An HTML document of a letter's text: the first line is the heading.

    Paragraphs are apart by empty lines; lines that begin with a number or a dash are a list.

    Args:
        text: the letter's.
        language: of the letter.
        head: HTML above the text, such as the sender's.
    """
    title, _, rest = text.strip().partition("\n")
    blocks = re.split(r"\n\s*\n", rest.strip())
    body = "\n".join(part for block in blocks for part in parts(block) if part)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f'<body data-text="{escape(text)}">{head}<main><h1>{escape(title)}</h1>\n{body}</main>'
        "</body></html>"
    )


def parts(block: str) -> list[str]:
    """The paragraphs and lists of a block of lines."""
    found = []
    for tag, lines in groupby(block.splitlines(), key=tag_of):
        if tag == "p":
            paragraph = "\n".join(lines).strip()
            found.append(f"<p>{escape(paragraph)}</p>")
            continue
        items = "".join(f"<li>{escape(LINE.sub(TEXT, line))}</li>" for line in lines)
        found.append(f"<{tag}>{items}</{tag}>")
    return found


def tag_of(line: str) -> str:
    """The element to which a line belongs."""
    match = LINE.fullmatch(line)
    return "p" if match is None else "ol" if match[1] else "ul"
