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
BETWEEN = " · "  # two features or values
Sizes = tuple[int, int]  # reference clients by class
Both = Sequence[tuple[list[Any], list[Any]]]  # values by class of each of two features


def pair_of(words: Words) -> Pair:
    """What the classes are called."""
    return Pair(words("paid"), words("unpaid"))


def histogram(values: Sequence[float], low: float, high: float) -> list[float]:
    """The share of values in each of equally wide ranges; what lies outside is not drawn."""
    width = (high - low) / BINS or 1.0
    counts = [0] * BINS
    for value in values:
        if low <= value <= high:
            counts[min(int((value - low) / width), BINS - 1)] += 1
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
    spec = figures.density(rows, titles, pair, own, words("this_client"))
    parts.picture(spec, sentence, feature["label"])


def categories(
    words: Words, feature: Feature, value: Value, classes: Sequence[list[Any]], sizes: Sizes | None
) -> None:
    """The shares of categories in both classes, and of those of whom none is known.

    Without the sizes of the classes they are shares of those of whom one is known.
    """
    counts = [Counter(values) for values in classes]
    together = counts[0] + counts[1]
    ordered: list[Value] = [name for name, _ in together.most_common(MOST_CATEGORIES)]
    if value is not None and value not in ordered:
        ordered[MOST_CATEGORIES - 1 :] = [value]  # the client's own place is always shown
    rest = [name for name in together if name not in ordered]
    shown = [
        (words.of(feature, name), [count[name] for count in counts], name == value)
        for name in ordered
    ]
    if rest:
        others = [sum(count[name] for name in rest) for count in counts]
        shown.append((words("other_values"), others, False))
    if sizes is None:
        sizes = counts[0].total(), counts[1].total()
    elif feature["missing"] or value is None:
        missing = [size - count.total() for size, count in zip(sizes, counts, strict=True)]
        shown.append((words("not_known"), missing, value is None))
    sentence = words("categories", label=feature["label"], value=words.of(feature, value))
    bars(words, feature["label"], sentence, shown, sizes)


def missing(words: Words, feature: Feature, value: Value, sizes: Sizes) -> None:
    """Of how many a number is known, in both classes."""
    known = [feature["class0"]["present"], feature["class1"]["present"]]
    unknown = [size - count for size, count in zip(sizes, known, strict=True)]
    shown = [
        (words("is_known"), known, value is not None),
        (words("not_known"), unknown, value is None),
    ]
    shares = [count / (size or 1) for count, size in zip(unknown, sizes, strict=True)]
    sentence = words(
        "missing_shares",
        label=feature["label"],
        paid=words.percent(shares[0], 1),
        unpaid=words.percent(shares[1], 1),
    )
    bars(words, feature["label"], sentence, shown, sizes)


def bars(
    words: Words, title: str, sentence: str, shown: Sequence[tuple[str, list[int], bool]],
    sizes: Sizes, *labels: str,
) -> None:  # fmt: skip
    """Bars of shares by class and a table of the same; the client's own row is named so."""
    pair = pair_of(words)
    rows, cells = [], []
    for name, counts, own in shown:
        label = words("own_row", name=name) if own else name
        shares = [count / (size or 1) for count, size in zip(counts, sizes, strict=True)]
        rows += [
            {"name": label, "class": which, "share": share}
            for which, share in zip((pair.paid, pair.unpaid), shares, strict=True)
        ]
        cells.append((label, *(words.percent(share, 1) for share in shares)))
    spec = figures.classes(rows, words("share_of_class"), pair)
    parts.picture(spec, sentence, title, *labels)
    parts.table(title, [words("value"), pair.paid, pair.unpaid], cells)


def two(words: Words, desk: Desk, record: Record, names: Sequence[str]) -> None:
    """Two features of the same earlier clients against each other."""
    features = desk.features
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
    axes = [features[name] for name in chosen]
    both = [desk.reference_values(name) for name in chosen]
    own = [record[name] for name in chosen]
    if any(axis["kind"] == "number" for axis in axes):
        cloud(words, axes, both, own)
    else:
        together(words, axes, both, own)


