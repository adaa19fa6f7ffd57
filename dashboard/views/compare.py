"""Compare: a feature among those who paid and those who did not, and two features together."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

import streamlit as st

from advisor import figures, parts, state
from advisor.answers import Feature, Record, Value
from advisor.desk import Desk
from advisor.formats import Words
from advisor.vega import Pair

BINS = 24
MOST_POINTS = 400  # of a class
MOST_CATEGORIES = 12


def pair_of(words: Words) -> Pair:
    """What the classes are called."""
    return Pair(words("paid"), words("unpaid"))


def histogram(values: Sequence[float], low: float, high: float) -> list[float]:
    """The share of values in each of equally wide ranges; what lies outside counts to the ends."""
    width = (high - low) / BINS or 1.0
    counts = [0] * BINS
    for value in values:
        counts[min(max(int((value - low) / width), 0), BINS - 1)] += 1
    return [count / len(values) for count in counts] if values else [0.0] * BINS


def place(value: float, values: Sequence[float]) -> float | None:
    """The share of values below one."""
    return sum(other < value for other in values) / len(values) if values else None


def numbers(words: Words, feature: Feature, value: Value, classes: Sequence[list[float]]) -> None:
    """The density of a number in both classes, and the client's place."""
    pair = pair_of(words)
    together = sorted(classes[0] + classes[1])
    if not together:
        st.markdown(words("nobody_known"))
        return
    low, high = together[len(together) // 100], together[-1 - len(together) // 100]
    width = (high - low) / BINS
    rows = [
        {"x": low + (at + 0.5) * width, "share": share, "class": name}
        for name, values in zip((pair.paid, pair.unpaid), classes, strict=True)
        for at, share in enumerate(histogram(values, low, high))
    ]
    medians = [
        words.of(feature, median(values)) if values else words("not_known") for values in classes
    ]
    sentence = words("density", label=feature["label"], paid=medians[0], unpaid=medians[1])
    own = value if isinstance(value, float | int) else None
    if own is None:
        sentence += " " + words("client_not_known")
    else:
        below = [place(own, values) for values in classes]
        shares = [words("not_known") if s is None else words.percent(s, 1) for s in below]
        sentence += " " + words(
            "client_place", value=words.of(feature, own), paid=shares[0], unpaid=shares[1]
        )
    titles = (parts.titled(feature), words("share_of_class"))
    parts.picture(figures.density(rows, titles, pair, own, words("this_client")), sentence)


def categories(words: Words, feature: Feature, value: Value, classes: Sequence[list[Any]]) -> None:
    """The shares of categories in both classes."""
    pair = pair_of(words)
    counts = [Counter(values) for values in classes]
    ordered = [name for name, _ in (counts[0] + counts[1]).most_common(MOST_CATEGORIES)]
    rows, cells = [], []
    for category in ordered:
        shares = [count[category] / (count.total() or 1) for count in counts]
        name = words.of(feature, category)
        rows += [
            {"name": name, "class": which, "share": share}
            for which, share in zip((pair.paid, pair.unpaid), shares, strict=True)
        ]
        cells.append((name, *(words.percent(share, 1) for share in shares)))
    sentence = words("categories", label=feature["label"], value=words.of(feature, value))
    parts.picture(figures.classes(rows, words("share_of_class"), pair), sentence)
    parts.table(feature["label"], [words("value"), pair.paid, pair.unpaid], cells)


def two(words: Words, desk: Desk, record: Record, names: Sequence[str]) -> None:
    """Two features of the same earlier clients against each other."""
    features = desk.features()
    pair = pair_of(words)
    chosen = [
        st.selectbox(
            words(key),
            names,
            index=min(at, len(names) - 1),
            format_func=lambda name: features[name]["label"],
            key=key,
        )
        for at, key in enumerate(("across", "upwards"))
    ]
    both = [desk.reference_values(name) for name in chosen]
    rows = [
        {"x": x, "y": y, "class": name}
        for name, across, upwards in zip((pair.paid, pair.unpaid), *both, strict=True)
        for x, y in list(zip(across, upwards, strict=True))[:MOST_POINTS]
    ]
    own = [record[name] for name in chosen]
    at = (own[0], own[1])
    known = isinstance(at[0], float | int) and isinstance(at[1], float | int)
    labels = [features[name]["label"] for name in chosen]
    values = [words.of(features[name], value) for name, value in zip(chosen, own, strict=True)]
    sentence = words(
        "two", across=labels[0], upwards=labels[1], clients=words.number(len(rows)),
        x=values[0], y=values[1],
    )  # fmt: skip
    titles = (parts.titled(features[chosen[0]]), parts.titled(features[chosen[1]]))
    cross = (float(str(at[0])), float(str(at[1]))) if known else None
    parts.picture(figures.points(rows, titles, pair, cross), sentence)


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    features, record = desk.features(), desk.record(client)
    st.title(words("compare_title", client=str(client)))
    name = st.selectbox(
        words("curve_feature"),
        list(features),
        format_func=lambda name: features[name]["label"],
        key="compared",
    )
    feature, classes = features[name], desk.reference_values(name)
    (numbers if feature["kind"] == "number" else categories)(words, feature, record[name], classes)
    if feature["missing"]:
        st.markdown(words("missing_share", share=words.percent(feature["missing"], 1)))
    st.header(words("two_title"))
    st.markdown(words("two_only_known"))
    known = [
        name
        for name, feature in features.items()
        if feature["kind"] == "number" and not feature["missing"]
    ]
    if known:
        two(words, desk, record, known)


show()
