"""Decisions by group: of traits that the law protects or that were audited."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.plots import feature_axis
from advisor.plots.feature_axis import FeatureAxis
from advisor.service_client.response_models import Feature

SHARES = ("accepted", "true_positive_rate", "false_positive_rate")
COLUMNS = ("clients", "accepted", "ratio_to_best", "true_positive_rate", "false_positive_rate")
NUMBER = r"-?\d+(?:\.\d+)?"
RANGE = re.compile(rf"(up to|above)? ?({NUMBER})(?: to ({NUMBER}))?")


def show(
    words: Words, by_trait: Mapping[str, list[dict[str, Any]]], features: Mapping[str, Feature]
) -> None:
    """Show, for each trait, a table of decisions by group."""
    head = [words("group"), *(words(f"group_{key}") for key in COLUMNS)]
    for trait, rows in by_trait.items():
        names = [str(row["group"]) for row in rows]
        title, groups = trait, names
        if trait in features:
            title, groups = named(words, features[trait], names)
        cells = [
            (group, *(figure(words, key, row.get(key)) for key in COLUMNS))
            for group, row in zip(groups, rows, strict=True)
        ]
        page_elements.table(title, head, cells)
    st.markdown(words("groups_sentence"))


def figure(words: Words, key: str, value: float | None) -> str:
    """A cell of the table: a count, a share in percent, or the ratio of two shares."""
    if value is None:
        return words("not_known")
    if key in SHARES:
        return words.percent(value, 1)
    return words.number(value, 0 if key == "clients" else 2)


def named(words: Words, feature: Feature, names: Sequence[str]) -> tuple[str, list[str]]:
    """The title of a feature's table and the names of its groups, as pages write its values."""
    ranges = [RANGE.fullmatch(name) for name in names]
    if feature["kind"] == "number" and any(found and (found[1] or found[3]) for found in ranges):
        ends = [float(end) for found in ranges if found for end in found.groups()[1:] if end]
        axis = feature_axis.axis_of(words, feature, ends)
        return axis.title, [
            name if found is None else range_name(words, axis, found)
            for name, found in zip(names, ranges, strict=True)
        ]
    if feature["kind"] == "flag":
        flags = {"0": words("no"), "1": words("yes")}
        return feature["label"], [flags.get(name, name) for name in names]
    return feature["label"], list(names)


def range_name(words: Words, axis: FeatureAxis, found: re.Match[str]) -> str:
    """A range upwards, in the numbers of an axis."""
    side, low, high = found.groups()
    ends = sorted(axis.at(float(end)) for end in (low, high) if end)
    written = [words.number(end, 1) if axis.divisor != 1 else words.quantity(end) for end in ends]
    if high:
        return words("range_between", low=written[0], high=written[1])
    if side is None:
        return written[0]
    is_upper = (side == "above") != axis.scale.is_turned
    return words("range_above" if is_upper else "range_up_to", end=written[0])
