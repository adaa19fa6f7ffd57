"""The service's routes over HTTP: an exception for each failure, and a time-out."""

import json
import socket

import pytest

from advisor.service_client.errors import (
    DashboardError,
    Refused,
    ServiceAway,
    ServiceBusy,
    ServiceFailed,
    ServiceSlow,
    UnknownClient,
    WrongKey,
)
from tests.dashboard.conftest import StubServer, connected
from tests.support.servers.server import HOST, free_port


@pytest.mark.parametrize(
    ("status", "detail", "kind"),
    [
        (401, "a key, please", WrongKey),
        (404, "unknown client 1, not one of the 500 new clients", UnknownClient),
        (404, "unknown feature A", Refused),
        (404, "Not Found", ServiceFailed),
        (413, "too large", Refused),
        (422, "no application", Refused),
        (503, "come back", ServiceBusy),
        (500, "Internal Server Error", ServiceFailed),
    ],
)
def test_an_error_response_raises_its_exception(stub_server: StubServer, status, detail, kind):
    url = stub_server(status, json.dumps({"detail": detail}).encode())
    with connected(url) as api, pytest.raises(DashboardError) as raised:
        api.model()
    assert (type(raised.value), raised.value.detail) == (kind, detail)


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[]", b"{}"])
def test_a_body_that_the_service_does_not_send_is_a_failure(stub_server: StubServer, body: bytes):
    with (
        connected(stub_server(200, body)) as api,
        pytest.raises(ServiceFailed, match="200 /model"),
    ):
        api.model()


def test_no_server_at_the_address():
    url = f"http://{HOST}:{free_port()}"
    with connected(url) as api, pytest.raises(ServiceAway, match=url):
        api.model()


def test_an_address_that_is_not_a_url():
    with connected("127.0.0.1:8000") as api, pytest.raises(ServiceAway):
        api.model()


def test_a_silent_server_runs_into_the_time_out():
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()  # connections are accepted and never answered
        url = f"http://{HOST}:{silent.getsockname()[1]}"
        with connected(url, seconds=0.05) as api, pytest.raises(ServiceSlow):
            api.model()
