"""Servers that tests only ask, each started once."""

from collections.abc import Iterator

import pytest

from main import Service
from tests.support.application import KEYS, service
from tests.support.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Two workers on the shipped files. Nobody ends one, or changes a file."""
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def guarded() -> Service:
    return service(api_key=",".join(KEYS) + ", ,")


@pytest.fixture(scope="session")
def unguarded() -> Service:
    return service()
