"""The benchmarks compare like with like, and their arithmetic is right. No time is judged here."""

import json
import os
import shutil
import signal
import sys
from argparse import Namespace
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

import benchmarks.servers
from benchmarks import plain
from benchmarks.bench import Bench
from benchmarks.floor import floor
from benchmarks.measures.start import memory_budget
from benchmarks.mlserver import inference, probability_in
from benchmarks.run import main, parts
from benchmarks.servers import Speed, gets, gunicorn, parsed, seconds_needed
from benchmarks.table import Row, ratio_row, shown, table
from main import app
from tests.support.servers.server import Failed, children

LOAD = 'load {{"requests": 300, "seconds": 2.0, "failed": {failed}, "p99_ms": 4.5}}'

service_client = TestClient(app)
plain_client = TestClient(plain.app)
ids = service_client.get("/get_ids").json()["data"]


def both(path, **query):
    """The answers of the service and of the plain design."""
    answers = [client.get(path, params=query) for client in (service_client, plain_client)]
    assert [answer.status_code for answer in answers] == [200, 200]
    return [answer.json() for answer in answers]


def test_plain_design_predicts_as_the_service():
    for client_id in ids[:5]:
        record = service_client.get("/get_json", params={"param_name": client_id}).json()["data"]
        answers = [client.post("/prediction/", json=json.loads(record)).json()
                   for client in (service_client, plain_client)]  # fmt: skip
        assert answers[0]["probability"] == answers[1]["probability"]


@pytest.mark.parametrize("path", ["/get_ids", "/get_feat"])
def test_plain_design_lists_what_the_service_lists(path):
    ours, theirs = both(path)
    assert ours == theirs


@pytest.mark.parametrize("path", ["/get_test", "/get_json"])
def test_plain_design_gives_the_record_of_the_service(path):
    ours, theirs = (json.loads(answer["data"]) for answer in both(path, param_name=ids[3]))
    assert theirs == pytest.approx(ours, abs=1e-9)  # pandas rounds to 10 decimals


@pytest.mark.filterwarnings("ignore:LightGBM binary classifier:UserWarning")
def test_plain_design_explains_as_the_service():
    ours, theirs = both("/get_shap", param_name=ids[3])
    assert theirs["feat"] == ours["feat"]
    assert theirs["data"] == ours["data"]
    assert theirs["values"][0] == pytest.approx(ours["values"][0], abs=1e-9)
    assert theirs["base"] == pytest.approx(ours["base"], abs=1e-9)


def test_plain_design_gives_the_reference_values_of_the_service():
    for feature in service_client.get("/get_feat").json()["data"][:5]:
        ours, theirs = both("/get_kde", param_name=feature)
        assert theirs == ours


def test_floor_answers_as_many_bytes_as_asked():
    client = TestClient(floor([3, 70]))
    assert client.get("/70").content == b"0" * 70
    assert client.post("/body/3", content=b"x" * 1000).content == b"000"
    assert client.get("/71").status_code == 404


def test_a_load_is_parsed():
    output = f"Running 2s test\n{LOAD.format(failed=0)}\n"
    assert parsed(output, 0.5) == Speed(per_second=150, per_processor_second=600, p99=4.5)


@pytest.mark.parametrize("output", ["", "unable to connect", LOAD.format(failed=1)])
def test_a_load_that_failed_is_no_measure(output):
    with pytest.raises(Failed):
        parsed(output, 0.5)


def test_a_ratio_is_taken_round_by_round():
    speeds = {
        "ours": [Speed(300, 3000), Speed(100, 1000), Speed(90, 900)],
        "other": [Speed(100, 1000), Speed(200, 2000), Speed(100, 450)],
    }
    row = ratio_row("a", ("≥", 0.85), speeds, "ours", "other")
    assert row == Row("a", ("≥", 0.85), [3.0, 0.5, 0.9], [3.0, 0.5, 2.0])


def test_the_table_says_what_was_reached():
    rows = [
        Row("a", ("≥", 0.85), [3.0, 0.5, 0.9], [3.0, 0.5, 2.0]),
        Row("b", ("≤", 1), [1.5]),
        Row("c", ("<", 25), [12.5, 11.25], unit=" ms"),
        Row("d", None, [1234.5]),
    ]
    assert table(rows).splitlines() == [
        "| measure | target | median | min to max | by processor time | reached |",
        "| --- | --- | --- | --- | --- | --- |",
        "| a | ≥ 0.85 | 0.900 | 0.500 to 3.00 | 2.00 | yes |",
        "| b | ≤ 1 | 1.50 | 1.50 to 1.50 |  | **no** |",
        "| c | < 25 ms | 11.9 ms | 11.2 to 12.5 |  | yes |",
        "| d |  | 1234 | 1234 to 1234 |  |  |",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.0123"), (0.5, "0.500"), (12.345, "12.3"), (999.9, "1000")]
)
def test_a_number_is_shown_with_three_digits(value, text):
    assert shown(value) == text


