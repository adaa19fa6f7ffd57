"""Ten thousand generated bodies and ten thousand generated queries, to a server of two workers.

    python -m tests.experiments.bad_input [COUNT]

Prints the answers by status, and what became of the workers. Ends with 1 where an answer is other
than the contract has it, is no small JSON, or is a 5xx.
"""

import json
import sys
import time
from collections import Counter
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.cases import (
    any_bodies,
    bodies,
    client_queries,
    feature_queries,
    is_acceptable,
    is_refusal,
)
from tests.support.server import MB, Server

ROUTES = ["/get_shap", "/get_test", "/get_json", "/get_kde"]
TEXTS = st.text(st.characters()).map(lambda text: text.encode("utf-8", "surrogatepass"))


def main(count: int) -> int:
    often = settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    found: Counter[tuple[str, int]] = Counter()
    wrong: list[object] = []
    with Server() as server, httpx.Client(base_url=server.url, timeout=30) as http:
        client_id = http.get("/get_ids").json()["data"][0]
        text = http.get("/get_json", params={"param_name": client_id}).json()["data"]
        record = json.loads(text)
        nullable = frozenset(name for name, value in record.items() if value is None)

        def check(kind: str, sent: object, answer: httpx.Response, accepted: bool = False) -> None:
            found[kind, answer.status_code] += 1
            sound = is_refusal(
                answer.status_code, answer.headers.get("Content-Type", ""), answer.content
            )
            if not (answer.status_code == 200 if accepted else sound):
                wrong.append((kind, sent, answer.status_code))

        @often
        @given(any_bodies(record))
        def send_body(body: bytes) -> None:
            accepted = is_acceptable(body, record, nullable)
            check("body", body, http.post("/prediction/", content=body), accepted)

        @often
        @given(st.sampled_from(ROUTES), TEXTS | st.binary())
        def send_query(route: str, value: bytes) -> None:
            path = f"{route}?param_name={quote(value)}"
            check("query", path, http.get(path))

        listed = [body for body, _ in bodies(record).values()]
        queries = [query for query, *_ in client_queries("", 1).values()]
        paths = [route + query for route in ROUTES[:3] for query in queries]
        paths += [f"/get_kde{query}" for query, *_ in feature_queries(1).values()]

        def send_listed() -> None:
            for body in listed:
                check("listed", body, http.post("/prediction/", content=body))
            for path in paths:
                check("listed", path, http.get(path))

        send_listed()  # before memory is looked at: the first of each kind makes room for itself
        pids, memory = server.pids(), server.memory().now
        began = time.perf_counter()
        send_body()
        send_query()
        send_listed()
        seconds = time.perf_counter() - began
        same = server.pids() == pids
        more = server.memory().now - memory
        faults = server.log().count("Traceback")
    for (kind, status), number in sorted(found.items()):
        print(f"{kind:6} {status} {number:6}")
    print(f"{seconds:.0f} s; wrong answers: {len(wrong)}; tracebacks in the log: {faults}")
    print(f"same workers: {same}; memory of both: {memory / MB:.0f} MB and {more / MB:+.1f} MB")
    for kind, sent, status in wrong[:5]:
        print("wrong:", kind, status, repr(sent)[:300])
    return int(bool(wrong) or faults > 0 or not same)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
