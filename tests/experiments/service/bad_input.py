"""Ten thousand generated bodies for /prediction/ and for /score, and as many queries.

    python -m tests.experiments.service.bad_input [COUNT] [prediction] [score]

Each to a server of two workers. Prints the answers by status, and what became of the workers. Ends
with 1 if an answer differs from the contract, is not small JSON, or is a 5xx.

`score` prints how long the slowest answers took as well: none may take longer than the answer to a
right list of a thousand records.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.experiments.service.application_bodies import (
    QUERIES,
    ApplicationBodies,
    PlainModel,
    large_bodies,
)
from tests.service.limits.hostile_requests import (
    any_bodies,
    bodies,
    client_queries,
    feature_queries,
    is_acceptable,
    is_refusal,
)
from tests.support.servers.server import MB, RESSOURCES, Server, wait_for

ROUTES = ["/get_shap", "/get_test", "/get_json", "/get_kde"]
TEXTS = st.text(st.characters()).map(lambda text: text.encode("utf-8", "surrogatepass"))


class CheckedAnswers:
    """Answers by kind and status, those that are wrong, and the slowest ones."""

    def __init__(self) -> None:
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.wrong: list[tuple[str, object, int]] = []
        self.passed = True
        self.seconds: dict[str, float] = {}

    def add(self, kind: str, sent: object, answer: httpx.Response, is_right: bool) -> None:
        self.statuses[kind, answer.status_code] += 1
        if not is_right:
            self.wrong.append((kind, sent, answer.status_code))

    def took(self, name: str, seconds: float) -> None:
        self.seconds[name] = max(seconds, self.seconds.get(name, 0))

    @contextmanager
    def watched(self, server: Server) -> Iterator[None]:
        """A block after which the workers must be as before."""
        pids, memory = server.pids(), server.memory().now
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        more = server.memory().now - memory
        faults, same = server.log().count("Traceback"), server.pids() == pids
        for (kind, status), number in sorted(self.statuses.items()):
            print(f"{kind:6} {status} {number:6}")
        print(f"{seconds:.0f} s; wrong answers: {len(self.wrong)}; tracebacks in the log: {faults}")
        print(f"same workers: {same}; memory of both: {memory / MB:.0f} MB and {more / MB:+.1f} MB")
        for kind, sent, status in self.wrong[:5]:
            print("wrong:", kind, status, repr(sent)[:300])
        self.passed = same and not faults and not self.wrong


def often(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def is_refused(answer: httpx.Response) -> bool:
    return is_refusal(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)


def predictions(count: int) -> bool:
    checked = CheckedAnswers()
    with Server() as server, httpx.Client(base_url=server.url, timeout=30) as http:
        client_id = http.get("/get_ids").json()["data"][0]
        text = http.get("/get_json", params={"param_name": client_id}).json()["data"]
        record = json.loads(text)
        nullable = frozenset(name for name, value in record.items() if value is None)

        def check(kind: str, sent: object, answer: httpx.Response, accepted: bool = False) -> None:
            checked.add(
                kind, sent, answer, answer.status_code == 200 if accepted else is_refused(answer)
            )

        @often(count)
        @given(any_bodies(record))
        def send_body(body: bytes) -> None:
            accepted = is_acceptable(body, record, nullable)
            check("body", body, http.post("/prediction/", content=body), accepted)

        @often(count)
        @given(st.sampled_from(ROUTES), TEXTS | st.binary())
        def send_query(route: str, value: bytes) -> None:
            path = f"{route}?param_name={quote(value)}"
            check("query", path, http.get(path))

        sent = [body for body, _ in bodies(record).values()]
        queries = [query for query, *_ in client_queries("", 1).values()]
        paths = [route + query for route in ROUTES[:3] for query in queries]
        paths += [f"/get_kde{query}" for query, *_ in feature_queries(1).values()]

        def send_listed() -> None:
            for body in sent:
                check("listed", body, http.post("/prediction/", content=body))
            for path in paths:
                check("listed", path, http.get(path))

        send_listed()  # before memory is looked at: the first of each kind makes room for itself
        with checked.watched(server):
            send_body()
            send_query()
            send_listed()
    return checked.passed


def applications(count: int) -> bool:
    checked, model = CheckedAnswers(), PlainModel.of_folder(RESSOURCES)
    large = large_bodies(model)
    right_list = model.probabilities(large[RIGHT])
    with Server() as server, httpx.Client(base_url=server.url, timeout=120) as http:

        def ask(kind: str, name: str, body: bytes, query: str, right: list[float] | None) -> None:
            began = time.perf_counter()
            answer = http.post(f"/score{query}", content=body)
            checked.took(name, time.perf_counter() - began)
            checked.add(kind, (query, name, body), answer, is_answer(answer, right))

        @often(count)
        @given(ApplicationBodies(model).any(), st.sampled_from(["", *QUERIES]))
        def send_body(body: bytes, query: str) -> None:
            right = model.probabilities(body) if QUERIES[query] else None
            ask("body", "one that is generated", body, query, right)

        def send_listed(query: str = "") -> None:
            for name, body in large.items():
                ask("listed", name, body, query, right_list if name == RIGHT else None)

        ready(server)
        for _ in range(4):  # before memory is looked at, to either worker
            send_listed("?reasons=10&compare=all")
        checked.seconds.clear()
        with checked.watched(server):
            send_listed()
            send_body()
            send_listed()
    for name, seconds in sorted(checked.seconds.items(), key=lambda item: -item[1])[:8]:
        print(f"{1000 * seconds:7.0f} ms at most: {name}")
    slowest = max(checked.seconds, key=lambda name: checked.seconds[name])
    return checked.passed and slowest == RIGHT


def is_answer(answer: httpx.Response, right: list[float] | None) -> bool:
    """Whether an answer has the right probabilities, or refuses where there are none."""
    if right is None:
        return is_refused(answer)
    if answer.status_code != 200:
        return False
    found = answer.json()
    found = found if isinstance(found, list) else [found]
    return [one["probability"] for one in found] == right


def ready(server: Server) -> None:
    """Wait until every worker has found the peers."""

    def is_ready() -> bool:
        return all(server.get("/importance").status_code == 200 for _ in range(20))

    wait_for(is_ready, pause=1)


RIGHT = "a right list"
PARTS = {"prediction": predictions, "score": applications}


def main(count: int, wanted: list[str]) -> int:
    return int(sum(not PARTS[part](count) for part in wanted) > 0)


if __name__ == "__main__":
    given_count = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    parts = [argument for argument in sys.argv[1:] if not argument.isdigit()]
    sys.exit(main((given_count or [10_000])[0], parts or list(PARTS)))
