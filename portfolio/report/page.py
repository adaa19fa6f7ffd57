"""The report of a run as one page without other files: `report.html`."""

from collections.abc import Sequence
from html import escape

import numpy as np

from portfolio.counts import INTERVALS
from portfolio.progress import duration, number
from portfolio.report.charts import bar_chart, column_chart, step_chart
from portfolio.report.summary import Summary

MOST = 10  # bars of a chart
RANKS = ("first reason", "second", "third", "fourth")
HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Portfolio, {finished}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; max-width: 60rem; margin: 2rem auto;
 padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; }} h2 {{ font-size: 1.2rem; margin-top: 2.5rem; }}
svg {{ width: 100%; height: auto; }}
table {{ border-collapse: collapse; margin: .5rem 0; }}
th, td {{ text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #ddd;
 vertical-align: top; }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
.small {{ color: #555; font-size: .9rem; overflow-wrap: anywhere; }}
summary {{ cursor: pointer; color: #1f5a91; }}
</style>
</head>
<body>
"""


def report_page(summary: Summary) -> str:
    """Write the page of a run."""
    figures = summary.figures
    parts = [
        HEAD.format(finished=escape(figures["finished"])),
        f"<h1>{figures['scored']:,} clients scored</h1>",
        _key_figures(summary),
    ]
    if figures["scored"]:
        parts += [_scores(summary), _grades(summary), _drift(summary), _reasons(summary)]
    parts += [_files(summary), "</body>\n</html>\n"]
    return "\n".join(parts)


def _key_figures(summary: Summary) -> str:
    figures = summary.figures
    cells = []
    for decision, count in figures["decisions"].items():
        share = figures["shares"].get(decision)
        cells.append([decision, f"{count:,}", "" if share is None else f"{share:.1%}"])
    bad = f"{figures['bad_rows']:,} bad rows were left out. " if figures["bad_rows"] else ""
    parts, workers = number(figures["parts"], "part"), number(figures["workers"], "worker")
    return (
        table(["decision", "clients", "share"], cells)
        + f"<p>{bad}Threshold {figures['threshold']}. {parts},"
        f" {duration(figures['seconds'])} with {workers}, finished {figures['finished']}.</p>"
    )


def _scores(summary: Summary) -> str:
    new, reference = summary.counts.intervals, summary.reference.counts.intervals
    shares = new / new.sum(), reference / reference.sum()
    drift = summary.figures["drift"]["score"]
    middles = [_middle(share) for share in shares]
    alt = (
        f"Scores of {new.sum():,} scored and {reference.sum():,} reference clients: half of the"
        f" scored are below {middles[0]:.3f}, half of the reference clients below {middles[1]:.3f};"
        f" the threshold is {summary.reference.threshold}"
    )
    return section(
        "Scores",
        step_chart(shares, summary.reference.threshold, alt),
        f"Population stability index {drift['index']:.4f}; {drift['expected']:.4f} by chance on"
        " average.",
    )


def _middle(shares: np.ndarray) -> float:
    """Upper end of the interval that half of the clients do not exceed."""
    return float((np.searchsorted(np.cumsum(shares), 0.5) + 1) / INTERVALS)


def _grades(summary: Summary) -> str:
    grades = summary.figures["grades"]
    if not grades:
        return section("Grades", "", "model.json has no calibration, or no grades.")
    shares = {name: found["share"] for name, found in grades.items()}
    alt = "Grades: " + ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
    cells = [[name, f"{grades[name]['clients']:,}", f"{shares[name]:.1%}"] for name in grades]
    chart = column_chart(list(shares), list(shares.values()), alt)
    return section("Grades", chart, "", table(["grade", "clients", "share"], cells))


def _drift(summary: Summary) -> str:
    found = summary.figures["drift"]["features"][:MOST]
    labels = [feature["label"] for feature in found]
    indices, expected = ([feature[key] for feature in found] for key in ("index", "expected"))
    alt = "Features that drifted most: " + "; ".join(
        f"{label} {index:.3f}" for label, index in zip(labels, indices, strict=True)
    )
    cells = [
        [feature["label"], feature["name"], f"{feature['index']:.4f}", f"{feature['expected']:.4f}"]
        for feature in found
    ]
    return section(
        "Features that drifted most",
        bar_chart(labels, [indices], ["index"], "population stability index", alt, expected),
        "The red mark is the average by chance. Below 0.1 little has changed, from 0.25 on much"
        " has.",
        table(["feature", "name", "index", "by chance"], cells),
    )


def _reasons(summary: Summary) -> str:
    themes = dict(list(summary.figures["reasons_by_theme"].items())[:MOST])
    if not themes:
        return section("Reasons", "", "None were requested, or no client was refused.")
    explained = summary.counts.explained
    by_rank = [
        [100 * count / explained for count in counts]
        for counts in zip(*themes.values(), strict=True)
    ]
    shares = {name: sum(times) / explained for name, times in themes.items()}
    who = "clients" if summary.figures["reasons"] == "all" else "refused clients"
    alt = f"Reasons of {explained:,} {who}: " + "; ".join(
        f"{name} {share:.0%}" for name, share in shares.items()
    )
    cells = [[name, f"{sum(times):,}", f"{shares[name]:.1%}"] for name, times in themes.items()]
    chart = bar_chart(
        list(themes), by_rank, RANKS[: len(by_rank)], f"% of {who} who are given it", alt
    )
    return section(
        "Reasons by frequency", chart, "", table(["theme", "times given", f"of {who}"], cells)
    )


def _files(summary: Summary) -> str:
    figures = summary.figures
    files = [(file["name"], file["sha256"]) for file in figures["files"]]
    cells = [[name, sha256] for name, sha256 in [*figures["model"].items(), *files]]
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    return (
        f'<section class="small"><h2>Made from</h2>{table(["file", "SHA-256"], cells)}'
        f"<p>{escape(versions)}</p></section>"
    )


def section(title: str, chart: str, text: str, figures: str = "") -> str:
    """Write a chart with its title, a text, and its figures, which a reader may unfold."""
    details = f"<details><summary>The figures</summary>{figures}</details>" if figures else ""
    paragraph = f"<p>{escape(text)}</p>" if text else ""
    return f"<section><h2>{escape(title)}</h2>{chart}{paragraph}{details}</section>"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; numbers are aligned to the right."""

    def cell(kind: str, text: str) -> str:
        is_number = text.strip("-%").replace(",", "").replace(".", "").isdecimal()
        number_class = ' class="number"' if is_number else ""
        return f"<{kind}{number_class}>{escape(text)}</{kind}>"

    lines = ["".join(cell("th", text) for text in header)]
    lines += ["".join(cell("td", text) for text in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"
