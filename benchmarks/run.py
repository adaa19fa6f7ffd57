"""The benchmark: this service beside the floor, the plain design and MLServer, as ratios.

    python -m benchmarks.run [--rounds N] [--seconds N] [--parts PART,…]
                             [--ressources DIR] [--large DIR] [--mlserver DIR]

It starts the servers, each with one worker and one LightGBM thread, sends each the same load with
wrk, in turns, and prints one table. Nothing here judges a time.
"""

import argparse
import contextlib
import itertools
import json
import math
import os
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import joblib
import numpy as np

from benchmarks.servers import (
    HOST,
    REPOSITORY,
    SERVICE,
    Failed,
    Requests,
    Server,
    Speed,
    free_port,
    gets,
    gunicorn,
    load,
    seconds_needed,
    warm,
    wrk,
)

SMALL = (2_000, 488)  # reference and new clients
LARGE = (73_000, 48_744)
CONNECTIONS = 8
BODIES = 100  # distinct records sent to /prediction/
SEEN = 200  # clients whose explanations are remembered
UNSEEN_A_SECOND = 1_000  # more than any server explains
LARGE_STARTS = 3  # at most: each takes long
MLSERVER = (
    "mlserver==1.7.1",
    "mlserver-lightgbm==1.7.1",
    "uvloop<0.22",
    "httptools",
)  # newer uvloop: no parallel worker
INFER = "/v2/models/credit/infer"

Load = Callable[[], Speed]
Speeds = Mapping[str, Sequence[Speed]]


@dataclass(frozen=True)
class Row:
    """One measure of the table.

    Attributes:
        measure: what is measured.
        target: the sign and the bound of the issue, such as ``("≥", 0.85)``, or none.
        values: one a round.
        by_processor: the same by the time that the servers computed, where that says something.
        unit: what stands behind a value; nothing behind a ratio.
    """

    measure: str
    target: tuple[str, float] | None
    values: Sequence[float]
    by_processor: Sequence[float] = ()
    unit: str = ""

    def cells(self) -> list[str]:
        """The row as texts."""
        median = statistics.median(self.values)
        reached = ""
        if self.target:
            sign, bound = self.target
            holds = {"≥": median >= bound, "≤": median <= bound, "<": median < bound}[sign]
            reached = "yes" if holds else "**no**"
        return [
            self.measure,
            f"{self.target[0]} {self.target[1]:g}{self.unit}" if self.target else "",
            f"{shown(median)}{self.unit}",
            f"{shown(min(self.values))} to {shown(max(self.values))}",
            shown(statistics.median(self.by_processor)) if self.by_processor else "",
            reached,
        ]


