"""The parts of the benchmark: each measures one thing and gives its rows."""

import itertools
import time
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import quote

import joblib
import numpy as np

from benchmarks.bench import BODIES, CONNECTIONS, Bench, Load, repeated, say
from benchmarks.measures.challenger import challenger_part
from benchmarks.measures.decisions import decisions_part
from benchmarks.measures.desk import desk_part
from benchmarks.measures.explanations import explanations_part
from benchmarks.measures.monitoring import monitoring_part
from benchmarks.measures.portfolio import portfolio_part
from benchmarks.measures.replay import replay_part
from benchmarks.measures.start import start_part
from benchmarks.mlserver import INFER, inference, install_mlserver, probability_in
from benchmarks.servers import (
    Speed,
    ask_each,
    gets,
    gunicorn,
    load,
    wait_until_prepared,
    wrk,
)
from benchmarks.table import Row, ratio_row
from credit_scoring.explain.tree_kernel.treeshap import read_trees
from credit_scoring.explain.tree_kernel.treeshap_numba import ROWS, contributions, with_gains
from credit_scoring.model.trees.libraries.lightgbm_text import read_lightgbm
from tests.support.servers.server import SERVICE, Failed

SEEN = 200  # clients whose explanations are remembered
UNSEEN_A_SECOND = 1_000  # of clients, who were forgotten when they come again


def floor_part(bench: Bench) -> Iterator[Row]:
    """Every route against a route that does nothing and returns as many bytes."""
    targets = {"/get_test": 0.6, "/get_json": 0.6}
    for route, requests in bench.requests.items():
        size = len(bench.service.ask(*requests[0]))
        say(f"{route}, {size:,} bytes")
        loads = {
            "floor": bench.load(bench.floor, gets(f"/{size}")),
            "service": bench.load(bench.service, requests),
        }
        target = ("≥", targets.get(route, 0.85))
        seen = " of a client seen before" if route == "/get_shap" else ""
        measure = f"`{route}`{seen} against the floor, {size:,} bytes"
        yield ratio_row(measure, target, bench.compare(loads), "service", "floor")

    body = bench.predictions[0][1]
    size = len(bench.service.ask("/prediction/", body))
    say(f"/prediction/, {len(body):,} bytes")
    read = [(f"/body/{size}", body) for _, body in bench.predictions]
    loads = {
        "floor": bench.load(bench.floor, read),
        "service": bench.load(bench.service, bench.predictions),
    }
    measure = f"`/prediction/` against the floor that reads its {len(body):,} bytes"
    yield ratio_row(measure, ("≥", 0.5), bench.compare(loads), "service", "floor")


def log_part(bench: Bench) -> Iterator[Row]:
    """The cost of the request log and of the metrics."""
    say("/get_ids with the request log")
    requests = bench.requests["/get_ids"]
    size = len(bench.service.ask("/get_ids"))
    loads = {
        "floor": bench.load(bench.floor, gets(f"/{size}")),
        "service": bench.load(bench.service, requests),
        "shipped": bench.load(bench.shipped, requests),
    }
    speeds = bench.compare(loads)
    measure = "`/get_ids` as shipped against no request log"
    yield ratio_row(measure, ("≥", 0.75), speeds, "shipped", "service")
    measure = "`/get_ids` as shipped against the floor, which neither logs nor counts"
    yield ratio_row(measure, ("≥", 0.85 * 0.75), speeds, "shipped", "floor")


def prediction_part(bench: Bench) -> Iterator[Row]:
    """Predictions against other servers, once all gave the same probabilities."""
    say("/prediction/ beside other servers")
    inferences = [(INFER, inference(record)) for record in bench.records]
    others = {"plain": (bench.plain, bench.predictions)}
    if bench.options.mlserver:
        install_mlserver(bench.options.mlserver)
        others["mlserver"] = (bench.mlserver(0), inferences)
        others["mlserver-default"] = (bench.mlserver(1), inferences)
    for server, requests in others.values():
        for ours, theirs in zip(bench.predictions, requests, strict=True):
            expected = bench.service.ask_json(*ours)["probability"]
            probability = probability_in(server.ask_json(*theirs))
            if probability != expected:
                raise Failed(f"{server.name} gives {probability}, the service {expected}")
    loads = {name: bench.load(*other) for name, other in others.items()}
    speeds = bench.compare({"service": bench.load(bench.service, bench.predictions)} | loads)
    measures = {
        "plain": ("`/prediction/` against the plain design", ("≥", 30.0)),
        "mlserver": ("`/prediction/` against MLServer, all in one process", ("≥", 3.0)),
        "mlserver-default": ("`/prediction/` against MLServer, its default", ("≥", 3.0)),
    }
    for name in loads:
        yield ratio_row(*measures[name], speeds, "service", name)


