"""The advisor's dashboard: navigation, language and choice of a client.

    streamlit run dashboard/app.py

It calls the service at API_URL, with the key API_KEY if one is set.
"""

import streamlit as st

from advisor import page_elements, session
from advisor.errors import DashboardError
from advisor.formats import Words
from advisor.register import presence

PAGES = ("client", "why", "what_if", "compare", "application", "model", "letter")
REGISTER_PAGES = ("history", "work_list", "monitoring")  # only of a service with a register
TITLE = "Credit desk"
FIELDS = ", ".join(
    f"[data-testid={name}]:has(input:focus-visible)"
    for name in ("stTextInput", "stSelectbox", "stNumberInput", "stRadioOption")
)
# For the keyboard: a visible focus, that Streamlit's navigation does not cover; and no stop at
# its links beside headings and its buttons over charts, which are visible only under a mouse.
STYLE = f"""<style>
:focus-visible:not(input), {FIELDS} {{ outline: 3px solid #a84300 !important; outline-offset: 1px }}
[data-testid=stHeaderActionElements], [data-testid=stElementToolbar] {{ display: none }}
[data-testid=stMain] {{ scroll-padding-top: 5rem }}
[data-testid=stMainBlockContainer] {{ padding-top: 4.5rem; padding-bottom: 2rem }}
</style>"""


def run() -> None:
    """Show the chosen page, or the failure that prevents it."""
    st.set_page_config(page_title=TITLE, layout="wide")
    st.html(STYLE)
    links = st.container(horizontal=True)
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    with controls:
        words = session.choose_language()
    names = PAGES + (REGISTER_PAGES if presence.look(session.service_api()) else ())
    pages = [
        st.Page(f"views/{name}.py", title=words(f"page_{name}"), default=name == PAGES[0])
        for name in names
    ]
    page = st.navigation(pages, position="hidden")  # Streamlit's own covers a narrow page
    with links:
        for each in pages:
            st.page_link(each)
    st.set_page_config(page_title=f"{page.title} · {TITLE}")
    tell_browser(words, pages.index(page))
    try:
        with controls:
            session.begin(words)
        page.run()
    except DashboardError as error:
        page_elements.error(words, error)


def tell_browser(words: Words, current: int) -> None:
    """Tell browsers and screen readers the language, and which link is the current page.

    Streamlit declares English in every language, and marks the current link by its form only.
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
