"""Two workers that record: calls at the same time, a new model, counters, the log."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from secrets import token_hex

import httpx
import pytest

from tests.service.operation.metric_counts import counts
from tests.service.recording.asking import LENDER, PEPPER, ROLES, callers_file
from tests.support.bundles.folders import FIRST_ID, another_model, put, recognisable_clients
from tests.support.registers.register_command import run_register
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server, wait_for

AT_ONCE = 6
PERSON = "Grete-Tugendhat"
PROBLEM = re.compile(r"Traceback|Error|critical")


@pytest.fixture(scope="module")
def folder(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of `recorder`, whose clients have recognisable ids."""
    folder = tmp_path_factory.mktemp("recorder") / "ressources"
    recognisable_clients(small_bundle_folder, folder)
    return folder


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The file of two callers, and their keys."""
    folder = tmp_path_factory.mktemp("keys")
    return callers_file(folder, {"anna": ROLES, "bert": ("read",)})


@pytest.fixture(scope="module")
def recorder(
    register: str, folder: Path, keys: tuple[Path, dict[str, str]], forks: Forks
) -> Iterator[Server]:
    """Two workers with a register, in each database, whose bundle is archived."""
    settings = {
        "REGISTER_URL": register,
        "REGISTER_PEPPER": PEPPER,
        "API_KEYS_FILE": str(keys[0]),
        **{name.upper(): value for name, value in LENDER.items()},
    }
    with Server(folder, begin=forks.begin, **settings) as server:
        recorded = Counter[int]()
        wait_for(lambda: recorded.update([post(server, {"client": FIRST_ID}).status_code])
                 or recorded[201] >= 10)  # fmt: skip
        yield server


def post(
    server: Server, body: object, path: str = "/decisions", caller: str = "anna", **headers: str
) -> httpx.Response:
    """An answer over a connection of its own, which any worker may take."""
    headers = {"X-API-Key": f"key-of-{caller}"} | headers
    return httpx.post(server.url + path, json=body, headers=headers, timeout=120, verify=False)


def get(server: Server, path: str, caller: str = "anna") -> httpx.Response:
    return httpx.get(
        server.url + path, headers={"X-API-Key": f"key-of-{caller}"}, timeout=120, verify=False
    )


def test_calls_with_one_key_at_once_are_recorded_once(recorder: Server):
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in range(10):
            key = token_hex()
            body = {"client": FIRST_ID, "reference": key[:32]}
            call = partial(post, recorder, body, **{"Idempotency-Key": key})
            answers = [call.result() for call in [threads.submit(call) for _ in range(AT_ONCE)]]
            recorded = {answer.content for answer in answers if answer.status_code == 201}
            assert len(recorded) == 1
            assert {answer.status_code for answer in answers} <= {201, 409}
            found = get(recorder, f"/decisions?reference={key[:32]}").json()["decisions"]
            assert len(found) == 1
            assert found[0]["id"].encode() in recorded.pop()


def test_each_record_names_the_model_that_scored_it(recorder: Server, folder: Path, tmp_path: Path):
    before = Path(shutil.copytree(folder, tmp_path / "before"))
    after = tmp_path / "after"
    another_model(before, after)
    models: Counter[str] = Counter()
    answers: list[dict] = []

    def several(number: int) -> Sequence[httpx.Response]:
        body = [{"client": FIRST_ID}, {"client": FIRST_ID, "reference": f"swap {number}"}]
        return [post(recorder, one) for one in (body, body[0])]

    def record() -> None:
        with ThreadPoolExecutor(2) as threads:
            for responses in threads.map(several, range(4)):
                for response in responses:
                    assert response.status_code in (201, 503), response.text
                    if response.status_code == 201:
                        decoded = response.json()
                        answers.extend(decoded if isinstance(decoded, list) else [decoded])
        models.update(answer["model"] for answer in answers)

    record()
    assert len(models) == 1
    put(after, folder)
    wait_for(lambda: record() or (min(models.values()) >= 30 and len(models) == 2))
    for answer in answers[:: len(answers) // 20]:
        stored = get(recorder, f"/decisions/{answer['id']}?verify=1").json()
        assert stored["model"] == stored["bundle"]["model"] == answer["model"]
        assert stored["bundle"]["files"]["model.joblib"] == answer["model"]
        assert stored["probability"] == answer["probability"]
        assert stored["verified"] == "ok"
    probabilities = {(answer["model"], answer["probability"]) for answer in answers}
    assert len(probabilities) == 2
    put(before, folder)
    first = answers[0]["model"]
    wait_for(lambda: post(recorder, {"client": FIRST_ID}).json().get("model") == first)


def test_counters_are_summed_over_the_workers(recorder: Server):
    def decisions() -> float:
        return counted(recorder)["decisions_recorded_total",]

    before, commits = decisions(), counted(recorder)["register_commit_seconds_count",]
    bodies = [{"client": FIRST_ID}] * 10 + [[{"client": FIRST_ID}] * 3] * 5
    for body in bodies:
        assert post(recorder, body, "/decisions?reasons=0").status_code == 201
    assert decisions() == before + 25
    assert counted(recorder)["register_commit_seconds_count",] >= commits + 15
    assert post(recorder, {"client": 1}).status_code == 404
    assert decisions() == before + 25


def counted(server: Server) -> Counter:
    """The counters by name and labels."""
    return counts(server, **{"X-API-Key": "key-of-anna"})


def test_the_log_has_the_head_and_no_secret(recorder: Server, register: str):
    body = {"client": FIRST_ID, "reference": PERSON}
    answer = post(recorder, body, **{"Idempotency-Key": PERSON})
    assert answer.status_code == 201
    decision = answer.json()["id"]
    path = f"/decisions/{decision}"
    review = {"decision": 0, "reason": "TUGENDHAT", "comment": PERSON}
    statuses = [
        post(recorder, body | {"reference": "other"}, **{"Idempotency-Key": PERSON}),
        post(recorder, body, caller="bert"),
        post(recorder, body, caller=PERSON),
        post(recorder, review, f"{path}/reviews"),
        post(recorder, {PERSON: PERSON}, f"{path}/reviews"),
        post(recorder, {"statement": PERSON}, f"{path}/review-requests"),
        post(recorder, [{"reference": PERSON}], "/outcomes"),
        get(recorder, path),
        get(recorder, f"/decisions/{PERSON}"),
        get(recorder, f"/decisions?client={FIRST_ID}"),
        get(recorder, f"/decisions?reference={PERSON}"),
        get(recorder, f"/decisions?client={PERSON}"),
        get(recorder, f"/decisions?after={PERSON}"),
        get(recorder, f"{path}/letter"),
    ]
    assert [response.status_code for response in statuses[:11]] == [
        422, 403, 401, 201, 422, 201, 422, 200, 404, 200, 200,
    ]  # fmt: skip
    assert [response.status_code for response in statuses[11:13]] == [422, 422]
    assert statuses[1].json() == {"detail": "the key of bert lacks the role decide"}
    for refused in (0, 1, 2, 4, 6, 8, 11, 12):
        assert PERSON not in statuses[refused].text or refused == 4
    wait_for(lambda: recorder.said("the head of the register is") >= 2)
    log = recorder.log()
    assert re.search('"the head of the register is [0-9a-f]{64}"', log)
    assert counted(recorder)["register_waiting",] == 0
    assert not re.search(r"70000000\d{5}", log)
    for told in (PERSON, "TUGENDHAT", "key-of-anna", PEPPER, decision, register.rpartition("@")[0]):
        assert not told or told not in log
    assert not PROBLEM.search(log), log


def test_a_head_in_the_log_is_one_that_verify_takes(
    recorder: Server, register: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def heads() -> list[dict]:
        """The heads that the workers logged at their start, each in a line of its own."""
        return [line["head"] for line in recorder.lines()
                if line["event"].startswith("the head of the register is ")]  # fmt: skip

    (head, *_) = wait_for(heads)
    event = f"the head of the register is {head['head']}"
    assert event in [line["event"] for line in recorder.lines()]
    assert list(head) == ["at", "head", "streams"]
    assert list(get(recorder, "/register/head").json()) == ["at", "head", "streams"]
    file = tmp_path / "head.json"
    file.write_text(json.dumps(head))
    assert run_register(capsys, register, "verify", "--head", file).code == 0
    file.write_text(json.dumps(head | {"head": "0" * 64}))
    assert run_register(capsys, register, "verify", "--head", file).code == 2
