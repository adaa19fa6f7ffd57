"""Why a client scores so: reasons in words, a waterfall by theme that opens into features."""

import math
from collections.abc import Sequence

import streamlit as st

from advisor import contributions, explained, figures, parts, state
from advisor.answers import Explanation, Feature, Importance, Record, Score
from advisor.contributions import Theme
from advisor.formats import Words


def waterfall(
    words: Words, explanation: Explanation, found: Sequence[Theme], score: Score, scale: str
) -> None:
    """From what the model expects of anybody to this client's output, theme by theme."""
    st.header(words("waterfall_title"))
    steps = [(theme.name, theme.contribution) for theme in found]
    ends = (words("base"), words("this_client"))
    base = explanation["base"][0]
    explained.waterfall(words, "waterfall", ends, base, steps, score, scale)


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
        said = words("theme_missing", features=parts.names(words, features, missing))
        parts.say(said, *(features[name]["label"] for name in missing))


def importance(words: Words, everybody: Importance, found: Sequence[Theme]) -> None:
    """What the model goes by for everybody, beside this client."""
    st.header(words("importance_title"))
    own = {theme.name: abs(theme.contribution) for theme in found}
    all_own = math.fsum(own.values()) or 1.0
    all_of_them = math.fsum(group["importance"] for group in everybody["groups"]) or 1.0
    names = words("this_client"), words("everybody")
    rows, cells = [], []
    for group in everybody["groups"][: explained.MOST_BARS]:
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
    spec = figures.beside(rows, words("part_in_scores"), *names)
    parts.picture(spec, sentence, everybody["groups"][0]["group"], first)
    parts.table(words("importance_table"), [words("theme"), *names], cells)


def show() -> None:
    """The page."""
    words, desk, client = state.words(), state.desk(), state.chosen_client()
    st.title(words("why_title", client=str(client)))
    compare = explained.choose_compared(words)
    score = desk.score({"client": client}, explained.MOST_REASONS, compare)
    features = desk.features
    explanation = desk.explanation(client)
    scale = contributions.scale_of(explanation, score)
    st.header(parts.verdict(words, desk, score))
    explained.reasons(words, score, features)
    found = contributions.themes(explanation, features)
    waterfall(words, explanation, found, score, scale)
    opened(words, found, desk.record(client), features)
    importance(words, desk.importance(), found)


show()
