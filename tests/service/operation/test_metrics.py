"""Counters, summed over the workers."""

from collections import Counter

import httpx

from credit_scoring.data.artifacts import MODEL_FILE
from main import VERSION
from tests.service.operation.metric_counts import counts
from tests.support.servers.server import Server


def test_metrics_count_every_request_of_every_worker(server: Server):
    before = counts(server)
    facts = server.ask_json("/model")
    client_id = server.ask_json("/get_ids")["data"][0]
    text = server.ask_json(f"/get_json?param_name={client_id}")["data"]
    pids = set(server.pids())
    assert len(pids) == 2
    decisions = Counter()
    for _ in range(40):  # each over a connection of its own
        answer = httpx.post(f"{server.url}/prediction/", content=text, verify=False)
        decisions[str(answer.json()["prediction"])] += 1
        assert server.get(f"/get_shap?param_name={client_id}").status_code == 200
        assert server.get("/get_shap?param_name=-7").status_code == 404
        assert server.get("/nowhere").status_code == 404
    added = counts(server) - before
    assert added["http_requests_total", "/prediction/", "200"] == 40
    assert added["http_requests_total", "/get_shap", "200"] == 40
    assert added["http_requests_total", "/get_shap", "404"] == 40
    assert added["http_requests_total", "unknown", "404"] == 40
    assert added["http_request_duration_seconds_count", "/get_shap"] == 80
    assert added["http_request_duration_seconds_count", "/prediction/"] == 40
    assert added["http_request_duration_seconds_bucket", "+Inf", "/prediction/"] == 40
    assert added["http_request_duration_seconds_sum", "/prediction/"] > 0
    assert {key[1]: n for key, n in added.items() if key[0] == "predictions_total"} == decisions
    computed = added["explanations_total", "computed"]
    assert computed + added["explanations_total", "reused"] == 40
    assert 0 <= computed <= 2  # once by each worker at most
    info = [key for key in counts(server) if key[0] == "model_info"]
    assert info == [("model_info", facts["sha256"][MODEL_FILE], VERSION)]
