"""The pages of the model at work, against a real service with two simulated years."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from advisor.monitoring.monitoring_api import MonitoringApi
from advisor.monitoring.response_models import MonitoringReport
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import DecisionSummary
from advisor.service_client.service_api import ServiceApi
from register.__main__ import main
from tests.dashboard.conftest import TAG, PageOpener, connected, table_row
from tests.dashboard.register.conftest import KEY, register_settings
from tests.support.registers.register_command import patient_writers
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server

FIRST, LAST = "2024-11", "2026-10"  # the months of the simulation
SHADOWED = "2025-09-30"  # the last day of decisions that the second model scored in the shadow
PERIOD = {"from": "2024-11-01", "to": "2026-10-31"}
CELL = re.compile("<td[^>]*>(.*?)</td>")
TopicOpener = Callable[..., AppTest]
Reports = Callable[..., MonitoringReport]


def run_commands(settings: dict[str, str], *commands: list[str]) -> None:
    """Run commands of the register in this process; none may find anything wrong."""
    with patch.dict("os.environ", settings), patient_writers():
        for command in commands:
            assert main(command) == 0


@pytest.fixture(scope="session")
def monitored_server(
    simulated_folder: Path, tmp_path_factory: pytest.TempPathFactory, forks: Forks
) -> Iterator[Server]:
    """A service of the second model, with the simulated decisions in its register."""
    settings = register_settings(tmp_path_factory.mktemp("monitored"))
    model = simulated_folder / "ressources-2"
    files = [str(simulated_folder / name) for name in ("outcomes.csv", "corrections.csv")]
    run_commands(
        settings,
        ["load", str(simulated_folder)],
        *(["outcomes", file] for file in files),
        ["shadow", str(model), "--from", "2025-01-01", "--to", SHADOWED],
    )
    with Server(model, workers=1, begin=forks.begin, **settings) as server:
        yield server


@pytest.fixture(scope="session")
def monitored_service(monitored_server: Server) -> Iterator[ServiceApi]:
    with connected(monitored_server.url, KEY, seconds=60) as api:
        yield api


@pytest.fixture(scope="session")
def monitored_register(monitored_service: ServiceApi) -> RegisterApi:
    """The register, called as the dashboard calls it."""
    return RegisterApi(monitored_service.connection)


@pytest.fixture(scope="session")
def report_of(monitored_service: ServiceApi) -> Reports:
    """Gives the service's report on the simulation, by any cells."""
    api = MonitoringApi(monitored_service.connection)
    return lambda **query: api.report(PERIOD | {"by": "month"} | query)


@pytest.fixture
def open_monitored_page(
    monitored_server: Server, open_page: PageOpener, monkeypatch: pytest.MonkeyPatch
) -> PageOpener:
    """Opens a page of that service."""
    st.cache_data.clear()  # a server may have the address of an earlier one
    monkeypatch.setenv("API_URL", monitored_server.url)
    monkeypatch.setenv("API_KEY", KEY)
    return open_page


@pytest.fixture
def open_topic(open_monitored_page: PageOpener) -> TopicOpener:
    """Opens a topic of the page, for the months of the simulation."""

    def opened(topic: str, language: str = "en", **chosen: str) -> AppTest:
        choices = {"first": FIRST, "last": LAST, "topic": topic} | chosen
        state = {f"monitoring_{name}": value for name, value in choices.items()}
        page = open_monitored_page("monitoring", language=language, **state)
        assert not page.main.error
        return page

    return opened


def charts(page: AppTest) -> list[dict[str, Any]]:
    """The specifications of the page's charts."""
    return [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]


def rows(chart: dict[str, Any], mark: str, at: int = 0) -> list[dict[str, Any]]:
    """The rows of one of a chart's layers with a mark; none without such a layer."""
    found = [layer["data"]["values"] for layer in chart["layer"] if layer["mark"]["type"] == mark]
    return list(found[at]) if at < len(found) else []


def points(chart: dict[str, Any], series: str) -> list[tuple[float | None, ...]]:
    """The figures of a series with their intervals, as the chart's points and bars have them."""
    shown = [*rows(chart, "point"), *rows(chart, "rule")]
    own = {row["at"]: row for row in shown if row["series"] == series}
    return [(row["value"], row["low"], row["high"]) for _, row in sorted(own.items())]


def table_texts(text: str, name: str) -> list[str]:
    """The cells of the first table row with this name, in the text of a page."""
    cells = CELL.findall(table_row(text, name))
    return [unescape(TAG.sub("", cell)) for cell in cells]


def waiting(register: RegisterApi) -> list[DecisionSummary]:
    """The decisions with an open request, the oldest request first."""
    found: list[DecisionSummary] = []
    cursor: str | None = None
    while True:
        page = register.decisions(cursor, requested="true")
        found += page["decisions"]
        cursor = page["next"]
        if cursor is None:
            return sorted(found, key=lambda each: str(each["review_requested_at"]))


def name(number: int, decision: DecisionSummary) -> str:
    """A request's number and time, as the work list writes them."""
    at = datetime.fromisoformat(str(decision["review_requested_at"])).astimezone(UTC)
    return f"{number}. {at:%Y-%m-%d %H:%M:%S} UTC"
