"""Page of explanations: reasons in words, and SHAP values by theme."""

import math
from collections.abc import Sequence

import streamlit as st

from advisor import charts, decision, page_elements, reasons, session, themes, waterfall
from advisor.formats import Words
from advisor.response_models import Feature, Importance, Record
from advisor.themes import Theme


def show_theme(
    words: Words, by_theme: Sequence[Theme], record: Record, features: dict[str, Feature]
) -> None:
    """Show the choice of a theme, and the features of the chosen one."""
    chosen = st.selectbox(words("open_theme"), [theme.name for theme in by_theme], key="theme")
    theme = next(theme for theme in by_theme if theme.name == chosen)
    rows = []
    for name, contribution in theme.features.items():
        known = name in features
        value = words.feature_value(features[name], record[name]) if known else ""
        label = features[name]["label"] if known else name
        rows.append((label, value, words.number(contribution, 3, sign=True)))
    head = [words(key) for key in ("feature", "value", "contribution")]
    page_elements.table(words("theme_features", theme=theme.name), head, rows)
    if missing := [name for name in theme.features if name in record and record[name] is None]:
        labels = page_elements.label_list(words, features, missing)
        sentence = words("theme_missing", features=labels)
        page_elements.paragraph(sentence, *(features[name]["label"] for name in missing))


def show_importance(words: Words, importance: Importance, by_theme: Sequence[Theme]) -> None:
    """Show each theme's part in all scores, beside its part in this client's."""
    st.header(words("importance_title"))
    own = {theme.name: abs(theme.contribution) for theme in by_theme}
    own_total = math.fsum(own.values()) or 1.0
    total = math.fsum(each["importance"] for each in importance["groups"]) or 1.0
    series = words("this_client"), words("everybody")
    rows, cells = [], []
    for each in importance["groups"][: waterfall.MOST_BARS]:
        name = each["group"]
        shares = own.get(name, 0.0) / own_total, each["importance"] / total
        rows += [
            {"name": name, "series": which, "share": share}
            for which, share in zip(series, shares, strict=True)
        ]
        cells.append((name, *(words.percent(share, 1) for share in shares)))
    first, own_first = importance["groups"][0]["group"], max(own, key=own.__getitem__)
    sentence = words(
        "importance",
        clients=words.number(importance["clients"]),
        everybody=first,
        own=own_first,
    )
    spec = charts.paired_bars(rows, words("part_in_scores"), *series)
    page_elements.chart(spec, sentence, first, own_first)
    page_elements.table(words("importance_table"), [words("theme"), *series], cells)


def show() -> None:
    """Show the page."""
    words, service, client = session.words(), session.service(), session.chosen_client()
    st.title(words("why_title", client=page_elements.plain_id(client)))
    compare = reasons.choose_peers(words)
    score = service.score({"client": client}, reasons.MOST_REASONS, compare)
    features = service.feature_by_name
    shap = service.shap_values(client)
    scale = themes.scale_of(shap, score)
    st.header(decision.verdict(words, service, score))
    reasons.show(words, score, features)
    by_theme = themes.themes(shap, features)
    st.header(words("waterfall_title"))
    ends = (words("base"), words("this_client"))
    steps = [(theme.name, theme.contribution) for theme in by_theme]
    waterfall.show(words, "waterfall", ends, shap["base"][0], steps, score, scale)
    show_theme(words, by_theme, service.record(client), features)
    show_importance(words, service.importance(), by_theme)


show()