def shown(value: float) -> str:
    """A number with three digits or all those before the point."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{digits}f}"


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    head = ["measure", "target", "median", "min to max", "by processor time", "reached"]
    lines = [head, ["---"] * len(head), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratio_row(
    measure: str, target: tuple[str, float] | None, speeds: Speeds, ours: str, other: str
) -> Row:
    """How many times as fast ours is as the other, round by round."""
    pairs = list(zip(speeds[ours], speeds[other], strict=True))
    return Row(
        measure,
        target,
        [a.per_second / b.per_second for a, b in pairs],
        [a.per_processor_second / b.per_processor_second for a, b in pairs],
    )


class Bench:
    """The servers, each started when it is first needed, and the loads on them."""

    def __init__(
        self, options: argparse.Namespace, scratch: Path, stack: contextlib.ExitStack
    ) -> None:
        self.options = options
        self.scratch = scratch
        self.stack = stack
        self.random = random.Random(0)  # noqa: S311 - draws clients, keeps no secret

    # Data

    @cached_property
    def small(self) -> Path:
        """The folder of the small case."""
        return self.options.ressources or self.simulated("small", *SMALL)

    @cached_property
    def large(self) -> Path:
        """The folder of the large case."""
        return self.options.large or self.simulated("large", *LARGE)

    def simulated(self, name: str, reference_clients: int, new_clients: int) -> Path:
        """A folder of the same shape, made by the trainer."""
        say(f"simulating the {name} case")
        folder = self.scratch / name
        command = (
            *(sys.executable, "train.py", "--wide", "--out", str(folder)),
            *("--reference-clients", str(reference_clients), "--new-clients", str(new_clients)),
        )
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=sys.stderr)  # noqa: S603
        return folder

    # Servers

    def gunicorn(self, name: str, application: str, **environment: str) -> Server:
        """A server that runs until the end."""
        return self.stack.enter_context(gunicorn(name, application, environment, self.scratch))

    def service_of(self, name: str, folder: Path, **environment: str) -> Server:
        """This service on a folder, until the end."""
        server = self.gunicorn(name, SERVICE, RESSOURCES_DIR=str(folder), **environment)
        server.wait("/get_ids")
        return server

    @cached_property
    def service(self) -> Server:
        """This service, small case, without the request log."""
        return self.service_of("service", self.small, REQUEST_LOG="0")

    @cached_property
    def shipped(self) -> Server:
        """This service, small case, as shipped."""
        return self.service_of("shipped", self.small)

    @cached_property
    def service_large(self) -> Server:
        """This service, large case, without the request log."""
        return self.service_of("service-large", self.large, REQUEST_LOG="0")

    @cached_property
    def plain(self) -> Server:
        """The plain design, small case."""
        server = self.gunicorn("plain", "benchmarks.plain:app", RESSOURCES_DIR=str(self.small))
        server.wait("/get_ids")
        return server

    @cached_property
    def plain_large(self) -> Server:
        """The plain design, large case."""
        server = self.gunicorn(
            "plain-large", "benchmarks.plain:app", RESSOURCES_DIR=str(self.large)
        )
        server.wait("/get_ids")
        return server

    @cached_property
    def floor(self) -> Server:
        """The floor, with answers as large as those of the service."""
        requests = [*self.requests.values(), self.predictions]
        sizes = {len(self.service.ask(*asked[0])) for asked in requests}
        sizes_given = ",".join(map(str, sizes))
        server = self.gunicorn("floor", "benchmarks.floor:app", FLOOR_BYTES=sizes_given)
        server.wait(f"/{min(sizes)}")
        return server

    def mlserver(self, workers: int) -> Server:
        """MLServer with the model of the small case; the model in its own process, or apart."""
        environment: Path = self.options.mlserver.resolve()
        models = self.scratch / "mlserver"
        if not models.exists():
            models.mkdir()
            joblib.load(self.small / "model.joblib")[1].booster_.save_model(models / "model.txt")
            settings = {
                "name": "credit",
                "implementation": "mlserver_lightgbm.LightGBMModel",
                "parameters": {"uri": "model.txt"},
            }
            (models / "model-settings.json").write_text(json.dumps(settings))
        name, port = f"mlserver-{workers}", free_port()
        server = Server(
            name,
            port,
            (str(environment / "bin" / "mlserver"), "start", str(models)),
            {
                "MLSERVER_HOST": HOST,
                "MLSERVER_HTTP_PORT": str(port),
                "MLSERVER_GRPC_PORT": str(free_port()),
                "MLSERVER_METRICS_PORT": str(free_port()),
                "MLSERVER_METRICS_DIR": str(self.scratch),
                "MLSERVER_ENVIRONMENTS_DIR": str(self.scratch),
                "MLSERVER_PARALLEL_WORKERS": str(workers),
                "MLSERVER_DEBUG": "false",  # else it logs each request
            },
            self.scratch / f"{name}.log",
        )
        self.stack.enter_context(server)
        server.wait("/v2/models/credit/ready")
        return server

    # Requests

    @cached_property
    def ids(self) -> list[int]:
        """The new clients of the small case, in random order."""
        return self.shuffled_ids(self.service)

    @cached_property
    def large_ids(self) -> list[int]:
        """The new clients of the large case, in random order."""
        return self.shuffled_ids(self.service_large)

    def shuffled_ids(self, server: Server) -> list[int]:
        """The clients of a server, in random order."""
        ids: list[int] = server.ask_json("/get_ids")["data"]
        self.random.shuffle(ids)
        return ids

    @cached_property
    def unseen(self) -> Iterator[int]:
        """Clients of the large case: long forgotten when they come again."""
        return itertools.cycle(self.large_ids)

    def not_seen(self, clients: int) -> Requests:
        """Requests for explanations that the large case does not remember."""
        return gets("/get_shap", itertools.islice(self.unseen, clients))

    @cached_property
    def requests(self) -> dict[str, Requests]:
        """One request for each route without a body, small case."""
        features = self.service.ask_json("/get_feat")["data"]
        feature = "EXT_SOURCE_1" if "EXT_SOURCE_1" in features else features[0]
        client = self.ids[:1]
        return {
            "/get_ids": gets("/get_ids"),
            "/get_feat": gets("/get_feat"),
            "/get_kde": gets("/get_kde", [feature]),
            "/get_shap": gets("/get_shap", client),
            "/get_test": gets("/get_test", client),
            "/get_json": gets("/get_json", client),
        }

    @cached_property
    def predictions(self) -> Requests:
        """Records of the small case for `/prediction/`, each another."""
        paths = [path for path, _ in gets("/get_json", self.ids[:BODIES])]
        return [("/prediction/", self.service.ask_json(path)["data"].encode()) for path in paths]

    @cached_property
    def records(self) -> list[dict[str, float | None]]:
        """The records of `predictions`, decoded."""
        return [json.loads(body) for _, body in self.predictions]

    # Loads

    def load(self, server: Server, requests: Requests, connections: int = CONNECTIONS) -> Load:
        """A load on a server, that is warm then."""
        answer_seconds = warm(server, requests)
        seconds = seconds_needed(self.options.seconds, answer_seconds, connections)
        return partial(load, server, requests, seconds, connections, self.scratch)

    def compare(self, loads: Mapping[str, Load]) -> dict[str, list[Speed]]:
        """The speeds of loads that take turns, round by round."""
        speeds: dict[str, list[Speed]] = {name: [] for name in loads}
        for turn in range(self.options.rounds):
            for name in sorted(loads, reverse=turn % 2 == 1):
                speeds[name].append(loads[name]())
        for name, found in speeds.items():
            median = statistics.median(speed.per_second for speed in found)
            work = statistics.median(1e6 / speed.per_processor_second for speed in found)
            say(f"  {name}: {shown(median)} requests a second, {shown(work)} µs of processor each")
        return speeds


# The parts


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
    """What the request log and the metrics cost."""
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


def inference(record: Mapping[str, float | None]) -> bytes:
    """A record as the open inference protocol has it, which MLServer speaks."""
    values = list(record.values())
    tensor = {"name": "record", "shape": [1, len(values)], "datatype": "FP64", "data": values}
    return json.dumps({"inputs": [tensor]}).encode()


def probability_in(answer: Mapping[str, Any]) -> float:
    """The probability of default in an answer of any of the servers."""
    found = answer["outputs"][0]["data"][0] if "outputs" in answer else answer["probability"]
    return float(found)


def install_mlserver(environment: Path) -> None:
    """MLServer in an environment of its own, where there is none yet."""
    if not (environment / "bin" / "mlserver").exists():
        say(f"installing {' '.join(MLSERVER)} into {environment}")
        python = environment / "bin" / "python"
        packages = (*MLSERVER, f"lightgbm=={version('lightgbm')}")
        for command in (
            (sys.executable, "-m", "venv", environment),
            (python, "-m", "pip", "install", "--quiet", *packages),
        ):
            subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 - fixed commands


def explanation_part(bench: Bench) -> Iterator[Row]:
    """Explanations that are not remembered, against LightGBM alone and the plain design."""
    say("/get_shap of clients not seen before")
    seconds = bench.options.seconds
    booster = joblib.load(bench.small / "model.joblib")[1].booster_
    rows = np.array([list(record.values()) for record in bench.records], dtype=np.float64)

    def alone() -> Speed:
        began, computed, done = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < seconds:
            row = rows[done % len(rows)]
            booster.predict(row[np.newaxis], pred_contrib=True, num_threads=1)
            done += 1
        return Speed(done / (time.perf_counter() - began), done / (time.process_time() - computed))

    def unseen(connections: int) -> Speed:
        requests = bench.not_seen(UNSEEN_A_SECOND * seconds)
        return load(bench.service_large, requests, seconds, connections, bench.scratch)

    loads: dict[str, Load] = {
        "alone": alone,
        "one-caller": partial(unseen, 1),
        "service": partial(unseen, CONNECTIONS),
        "plain": bench.load(bench.plain_large, bench.not_seen(BODIES)),
    }
    speeds = bench.compare(loads)
    measure = "`/get_shap` of clients not seen before against LightGBM's `pred_contrib` in a loop"
    yield ratio_row(measure, ("≥", 0.85), speeds, "service", "alone")
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
    seconds = bench.options.seconds

    def unseen_small() -> Speed:
        environment = {"RESSOURCES_DIR": str(bench.small), "REQUEST_LOG": "0"}
        requests = gets("/get_shap", bench.ids)  # all of them take one caller longer than a round
        with gunicorn("fresh", SERVICE, environment, bench.scratch) as server:
            server.wait("/get_ids")
            return load(server, requests, seconds, 1, bench.scratch)

    def unseen_large() -> Speed:
        requests = bench.not_seen(UNSEEN_A_SECOND * seconds)
        return load(bench.service_large, requests, seconds, 1, bench.scratch)

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


def start_part(bench: Bench) -> Iterator[Row]:
    """Time from the start to the first answer, and memory once every route was asked."""
    ratios: dict[str, list[float]] = {}

    def note(measure: str, ratio: float) -> None:
        ratios.setdefault(measure, []).append(ratio)

    for case, folder, starts in (
        ("small", bench.small, bench.options.rounds),
        ("large", bench.large, min(bench.options.rounds, LARGE_STARTS)),
    ):
        say(f"starts, {case} case")
        for turn in range(starts):
            seconds, memory = {}, {}
            for name in sorted(("main", "benchmarks.plain"), reverse=turn % 2 == 1):
                environment = {"RESSOURCES_DIR": str(folder), "REQUEST_LOG": "0"}
                with gunicorn(f"start-{name}", f"{name}:app", environment, bench.scratch) as server:
                    seconds[name] = server.wait("/get_ids")
                    ask_all(server)
                    memory[name] = server.memory()
                    if name == "main":
                        budget = memory_budget(server.ask_json("/model"))
            ours, theirs = memory["main"], memory["benchmarks.plain"]
            say(f"  {seconds}, {memory}")
            note(f"start, {case} case, against the plain design",
                 seconds["main"] / seconds["benchmarks.plain"])  # fmt: skip
            note(f"memory, {case} case, against the plain design", ours.now / theirs.now)
            note(f"peak memory, {case} case, against the plain design", ours.peak / theirs.peak)
            note(f"memory, {case} case, of its budget", ours.now / budget)
            note(f"peak memory, {case} case, of 1.6 times its budget", ours.peak / budget / 1.6)
    for measure, values in ratios.items():
        target = ("<" if "memory" in measure and "plain" in measure else "≤", 1.0)
        yield Row(measure, None if "memory, small" in measure else target, values)


def ask_all(server: Server) -> None:
    """One request to each route."""
    client = server.ask_json("/get_ids")["data"][0]
    feature = server.ask_json("/get_feat")["data"][0]
    for path in ("/get_test", "/get_shap"):
        server.ask(f"{path}?param_name={client}")
    server.ask(f"/get_kde?param_name={quote(feature, safe='')}")
    record = server.ask_json(f"/get_json?param_name={client}")["data"]
    server.ask("/prediction/", record.encode())


def memory_budget(model: Mapping[str, Any]) -> float:
    """250 MB, and 1.1 times the raw reference, raw new and transformed new table as doubles."""
    raw = (model["reference_clients"] + model["new_clients"]) * model["features"]
    transformed = model["new_clients"] * model["transformed_features"]
    return float(250e6 + 1.1 * 8 * (raw + transformed))


def loaded_rows(server: Server) -> Iterator[Row]:
    """Memory of the large case after all the loads."""
    memory, budget = server.memory(), memory_budget(server.ask_json("/model"))
    say(f"large case after the loads: {memory}, budget {budget:,.0f}")
    yield Row("memory, large case, after all loads, of its budget", ("≤", 1), [memory.now / budget])
    measure = "peak memory, large case, after all loads, of 1.6 times its budget"
    yield Row(measure, ("≤", 1), [memory.peak / budget / 1.6])


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "floor": floor_part,
    "log": log_part,
    "prediction": prediction_part,
    "explanation": explanation_part,
    "kde": kde_part,
    "clients": clients_part,
    "waiting": waiting_part,
    "start": start_part,
}


def say(text: str) -> None:
    """Tell who waits what happens."""
    print(text, file=sys.stderr, flush=True)


def circumstances(options: argparse.Namespace) -> str:
    """What the ratios were measured on."""
    libraries = ("fastapi", "starlette", "uvicorn", "gunicorn", "lightgbm", "orjson")
    versions = ", ".join(f"{library} {version(library)}" for library in libraries)
    busy = os.getloadavg()[0]
    return (
        f"{options.rounds} rounds of {options.seconds} s, {CONNECTIONS} connections,"
        f" {os.cpu_count()} cores ({busy:.1f} busy before), Python {platform.python_version()},"
        f" {versions}"
    )


def run(options: argparse.Namespace) -> str:
    """The table, in Markdown."""
    with (
        tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch,
        contextlib.ExitStack() as stack,
    ):
        bench = Bench(options, Path(scratch), stack)
        rows = [row for part in options.parts for row in PARTS[part](bench)]
        if "service_large" in vars(bench):
            rows += loaded_rows(bench.service_large)
        return table(rows)


def parts(names: str) -> list[str]:
    """The parts named, in their order."""
    unknown = set(names.split(",")) - PARTS.keys()
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}; there are {', '.join(PARTS)}")
    return [name for name in PARTS if name in names.split(",")]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--seconds", type=int, default=2, metavar="N", help="a load; default: 2")
    parser.add_argument("--parts", type=parts, default=list(PARTS), metavar="PART,…",
                        help=f"of {', '.join(PARTS)}; default: all")  # fmt: skip
    parser.add_argument("--ressources", type=Path, metavar="DIR", help="default: simulated")
    parser.add_argument("--large", type=Path, metavar="DIR", help="default: simulated")
    parser.add_argument("--mlserver", type=Path, metavar="DIR",
                        help="environment with MLServer, made where there is none; without this"
                        " option MLServer is left out")  # fmt: skip
    options = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is needed: apt-get install wrk")
    return options


def ended(*_: object) -> NoReturn:
    """End by an exception, so that every server is stopped."""
    sys.exit("ended from outside")


def main() -> None:
    """Measure and print."""
    options = arguments()
    signal.signal(signal.SIGTERM, ended)
    before = circumstances(options)
    print(f"{run(options)}\n\n{before}")


if __name__ == "__main__":
    main()
