"""Page of the model: files in use, quality, decisions by group, and stability."""

import re
from typing import Any

import streamlit as st

from advisor import charts, page_elements, session
from advisor.formats import Words
from advisor.response_models import Feature, ModelFacts, PsiReport

MOST_FEATURES = 15  # in the table of stability
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SLIGHT, CLEAR = 0.1, 0.25  # customary limits of the population stability index
RATES = ("accepted", "ratio_to_best", "true_positive_rate", "false_positive_rate")


def number_or_unknown(words: Words, number: float | None, digits: int = 3) -> str:
    """A number, or the word for an unknown one."""
    return words("not_known") if number is None else words.number(number, digits)


def show_files(words: Words, facts: ModelFacts) -> None:
    """Show tables of sizes, hashes and versions."""
    st.header(words("in_use"))
    rows = [
        (words("trained"), str(facts["facts"].get("trained", words("not_known")))),
        (words("threshold"), words.number(facts["threshold"], 4)),
        (words("features_count"), words.number(facts["features"])),
        (words("reference_clients"), words.number(facts["reference_clients"])),
        (words("new_clients"), words.number(facts["new_clients"])),
    ]
    page_elements.table(words("in_use"), [words("figure"), words("value")], rows)
    head = [words("file"), "SHA-256"]
    page_elements.table(words("hashes"), head, sorted(facts["sha256"].items()))
    head = [words("library"), words("version")]
    page_elements.table(words("versions"), head, list(facts["versions"].items()))


def show_quality(words: Words, quality: dict[str, Any]) -> None:
    """Show the quality that model.json gives for held-out clients."""
    st.header(words("quality"))
    if "auc" in quality:
        sentence = words(
            "auc",
            auc=words.number(quality["auc"], 3),
            low=number_or_unknown(words, quality.get("auc_95_low")),
            high=number_or_unknown(words, quality.get("auc_95_high")),
            clients=words.number(quality.get("held_out_clients", 0)),
        )
        st.markdown(page_elements.plain(sentence))
    rows = [
        (name.replace("_", " "), words.quantity(value))
        for name, value in quality.items()
        if isinstance(value, int | float)
    ]
    if rows:
        page_elements.table(words("quality_table"), [words("figure"), words("value")], rows)


def show_calibration(words: Words, bins: list[dict[str, float]]) -> None:
    """Show expected against observed shares of defaults, in bins of equal size."""
    st.header(words("calibration"))
    points = [{"x": each["mean_pd"], "y": each["default_rate"]} for each in bins]
    gap = max(points, key=lambda point: abs(point["x"] - point["y"]))
    sentence = words(
        "calibration_sentence",
        bins=str(len(bins)),
        expected=words.percent(gap["x"], 1),
        observed=words.percent(gap["y"], 1),
    )
    titles = (words("expected"), words("observed"))
    page_elements.chart(charts.calibration(points, titles), sentence)
    rows = [
        (
            words.percent(each["mean_pd"], 1),
            words.percent(each["default_rate"], 1),
            words.number(each["clients"]),
        )
        for each in bins
    ]
    page_elements.table(words("calibration"), [*titles, words("clients")], rows)


def show_groups(
    words: Words, by_trait: dict[str, list[dict[str, Any]]], features: dict[str, Feature]
) -> None:
    """Show, for each trait, a table of decisions by group."""
    st.header(words("groups"))
    st.markdown(words("groups_sentence"))
    head = [words("group"), *(words(f"group_{key}") for key in ("clients", *RATES))]
    for trait, rows in by_trait.items():
        feature = features.get(trait)
        cells = [
            (
                group_name(words, str(row["group"]), feature),
                number_or_unknown(words, row.get("clients"), 0),
                *(number_or_unknown(words, row.get(key)) for key in RATES),
            )
            for row in rows
        ]
        page_elements.table(feature["label"] if feature else trait, head, cells)


def group_name(words: Words, group: str, feature: Feature | None) -> str:
    """A group's name, with yes or no for a flag and years for days."""
    if feature is not None and feature["kind"] == "flag" and group in ("0", "1"):
        return words.feature_value(feature, float(group))
    if feature is not None and feature["unit"].startswith("days"):
        return NUMBER.sub(lambda days: words.value(float(days[0]), "days"), group)
    return group


def show_stability(words: Words, report: PsiReport) -> None:
    """Show the population stability of new clients against reference clients."""
    st.header(words("drift"))
    psi = report["score"]["index"]
    size = "clear" if psi >= CLEAR else "slight" if psi >= SLIGHT else "small"
    sentence = words(
        f"drift_{size}",
        psi=words.number(psi, 3),
        expected=words.number(report["score"]["expected"], 3),
    )
    st.markdown(page_elements.plain(sentence))
    rows = [
        (each["label"], words.number(each["index"], 3), words.number(each["expected"], 3))
        for each in report["features"][:MOST_FEATURES]
    ]
    head = [words("feature"), words("psi"), words("psi_expected")]
    page_elements.table(words("drift_table"), head, rows)


def show() -> None:
    """Show the page."""
    words, service = session.words(), session.service()
    features, facts = service.feature_by_name, service.facts
    st.title(words("page_model"))
    show_files(words, facts)
    quality = facts["facts"].get("quality") or {}
    show_quality(words, quality)
    if bins := quality.get("bins"):
        show_calibration(words, bins)
    if by_trait := quality.get("groups"):
        show_groups(words, by_trait, features)
    if not quality:
        st.info(words("no_quality"))
    if protected := facts["protected_features"]:
        labels = page_elements.label_list(words, features, protected)
        st.markdown(page_elements.plain(words("protected", features=labels)))
    show_stability(words, service.psi_report())


show()
