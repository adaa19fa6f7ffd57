"""Page of comparisons: one feature among the clients who paid and who did not, and two together."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from advisor import category_bars, charts, feature_axis, feature_pair, page_elements, session
from advisor.category_bars import MOST_CATEGORIES, CategoryCount, ClassSizes
from advisor.comparison import Comparison
from advisor.formats import Words
from advisor.response_models import Feature, Value
from advisor.vega import ClassLegend

BINS = 24
ByClass = Sequence[list[Any]]  # a feature's values among the clients who paid, and who did not


def histogram(values: Sequence[float], low: float, high: float) -> list[float]:
    """The share of values in each of equally wide bins; values outside are not drawn."""
    width = (high - low) / BINS or 1.0
    counts = [0] * BINS
    for value in values:
        if low <= value <= high:
            counts[min(int((value - low) / width), BINS - 1)] += 1
    return [count / len(values) for count in counts] if values else [0.0] * BINS


def trimmed(values: list[float]) -> list[float]:
    """The sorted values without the lowest and the highest hundredth."""
    every, cut = sorted(values), len(values) // 100
    return every[cut : len(every) - cut]


def show_density(words: Words, feature: Feature, value: Value, by_class: ByClass) -> None:
    """Show a number's density in both classes, and the client's own value."""
    legend = ClassLegend(words("paid"), words("unpaid"))
    if not any(by_class):
        st.markdown(words("nobody_known"))
        return
    comparison = Comparison(feature, by_class)
    paid, unpaid = comparison.medians(words)
    sentence = words("density", label=feature["label"], paid=paid, unpaid=unpaid)
    own = value if isinstance(value, float | int) else None
    sentence += " " + (
        words("client_not_known") if own is None else comparison.sentence(words, own)
    )
    drawn = trimmed(by_class[0] + by_class[1])
    axis = feature_axis.axis_of(words, feature, drawn)
    low, high = sorted((axis.at(drawn[0]), axis.at(drawn[-1])))
    width = (high - low) / BINS
    rows = [
        {"x": low + (at + 0.5) * width, "share": share, "class": name}
        for name, values in zip((legend.paid, legend.unpaid), by_class, strict=True)
        for at, share in enumerate(histogram([*map(axis.at, values)], low, high))
    ]
    titles, own_at = (axis.title, words("share_of_class")), None if own is None else axis.at(own)
    spec = charts.density(rows, titles, legend, own_at, words("this_client"))
    page_elements.chart(spec, sentence, feature["label"])


def show_categories(
    words: Words, feature: Feature, value: Value, by_class: ByClass, sizes: ClassSizes | None
) -> None:
    """Show the shares of categories and of unknown values in both classes.

    Without the sizes of the classes, shares are of the clients with a known value.
    """
    counts = [Counter(values) for values in by_class]
    together = counts[0] + counts[1]
    ordered: list[Value] = [name for name, _ in together.most_common(MOST_CATEGORIES)]
    if value is not None and value not in ordered:
        ordered[MOST_CATEGORIES - 1 :] = [value]  # the client's own is always shown
    shown = [
        CategoryCount(
            words.feature_value(feature, name), [count[name] for count in counts], name == value
        )
        for name in ordered
    ]
    if others := [name for name in together if name not in ordered]:
        sums = [sum(count[name] for name in others) for count in counts]
        shown.append(CategoryCount(words("other_values"), sums, is_own=False))
    if sizes is None:
        sizes = counts[0].total(), counts[1].total()
    elif feature["missing"] or value is None:
        unknown = [size - count.total() for size, count in zip(sizes, counts, strict=True)]
        shown.append(CategoryCount(words("not_known"), unknown, value is None))
    own = words.feature_value(feature, value)
    sentence = words("categories", label=feature["label"], value=own)
    category_bars.show(words, feature["label"], sentence, shown, sizes)


def show_missing(words: Words, feature: Feature, value: Value, sizes: ClassSizes) -> None:
    """Show the shares of known and unknown values of a number in both classes."""
    known = [feature["class0"]["present"], feature["class1"]["present"]]
    unknown = [size - count for size, count in zip(sizes, known, strict=True)]
    shown = [
        CategoryCount(words("is_known"), known, value is not None),
        CategoryCount(words("not_known"), unknown, value is None),
    ]
    paid, unpaid = (
        words.percent(count / (size or 1), 1) for count, size in zip(unknown, sizes, strict=True)
    )
    sentence = words("missing_shares", label=feature["label"], paid=paid, unpaid=unpaid)
    category_bars.show(words, feature["label"], sentence, shown, sizes)


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    features, record = service.feature_by_name, service.record(client)
    st.title(words("compare_title", client=page_elements.plain_id(client)))
    name = st.selectbox(
        words("curve_feature"),
        list(features),
        format_func=lambda name: features[name]["label"],
        key="compared",
    )
    feature, value, by_class = features[name], record[name], service.values_by_class(name)
    always_known = [name for name, feature in features.items() if not feature["missing"]]
    sizes = None
    if always_known:
        complete = features[always_known[0]]
        sizes = complete["class0"]["present"], complete["class1"]["present"]
    if feature["kind"] == "number":
        show_density(words, feature, value, by_class)
        if feature["missing"] and sizes:
            show_missing(words, feature, value, sizes)
    else:
        show_categories(words, feature, value, by_class, sizes)
    if feature["missing"] and not sizes:
        st.markdown(words("missing_share", share=words.percent(feature["missing"], 1)))
    st.header(words("two_title"))
    st.markdown(words("two_only_known"))
    if always_known:
        feature_pair.show(words, service, record, always_known)


show()
