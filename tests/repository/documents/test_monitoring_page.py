"""docs/monitoring.md against the code and against itself: sections, options, the worked example."""

import argparse
import re

import pytest
from scipy.stats import binomtest

from register.__main__ import COMMANDS
from register.commands import report
from register.commands.monthly_report.page import TOPICS, report_page
from register.settings import RegisterSettings
from service.http_rules import ROLES
from tests.register.commands.made_report import made_figures, with_challenger, with_groups
from tests.support.servers.server import ROOT
from training.simulated_decisions.scenario import MONTHS, REVIEWERS, WINDOW, Scenario

PAGE = (ROOT / "docs/monitoring.md").read_text()
MONTH_ROW = re.compile(
    r"^\| ((?:[A-Z][a-z]{2}) \d{4}) \| (\d+) \| (\d+) \| ([\d.]+)% \| ([\d.]+)%"
    r" \| ([\d.]+) to ([\d.]+)% \| ([\d.]+)% \|$",
    re.MULTILINE,
)


def section(title: str) -> str:
    """The text below a heading, up to the next one of its level."""
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return found


@pytest.fixture(scope="module")
def paragraphs() -> dict[str, str]:
    """The paragraphs on figures by their titles."""
    found = re.findall(
        r"^\*\*([^.*]+)\.\*\* (.*?)(?=\n\n|\Z)", section("Each figure"), re.DOTALL | re.MULTILINE
    )
    return dict(found)


def test_page_explains_each_section_of_the_report_with_its_trap(paragraphs: dict[str, str]):
    html = report_page(with_challenger(with_groups(made_figures())))
    headings = re.findall(r'<h2 id="[a-z]+">\d+\. ([A-Za-z ]+)', html)
    titles = [heading.removesuffix(" by sex").strip() for heading in headings]
    assert titles[-3:] == ["Models", "Remarks", "Definitions and sources"]
    assert sorted(titles[:-3]) == sorted(paragraphs)
    assert len(paragraphs) == len(TOPICS) + 1
    assert all("*Trap:*" in text for text in paragraphs.values())


def test_page_names_the_sources_of_the_report(paragraphs: dict[str, str]):
    html = report_page(with_challenger(with_groups(made_figures())))
    sources = " ".join(re.findall(r'<span class="source">Source: (.*?)</span>', html))
    names = (
        *(
            "Wilson",
            "DeLong",
            "Murphy",
            "Stephenson",
            "Hosmer",
            "Spiegelhalter",
            "Kaplan",
            "Donner",
        ),
        *("European Central Bank", "NannyML", "Hochberg", "29 CFR 1607.4"),
    )
    for name in names:
        assert name in sources, name
        assert name in PAGE, name


def test_commands_options_role_and_setting_exist():
    parser = argparse.ArgumentParser()
    report.add_arguments(parser)
    options = set(re.findall(r"--[a-z-]+", parser.format_help())) - {"--help"}
    assert options == set(re.findall(r"(?<![a-z-])--(?:out|by|group|scheduler)\b", PAGE))
    named = set(re.findall(r"python -m register ([a-z]+)", PAGE))
    assert {"report", "figures", "load", "outcomes", "migrate"} == named <= set(COMMANDS)
    assert "GET /monitoring" in ROLES["monitor"]
    assert f"`PERFORMANCE_MONTHS` calendar months from the day of the decision, {WINDOW}" in PAGE
    assert RegisterSettings.model_fields["performance_months"].default == WINDOW


def test_example_tells_the_scenario_of_the_simulation():
    text = " ".join(section("An example whose truth is known").split())
    scenario = Scenario()
    months = [f"{scenario.month(at):%B %Y}" for at in (scenario.drift_from, *scenario.outbreak)]
    assert months == ["July 2025", "March 2025", "April 2025"]
    assert "worse from July 2025 on, in March and April 2025 the odds of default" in text
    assert f"{scenario.outbreak_odds} times what they were" in text
    assert f"from {scenario.swap_at.day} {scenario.swap_at:%B %Y} on" in text
    assert f"decisions {scenario.decisions:,}, of which" in text
    assert MONTHS == 24
    for name, reviewer in REVIEWERS.items():
        row = re.search(
            rf"low-side overrides by {name} \| ([\d.]+)% \(([\d.]+) to ([\d.]+)%\) \| (\d+)% \|",
            text,
        )
        assert int(row[4]) == round(100 * reviewer.accepts_refused)
        assert float(row[2]) <= int(row[4]) <= float(row[3])


@pytest.fixture
def months() -> list[tuple[str, ...]]:
    """The rows of the example's twelve months."""
    rows = MONTH_ROW.findall(section("An example whose truth is known"))
    assert len(rows) == 12
    return rows


def test_rates_of_the_example_follow_from_its_counts(months: list[tuple[str, ...]]):
    """Rates and intervals by scipy; one month of twelve misses the truth, as said."""
    missed = []
    for month, labelled, bad, _, *figures in months:
        rate, low, high, true = map(float, figures)
        found = binomtest(int(bad), int(labelled)).proportion_ci(method="wilson")
        assert rate == pytest.approx(100 * int(bad) / int(labelled), abs=0.051)
        assert (low, high) == pytest.approx((100 * found.low, 100 * found.high), abs=0.051)
        if not low <= true <= high:
            missed.append(month)
    assert missed == ["Oct 2025"]


def test_the_outbreak_of_the_example_has_the_highest_rates(months: list[tuple[str, ...]]):
    outbreak = [float(row[4]) for row in months if row[0] in ("Mar 2025", "Apr 2025")]
    others = [float(row[4]) for row in months if row[0] not in ("Mar 2025", "Apr 2025")]
    assert min(outbreak) > max(others)


def test_the_total_of_the_example_is_that_of_its_months(months: list[tuple[str, ...]]):
    total = [tuple(map(int, row[1:3])) for row in months]
    known = re.search(r"loans +([\d,]+) whose window .* known, (\d+) in default", PAGE)
    labelled, bad = int(known[1].replace(",", "")), int(known[2])
    assert 0 <= labelled - sum(row[0] for row in total) < 30  # of 1 November 2025
    assert 0 <= bad - sum(row[1] for row in total) < 30
    said = re.search(
        r"default rate of all mature loans \| ([\d.]+)% \(([\d.]+) to ([\d.]+)%\)", PAGE
    )
    found = binomtest(bad, labelled).proportion_ci(method="wilson")
    expected = (bad / labelled, found.low, found.high)
    assert [float(value) for value in said.groups()] == pytest.approx(
        [100 * value for value in expected], abs=0.051
    )
