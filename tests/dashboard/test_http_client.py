"""The client of the service: what each failure is, and that nothing waits for ever."""

import json
import socket

import pytest

from advisor.client import Service
from advisor.errors import (
    DashboardError,
    Refused,
    ServiceAway,
    ServiceBusy,
    ServiceFailed,
    ServiceSlow,
    UnknownClient,
    WrongKey,
)
from tests.dashboard.conftest import Answering
from tests.support.server import HOST, free_port


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
def test_an_error_is_what_the_service_says(answering: Answering, status, detail, kind):
    with (
        Service(answering(status, json.dumps({"detail": detail}).encode())) as service,
        pytest.raises(DashboardError) as raised,
    ):
        service.model()
    assert (type(raised.value), raised.value.detail) == (kind, detail)


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[]", b"{}"])
def test_what_is_no_answer_of_the_service(answering: Answering, body: bytes):
    with (
        Service(answering(200, body)) as service,
        pytest.raises(ServiceFailed, match="200 /model"),
    ):
        service.model()


def test_nobody_listens():
    url = f"http://{HOST}:{free_port()}"
    with Service(url) as service, pytest.raises(ServiceAway, match=url):
        service.model()


def test_an_address_that_is_none():
    with Service("127.0.0.1:8000") as service, pytest.raises(ServiceAway):
        service.model()


def test_a_service_that_says_nothing_is_not_waited_for():
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()  # connections are taken up and never answered
        url = f"http://{HOST}:{silent.getsockname()[1]}"
        with Service(url, seconds=0.05) as service, pytest.raises(ServiceSlow):
            service.model()
