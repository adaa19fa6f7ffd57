"""Clients whose ids are texts: every route answers as for the same clients with numbers."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from main import create_app
from service.settings import Settings
from tests.kinds.text_ids import with_text_ids
from tests.support.servers.forks import Forks
from tests.support.servers.inprocess import prepared_client
from tests.support.servers.server import Server

UNKNOWN = "not one of the 60 new clients: /get_ids lists them"
NO_TEXT = "client is not a text, a client's id"


@pytest.fixture(scope="module")
def text_folder(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts") / "ressources"
    with_text_ids(small_bundle_folder, folder)
    return folder


def client_of_folder(folder: Path) -> httpx.Client:
    return prepared_client(create_app(Settings(ressources_dir=folder)))


@pytest.fixture(scope="module")
def numbers(small_bundle_folder: Path) -> httpx.Client:
    return client_of_folder(small_bundle_folder)


@pytest.fixture(scope="module")
def texts(text_folder: Path) -> httpx.Client:
    return client_of_folder(text_folder)


@pytest.fixture(scope="module")
def pairs(numbers: httpx.Client, texts: httpx.Client) -> list[tuple[int, str]]:
    """The ids of each client, as a number and as a text."""
    ids = [client.get("/get_ids").json()["data"] for client in (numbers, texts)]
    return list(zip(*ids, strict=True))


@pytest.fixture(scope="module")
def text_server(text_folder: Path, forks: Forks) -> Iterator[Server]:
    with Server(text_folder, workers=1, begin=forks.begin) as server:
        yield server


def test_ids_are_served_as_they_are_written(small_bundle_folder: Path, tmp_path: Path):
    ids = with_text_ids(small_bundle_folder, tmp_path / "ressources")
    assert client_of_folder(tmp_path / "ressources").get("/get_ids").json() == {"data": ids}


@pytest.mark.parametrize("path", ["/get_test", "/get_json", "/get_shap"])
def test_a_client_is_found_by_its_text(
    numbers: httpx.Client, texts: httpx.Client, pairs: list[tuple[int, str]], path: str
):
    for number, text in pairs:
        found, wanted = (
            client.get(path, params={"param_name": name})
            for client, name in ((texts, text), (numbers, number))
        )
        assert (found.status_code, found.content) == (200, wanted.content), text


def test_the_credit_desk_names_the_text(
    numbers: httpx.Client, texts: httpx.Client, pairs: list[tuple[int, str]]
):
    bodies = [{}, {"changes": {"AMT_CREDIT": 1e6}}, {"reference": "a:b"}, {"reference": "\\u003a"}]
    for number, text in pairs:
        for body in bodies:
            wanted = numbers.post("/score", json={"client": number} | body).json()
            found = texts.post("/score", json={"client": text} | body).json()
            assert found == wanted | {"client": text}
        for path, query in (
            ("/alternatives", {}),
            ("/combinations", {}),
            ("/sensitivity", {"feature": "AMT_CREDIT"}),
        ):
            wanted = numbers.get(path, params={"client": number} | query).json()
            found = texts.get(path, params={"client": text} | query).json()
            assert found == wanted | {"client": text}
        body = {"client": text, "changes": {"AMT_CREDIT": 1e6}}
        answer = texts.post("/sensitivity", params={"feature": "AMT_CREDIT"}, json=body)
        assert answer.json()["client"] == text
        assert texts.post("/combinations", json=body).json()["client"] == text


def test_a_list_has_each_text_in_its_order(texts: httpx.Client, pairs: list[tuple[int, str]]):
    answers = texts.post("/score?reasons=0", json=[{"client": text} for _, text in pairs]).json()
    assert [answer["client"] for answer in answers] == [text for _, text in pairs]


@pytest.mark.parametrize("path", ["/get_ids", "/get_feat", "/features", "/importance", "/drift"])
def test_routes_without_a_client_are_the_same(
    numbers: httpx.Client, texts: httpx.Client, pairs: list[tuple[int, str]], path: str
):
    found, wanted = texts.get(path), numbers.get(path)
    if path == "/get_ids":
        assert wanted.json() == {"data": [number for number, _ in pairs]}
        assert found.json() == {"data": [text for _, text in pairs]}
    else:
        assert found.content == wanted.content


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("param_name=LP009999", 404, f"unknown client LP009999, {UNKNOWN}"),
        ("param_name=8", 404, f"unknown client 8, {UNKNOWN}"),
        ("param_name=7.0", 404, f"unknown client 7.0, {UNKNOWN}"),
        ("param_name=LP001002%20%20", 404, f"unknown client LP001002  , {UNKNOWN}"),
        ("param_name=%20LP001002", 404, f"unknown client  LP001002, {UNKNOWN}"),
        ("param_name=Lp001002", 404, f"unknown client Lp001002, {UNKNOWN}"),
        ("param_name=U%CC%88", 404, f"unknown client U\u0308, {UNKNOWN}"),
        ("param_name=", 404, f"unknown client , {UNKNOWN}"),
        ("param_name=%FF", 404, f"unknown client \ufffd, {UNKNOWN}"),
        ("param_name=" + "y" * 5000, 404, f"unknown client {'y' * 100}…, {UNKNOWN}"),
        ("", 422, "param_name is missing: /get_test?param_name=…"),
    ],
)  # fmt: skip
def test_unknown_texts_are_refused(texts: httpx.Client, query: str, status: int, detail: str):
    answer = texts.get(f"/get_test?{query}")
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_a_plus_is_a_space(texts: httpx.Client):
    plus, space, escaped = (
        texts.get(f"/get_test?param_name={name}").json() for name in ("a+b", "a%20b", "a%2Bb")
    )
    assert plus == space != escaped


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ('{"client": 7}', 422, NO_TEXT),
        ('{"client": 7.0}', 422, NO_TEXT),
        ('{"client": null}', 422, NO_TEXT),
        ('{"client": true}', 422, NO_TEXT),
        ('{"client": ["7"]}', 422, NO_TEXT),
        ('{"client": {"__proto__": 1}}', 422, NO_TEXT),
        ('{"client": "8"}', 404, f"unknown client 8, {UNKNOWN}"),
        ('{"client": "\\ud800"}', 404, f"unknown client \\ud800, {UNKNOWN}"),
        ('[{"client": "7"}, {"client": 7}]', 422, f"applications[1]: {NO_TEXT}"),
        ('[{"client": "8"}]', 404, f"applications[0]: unknown client 8, {UNKNOWN}"),
        (f'{{"client": "{"y" * 5000}"}}', 404, f"unknown client {'y' * 100}…, {UNKNOWN}"),
        ('{"client": "7", "client": "7"}', 422, "more than once: client"),
        ('{"client": "x:y", "client": "x:y"}', 422, "more than once: client"),
    ],
)  # fmt: skip
def test_a_body_takes_a_text(texts: httpx.Client, body: str, status: int, detail: str):
    answer = texts.post("/score", content=body)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_numbers_take_no_text(numbers: httpx.Client, pairs: list[tuple[int, str]]):
    first = pairs[0][0]
    answer = numbers.post("/score", json={"client": str(first)})
    no_integer = {"detail": "client is not an integer, a client's id"}
    assert (answer.status_code, answer.json()) == (422, no_integer)
    padded = numbers.get("/get_test", params={"param_name": f"00{first}"})
    assert padded.content == numbers.get("/get_test", params={"param_name": first}).content


def test_the_document_has_the_type_of_the_ids(numbers: httpx.Client, texts: httpx.Client):
    for client, kind in ((numbers, "integer"), (texts, "string")):
        document = client.get("/openapi.json").json()
        for name in ("client", "desk_client"):
            parameter = document["components"]["parameters"][name]
            assert parameter["schema"] == {"type": kind}
            assert parameter["example"] == client.get("/get_ids").json()["data"][0]
        ids = document["components"]["schemas"]["ClientIds"]["properties"]["data"]
        kinds = [{"items": {"type": each}, "type": "array"} for each in ("integer", "string")]
        assert ids["anyOf"] == kinds


def test_the_document_without_a_key_has_both_types(text_folder: Path):
    app = create_app(Settings(ressources_dir=text_folder, api_key="secret"))
    document = prepared_client(app).get("/openapi.json").json()
    assert document["components"]["parameters"]["client"]["schema"] == {
        "type": ["integer", "string"]
    }


def test_a_server_finds_texts_and_logs_none(text_server: Server, pairs: list[tuple[int, str]]):
    with httpx.Client(base_url=text_server.url, timeout=60) as http:
        for _, text in pairs:
            shown = http.get("/get_shap", params={"param_name": text})
            scored = http.post("/score", json={"client": text})
            assert (shown.status_code, scored.json()["client"]) == (200, text)
        unknown = http.get("/get_json", params={"param_name": "LP-unknown"})
        assert unknown.json() == {"detail": f"unknown client LP-unknown, {UNKNOWN}"}
    for text in ("LP00", "lp00", "LP-unknown", "__proto__", "constructor"):
        assert text not in text_server.log()
