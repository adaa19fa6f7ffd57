"""The advisor's dashboard: navigation, language and choice of a client.

    streamlit run dashboard/app.py

It calls the service at API_URL, with the key API_KEY if one is set.
"""

import streamlit as st

from advisor import address, page_elements, session
from advisor.appearance import decimal_comma, style
from advisor.formatting.formats import Words
from advisor.pages import CLIENT_PAGES, PAGES, REGISTER_PAGES, page_file
from advisor.register import presence
from advisor.service_client.errors import DashboardError
from advisor.service_client.response_models import ClientId

TITLE = "Credit desk"


def run() -> None:
    """Show the chosen page, or the failure that prevents it."""
    st.set_page_config(page_title=TITLE, layout="wide")
    st.html(style.style())
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="xsmall"):
        links = st.container(horizontal=True, gap="xxsmall", width="content")
        search = st.container(horizontal=True, gap="small", width="content")
        words = session.choose_language()
    script = st.container(key="script")
    with st.container(key="waiting"):  # at once; the style shows it until the page has content
        st.html(style.SKELETON)
    names = PAGES + (REGISTER_PAGES if presence.look(session.service_api()) else ())
    pages = [
        st.Page(page_file(name), title=words(f"page_{name}"), default=name == PAGES[0])
        for name in names
    ]
    page = st.navigation(pages, position="hidden")  # Streamlit's own covers a narrow page
    name = names[pages.index(page)]
    failure: DashboardError | None = None
    try:
        with search:
            session.begin(words)
    except DashboardError as error:
        failure = error
    with links:
        for each in pages:
            st.page_link(each, query_params=address.query())
    client = st.session_state.get(session.CLIENT) if name in CLIENT_PAGES else None
    st.set_page_config(page_title=title(words, name, page.title, client))
    with script:
        tell_browser(words, pages.index(page))
    try:
        if failure is not None:
            raise failure
        page.run()
    except DashboardError as error:
        page_elements.error(words, error)


def title(words: Words, name: str, page: str, client: ClientId | None) -> str:
    """The title of the browser's tab: the client, if the page is about one, and the page."""
    if client is None:
        return f"{page} · {TITLE}"
    about = words("client_title", client=str(client))
    return f"{about} · {TITLE}" if name == PAGES[0] else f"{about} · {page} · {TITLE}"


def tell_browser(words: Words, current: int) -> None:
    """Tell browsers and screen readers the language, and which link is the current page.

    Streamlit declares English in every language, and marks the current link by its form only.
    """
    script = f"""<script>
document.documentElement.lang = "{words.language}"
window.currentPage = {current}
window.markCurrentPage ??= () =>
    document.querySelectorAll(".st-key-header [data-testid=stPageLink-NavLink]").forEach(
        (link, at) =>
            link.setAttribute("aria-current", at === window.currentPage ? "page" : "false"))
if (!window.linksObserved) {{  // links may come later than this
    window.linksObserved = new MutationObserver(window.markCurrentPage)
    window.linksObserved.observe(document.body, {{childList: true, subtree: true}})
}}
window.markCurrentPage()
{decimal_comma.SCRIPT}</script>"""
    st.html(script, unsafe_allow_javascript=True)


run()
