"""Files from the disk on the page of new applications, in a real browser."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from advisor.formatting.formats import Words
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from tests.dashboard.browser.inspection import dashboard_of, page_of
from tests.support.browser import CHROMIUM
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server

EN = Words("en")
# Contents of files without a record, and the end of the key of the sentence that says why.
BAD_FILES = {
    "empty.csv": (b"", "no_single_row"),
    "header.csv": (b"AMT_CREDIT,AMT_ANNUITY\n", "no_single_row"),
    "two_rows.csv": (b"AMT_CREDIT\n1\n2\n", "no_single_row"),
    "short.csv": (b"AMT_CREDIT,AMT_ANNUITY\n1\n", "cells"),
    "twice.csv": (b"AMT_CREDIT,AMT_CREDIT\n1,2\n", "twice"),
    "quote.csv": (b'AMT_CREDIT\n"1\n', "no_single_row"),
    "latin.csv": ("NAME\nRené\n".encode("latin-1"), "no_text"),
    "image.csv": (b"\x89PNG\r\n\x1a\n\x00\xff", "no_text"),
    "cut.json": (b'{"AMT_CREDIT": 1', "no_json"),
    "empty.json": (b"", "no_json"),
    "list.json": (b"[1, 2]", "no_object"),
    "twice.json": (b'{"AMT_CREDIT": 1, "AMT_CREDIT": 2}', "twice"),
    "deep.json": (b"[" * 100_000, "no_json"),
}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def dashboard(service_server: Server, forks: Forks) -> Iterator[tuple[str, Page]]:
    """The address of a dashboard, and a browser's page."""
    with dashboard_of(service_server.url, forks) as url, page_of(url) as page:
        yield url, page


@pytest.fixture
def page(dashboard: tuple[str, Page]) -> Page:
    """The page of new applications, opened anew: no file of another test is on it."""
    url, page = dashboard
    page.goto(f"{url}/application")
    page.get_by_text(EN("way_in_upload"), exact=True).click()
    expect(page.locator("input[type=file]")).to_be_attached()
    return page


def upload(page: Page, file: Path) -> None:
    """Choose a file of the disk, and wait until the page knows its name."""
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_test_id("stFileUploader")).to_contain_text(file.name)


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_without_a_record_says_why(page: Page, tmp_path: Path, name: str):
    """One sentence; the form stays empty, and nothing is scored."""
    content, key = BAD_FILES[name]
    file = tmp_path / name
    file.write_bytes(content)
    upload(page, file)
    error = page.get_by_test_id("stAlert")
    expect(error).to_have_count(1)
    expect(error).to_contain_text(EN(f"unreadable_{key}"))
    expect(page.get_by_role("spinbutton").first).to_have_value("")


def test_a_file_of_another_kind_is_not_taken(page: Page, tmp_path: Path):
    file = tmp_path / "record.txt"
    file.write_text("{}")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_test_id("stFileUploader")).to_contain_text("not allowed")


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_record_is_decided_as_the_service_decides(
    page: Page, api: ServiceApi, refused_client: int, tmp_path: Path, kind: str
):
    record = api.record(refused_client)
    file = tmp_path / f"person.{kind}"
    if kind == "json":
        file.write_text(json.dumps(record))
    else:
        with file.open("w", newline="") as written:
            csv.writer(written).writerows([record.keys(), record.values()])
    upload(page, file)
    score = api.score({"client": refused_client}, reasons=0)
    expect(page.get_by_text(decision.verdict(EN, score)).first).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
