"""The decision on an application, and its percentiles among reference clients."""

import streamlit as st

from advisor import charts, page_elements
from advisor.formats import Words
from advisor.pinned_service import PinnedService
from advisor.response_models import Score


def verdict(words: Words, service: PinnedService, score: Score) -> str:
    """The decision in a sentence: by the expected share of defaults, or else by the score."""
    kind = "refused" if score["prediction"] else "accepted"
    if (pd := score.get("pd")) is None:
        return words(
            f"{kind}_by_score",
            score=words.number(score["probability"], 4),
            threshold=words.number(score["threshold"], 4),
        )
    share, limit = words.percents(pd, service.pd_limit())
    return words(f"{kind}_by_pd", pd=share, limit=limit)


def show(words: Words, service: PinnedService, score: Score) -> None:
    """Show the decision: a sentence, a gauge and a table."""
    st.header(verdict(words, service, score))
    if (pd := score.get("pd")) is not None:
        share, limit = pd, service.pd_limit()
        label, limit_label = words.percents(share, limit)
        distance = words("percentage_points", number=words.number(100 * abs(share - limit), 1))
        title, form, accepted = "expected_defaults", charts.PERCENT, "accepted_up_to"
    else:
        share, limit = score["probability"], score["threshold"]
        label, limit_label = words.number(share, 4), words.number(limit, 4)
        distance = words.number(abs(share - limit), 4)
        title, form, accepted = "score", charts.DECIMALS, "accepted_below"
    limit_text = words(accepted, limit=limit_label)
    sentence = words("gauge", share=label, limit=limit_label, title=words(title))
    page_elements.chart(
        charts.gauge((share, label), (limit, limit_text), words(title), form),
        f"{sentence} {distance_sentence(words, score, distance)}",
    )
    rows = [
        (words("probability"), words.number(score["probability"], 4)),
        (words("threshold"), words.number(score["threshold"], 4)),
    ]
    if (points := score.get("points")) is not None:
        rows.append((words("points"), words.number(points)))
    if (grade := score.get("grade")) is not None:
        rows.append((words("grade"), grade))
    page_elements.table(words("figures"), [words("figure"), words("value")], rows)


def distance_sentence(words: Words, score: Score, distance: str) -> str:
    """The distance from the threshold in a sentence, with the margin in log-odds if known."""
    side = "above" if score["prediction"] else "below"
    if score["margin"] is None:
        return words(f"distance_{side}", distance=distance)
    margin = words.number(abs(score["margin"]), 3)
    return words(f"distance_margin_{side}", distance=distance, margin=margin)


def show_percentiles(words: Words, score: Score) -> None:
    """Show the score's percentiles among reference clients: a chart and its sentence."""
    st.header(words("percentiles_title"))
    by_class = {"paid": score["position"]["class0"], "unpaid": score["position"]["class1"]}
    rows = [
        {"name": words(name), "share": share, "text": words.percent(share, 1)}
        for name, share in by_class.items()
        if share is not None
    ]
    shares = {name: words.percent_or_unknown(share) for name, share in by_class.items()}
    sentence = words("percentiles", **shares)
    page_elements.chart(charts.share_bars(rows, words("lower_probability")), sentence)
