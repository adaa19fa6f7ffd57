"""The head of the page: when the figures were computed, remarks, and the models in use."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.monitoring import cells, figures
from advisor.monitoring.response_models import ModelInUse, MonitoringReport, Remark
from advisor.monitoring.statistics import Discrimination
from advisor.register.moments import moment


def show(words: Words, report: MonitoringReport) -> None:
    """Show the period, the remarks and the models of a report."""
    total = report["total"]
    st.markdown(
        page_elements.plain(
            words(
                "report_of",
                decisions=words.number(total["volume"]),
                at=moment(report["as_of"]),
                window=str(report["window"]),
            )
        )
    )
    if report["pd_source"] == "probability":
        st.markdown(words("pd_is_probability"))
    if report["remarks"]:
        show_remarks(words, report["remarks"])
    show_swaps(words, report["models"])
    with st.expander(words("models_title")):
        show_models(words, report["models"])


def show_swaps(words: Words, models: Sequence[ModelInUse]) -> None:
    """Show which models decided, and since when."""
    if not models:
        return
    first, *others = models
    swaps = [
        words(
            "swap_until" if figures.model_after(each, models) else "swap_at",
            model=figures.short_hash(each["model"]),
            at=moment(each["first"]),
            until=moment(each["last"]),
        )
        for each in others
    ]
    names = ", ".join([figures.short_hash(first["model"]), *swaps])
    sentence = words("models_swapped" if swaps else "models_one", models=names)
    st.markdown(page_elements.plain(sentence))


def show_remarks(words: Words, remarks: Sequence[Remark]) -> None:
    """Show the service's remarks on a report."""
    items = "".join(f"<li>{escape(remark_text(words, each), quote=False)}</li>" for each in remarks)
    title = escape(words("notes_title"), quote=False)
    st.html(
        f'<p style="margin:0;font-weight:600">{title}</p>'
        f'<ul style="margin:0;padding-left:1.6rem">{items}</ul>'
    )


def remark_text(words: Words, remark: Remark) -> str:
    """A remark as a sentence."""
    number, of = (
        "" if count is None else words.number(count) for count in (remark["number"], remark["of"])
    )
    return words(
        f"remark_{remark['key']}",
        number=number,
        of=of,
        day=remark["day"] or "",
        names=cells.own_names(words, remark["names"] or ""),
    )


def show_models(words: Words, models: Sequence[ModelInUse]) -> None:
    """Show a table of the models that made decisions, in the order of their first ones."""
    rows = [
        (
            each["model"],
            moment(each["first"]),
            moment(each["last"]),
            words.number(each["decisions"]),
            *(auc(words, each, of) for of in ("all", "accepted")),
        )
        for each in models
    ]
    keys = ("column_model", "first_decision", "last_decision", "decisions")
    head = [*map(words, keys), words("auc_training_all"), words("auc_training_accepted")]
    page_elements.table(words("models_title"), head, rows)


def auc(words: Words, model: ModelInUse, of: str) -> str:
    """The AUC of a model in training, among all reference clients or the accepted ones."""
    training = model["training"]
    found = None if training is None else training["all" if of == "all" else "accepted"]
    return auc_text(words, found)


def auc_text(words: Words, found: Discrimination | None) -> str:
    """An AUC with its interval."""
    if found is None:
        return figures.NOTHING
    return figures.number(words, found["auc"], found["auc_low"], found["auc_high"])
