"""`/decisions` answers as `/score` does, byte for byte, and keeps what it answered."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import orjson
import pytest

from main import Application
from tests.kinds.text_ids import with_text_ids
from tests.service.recording.asking import HEAD, PEPPER, listed, opened, raw_record, stored
from tests.support.bundles.small_bundle import NEW
from tests.support.servers.application import application

UNKNOWN = f"unknown client 1, not one of the {NEW} new clients: /get_ids lists them"
NUL = "reference has a NUL character, which cannot be recorded"


@pytest.fixture(scope="session")
def record(http: httpx.Client, clients: list[int]) -> dict[str, float | None]:
    """The raw record of a client."""
    return raw_record(http, clients[1])


@pytest.fixture(scope="session")
def applications(
    http: httpx.Client, clients: list[int], record: dict[str, float | None]
) -> dict[str, object]:
    """Bodies of every kind, by a name."""
    income = {"AMT_INCOME_TOTAL": 123_456.75}
    left_out = {name: value for name, value in record.items() if name != "PAYMENT_RATE"}
    assert len(left_out) < len(record)
    return {
        "client": {"client": clients[0]},
        "record": {"record": record},
        "computed": {"record": left_out},
        "changes": {"client": clients[2], "changes": income},
        "changed record": {"record": record, "changes": income},
        "reference": {"client": clients[0], "reference": "A-17 é"},
        "list of one": [{"client": clients[0]}],
        "list": [
            {"client": clients[3], "reference": "A-18"},
            {"record": record, "reference": "A-19"},
            {"client": clients[4], "changes": income},
            {"record": left_out},
        ],
    }


KINDS = (
    "client", "record", "computed", "changes", "changed record", "reference", "list of one", "list",
)  # fmt: skip
QUERIES = ({}, {"reasons": 0}, {"reasons": 2, "compare": "all"})


def decide(http: httpx.Client, body: object, **query: object) -> bytes:
    answer = http.post("/decisions", json=body, params=query)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    return answer.content


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_that_of_score_after_id_and_time(
    http: httpx.Client, applications: dict[str, object], kind: str, query: dict[str, object]
):
    body = applications[kind]
    before = datetime.now(UTC)
    found = decide(http, body, **query)
    heads = HEAD.findall(found)
    assert len(heads) == (len(body) if isinstance(body, list) else 1)
    assert HEAD.sub(b"{", found) == http.post("/score", json=body, params=query).content

    ids = [UUID(number.decode()) for number, _ in heads]
    assert all(number.version == 7 for number in ids)
    assert ids == sorted(set(ids))
    for _, at in heads:
        assert before <= datetime.fromisoformat(at.decode()) <= before + timedelta(minutes=1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_and_the_values_that_were_scored_are_kept(
    http: httpx.Client, applications: dict[str, object], kind: str
):
    body = applications[kind]
    answers = orjson.loads(decide(http, body, reasons=1))
    pairs = zip(body, answers, strict=True) if isinstance(body, list) else [(body, answers)]
    for sent, answer in pairs:
        decision = stored(http, answer["id"])
        evidence = decision["evidence"]
        assert evidence["answer"] == answer
        assert evidence["client"] == sent.get("client")
        assert evidence["reference"] == sent.get("reference")
        # The kept values, scored as a raw record, give the same score.
        again = http.post("/score", json={"record": evidence["record"]}, params={"reasons": 1})
        same = again.json()
        for name in ("probability", "margin", "pd", "points", "reasons", "position"):
            assert same[name] == answer[name]
        known = raw_record(http, sent["client"]) if "client" in sent else sent["record"]
        changed = set(sent.get("changes", {})) | set(answer["recomputed"])
        kept = evidence["record"]
        assert list(kept) == http.get("/get_feat").json()["data"]
        for name, value in known.items():
            assert kept[name] == value or name in changed
        for name, value in sent.get("changes", {}).items():
            assert kept[name] == value
        for name in ("probability", "margin", "pd", "points", "grade", "prediction", "threshold"):
            assert decision[name] == answer[name]
        assert decision["model"] == answer["model"]
        assert decision["compare"] == answer["compare"]


def test_what_is_kept_of_the_call(http: httpx.Client, clients: list[int]):
    headers = {"X-Request-ID": "a-request"}
    for automated in (True, False):
        query = {"automated": str(automated).lower()}
        answer = http.post(
            "/decisions", json={"client": clients[0]}, params=query, headers=headers
        ).json()
        decision = stored(http, answer["id"])
        assert decision["automated"] is automated
        assert decision["request_id"] == "a-request"
        assert decision["caller"] == "anyone"
        assert decision["at"] == answer["at"]


def test_a_decision_is_automated_unless_the_caller_says_so(http: httpx.Client, clients: list[int]):
    answer = orjson.loads(decide(http, {"client": clients[0]}))
    assert stored(http, answer["id"])["automated"] is True


def test_a_client_with_an_id_of_text(
    register: str, small_bundle_folder: Path, text_register_app: Application
):
    texts = opened(text_register_app)
    client = texts.get("/get_ids").json()["data"][0]
    assert isinstance(client, str)
    body = [{"client": client}, {"record": raw_record(texts, client)}]
    found = decide(texts, body)
    assert HEAD.sub(b"{", found) == texts.post("/score", json=body).content
    first, second = orjson.loads(found)
    assert stored(texts, first["id"])["evidence"]["client"] == client
    assert first["id"] in listed(texts, client=client)
    assert second["id"] not in listed(texts, client=client)


@pytest.fixture
def text_register_app(
    register: str, small_bundle_folder: Path, tmp_path: Path
) -> Iterator[Application]:
    folder = tmp_path / "ressources"
    with_text_ids(small_bundle_folder, folder)
    app = application(ressources_dir=folder, register_url=register, register_pepper=PEPPER)
    yield app
    app.service.register.close()


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ("", 422, "empty, not a JSON object"),
        ("[]", 422, "a list of 0 applications, where 1 to 1000 are accepted"),
        ('{"client": 1}', 404, UNKNOWN),
        ('[{"client": 248124}, {"client": 1}]', 404, f"applications[1]: {UNKNOWN}"),
        ('{"client": 248124, "reference": "a\\u0000b"}', 422, NUL),
        (
            '{"client": 248124, "changes": {"AMT_CREDIT": -5}}',
            422,
            "changes: out of the range 0 to 10000000: AMT_CREDIT",
        ),
        (
            '[{"client": 248124}, {"client": 248124, "reference": "\\u0000"}]',
            422,
            f"applications[1]: {NUL}",
        ),
        (
            '{"client": 248124, "changes": {"NOPE": 1}}',
            422,
            "changes: unknown: NOPE",
        ),
    ],
)
def test_a_refused_call_records_nothing(http: httpx.Client, body: str, status: int, detail: str):
    before = listed(http)
    answer = http.post("/decisions", content=body)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert listed(http) == before


@pytest.mark.parametrize(
    "query",
    [
        {"reasons": 11},
        {"reasons": -1},
        {"reasons": "few"},
        {"compare": "far"},
        {"reasons": 11, "compare": "far"},
    ],
)
def test_wrong_parameters_are_refused_as_by_score(
    http: httpx.Client, clients: list[int], query: dict[str, object]
):
    body = {"client": clients[0]}
    answer, expected = (
        http.post(path, json=body, params=query) for path in ("/decisions", "/score")
    )
    assert (answer.status_code, answer.json()) == (422, expected.json())
    assert expected.status_code == 422


def test_a_wrong_automated_is_refused(http: httpx.Client, clients: list[int]):
    answer = http.post("/decisions", json={"client": clients[0]}, params={"automated": "perhaps"})
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "automated: Input should be a valid boolean, unable to interpret input"
    }


def test_an_unknown_parameter_is_ignored(http: httpx.Client, clients: list[int]):
    assert HEAD.match(decide(http, {"client": clients[0]}, wish="1"))


def test_a_body_has_a_largest_size(new_app):
    http = opened(new_app(max_score_bytes=100))
    answer = http.post("/decisions", json={"client": 248124, "reference": "x" * 100})
    assert answer.status_code == 413
    assert answer.json() == {"detail": "the body is larger than the 100 bytes accepted"}
    assert listed(http) == []
