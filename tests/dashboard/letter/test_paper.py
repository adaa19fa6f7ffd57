"""A letter's text as an HTML document."""

import pytest

from advisor import paper
from advisor.letter.sender import Sender

BODY = "<main><h1>{}</h1>\n{}</main></body></html>"


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("A title\n\nOne\ntwo\n\nThree\n", "A title", "<p>One\ntwo</p>\n<p>Three</p>"),
        (
            "T\n\nThe reasons:\n1. One.\n2. Two.\n\nEnd",
            "T",
            "<p>The reasons:</p>\n<ol><li>One.</li><li>Two.</li></ol>\n<p>End</p>",
        ),
        ("T\n- a \u00d7 1\n\u2022 b", "T", "<ul><li>a \u00d7 1</li><li>b</li></ul>"),
        ("\n \nT <b>\n\n2026 <i>&\n", "T &lt;b&gt;", "<p>2026 &lt;i&gt;&amp;</p>"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_body(text: str, title: str, body: str):
    document = paper.document(text, "en")
    assert document.endswith(BODY.format(title, body))
    assert f"<title>{title}</title>" in document
    assert '<html lang="en">' in document


def test_the_head_is_above_the_letter():
    head = Sender("A & B Bank", "1 Quay Street\nPort Town").html
    assert head == "<header><p>A &amp; B Bank</p><p>1 Quay Street\nPort Town</p></header>"
    assert f'data-text="T\n\nOne">{head}<main><h1>T</h1>' in paper.document("T\n\nOne", "en", head)


def test_the_page_can_tell_which_text_is_drawn():
    assert '<body data-text="A &quot;letter&quot;&#x27;s\n\ntext">' in paper.document(
        'A "letter"\'s\n\ntext', "fr"
    )


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<html><HEAD lang=en><title>", "<html><HEAD lang=en>{rule}<title>"),
        ("<p>A text", "{rule}<p>A text"),
    ],
)
def test_no_script_runs_in_a_letter(html: str, found: str):
    rule = (
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
    )
    assert paper.without_scripts(html) == found.format(rule=rule)
