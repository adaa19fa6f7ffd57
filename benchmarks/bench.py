"""The servers that are compared, the requests for them, and the loads on them."""

import argparse
import contextlib
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path

import joblib

from benchmarks.servers import (
    Program,
    Requests,
    Speed,
    gets,
    gunicorn,
    load,
    seconds_needed,
    wait_until_prepared,
    warm,
)
from benchmarks.table import shown
from tests.support.servers.server import HOST, ROOT, SERVICE, free_port

SMALL = (2_000, 488)  # reference and new clients


LARGE = (73_000, 48_744)


CONNECTIONS = 8


BODIES = 100  # distinct records sent to /prediction/


Load = Callable[[], Speed]


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
            *(sys.executable, "-m", "training", "--wide", "--joblib", "--out", str(folder)),
            *("--reference-clients", str(reference_clients), "--new-clients", str(new_clients)),
        )
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)  # noqa: S603
        return folder

    # Servers

    def gunicorn(self, name: str, application: str, **environment: str) -> Program:
        """A server that runs until the end."""
        return self.stack.enter_context(gunicorn(name, application, environment))

    def service_of(self, name: str, folder: Path, **environment: str) -> Program:
        """This service on a folder, until the end."""
        server = self.gunicorn(name, SERVICE, RESSOURCES_DIR=str(folder), **environment)
        server.wait("/get_ids")
        wait_until_prepared(server)
        return server

    @cached_property
    def service(self) -> Program:
        """This service, small case, without the request log."""
        return self.service_of("service", self.small, REQUEST_LOG="0")

    @cached_property
    def shipped(self) -> Program:
        """This service, small case, as shipped."""
        return self.service_of("shipped", self.small)

    @cached_property
    def service_large(self) -> Program:
        """This service, large case, without the request log."""
        return self.service_of("service-large", self.large, REQUEST_LOG="0")

    @cached_property
    def plain(self) -> Program:
        """The plain design, small case."""
        server = self.gunicorn("plain", "benchmarks.plain:app", RESSOURCES_DIR=str(self.small))
        server.wait("/get_ids")
        return server

    @cached_property
    def plain_large(self) -> Program:
        """The plain design, large case."""
        server = self.gunicorn(
            "plain-large", "benchmarks.plain:app", RESSOURCES_DIR=str(self.large)
        )
        server.wait("/get_ids")
        return server

    @cached_property
    def floor(self) -> Program:
        """The floor, with answers as large as those of the service."""
        requests = [*self.requests.values(), self.predictions]
        sizes = {len(self.service.ask(*asked[0])) for asked in requests}
        sizes_given = ",".join(map(str, sizes))
        server = self.gunicorn("floor", "benchmarks.floor:app", FLOOR_BYTES=sizes_given)
        server.wait(f"/{min(sizes)}")
        return server

    def mlserver(self, workers: int) -> Program:
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
        server = Program(
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

    def shuffled_ids(self, server: Program) -> list[int]:
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

    def load(self, server: Program, requests: Requests, connections: int = CONNECTIONS) -> Load:
        """A load on a server, that is warm then."""
        answer_seconds = warm(server, requests, self.options.warm)
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


def repeated(seconds: float, function: Callable[[], object]) -> Speed:
    """How often a function runs in this process."""
    began, computed, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        function()
        done += 1
    return Speed(done / (time.perf_counter() - began), done / (time.process_time() - computed))


def say(text: str) -> None:
    """Print the progress of the run."""
    print(text, file=sys.stderr, flush=True)