def test_a_slow_answer_makes_a_load_longer():
    assert seconds_needed(2, 0.001, 8) == 2
    assert seconds_needed(2, 0.25, 8) == 8
    assert seconds_needed(2, 60, 8) == 30


def test_requests_carry_the_parameter():
    assert gets("/get_ids") == [("/get_ids", b"")]
    assert gets("/get_test", [3, 4]) == [
        ("/get_test?param_name=3", b""),
        ("/get_test?param_name=4", b""),
    ]


def test_the_inference_protocol_is_spoken():
    assert json.loads(inference({"a": 1.5, "b": None})) == {
        "inputs": [{"name": "record", "shape": [1, 2], "datatype": "FP64", "data": [1.5, None]}]
    }
    assert probability_in({"outputs": [{"data": [0.25]}]}) == 0.25
    assert probability_in({"probability": 0.5}) == 0.5


def test_the_memory_budget_is_that_of_the_three_tables():
    model = {
        "reference_clients": 1000,
        "new_clients": 10,
        "features": 100,
        "transformed_features": 50,
    }
    assert memory_budget(model) == pytest.approx(360e6 + 1.1 * 8 * (100_000 + 1000 + 500))


def test_parts_come_in_their_order_and_unknown_ones_are_refused():
    assert parts("log,floor") == ["floor", "log"]
    with pytest.raises(Exception, match=r"nothing; there are floor, log"):
        parts("nothing")


def test_a_server_is_stopped_with_its_worker():
    with gunicorn("floor", "benchmarks.floor:app", {"FLOOR_BYTES": "5"}) as server:
        assert server.wait("/5") > 0
        assert server.ask("/5") == b"00000"
        with pytest.raises(Failed, match="404"):
            server.ask("/6")
        processes = [server.process.pid, *children(server.process.pid)]
        assert 0 < server.memory().now <= server.memory().peak
        assert server.processor_seconds() > 0
    assert len(processes) == 2
    assert not any(os.path.exists(f"/proc/{process}") for process in processes)  # noqa: PTH110


def test_a_server_that_does_not_start_is_said_why():
    with (
        gunicorn("none", "benchmarks.none:app", {}) as server,
        pytest.raises(Failed, match=r"No module named 'benchmarks\.none'"),
    ):
        server.wait("/")


def test_the_service_as_shipped_is_one_that_logs(monkeypatch, tmp_path):
    monkeypatch.setattr(Bench, "service_of", lambda _, *given, **settings: (*given, settings))
    bench = Bench(Namespace(ressources=tmp_path), tmp_path, ExitStack())
    assert bench.shipped == ("shipped", tmp_path, {})
    assert bench.service == ("service", tmp_path, {"REQUEST_LOG": "0"})


@pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed: apt-get install wrk")
def test_the_benchmark_runs(monkeypatch, capsys, lightgbm_folder, tmp_path, forks):
    """With pauses between the requests, and one service for two: no speed is of interest here."""
    monkeypatch.setattr(Bench, "shipped", Bench.service)
    monkeypatch.setattr(benchmarks.servers.Program, "begin", staticmethod(forks.begin))
    script = (benchmarks.servers.HERE / "load.lua").read_text()
    (tmp_path / "load.lua").write_text(script + "\nfunction delay() return 20 end\n")
    monkeypatch.setattr(benchmarks.servers, "HERE", tmp_path)
    options = ("--parts", "log", "--rounds", "1", "--seconds", "1", "--warm", "0")
    command = ["benchmarks.run", *options, "--ressources", str(lightgbm_folder.path)]
    monkeypatch.setattr(sys, "argv", command)
    before = signal.getsignal(signal.SIGTERM)
    try:
        main()
    finally:
        signal.signal(signal.SIGTERM, before)
    printed = capsys.readouterr().out
    rows = [line.split(" | ") for line in printed.splitlines() if line.startswith("| ")]
    assert [(row[0], row[1]) for row in rows[2:]] == [
        ("| `/get_ids` as shipped against no request log", "≥ 0.75"),
        ("| `/get_ids` as shipped against the floor, which neither logs nor counts", "≥ 0.6375"),
    ]
    assert "1 rounds of 1 s, 8 connections" in printed
