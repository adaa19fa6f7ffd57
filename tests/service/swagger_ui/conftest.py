"""A browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import CHROMIUM, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with chromium() as browser:
        yield browser
