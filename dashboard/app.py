"""The advisor's dashboard: its pages, the language and the client chosen.

    streamlit run dashboard/app.py

It asks the service at API_URL, with the key API_KEY where that is set, and knows nothing else
of it.
"""

import streamlit as st

from advisor import parts, state
from advisor.errors import DashboardError
from advisor.formats import Words

PAGES = ("client", "why", "what_if", "compare", "application", "model", "letter")
# Who goes by keyboard sees where they are; and the page begins shortly below its navigation.
STYLE = """<style>
:focus-visible { outline: 3px solid #a84300 !important; outline-offset: 1px }
[data-testid=stMainBlockContainer] { padding-top: 4.5rem; padding-bottom: 2rem }
</style>"""


def run() -> None:
    """Show the page chosen, or a sentence on why there is none."""
    st.set_page_config(page_title="Credit desk", layout="wide")
    st.html(STYLE)
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    with controls:
        words = state.choose_language()
    set_language(words)
    page = st.navigation(
        [
            st.Page(f"views/{name}.py", title=words(f"page_{name}"), default=not number)
            for number, name in enumerate(PAGES)
        ],
        position="top",
    )
    try:
        with controls:
            state.begin(words)
        page.run()
    except DashboardError as error:
        parts.error(words, error)


def set_language(words: Words) -> None:
    """Tell browsers and screen readers the language of the page: Streamlit says English always."""
    script = f"document.documentElement.lang = '{words.language}'"
    st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


run()
