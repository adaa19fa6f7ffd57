"""The page of the monthly report against the figures that it was made from."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from credit_scoring.monitoring.psi import Drift
from credit_scoring.monitoring.rates.proportion import wilson
from register.commands.monthly_report.elements.numbers import decimal, probability, share_interval
from register.commands.monthly_report.figures import MonthlyFigures
from register.commands.monthly_report.operation.population import is_beyond_chance
from register.commands.monthly_report.page import report_page
from tests.register.commands.made_report import (
    CHALLENGER,
    NEW,
    OLD,
    made_figures,
    with_challenger,
    with_groups,
)

VOID = {"meta", "path", "use", "rect", "br"}


class Page(HTMLParser):
    """The parts of a page: tables by caption, charts, captions, ids, links.

    Attributes:
        tables: the rows of each table, the header first.
        figures: the chart's name, its texts and the caption of each figure.
        text: all text outside charts and styles.
    """

    def __init__(self, source: str):
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.figures: list[tuple[str, list[str], str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self._words = ""
        self.feed(source)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "xlink:href", "src") if name in found]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "svg":
            assert found["role"] == "img"
            self.figures.append((found["aria-label"], [], ""))
        if tag == "tr":
            self._row: list[str] = []
        if tag in ("th", "td", "caption", "figcaption", "text", "h1", "h2", "h3"):
            self._words = ""
        if tag == "th":
            assert found["scope"] in ("row", "col")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data):
        self._words += data
        if not {"svg", "style"} & set(self._open):
            self.text += data

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        if tag == "caption":
            self._caption = self._words
            assert self._caption not in self.tables
            self.tables[self._caption] = []
        if tag in ("th", "td"):
            self._row.append(self._words)
        if tag == "tr":
            self.tables[self._caption].append(self._row)
        if tag == "text":
            self.figures[-1][1].append(self._words)
        if tag == "figcaption":
            name, texts, _ = self.figures[-1]
            self.figures[-1] = name, texts, self._words
        if tag in ("h1", "h2", "h3"):
            self.headings.append((tag, self._words))


@pytest.fixture(scope="module")
def figures() -> MonthlyFigures:
    found = with_challenger(with_groups(made_figures()))
    cells = [replace(cell, key=f"desk {at}") for at, cell in enumerate(found.cells[:3])]
    return replace(found, breakdown=replace(found.history, by="caller", cells=cells))


@pytest.fixture(scope="module")
def source(figures: MonthlyFigures) -> str:
    return report_page(figures)


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def column(page: Page, caption: str, title: str) -> list[str]:
    """The cells of a column without its header."""
    header, *rows = page.tables[caption]
    return [row[header.index(title)] for row in rows]


def test_page_needs_no_other_file_and_runs_no_script(page: Page, source: str):
    assert "default-src 'none'" in source
    assert re.findall(r"<script|javascript:|\son\w+=|@import|url\((?!#)", source) == []
    assert [link for link in page.links if not link.startswith("#")] == []
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_each_section_is_in_the_contents(page: Page):
    titles = [text for tag, text in page.headings if tag == "h2"]
    assert titles == [
        "Summary", "Contents", "1. Volume and approval", "2. Population", "3. Discrimination",
        "4. Calibration", "5. Grades", "6. Vintages", "7. Overrides and reviews",
        "8. Expected performance (estimates)", "9. Challenger", "10. Groups by sex",
        "11. By caller", "12. Models", "13. Remarks", "14. Definitions and sources",
    ]  # fmt: skip
    sections = [link for link in page.links if re.fullmatch(r"#[a-z]+", link)]
    assert len(sections) == len(titles) - 2


def test_volume_has_every_month(page: Page, figures: MonthlyFigures):
    cells = figures.cells
    assert len(cells) == 25
    table = "Volume and approval"
    assert column(page, table, "Decisions") == [f"{cell.volume:,}" for cell in cells]
    assert column(page, table, "Accepted") == [f"{cell.approval.rate:.1%}" for cell in cells]
    assert page.tables[table][1][4] == share_interval(cells[0].model_approval)
    assert column(page, table, "Period")[0] == "Oct 2024"
    assert column(page, table, "Model")[18] == "9ff7ac61cbe0, a41c0d20e7b3"


def test_population_has_the_index_and_what_chance_gives(page: Page, figures: MonthlyFigures):
    drift = figures.cells[-1].score_drift
    row = page.tables["Stability of the score"][-1]
    assert row[2:5] == [f"{drift.index:.3f}", f"{drift.expected:.3f}", str(drift.bins)]
    shifted = page.tables["Features that shifted most in October 2026"]
    assert shifted[1] == ["External credit score 0", "EXT_SOURCE_0", "0.900", "0.012", "10"]
    assert len(shifted) == 13
    assert "3 decisions had no record any more" in page.text


def test_performance_has_mature_months_only(page: Page, figures: MonthlyFigures):
    mature = figures.cells[:13]
    assert [cell.maturity.mature > 0 for cell in figures.cells] == [True] * 13 + [False] * 12
    for table in ("Discrimination", "Predicted and observed defaults", "Tests of calibration"):
        assert len(page.tables[table]) == 1 + len(mature)


def test_performance_is_that_of_the_cells(page: Page, figures: MonthlyFigures):
    mature = figures.cells[:13]
    assert column(page, "Discrimination", "AUC") == [
        f"{cell.discrimination.auc:.3f}" for cell in mature
    ]
    training = figures.history.models[0].training.accepted.auc
    assert set(column(page, "Discrimination", "Training, accepted")) == {f"{training:.3f}"}
    rates = [f"{cell.default_rate.rate:.1%}" for cell in mature]
    assert column(page, "Predicted and observed defaults", "Default rate") == rates
    adjusted = [cell.calibration.spiegelhalter.p_adjusted for cell in mature]
    assert [row[7] for row in page.tables["Tests of calibration"][1:]] == list(
        map(probability, adjusted)
    )


def test_parts_of_the_brier_score_add_up(page: Page):
    for row in page.tables["Brier score and its parts"][1:]:
        score, reliability, resolution, uncertainty, within = map(float, row[1:6])
        assert score == pytest.approx(reliability - resolution + uncertainty + within, abs=3e-4)
    assert len(page.tables["Brier score and its parts"]) == 14


def test_grades_groups_and_challenger(page: Page, figures: MonthlyFigures):
    grade = figures.history.grades[2]
    assert page.tables["Tests of grades"][3] == [
        "C", "800", f"{grade.mean_pd:.1%}", str(grade.rate.count), f"{grade.rate.rate:.1%}",
        share_interval(grade.rate), "< 0.001", "< 0.001", "< 0.001", "< 0.001",
    ]  # fmt: skip
    women, men, unknown = page.tables["Acceptance by sex"][1:]
    assert women[:3] == ["F", "15,000", "81.3%"]
    assert men[4] == decimal((5600 / 9000) / (12200 / 15000), 2)
    assert unknown[:3] == ["(not known)", "12", "\N{EN DASH}"]  # fewer than 30: no rate
    assert unknown[3] == share_interval(wilson(9, 12))
    pair = f"challenger {CHALLENGER[:12]} against model {NEW[:12]}"
    sets = page.tables[f"Swap sets, {pair}"]
    assert sets[2][:3] == ["only the model accepts", "700", "3.5%"]
    assert sets[3][-2:] == ["\N{EN DASH}"] * 2  # nobody of them was granted a loan
    assert sets[4][-2:] == ["\N{EN DASH}", share_interval(wilson(4, 20))]


def test_texts_of_others_are_escaped(page: Page, source: str):
    assert "<b>" not in source
    assert column(page, "Overrides by reason, all months of the report", "Reason") == [
        "INCOME_PROVED", "<b>POLICY</b>",
    ]  # fmt: skip


def test_names_of_others_may_have_any_characters(figures: MonthlyFigures):
    names = ["L" * 300, r"$\frac{1}{2}$ & <script>", "\u202ertl", " ", "\u65e5\u672c"]
    cells = [replace(figures.cells[0], key=name) for name in names]
    report = replace(figures.breakdown, cells=cells)
    source = report_page(replace(figures, breakdown=report))
    assert "<script" not in source
    page = Page(source)
    named = column(page, "Main figures by caller", "Caller")
    assert named == [*names[:3], "(blank)", names[4]]
    (texts,) = (texts for name, texts, _ in page.figures if "accepted by caller" in name)
    assert {names[1], names[2], names[4], "L" * 47 + "\N{HORIZONTAL ELLIPSIS}"} <= set(texts)


def test_each_chart_has_a_name_a_caption_with_the_models_and_a_table(page: Page, source: str):
    assert len(page.figures) == 13
    for name, _, caption in page.figures:
        assert re.search(r"\d", name), name
        assert re.search(r"\b(9ff7ac61cbe0|a41c0d20e7b3)\b", caption), caption
    following = re.findall(r"</figure>(?:<p.*?</p>)?<div class=\"scroll\"", source)
    assert len(following) == len(page.figures)
    models = page.tables["Models in use"]
    assert [row[0] for row in models[1:]] == [OLD, NEW]


def test_a_change_of_the_model_is_a_line_in_each_chart_over_time(page: Page):
    over_time = [texts for _, texts, _ in page.figures if "2026" in texts]
    assert len(over_time) == 4  # volume, population, overrides, estimates
    assert all("model a41c0d20e7b3" in texts for texts in over_time)
    mature = [texts for _, texts, _ in page.figures if "2025" in texts and "2026" not in texts]
    assert len(mature) == 2  # all of these months are of the first model
    assert not any("model a41c0d20e7b3" in texts for texts in mature)


def test_a_return_to_the_model_before_is_a_line_too(figures: MonthlyFigures):
    first, second = figures.history.models
    tried = replace(second, last=second.first + timedelta(20))
    back = replace(first, last=figures.month.end - timedelta(hours=1))
    figures = replace(figures, history=replace(figures.history, models=[back, tried]))
    swaps = figures.axis(figures.cells).swaps
    assert [swap.label for swap in swaps] == ["model a41c0d20e7b3", "model 9ff7ac61cbe0"]
    assert 0.5 < swaps[1].place - swaps[0].place < 0.8  # of a month
    used = "a41c0d20e7b3 from 16 April 2026 to 6 May 2026"
    assert figures.of_models(figures.cells) == f"Models 9ff7ac61cbe0 and {used}."
    assert f"The model changed in the time of this report: {used}." in report_page(figures)


def test_summary_says_what_is_known_and_what_is_not(page: Page, figures: MonthlyFigures):
    summary = page.text[: page.text.index("Key figures")]
    total = figures.history.total
    assert "1,116 applications were decided in October 2026; 74.6% are accepted" in summary
    assert "a41c0d20e7b3 since 16 April 2026" in summary
    assert f"stability index is {figures.cells[-1].score_drift.index:.3f}" in summary
    assert f"{total.default_rate.rate:.1%} (95% interval {share_interval(total.default_rate)})" in (
        summary
    )
    assert "reject the probabilities in Mar 2025, Apr 2025, May 2025 and Jun 2025" in summary
    assert "too low in grade C" in summary
    assert "M is accepted less than four fifths as often" in summary
    assert "accepted most. 1 group of fewer than 30 cannot be judged." in summary
    assert "Estimate, if the probabilities are right" in summary
    assert "14,500 of 18,800 loans were younger than 12 months" in summary
    assert "7 decisions have no evidence any more." in summary
    assert "Few of the mature loans" not in summary


def test_a_month_whose_bad_loans_only_are_known_is_named(figures: MonthlyFigures):
    cells = list(figures.cells)
    maturity = replace(cells[12].maturity, labelled=150, mature=820)
    cells[12] = replace(cells[12], maturity=maturity)
    changed = replace(figures, history=replace(figures.history, cells=cells))
    text = Page(report_page(changed)).text
    assert text.count("Few of the mature loans of Oct 2025 (18%) have a known end.") == 2


def test_definitions_name_their_sources(page: Page):
    terms = re.search(r"14\. Definitions and sources(.*)", page.text, re.DOTALL)[1]
    for source in ("Wilson", "Yurdakul", "DeLong", "Murphy", "Hosmer", "Spiegelhalter", "Kaplan",
                   "European Central Bank", "Hochberg", "Donner", "NannyML"):  # fmt: skip
        assert source in terms


def test_page_of_the_same_figures_is_the_same(figures: MonthlyFigures, source: str):
    assert report_page(figures) == source


@pytest.mark.parametrize(
    ("index", "is_beyond"), [(0.0225 * 1.87, False), (0.0225 * 1.89, True), (0.0, False)]
)
def test_one_index_in_twenty_is_beyond_chance(index: float, is_beyond: bool):
    """The 95 % quantile of chi-square with 9 degrees of freedom is 16.92, 1.88 times its mean."""
    assert is_beyond_chance(Drift(index, 0.0225, 10)) is is_beyond
    assert not is_beyond_chance(Drift(index, 0.0, 1))
