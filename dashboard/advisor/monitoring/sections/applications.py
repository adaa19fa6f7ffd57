"""Section of the applications: how many were decided, and how many approved."""

from advisor.monitoring import figures, picture
from advisor.monitoring.cells import Cells
from advisor.monitoring.charts import bars
from advisor.monitoring.charts.intervals import Measure, interval_chart, share_point
from advisor.vega_lite.charts import PERCENT


def show(cells: Cells) -> None:
    """Show the section."""
    show_volume(cells)
    show_approval(cells)


def show_volume(cells: Cells) -> None:
    """Show the number of decisions in each cell."""
    words, total = cells.words, cells.report["total"]
    volumes = [(cell["volume"], cells.name(cell["key"])) for cell in cells.all]
    (least, least_cell), (most, most_cell) = min(volumes), max(volumes)
    sentence = words(
        "volume_sentence",
        all=words.number(total["volume"]),
        automated=words.number(total["automated"]),
        least=words.number(least),
        least_cell=least_cell,
        most=words.number(most),
        most_cell=most_cell,
    )
    rows = [
        (
            cells.name(cell["key"]),
            words.number(cell["volume"]),
            words.number(cell["automated"]),
            figures.hashes(cell["models"]),
        )
        for cell in cells.all
    ]
    head = [cells.title(), *map(words, ("decisions", "automated", "column_model"))]
    spec = bars.volume(cells, words("decisions"))
    picture.show(words, "volume", spec, sentence, head, rows)


def show_approval(cells: Cells) -> None:
    """Show the shares that the model and, in the end, the lender accepted."""
    words, total = cells.words, cells.report["total"]
    final, model = words("approved_final"), words("approved_model")
    points = [
        share_point(cell, name, share)
        for cell in cells.all
        for name, share in ((final, cell["approval"]), (model, cell["model_approval"]))
    ]
    sentence = words(
        "approval_sentence",
        final=figures.share(words, total["approval"]),
        model=figures.share(words, total["model_approval"]),
    )
    finals = [point for point in points if point.series == final]
    sentence += " " + picture.extremes(cells, finals, lambda rate: words.percent(rate, 1))
    rows = [
        (
            cells.name(cell["key"]),
            figures.share(words, cell["approval"]),
            figures.of_all(words, cell["approval"]),
            figures.share(words, cell["model_approval"]),
            figures.hashes(cell["models"]),
        )
        for cell in cells.all
    ]
    head = [cells.title(), final, words("counts"), model, words("column_model")]
    spec = interval_chart(cells, points, Measure(words("share_approved"), PERCENT, has_zero=False))
    picture.show(words, "approval", spec, sentence, head, rows)
