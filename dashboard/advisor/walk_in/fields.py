"""The fields of a new application, empty or with the values of its source."""

from collections.abc import Mapping
from decimal import Decimal
from html import escape

import streamlit as st

from advisor import form_controls, page_elements, session
from advisor.formatting.formats import Words, rounded
from advisor.service_client.response_models import Feature, Record, Value
from advisor.simulation.values import allowed_range
from advisor.walk_in.completion import is_absent
from advisor.walk_in.entry_scale import EntryScale, entry_scale
from advisor.walk_in.feature_weights import FeatureWeights
from advisor.walk_in.sources import Source

ADDED, ABSENT = "new_added", "new_absent"
WIDTH = 230  # pixels of a field: as many in a row as fit


def show(
    words: Words, features: Mapping[str, Feature], weights: FeatureWeights, source: Source
) -> Record:
    """Show the short form, the added fields and those of refused values; return the entries.

    An empty field and one with an impossible value are None.
    """
    short = weights.short_form(features)
    wanted = {*short, *st.session_state.get(ADDED, ()), *source.read.refused}
    entered: Record = {}
    absent = {features[name]["group"] for name in st.session_state.get(ABSENT, ())}
    with st.container(horizontal=True, key="walk_in_fields", gap="small"):
        for name in [name for name in weights.share if name in wanted]:
            with st.container(width=WIDTH, gap=None):
                key = f"new_{source.key}_{name}"
                own = source.read.values.get(name)
                is_missing = is_absent(
                    features[name], source.read.values.get(name, 0) is None, absent
                )
                empty = words("known_missing") if is_missing else usual(words, features[name])
                entered[name] = show_field(words, key, features[name], own, empty)
    others = [name for name in weights.strongest_first() if name not in short]
    if others:
        choose_more(words, features, others)
    return entered


def choose_more(words: Words, features: Mapping[str, Feature], names: list[str]) -> None:
    """Show the chooser of further fields, strongest first; the search finds labels."""
    labels = [features[name]["label"] for name in names]
    session.keep_choice(words, ADDED)
    st.multiselect(
        words("add_fields", number=words.number(len(names))),
        names,
        format_func=lambda name: label_once(features[name], labels),
        key=ADDED,
        placeholder=words("add_fields_search"),
        filter_mode="contains",
        select_all=False,
        persist_state="session",
    )


def label_once(feature: Feature, labels: list[str]) -> str:
    """A feature's label, with the name if others have the same one: a browser sends the text."""
    label = feature["label"]
    return label if labels.count(label) == 1 else f"{label} ({feature['name']})"


def choose_absent(
    words: Words, features: Mapping[str, Feature], weights: FeatureWeights
) -> set[str]:
    """Show the choice of themes without records, and return it.

    The session has a feature of each, since the name of a theme has a language.
    """
    nullable = [name for name in weights.share if features[name]["missing"] > 0]
    by_theme = {features[name]["group"]: name for name in reversed(nullable)}
    if not by_theme:
        return set()
    session.keep_choice(words, ABSENT)
    chosen = st.multiselect(
        words("absent_themes"),
        sorted(by_theme.values(), key=nullable.index),
        format_func=lambda name: features[name]["group"],
        key=ABSENT,
        placeholder=words("absent_themes_none"),
        persist_state="session",
    )
    st.html(f'<p class="desk-note">{escape(words("absent_themes_note"))}</p>')
    return {features[name]["group"] for name in chosen}


def show_field(words: Words, key: str, feature: Feature, own: Value, empty: str) -> Value:
    """Show the field of one feature, and return its value as stored.

    Args:
        words: texts and number formats.
        key: the field's key in the session.
        feature: the feature that is entered.
        own: the source's value, with which the field starts.
        empty: the words in an empty field.

    Returns:
        None for an empty field, and for a number outside the range, which the field refuses.
    """
    if feature["kind"] == "number":
        return show_number(
            words, key, feature, own if isinstance(own, float | int) else None, empty
        )
    session.keep_choice(words, key)
    st.session_state.setdefault(key, own)
    chosen: Value = st.selectbox(
        page_elements.plain(feature["label"]),
        form_controls.options(feature, own, st.session_state[key]),
        index=None,
        format_func=lambda option: words.exact_value(feature, option),
        key=key,
        placeholder=empty,
        persist_state="session",
    )
    return chosen


def show_number(
    words: Words, key: str, feature: Feature, own: float | None, empty: str
) -> float | None:
    """Show the field of a number, with its usual range, and refuse one outside the known range."""
    scale = entry_scale(feature)
    st.session_state.setdefault(key, None if own is None else scale.typed(own))
    typed = st.number_input(
        page_elements.plain(label_of(words, feature, scale)),
        value=None,
        step=1.0,
        format=form_controls.EXACT,
        key=key,
        placeholder=empty,
        persist_state="session",
    )
    if typed is None:
        return None
    value = scale.stored(typed, own)
    low, high = possible_range(feature, own)
    if low <= value <= high:
        return value
    ends = sorted(map(scale.typed, (low, high)))
    limits = rounded(ends[0], up=True), rounded(ends[1], up=False)
    if not ends[0] <= limits[0] <= limits[1] <= ends[1]:
        limits = ends[0], ends[1]
    sentence = page_elements.tagged(
        words(
            "outside",
            label=feature["label"],
            low=words.quantity(limits[0]),
            high=words.quantity(limits[1]),
        ),
        feature["label"],
    )
    st.html(f'<p class="desk-refusal" role="alert">⚠ {sentence}</p>')
    return None


def possible_range(feature: Feature, own: float | None) -> tuple[float, float]:
    """The numbers that a person may have: as far as features.csv says, else as earlier clients."""
    low, high = allowed_range(feature, own)
    lowest, highest = feature.get("lowest"), feature.get("highest")
    return (low if lowest is None else lowest, high if highest is None else highest)


def label_of(words: Words, feature: Feature, scale: EntryScale) -> str:
    """A feature's label with the unit in which it is typed."""
    if not scale.period:
        return page_elements.label_with_unit(feature)
    period = words(scale.period)
    unit = words("period_before", period=period) if scale.is_date else period
    return f"{feature['label']} ({unit})"


def usual(words: Words, feature: Feature) -> str:
    """The range of nine in ten of the clients who paid, or the words for an unknown one."""
    quantiles = feature["class0"]["quantiles"]
    if feature["kind"] != "number" or quantiles is None:
        return words("not_known")
    ends = map(entry_scale(feature).typed, (quantiles["5"], quantiles["95"]))
    low, high = (about(words, end) for end in sorted(ends))
    return words("usual_entry", low=low, high=high)


def about(words: Words, number: float) -> str:
    """A number of three digits."""
    short = Decimal(f"{number:.3g}")
    return words.number(float(short), max(0, -int(short.as_tuple().exponent)))
