"""Servers in threads of this process."""

from collections.abc import Iterator

import pytest

from serving.limits.http_limits import BoundedHttpProtocol
from tests.serving.bounded_server import Hasty, Running, running


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(BoundedHttpProtocol) as server:
        yield server


@pytest.fixture
def hasty_server() -> Iterator[Running]:
    with running(Hasty) as server:
        yield server
