"""Section of challengers: models in the shadow against the models that decided."""

import streamlit as st

from advisor import page_elements
from advisor.formatting.formats import Words
from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts import bars
from advisor.monitoring.overview import auc_text
from advisor.monitoring.response_models import ChallengerComparison, DecidedAlike
from advisor.monitoring.statistics import Calibration, Discrimination


def show(cells: Cells) -> None:
    """Show the section."""
    words = cells.words
    if not cells.report["challengers"]:
        st.info(words("no_challenger"))
        return
    for comparison in cells.report["challengers"]:
        show_comparison(words, comparison)


def sets_of(comparison: ChallengerComparison) -> list[tuple[str, DecidedAlike]]:
    """The sets of applications on which both decided alike or not, with their names' keys."""
    return [
        ("both_accept", comparison["both_accept"]),
        ("swap_out", comparison["swap_out"]),
        ("swap_in", comparison["swap_in"]),
        ("both_refuse", comparison["both_refuse"]),
    ]


def show_comparison(words: Words, comparison: ChallengerComparison) -> None:
    """Show a challenger beside the model that decided."""
    models = {
        name: figures.short_hash(comparison["challenger" if name == "challenger" else "champion"])
        for name in ("challenger", "champion")
    }
    title = words("comparison_of", **models)
    st.header(title)
    found = sets_of(comparison)
    sentence = words(
        "challenger_sentence",
        decisions=words.number(comparison["decisions"]),
        failed=words.number(comparison["failed"]),
        agreement=figures.share(words, comparison["agreement"]),
        swap_in=words.number(comparison["swap_in"]["decisions"]["count"]),
        swap_out=words.number(comparison["swap_out"]["decisions"]["count"]),
        bad=figures.share(words, comparison["swap_out"]["bad"]),
        of=words.number(comparison["swap_out"]["bad"]["of"]),
    )
    shown = [(words(key), each["challenger_mean_pd"], each["bad"]) for key, each in found]
    names = words("expected_by_challenger"), words("defaulted")
    page_elements.chart(bars.expected_and_observed(shown, words("share_of_loans"), names), sentence)
    rows = [set_row(words, key, each) for key, each in found]
    with st.expander(page_elements.plain(words("definition_of", title=title))):
        page_elements.paragraph(words("challenger_help"))
    keys = ("decisions", "share", "expected_by_model", "expected_by_challenger")
    head = [words("application_set"), *map(words, keys)]
    head += map(words, ("mature_loans", "defaulted", "counts"))
    picture.numbers(words, title, head, rows)
    show_quality(words, comparison, title)


def set_row(words: Words, key: str, found: DecidedAlike) -> tuple[str, ...]:
    """The row of a set of applications."""
    return (
        words(key),
        words.number(found["decisions"]["count"]),
        figures.share(words, found["decisions"]),
        words.percent_or_unknown(found["mean_pd"]),
        words.percent_or_unknown(found["challenger_mean_pd"]),
        words.number(found["mature"]),
        figures.share(words, found["bad"]),
        figures.of_all(words, found["bad"]),
    )


def show_quality(words: Words, comparison: ChallengerComparison, title: str) -> None:
    """Show both models' quality on the same loans."""
    difference = comparison["difference"]
    if difference is not None:
        text = figures.number(
            words, difference["difference"], difference["low"], difference["high"]
        )
        p = figures.p_value(words, difference["p"])
        sentence = words("auc_difference", difference=text, p=p)
        st.markdown(page_elements.plain(sentence))
    rows = [
        quality_row(words, comparison["champion"], *of_champion(comparison)),
        quality_row(
            words,
            comparison["challenger"],
            comparison["discrimination"],
            comparison["calibration"],
        ),
    ]
    head = [words("column_model"), "AUC", words("gini"), words("ks"), words("brier_score")]
    head += [words("expected"), words("defaulted")]
    caption = words("label_and_value", label=title, value=words("same_loans"))
    page_elements.table(caption, head, rows)


def of_champion(
    comparison: ChallengerComparison,
) -> tuple[Discrimination | None, Calibration | None]:
    """The quality of the model that decided."""
    return comparison["champion_discrimination"], comparison["champion_calibration"]


def quality_row(
    words: Words, model: str, ranking: Discrimination | None, calibration: Calibration | None
) -> tuple[str, ...]:
    """The row of a model."""
    nothing = figures.NOTHING
    ks = nothing if ranking is None or ranking["ks"] is None else words.number(ranking["ks"], 3)
    brier = calibration and calibration["brier"]
    return (
        figures.short_hash(model),
        auc_text(words, ranking),
        nothing
        if ranking is None
        else figures.number(words, ranking["gini"], ranking["gini_low"], ranking["gini_high"]),
        ks,
        words.number(brier["score"], 4) if brier else nothing,
        nothing if calibration is None else words.percent(calibration["mean_pd"], 1),
        nothing if calibration is None else figures.share(words, calibration["default_rate"]),
    )
