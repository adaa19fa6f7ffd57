"""The model: what is in use, how good it is, how groups fare, and how clients have changed."""

import re
from typing import Any

import streamlit as st

from advisor import figures, parts, state
from advisor.answers import DriftReport, Feature, ModelFacts
from advisor.formats import Words

MOST_DRIFT = 15
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SLIGHT, CLEAR = 0.1, 0.25  # of the population stability index, by custom
GROUP_COLUMNS = (
    "clients", "accepted", "ratio_to_best", "true_positive_rate", "false_positive_rate",
)  # fmt: skip


def in_use(words: Words, facts: ModelFacts) -> None:
    """Hashes, sizes, versions."""
    st.header(words("in_use"))
    rows = [
        (words("trained"), str(facts["facts"].get("trained", words("not_known")))),
        (words("threshold"), words.number(facts["threshold"], 4)),
        (words("features_count"), words.number(facts["features"])),
        (words("reference_clients"), words.number(facts["reference_clients"])),
        (words("new_clients"), words.number(facts["new_clients"])),
    ]
    parts.table(words("in_use"), [words("figure"), words("value")], rows)
    head = [words("file"), "SHA-256"]
    parts.table(words("hashes"), head, sorted(facts["sha256"].items()))
    head = [words("library"), words("version")]
    parts.table(words("versions"), head, list(facts["versions"].items()))


def quality(words: Words, found: dict[str, Any]) -> None:
    """What model.json says of the quality on clients that were held out."""
    st.header(words("quality"))
    if "auc" in found:
        low, high = found.get("auc_95_low"), found.get("auc_95_high")
        sentence = words(
            "auc",
            auc=words.number(found["auc"], 3),
            low=words("not_known") if low is None else words.number(low, 3),
            high=words("not_known") if high is None else words.number(high, 3),
            clients=words.number(found.get("held_out_clients", 0)),
        )
        st.markdown(parts.plain(sentence))
    rows = [
        (name.replace("_", " "), words.quantity(value))
        for name, value in found.items()
        if isinstance(value, int | float)
    ]
    if rows:
        parts.table(words("quality_table"), [words("figure"), words("value")], rows)


def calibration(words: Words, bins: list[dict[str, float]]) -> None:
    """What was expected of clients, and what came."""
    st.header(words("calibration"))
    points = [{"x": each["mean_pd"], "y": each["default_rate"]} for each in bins]
    gap = max(points, key=lambda point: abs(point["x"] - point["y"]))
    sentence = words(
        "calibration_sentence",
        bins=str(len(bins)),
        expected=words.percent(gap["x"], 1),
        came=words.percent(gap["y"], 1),
    )
    titles = (words("expected"), words("came"))
    parts.picture(figures.calibration(points, titles), sentence)
    rows = [
        (
            words.percent(each["mean_pd"], 1),
            words.percent(each["default_rate"], 1),
            words.number(each["clients"]),
        )
        for each in bins
    ]
    parts.table(words("calibration"), [*titles, words("clients")], rows)


def groups(
    words: Words, found: dict[str, list[dict[str, Any]]], features: dict[str, Feature]
) -> None:
    """Decisions per group of traits."""
    st.header(words("groups"))
    st.markdown(words("groups_sentence"))
    for name, rows in found.items():
        feature = features.get(name)
        label = feature["label"] if feature else name
        cells = [
            (
                group_name(words, str(row["group"]), feature),
                *(
                    words("not_known") if row.get(key) is None
                    else words.number(row[key]) if key == "clients"
                    else words.number(row[key], 3)
                    for key in GROUP_COLUMNS
                ),
            )
            for row in rows
        ]  # fmt: skip
        parts.table(
            label, [words("group"), *(words(f"group_{key}") for key in GROUP_COLUMNS)], cells
        )


def group_name(words: Words, group: str, feature: Feature | None) -> str:
    """A group's name with yes and no for flags, and years for days."""
    if feature is not None and feature["kind"] == "flag" and group in ("0", "1"):
        return words.of(feature, float(group))
    if feature is not None and feature["unit"].startswith("days"):
        return NUMBER.sub(lambda days: words.value(float(days[0]), "days"), group)
    return group


def drift(words: Words, found: DriftReport) -> None:
    """How far the new clients differ from the reference clients."""
    st.header(words("drift"))
    index = found["score"]["index"]
    size = "clear" if index >= CLEAR else "slight" if index >= SLIGHT else "small"
    sentence = words(
        f"drift_{size}",
        index=words.number(index, 3),
        expected=words.number(found["score"]["expected"], 3),
    )
    st.markdown(parts.plain(sentence))
    rows = [
        (each["label"], words.number(each["index"], 3), words.number(each["expected"], 3))
        for each in found["features"][:MOST_DRIFT]
    ]
    head = [words("feature"), words("psi"), words("psi_expected")]
    parts.table(words("drift_table"), head, rows)


def show() -> None:
    """The page."""
    words, desk = state.words(), state.desk()
    features, facts = desk.features, desk.facts
    st.title(words("page_model"))
    in_use(words, facts)
    found = facts["facts"].get("quality") or {}
    quality(words, found)
    if bins := found.get("bins"):
        calibration(words, bins)
    if by_group := found.get("groups"):
        groups(words, by_group, features)
    if not found:
        st.info(words("no_quality"))
    if protected := facts["protected_features"]:
        names = parts.names(words, features, protected)
        st.markdown(parts.plain(words("protected", features=names)))
    drift(words, desk.drift())


show()