def cloud(words: Words, axes: Sequence[Feature], both: Both, own: Sequence[Value]) -> None:
    """Points of both classes along two features, one of which may be of categories."""
    pair = pair_of(words)
    rows = [
        {"x": written(words, axes[0], x), "y": written(words, axes[1], y), "class": name}
        for name, *values in zip((pair.paid, pair.unpaid), *both, strict=True)
        for x, y in spread(list(zip(*values, strict=True)))
    ]
    labels = [axis["label"] for axis in axes]
    values = [words.of(axis, value) for axis, value in zip(axes, own, strict=True)]
    paid = sum(row["class"] == pair.paid for row in rows)
    sentence = words(
        "two", across=labels[0], upwards=labels[1], paid=words.number(paid),
        unpaid=words.number(len(rows) - paid), x=values[0], y=values[1],
    )  # fmt: skip
    sentence += " " + corner(words, axes, both, own)
    place = None
    if None not in own:
        place = written(words, axes[0], own[0]), written(words, axes[1], own[1])
    kinds = [axis["kind"] == "number" for axis in axes]
    titles = (parts.titled(axes[0]), parts.titled(axes[1]))
    name = words("this_client")
    spec = figures.points(rows, titles, pair, place, name, (kinds[0], kinds[1]))
    parts.picture(spec, sentence, *labels)


def together(words: Words, axes: Sequence[Feature], both: Both, own: Sequence[Value]) -> None:
    """Bars of what two features of categories are together, the most common first."""
    counts = [Counter(zip(*values, strict=True)) for values in zip(*both, strict=True)]
    shown = [
        (
            BETWEEN.join(words.of(axis, each) for axis, each in zip(axes, found, strict=True)),
            [count[found] for count in counts],
            found == tuple(own),
        )
        for found, _ in (counts[0] + counts[1]).most_common(MOST_CATEGORIES)
    ]
    labels = [axis["label"] for axis in axes]
    values = [words.of(axis, value) for axis, value in zip(axes, own, strict=True)]
    title = BETWEEN.join(labels)
    sentence = words("categories", label=title, value=BETWEEN.join(values))
    bars(words, title, sentence, shown, (counts[0].total(), counts[1].total()), *labels)


def written(words: Words, feature: Feature, value: Value) -> Value:
    """A value on an axis: a number, else the name of a category."""
    return value if feature["kind"] == "number" else words.of(feature, value)


def spread(pairs: list[Any]) -> list[Any]:
    """At most so many of them, from the first to the last at equal distances."""
    return pairs[:: max(1, -(-len(pairs) // MOST_POINTS))]


def corner(words: Words, axes: Sequence[Feature], both: Both, own: Sequence[Value]) -> str:
    """How common the client's corner of the picture is in both classes, in words.

    The corner is what is at most as far as the client in both: a number up to theirs, a category
    that is theirs.
    """
    if None in own:
        return words("client_not_known")
    inside = [
        (lambda value, own=value: value <= own) if axis["kind"] == "number"
        else (lambda value, own=value: value == own)
        for axis, value in zip(axes, own, strict=True)
    ]  # fmt: skip
    shares = []
    for across, upwards in zip(*both, strict=True):
        found = sum(inside[0](x) and inside[1](y) for x, y in zip(across, upwards, strict=True))
        shares.append(words.percent(found / (len(across) or 1), 1))
    return words("corner", paid=shares[0], unpaid=shares[1])


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    features, record = desk.features, desk.record(client)
    st.title(words("compare_title", client=str(client)))
    name = st.selectbox(
        words("curve_feature"),
        list(features),
        format_func=lambda name: features[name]["label"],
        key="compared",
    )
    feature, classes = features[name], desk.reference_values(name)
    known = [name for name, feature in features.items() if not feature["missing"]]
    sizes = None
    if known:
        whole = features[known[0]]
        sizes = whole["class0"]["present"], whole["class1"]["present"]
    if feature["kind"] == "number":
        numbers(words, feature, record[name], classes)
        if feature["missing"] and sizes:
            missing(words, feature, record[name], sizes)
    else:
        categories(words, feature, record[name], classes, sizes)
    if feature["missing"] and not sizes:
        st.markdown(words("missing_share", share=words.percent(feature["missing"], 1)))
    st.header(words("two_title"))
    st.markdown(words("two_only_known"))
    if known:
        two(words, desk, record, known)


show()
