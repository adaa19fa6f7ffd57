"""The raw figures behind a decision, for those who check the model."""

from advisor import page_elements
from advisor.formatting.formats import Words, exact_decimals
from advisor.service_client.response_models import Score

MARGIN_DIGITS = 3


def show(words: Words, score: Score) -> None:
    """Show the raw score, its limit, and the distance between both."""
    rows = [
        (words(key), words.number(score[key], exact_decimals(score[key])))
        for key in ("probability", "threshold")
    ]
    if (margin := score["margin"]) is not None:
        rows.append((words("margin"), words.number(margin, MARGIN_DIGITS, sign=True)))
    if score["other"] is not None:
        unit = words(f"unit_{score['contributions_in']}")
        other = words.number(score["other"], MARGIN_DIGITS, sign=True)
        rows.append((words("other_raw", unit=unit), other))
    page_elements.table(words("raw_title"), [words("figure"), words("value")], rows)
