"""The pages: their names, which words and addresses have too, and their files."""

PAGES = ("client", "why", "simulate", "compare", "application", "letter", "model")
REGISTER_PAGES = ("history", "work_list", "monitoring")  # only of a service with a register
CLIENT_PAGES = ("client", "why", "simulate", "compare", "letter")  # about the chosen client


def page_file(name: str) -> str:
    """The file of a page, as Streamlit takes it: seen from the folder of `app.py`."""
    return f"views/{'register/' if name in REGISTER_PAGES else ''}{name}.py"
