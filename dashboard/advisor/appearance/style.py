"""The style of all pages beside Streamlit's own: focus, schemes of colours, print, waiting."""

from advisor.appearance.palette import DARK, FORCED, LIGHT, variables

FIELDS = ", ".join(
    f"[data-testid={name}]:has(input:focus-visible)"
    for name in ("stTextInput", "stSelectbox", "stNumberInput", "stRadioOption")
)
SCHEMES = f"""
:root {{ {variables(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}
@media (forced-colors: active) {{
    :root {{ {variables(FORCED)} }}
    .desk-bar, .desk-mark {{ forced-color-adjust: none }}
    .stButton button, [class*=_link_] a {{ border: 1px solid ButtonText !important }}
    [class*=st-key-primary_link_] a {{ background: Canvas !important }}
    [class*=st-key-primary_link_] a :is(span, p) {{ color: LinkText !important }}
    [data-testid=stRadioOption][data-selected=true] > div > div:first-child,
    [data-testid=stSlider] [role=group] > div > div:nth-child(2) {{
        forced-color-adjust: none; background: Highlight !important
    }}
    [data-testid=stSlider] [role=group] > div > div:first-child {{ border: 1px solid CanvasText }}
}}
@media print {{ :root {{ {variables(LIGHT)} }} }}
"""
# For the keyboard: a visible focus, that nothing covers; and no stop at Streamlit's links beside
# headings and its buttons over charts, which are visible only under a mouse.
KEYBOARD = f"""
:focus-visible:not(input), {FIELDS} {{
    outline: 3px solid var(--desk-focus) !important; outline-offset: 1px
}}
[data-testid=stHeaderActionElements], [data-testid=stElementToolbar] {{ display: none }}
[data-testid=stMain] {{ scroll-padding-top: 1rem }}
"""
# The links of all pages, the search and the language share a row or two above each page.
HEADER = """
[data-testid=stHeader] { pointer-events: none; background: none; height: 0; min-height: 0 }
[data-testid=stMainBlockContainer] { padding-top: .75rem; padding-bottom: 2rem }
.st-key-header [data-stale=true] { opacity: 1 !important }
.st-key-header { border-bottom: 1px solid var(--desk-pale); padding-bottom: .5rem }
[data-testid=stLayoutWrapper]:has(> .st-key-script) { position: absolute; width: 0; height: 0 }
.st-key-header [data-testid=stPageLink] p { font-size: .95rem }
.st-key-header > :has([data-testid=stRadio]) { margin-left: auto }
.st-key-header [data-testid=stRadio] [role=radiogroup] { gap: .25rem .75rem }
@media (max-width: 1200px) {
    [data-testid=stMainBlockContainer] { padding-left: 1.5rem; padding-right: 1.5rem }
}
h1 { padding: .5rem 0 .25rem !important }
"""
# A link that does something looks like a button; texts over a colour suit its scheme.
LINKS = """
[data-testid^=stBaseButton-primary] { color: var(--desk-on-colour) !important }
[class*=st-key-action_link_] a, [class*=st-key-primary_link_] a {
    border: 1px solid var(--desk-grey); border-radius: .5rem; padding: .3rem .8rem; margin: 0;
    justify-content: center; min-height: 2.25rem
}
[class*=_link_] a :is(span, p) { white-space: normal; overflow: visible }
[class*=st-key-primary_link_] a { background: var(--desk-favour); border-color: var(--desk-favour) }
[class*=st-key-primary_link_] a :is(span, p) { color: var(--desk-on-colour) }
@media (max-width: 640px) {
    .stButton, .stButton button { max-width: 100% }
    .stButton button, .stButton button :is(div, span, p) { white-space: normal; flex-shrink: 1 }
}
[class*=st-key-primary_link_] a:hover { filter: brightness(.9) }
"""
# Columns of facts, as many as fit; columns that stand below each other on a narrow page.
COLUMNS = """
.stHtml { overflow-wrap: break-word }
.stHtml .desk-facts {
    display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr));
    gap: .5rem 1.5rem; margin: 0; padding: 0
}
.desk-facts > div { border-bottom: 1px solid var(--desk-pale); padding-bottom: .35rem }
.desk-facts dt { color: var(--desk-grey); font-size: .9rem }
.desk-facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere }
@media (max-width: 1100px) {
    [class*=st-key-stacking] [data-testid=stHorizontalBlock]:has(> [data-testid=stColumn]) {
        flex-direction: column
    }
    [class*=st-key-stacking] [data-testid=stColumn] { width: 100% !important; flex: 1 1 auto }
}
"""
# The decision before and after the changes stays in view, on a low page without axes.
SIMULATION = """
[data-testid=stMain]:has(.st-key-simulate_bar, .st-key-walk_in_band) { scroll-padding-top: 13rem }
[data-testid=stLayoutWrapper]:has(> :is(.st-key-simulate_bar, .st-key-walk_in_band)) {
    position: sticky; top: 0; z-index: 5; background: var(--desk-paper);
    border: 1px solid var(--desk-grey); border-radius: .5rem; padding: .4rem 1rem
}
.st-key-simulate_bar, .st-key-simulate_after,
:is(.st-key-walk_in_band, .st-key-walk_in_band [data-testid=stVerticalBlock]) { gap: .25rem }
:is(.st-key-simulate_bar, .st-key-walk_in_band) p { margin: 0 }
:is(.st-key-simulate_bar, .st-key-walk_in_band) [data-testid=stElementContainer]:has(script) {
    display: none
}
.st-key-walk_in_fields { gap: .5rem 1rem }
.st-key-walk_in_fields :is([data-testid=stNumberInputStepDown], [data-testid=stNumberInputStepUp]) {
    display: none
}
.desk-note { color: var(--desk-grey); font-size: .875rem; margin: 0 }
.desk-refusal { color: var(--desk-against); font-weight: 600; margin: 0 }
.st-key-simulate_form { gap: .35rem }
.st-key-simulate_form .desk-note, .desk-refusal { margin-bottom: .6rem }
.st-key-simulate_parts h2 { padding: .25rem 0 .4rem }
[class*=st-key-simulate_suggestion] { gap: .25rem .75rem }
.st-key-simulate_suggestions { gap: .65rem }
[data-testid=stMain]:has(.st-key-simulate_bar) { scroll-padding-top: 9rem }
@media (max-width: 900px) {
    .st-key-simulate_parts > [data-testid=stLayoutWrapper] > [data-testid=stHorizontalBlock] {
        flex-direction: column
    }
    .st-key-simulate_parts > [data-testid=stLayoutWrapper] > [data-testid=stHorizontalBlock]
        > [data-testid=stColumn] { width: 100%; flex: 1 1 auto }
}
@media (max-width: 900px), (max-height: 600px) {
    .st-key-simulate_bar :is(.desk-axis, .desk-more) { display: none }
    .st-key-simulate_bar [data-testid=stHorizontalBlock] { gap: .5rem 1rem }
    .st-key-simulate_bar [data-testid=stColumn]:last-child {
        flex: 0 0 auto; width: auto; max-width: 100%
    }
    [data-testid=stMain]:has(.st-key-simulate_bar) { scroll-padding-top: 7rem }
    .st-key-walk_in_band [role=img] { display: none !important }
}
@media (max-width: 480px) {
    [data-testid=stLayoutWrapper]:has(> .st-key-simulate_bar) { position: static }
    [data-testid=stMain]:has(.st-key-simulate_bar) { scroll-padding-top: 1rem }
}
"""
TABLES = """
.desk-table { overflow-x: auto; position: relative }
.desk-table table { border-collapse: collapse; width: min(100%, calc(var(--columns) * 16rem)) }
.desk-table caption { text-align: left; padding: .3rem 0; font-weight: 600 }
.desk-table :is(th, td) {
    border-bottom: 1px solid var(--desk-grey); padding: .3rem .6rem; vertical-align: top;
    text-align: right
}
.desk-table :is(th:first-child, td:first-child) { text-align: left; padding-left: 0 }
.desk-table tbody th { font-weight: normal }
.desk-quotation {
    margin: 0; padding-left: 1rem; border-left: 3px solid var(--desk-grey); white-space: pre-line
}
.desk-heard {
    position: absolute; left: 0; width: 1px; height: 1px; margin: 0; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap
}
"""
# Rows of themes: a line each, or a block each where it is narrow; there, cells have their names.
THEMES = """
.desk-theme {
    display: grid; gap: .1rem 1rem; align-items: center;
    grid-template-columns: minmax(0, 3fr) minmax(0, 4fr) 8.5rem 8.5rem minmax(9rem, 3fr) 8.5rem
}
summary .desk-theme { display: inline-grid; width: calc(100% - 1.3rem); vertical-align: middle }
.desk-theme-head { font-weight: 600; padding: .2rem 0 .2rem 1.3rem }
@media (max-width: 1000px) {
    .desk-theme { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) }
    .desk-theme > :is(:first-child, :nth-child(2)) { grid-column: 1 / -1 }
    .desk-theme > span { overflow-wrap: anywhere }
    .desk-theme-head { display: none }
    .desk-theme .desk-heard {
        position: static; width: auto; height: auto; margin: 0; overflow: visible; clip-path: none;
        white-space: normal
    }
}
"""
# A page that still waits for the service: grey bars below what it shows already.
WAITING = """
[data-testid=stLayoutWrapper]:has(> .st-key-waiting) { order: 1; display: none }
[data-test-script-state=running]
[data-testid=stLayoutWrapper]:has(> .st-key-waiting):not(:has(~ * ~ * ~ *)) { display: flex }
.desk-waiting { display: grid; gap: 1rem; padding-top: .5rem }
.desk-waiting span { height: 1.4rem; border-radius: .4rem; background: var(--desk-pale) }
.desk-waiting span:first-child { width: 45%; height: 2.2rem }
.desk-waiting span:nth-child(3n) { width: 70% }
.desk-waiting span:last-child { height: 12rem }
@keyframes desk-wait { 50% { opacity: .6 } }
@media (prefers-reduced-motion: no-preference) {
    .desk-waiting { animation: desk-wait 1.6s ease-in-out infinite }
}
@media (prefers-reduced-motion: reduce) {
    *, ::before, ::after {
        animation-duration: 1ms !important; transition-duration: 1ms !important;
        scroll-behavior: auto !important
    }
}
"""
PRINT = """
@media print {
    .st-key-header, .st-key-waiting, .stButton, .stDownloadButton, .stForm, [class*=_link_],
    [data-testid=stHeader], .st-key-letter_editor, #print-letter { display: none !important }
    .stApp, .stMain, .stApp * { background-color: #fff; color: #000 }
    .stApp, [data-testid=stAppViewContainer], .stMain { position: static; overflow: visible }
    [data-testid=stMainBlockContainer] { padding: 0 }
    .desk-table, [data-testid=stVegaLiteChart] { break-inside: avoid }
}
"""
STYLE = "".join(
    (SCHEMES, KEYBOARD, HEADER, LINKS, COLUMNS, SIMULATION, TABLES, THEMES, WAITING, PRINT)
)
SKELETON = f'<div class="desk-waiting" aria-hidden="true">{"<span></span>" * 7}</div>'


def style() -> str:
    """The style as HTML."""
    return f"<style>{STYLE}</style>"