def explanation_part(bench: Bench) -> Iterator[Row]:
    """Explanations that are not remembered, against LightGBM alone and the plain design."""
    say("/get_shap of clients not seen before")
    seconds = bench.options.seconds
    booster = joblib.load(bench.small / "model.joblib")[1].booster_
    rows = np.array([list(record.values()) for record in bench.records], dtype=np.float64)

    def alone() -> Speed:
        asked = itertools.cycle(rows)
        return repeated(
            seconds,
            lambda: booster.predict(next(asked)[np.newaxis], pred_contrib=True, num_threads=1),
        )

    trees = with_gains(read_trees(read_lightgbm(booster)))
    several = np.resize(rows, (ROWS, rows.shape[1]))
    contributions(trees, several)  # compiled, or read from where that is kept

    def kernel() -> Speed:
        return repeated(seconds, lambda: contributions(trees, rows[:1]))

    def kernel_in_blocks() -> Speed:
        found = repeated(seconds, lambda: contributions(trees, several))
        return Speed(ROWS * found.per_second, ROWS * found.per_processor_second)

    def unseen(connections: int) -> Speed:
        requests = bench.not_seen(UNSEEN_A_SECOND * seconds)
        return load(bench.service_large, requests, seconds, connections, bench.scratch)

    loads: dict[str, Load] = {
        "alone": alone,
        "kernel": kernel,
        "kernel-in-blocks": kernel_in_blocks,
        "one-caller": partial(unseen, 1),
        "service": partial(unseen, CONNECTIONS),
        "plain": bench.load(bench.plain_large, bench.not_seen(BODIES)),
    }
    speeds = bench.compare(loads)
    measure = "SHAP values of one client against LightGBM's `pred_contrib`, one thread"
    yield ratio_row(measure, ("≥", 10), speeds, "kernel", "alone")
    yield ratio_row(f"the same, {ROWS} at once", ("≥", 12), speeds, "kernel-in-blocks", "alone")
    measure = "`/get_shap` of clients not seen before against LightGBM's `pred_contrib` in a loop"
    yield ratio_row(measure, ("≥", 5), speeds, "service", "alone")
    yield ratio_row("the same, one caller", ("≥", 0.85), speeds, "one-caller", "alone")
    yield ratio_row("the same against the plain design", None, speeds, "service", "plain")


def kde_part(bench: Bench) -> Iterator[Row]:
    """Values of all features in turn, so that hardly any is remembered."""
    say("/get_kde, large case")
    features = bench.service_large.ask_json("/get_feat")["data"]
    bench.random.shuffle(features)
    requests = gets("/get_kde", map(partial(quote, safe=""), features))
    loads = {
        "service": bench.load(bench.service_large, requests),
        "plain": bench.load(bench.plain_large, requests),
    }
    measure = "`/get_kde` of all features in turn, large case, against the plain design"
    yield ratio_row(measure, ("≥", 20), bench.compare(loads), "service", "plain")


def clients_part(bench: Bench) -> Iterator[Row]:
    """Routes that look a client up, among many clients and among few."""
    servers = {"small": (bench.service, bench.ids), "large": (bench.service_large, bench.large_ids)}
    routes = {"/get_test": None, "/get_json": None, "/get_shap": SEEN}
    for route, count in routes.items():
        say(f"{route}, large case and small")
        asked = {
            name: (server, gets(route, ids[:count])) for name, (server, ids) in servers.items()
        }
        for server, requests in asked.values():
            for path, _ in requests[:SEEN]:
                server.ask(path)
        loads = {name: bench.load(server, requests) for name, (server, requests) in asked.items()}
        seen = " of clients seen before" if count else ""
        measure = f"`{route}`{seen}, random clients, large case against small"
        yield ratio_row(measure, ("≥", 0.95), bench.compare(loads), "large", "small")

    say("/get_shap of clients not seen before, large case and small")

    def unseen_small() -> Speed:
        environment = {"RESSOURCES_DIR": str(bench.small), "REQUEST_LOG": "0"}
        with gunicorn("fresh", SERVICE, environment) as server:
            server.wait("/get_ids")
            wait_until_prepared(server)
            return ask_each(server, gets("/get_shap", bench.ids))

    def unseen_large() -> Speed:
        return ask_each(bench.service_large, bench.not_seen(len(bench.ids)))

    speeds = bench.compare({"small": unseen_small, "large": unseen_large})
    measure = "`/get_shap` of clients not seen before, one caller, large case against small"
    yield ratio_row(measure, ("≥", 0.95), speeds, "large", "small")


def waiting_part(bench: Bench) -> Iterator[Row]:
    """How long others wait while one caller's explanations take a core."""
    server, seconds = bench.service_large, bench.options.seconds
    for route in ("/health", "/get_ids"):
        say(f"{route} beside explanations")
        ask = bench.load(server, gets(route))

        def beside(ask: Load = ask) -> Speed:
            requests = bench.not_seen(UNSEEN_A_SECOND * seconds)
            with wrk(server, requests, seconds + 2, 1, bench.scratch):
                time.sleep(1)
                return ask()

        speeds = bench.compare({"alone": ask, "beside": beside})
        p99 = {name: [speed.p99 for speed in found] for name, found in speeds.items()}
        yield Row(f"p99 of `{route}`, large case", None, p99["alone"], unit=" ms")
        measure = "the same beside one caller's unseen explanations"
        yield Row(measure, ("<", 25), p99["beside"], unit=" ms")


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "floor": floor_part,
    "log": log_part,
    "prediction": prediction_part,
    "explanation": explanation_part,
    "explanations": explanations_part,
    "kde": kde_part,
    "clients": clients_part,
    "waiting": waiting_part,
    "desk": desk_part,
    "decisions": decisions_part,
    "challenger": challenger_part,
    "replay": replay_part,
    "monitoring": monitoring_part,
    "portfolio": portfolio_part,
    "start": start_part,
}
