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
# Who goes by keyboard sees where they are, and comes to nothing that is not to be seen: Streamlit's
# links beside headings and its buttons over pictures appear under a mouse alone, and what is
# scrolled to would come below its navigation.
FIELDS = ", ".join(
    f"{each}:has(input:focus-visible)"
    for each in (
        "[data-testid=stTextInput]",
        "[data-testid=stSelectbox]",
        "[data-testid=stNumberInput]",
        "[data-testid=stRadioOption]",
    )
)
TITLE = "Credit desk"
STYLE = f"""<style>
:focus-visible:not(input), {FIELDS} {{ outline: 3px solid #a84300 !important; outline-offset: 1px }}
[data-testid=stHeaderActionElements], [data-testid=stElementToolbar] {{ display: none }}
[data-testid=stMain] {{ scroll-padding-top: 5rem }}
[data-testid=stMainBlockContainer] {{ padding-top: 4.5rem; padding-bottom: 2rem }}
</style>"""


def run() -> None:
    """Show the page chosen, or a sentence on why there is none."""
    st.set_page_config(page_title=TITLE, layout="wide")
    st.html(STYLE)
    links = st.container(horizontal=True)
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    with controls:
        words = state.choose_language()
    pages = [
        st.Page(f"views/{name}.py", title=words(f"page_{name}"), default=not number)
        for number, name in enumerate(PAGES)
    ]
    page = st.navigation(pages, position="hidden")  # Streamlit's own lies over a narrow page
    with links:
        for each in pages:
            st.page_link(each)
    st.set_page_config(page_title=f"{page.title} · {TITLE}")
    tell_browser(words, pages.index(page))
    try:
        with controls:
            state.begin(words)
        page.run()
    except DashboardError as error:
        parts.error(words, error)


def tell_browser(words: Words, current: int) -> None:
    """Tell browsers and screen readers what Streamlit does not: the language, and which page it is.

    Streamlit says English whatever the words, and shows the current link by its form alone.
    """
    script = f"""<script>
document.documentElement.lang = "{words.language}"
window.currentPage = {current}
window.markCurrentPage ??= () =>
    document.querySelectorAll("[data-testid=stPageLink-NavLink]").forEach((link, at) =>
        link.setAttribute("aria-current", at === window.currentPage ? "page" : "false"))
if (!window.linksObserved) {{  // links may come later than this
    window.linksObserved = new MutationObserver(window.markCurrentPage)
    window.linksObserved.observe(document.body, {{childList: true, subtree: true}})
}}
window.markCurrentPage()
</script>"""
    st.html(script, unsafe_allow_javascript=True)


run()
