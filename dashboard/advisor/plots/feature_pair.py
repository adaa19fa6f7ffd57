"""Two features of the same clients against each other, as points or as bars."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from advisor import page_elements, session
from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import Words
from advisor.plots import category_bars
from advisor.plots.category_bars import MOST_CATEGORIES, CategoryCount
from advisor.plots.feature_axis import FeatureAxis, axis_of
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Feature, Record, Value
from advisor.vega_lite import charts
from advisor.vega_lite.vega import ClassLegend

MOST_POINTS = 400  # of a class
SEPARATOR = " · "  # between two features or two values


@dataclass(frozen=True)
class FeaturePair:
    """Two features of the reference clients and of the client.

    Attributes:
        features: the two features: across and upwards.
        by_class: for each feature, its values by class.
        own: the client's own values.
    """

    features: Sequence[Feature]
    by_class: Sequence[Sequence[list[Any]]]
    own: Sequence[Value]

    @property
    def labels(self) -> list[str]:
        """The labels of the two features."""
        return [feature["label"] for feature in self.features]

    def axes(self, words: Words) -> list[FeatureAxis | None]:
        """The axis of each feature of numbers; None for categories."""
        return [
            axis_of(words, feature, [*values[0], *values[1], *numbers([own])])
            if feature["kind"] == "number"
            else None
            for feature, values, own in zip(self.features, self.by_class, self.own, strict=True)
        ]

    def own_texts(self, words: Words) -> list[str]:
        """The client's values, written out."""
        return [
            words.feature_value(feature, value)
            for feature, value in zip(self.features, self.own, strict=True)
        ]


def numbers(values: Iterable[Value]) -> list[float]:
    """The numbers among some values."""
    return [value for value in values if isinstance(value, float | int)]


def show(
    words: Words,
    service: PinnedService,
    record: Record,
    names: Sequence[str],
    strongest: Sequence[str],
) -> None:
    """Show the choice of two features, and the chosen ones against each other.

    Args:
        words: texts and number formats.
        service: has the reference clients' values.
        record: the client's.
        names: the options.
        strongest: features that are chosen at first, as far as they are options.
    """
    features = service.feature_by_name
    first = [name for name in dict.fromkeys([*strongest, *names]) if name in names]
    text, picture = page_elements.text_and_picture("pair")
    chosen = []
    with text:
        for at, key in enumerate(("across", "upwards")):
            session.keep_choice(words, key)
            st.session_state.setdefault(key, first[min(at, len(first) - 1)])
            name = st.selectbox(
                words(key),
                names,
                format_func=lambda name: features[name]["label"],
                key=key,
                persist_state="session",
            )
            chosen.append(name)
    pair = FeaturePair(
        [features[name] for name in chosen],
        [service.values_by_class(name) for name in chosen],
        [record[name] for name in chosen],
    )
    are_numbers = any(feature["kind"] == "number" for feature in pair.features)
    show_pair = show_scatter if are_numbers else show_combinations
    with picture:
        sentence = show_pair(words, pair)
    with text:
        page_elements.paragraph(sentence, *pair.labels)
        st.markdown(words("two_only_known"))


def show_scatter(words: Words, pair: FeaturePair) -> str:
    """Show points along two features, at most one of them of categories; return the sentence."""
    legend, axes = ClassLegend(words("paid"), words("unpaid")), pair.axes(words)

    def place(values: Sequence[Any]) -> tuple[Value, Value]:
        """The two coordinates of a point: numbers, or the names of categories."""
        x, y = (
            words.feature_value(feature, value) if axis is None else axis.at(value)
            for feature, axis, value in zip(pair.features, axes, values, strict=True)
        )
        return x, y

    rows = [
        {**dict(zip("xy", place(values), strict=True)), "class": name}
        for name, *by_feature in zip((legend.paid, legend.unpaid), *pair.by_class, strict=True)
        for values in thinned(list(zip(*by_feature, strict=True)))
    ]
    paid = sum(row["class"] == legend.paid for row in rows)
    own = pair.own_texts(words)
    sentence = words(
        "two", across=pair.labels[0], upwards=pair.labels[1], paid=words.number(paid),
        unpaid=words.number(len(rows) - paid), x=own[0], y=own[1],
    )  # fmt: skip
    sentence += " " + corner_sentence(words, pair)
    cross = None if None in pair.own else place(pair.own)
    across, upwards = (
        page_elements.label_with_unit(feature) if axis is None else axis.title
        for feature, axis in zip(pair.features, axes, strict=True)
    )
    are_numbers = axes[0] is not None, axes[1] is not None
    spec = charts.scatter(rows, (across, upwards), legend, cross, words("this_client"), are_numbers)
    page_elements.picture(spec, sentence)
    return sentence


def show_combinations(words: Words, pair: FeaturePair) -> str:
    """Show bars of the most common pairs of categories; return the sentence."""
    counts = [Counter(zip(*values, strict=True)) for values in zip(*pair.by_class, strict=True)]
    own = tuple(pair.own)
    ordered = [values for values, _ in (counts[0] + counts[1]).most_common(MOST_CATEGORIES)]
    if None not in own and own not in ordered:
        ordered[MOST_CATEGORIES - 1 :] = [own]  # the client's own is always shown
    shown = [
        CategoryCount(
            SEPARATOR.join(map(words.feature_value, pair.features, values)),
            [count[values] for count in counts],
            values == own,
        )
        for values in ordered
    ]
    title, value = SEPARATOR.join(pair.labels), SEPARATOR.join(pair.own_texts(words))
    sizes = counts[0].total(), counts[1].total()
    paid, unpaid = category_bars.own_shares(words, shown, sizes)
    sentence = words("categories", label=title, value=value, paid=paid, unpaid=unpaid)
    category_bars.show(words, title, sentence, shown, sizes)
    return sentence


def thinned(points: list[Any]) -> list[Any]:
    """At most 400 of the points, evenly spaced."""
    return points[:: max(1, -(-len(points) // MOST_POINTS))]


def corner_sentence(words: Words, pair: FeaturePair) -> str:
    """The share of each class that lies in the client's corner, in a sentence.

    In the corner are clients whose shown numbers do not exceed the client's and whose categories
    are the client's.
    """
    if None in pair.own:
        return words("client_not_known")
    scales = [
        scale_of(feature) if feature["kind"] == "number" else None for feature in pair.features
    ]

    def placed(values: Sequence[Any]) -> list[Any]:
        """Shown numbers, and categories as they are."""
        return [
            value if scale is None else scale.shown(value)
            for value, scale in zip(values, scales, strict=True)
        ]

    corner = placed(pair.own)

    def is_inside(values: Sequence[Any]) -> bool:
        return all(
            value == own if scale is None else value <= own
            for value, own, scale in zip(placed(values), corner, scales, strict=True)
        )

    paid, unpaid = (
        words.percent(sum(map(is_inside, points)) / (len(points) or 1), 1)
        for points in (list(zip(*each, strict=True)) for each in zip(*pair.by_class, strict=True))
    )
    sentence = words("corner", paid=paid, unpaid=unpaid)
    has_dates = any(scale is not None and scale.is_date for scale in scales)
    return f"{sentence} {words('corner_dates')}" if has_dates else sentence
