"""The importance of each theme for all clients, beside its part in this client's score."""

import math
from collections.abc import Mapping

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.service_client.response_models import Importance, Score
from advisor.statements.reasons import strengths_of
from advisor.vega_lite import charts

MOST_BARS = 9


def shares(score: Score) -> dict[str, float]:
    """The share of each known theme in a client's effects, whatever their direction."""
    themes = [*score["reasons"], *strengths_of(score)]
    sizes = {theme["group"]: abs(theme["contribution"]) for theme in themes}
    total = math.fsum(sizes.values()) + abs(score["other"] or 0.0)
    return {name: size / (total or 1.0) for name, size in sizes.items()}


def show(words: Words, importance: Importance, own: Mapping[str, float]) -> None:
    """Show a chart of the most important themes: all clients beside this one."""
    total = math.fsum(each["importance"] for each in importance["groups"]) or 1.0
    series = words("this_client"), words("everybody")
    most = importance["groups"][:MOST_BARS]
    rows = [
        {"name": each["group"], "series": which, "share": share}
        for each in most
        for which, share in zip(
            series, (own.get(each["group"], 0.0), each["importance"] / total), strict=True
        )
    ]
    first, own_first = most[0]["group"], max(own, key=own.__getitem__, default=words("none"))
    key = "importance_same" if first == own_first else "importance"
    clients = words.number(importance["clients"])
    sentence = words(key, clients=clients, everybody=first, own=own_first)
    text, picture = page_elements.text_and_picture("importance")
    with text:
        page_elements.paragraph(sentence, first, own_first)
    with picture:
        spec = charts.paired_bars(rows, words("part_in_scores"), *series)
        page_elements.picture(spec, sentence)
