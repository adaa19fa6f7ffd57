"""Why a client scores so: reasons in words, a waterfall by theme that opens into features."""

import math
from collections.abc import Sequence

import streamlit as st

from advisor import contributions, figures, parts, state
from advisor.answers import Explanation, Feature, Importance, Reason, Record, Score
from advisor.contributions import Theme
from advisor.desk import log_odds
from advisor.formats import Words

MOST_REASONS = 10  # that the service gives
IN_WORDS = 4  # that a letter would give
MOST_BARS = 9


def reasons(words: Words, score: Score, features: dict[str, Feature]) -> None:
    """The reasons in words, each with its features."""
    st.header(words("reasons_title"))
    unit = score["contributions_in"]
    given = score["reasons"][:IN_WORDS]
    texts = parts.reason_texts(words, given, unit)
    st.markdown("\n".join(f"1. {parts.plain(text)}" for text in texts) or words("no_reasons"))
    left = math.fsum(reason["contribution"] for reason in score["reasons"][IN_WORDS:])
    other = words.number(left + (score["other"] or 0.0), 3, sign=True)
    st.markdown(parts.plain(words("other_reasons", other=other, unit=words(f"unit_{unit}"))))
    for reason in given:
        with st.expander(parts.plain(words("reason_features", group=reason["group"]))):
            reason_table(words, reason, features)


def reason_table(words: Words, reason: Reason, features: dict[str, Feature]) -> None:
    """The features that had most part in a reason, beside those compared with."""
    rows = []
    for part in reason["features"]:
        kind = features[part["name"]]["kind"] if part["name"] in features else "number"
        median = part["median"]
        rows.append(
            (
                part["label"],
                words.value(part["value"], part["unit"], kind),
                "" if median is None else words.value(median, part["unit"], kind),
                words.number(part["contribution"], 3, sign=True),
            )
        )
    head = [words(key) for key in ("feature", "value", "median", "contribution")]
    parts.table(reason["group"], head, rows)


def waterfall(
    words: Words, explanation: Explanation, found: Sequence[Theme], scale: str, threshold: float
) -> None:
    """From what the model expects of anybody to this client's output, theme by theme."""
    st.header(words("waterfall_title"))
    base = explanation["base"][0]
    steps = [(theme.name, theme.contribution) for theme in found[:MOST_BARS]]
    if rest := found[MOST_BARS:]:
        steps.append((words("other_themes"), math.fsum(theme.contribution for theme in rest)))
    rows = [total(words, words("base"), base, base)]
    reached = base
    for name, step in steps:
        rows.append(bar(words, name, reached, step))
        reached += step
    rows.append(total(words, words("output"), base, reached))
    place: float | None = threshold
    if scale == "log-odds":
        place = log_odds(threshold) if 0 < threshold < 1 else None
    up = [name for name, step in steps if step > 0][:3]
    down = [name for name, step in steps if step < 0][:3]
    sentence = words(
        "waterfall",
        base=words.number(base, 3),
        output=words.number(reached, 3),
        up=", ".join(up) or words("none"),
        down=", ".join(down) or words("none"),
        threshold=words("not_known") if place is None else words.number(place, 3),
    )
    title = words(f"unit_{scale}")
    parts.picture(figures.waterfall(rows, title, place, words("threshold_line")), sentence)
    head = [words("theme"), words("contribution")]
    parts.table(
        words("themes_table"),
        head,
        [(theme.name, words.number(theme.contribution, 3, sign=True)) for theme in found],
    )


def bar(words: Words, name: str, start: float, step: float) -> dict[str, object]:
    """A bar of the waterfall."""
    return {
        "name": name,
        "start": start,
        "end": start + step,
        "kind": "up" if step > 0 else "down",
        "text": words.number(step, 3, sign=True),
    }


def total(words: Words, name: str, base: float, value: float) -> dict[str, object]:
    """The first or the last bar."""
    return {
        "name": name,
        "start": base,
        "end": value,
        "kind": "total",
        "text": words.number(value, 3),
    }


def opened(
    words: Words, found: Sequence[Theme], record: Record, features: dict[str, Feature]
) -> None:
    """One theme, opened into its features."""
    chosen = st.selectbox(words("open_theme"), [theme.name for theme in found], key="theme")
    theme = next(theme for theme in found if theme.name == chosen)
    rows = []
    for name, contribution in theme.features.items():
        known = name in features
        value = words.of(features[name], record[name]) if known else ""
        label = features[name]["label"] if known else name
        rows.append((label, value, words.number(contribution, 3, sign=True)))
    head = [words(key) for key in ("feature", "value", "contribution")]
    parts.table(words("theme_features", theme=theme.name), head, rows)
    if missing := [name for name in theme.features if name in record and record[name] is None]:
        st.markdown(
            parts.plain(words("theme_missing", features=parts.names(words, features, missing)))
        )


def importance(words: Words, everybody: Importance, found: Sequence[Theme]) -> None:
    """What the model goes by for everybody, beside this client."""
    st.header(words("importance_title"))
    own = {theme.name: abs(theme.contribution) for theme in found}
    all_own = math.fsum(own.values()) or 1.0
    all_of_them = math.fsum(group["importance"] for group in everybody["groups"]) or 1.0
    names = words("this_client"), words("everybody")
    rows, cells = [], []
    for group in everybody["groups"][:MOST_BARS]:
        name = group["group"]
        shares = own.get(name, 0.0) / all_own, group["importance"] / all_of_them
        rows += [
            {"name": name, "series": series, "share": share}
            for series, share in zip(names, shares, strict=True)
        ]
        cells.append((name, *(words.percent(share, 1) for share in shares)))
    first = max(own, key=own.__getitem__)
    sentence = words(
        "importance",
        clients=words.number(everybody["clients"]),
        everybody=everybody["groups"][0]["group"],
        own=first,
    )
    parts.picture(figures.beside(rows, words("part_in_scores"), *names), sentence)
    parts.table(words("importance_table"), [words("theme"), *names], cells)


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    st.title(words("why_title", client=str(client)))
    compare = st.radio(
        words("compare_with"),
        ("near", "all"),
        format_func=lambda key: words(f"compare_{key}"),
        key="compare_with",
        persist_state="session",
    )
    score = desk.score({"client": client}, MOST_REASONS, "all" if compare == "all" else "near")
    features = desk.features()
    explanation = desk.explanation(client)
    scale = contributions.scale_of(explanation, score)
    st.header(parts.verdict(words, desk, score))
    reasons(words, score, features)
    found = contributions.themes(explanation, features)
    waterfall(words, explanation, found, scale, score["threshold"])
    opened(words, found, desk.record(client), features)
    importance(words, desk.importance(), found)


show()
