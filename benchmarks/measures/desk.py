"""The credit desk's part of the benchmark."""

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from urllib.parse import quote

import joblib
import numpy as np
import pandas as pd

from benchmarks.bench import BODIES, Bench, Load, repeated, say
from benchmarks.servers import Program, Requests, Speed, gets, gunicorn
from benchmarks.table import Row, ratio_row
from service.served_bundle import ServedBundle
from tests.support.servers.server import SERVICE, Failed, wait_for

SCORE = "/score?reasons=0"
LIST = 1_000  # applications
CURVES = 20  # clients a round


def desk_part(bench: Bench) -> Iterator[Row]:
    """Scores of clients and of raw records, and how long the slower answers are waited for."""
    service = bench.service
    wait_for_desk(service, bench.ids[0])
    texts = [service.ask_json(path)["data"] for path, _ in gets("/get_test", bench.ids[:BODIES])]
    yield one_client(bench)
    yield one_record(bench, texts)
    yield many_records(bench, texts)
    yield from with_reasons(bench, texts)
    yield from cold(bench, json.loads(texts[0]))
    say("preparing the reference clients")
    seconds = [preparing(bench.small) for _ in range(bench.options.rounds)]
    yield Row("preparing the reference clients, processor time", ("≤", 0.6), seconds, unit=" s")


def one_client(bench: Bench) -> Row:
    """A client by id against the floor."""
    requests = [(SCORE, b'{"client":%d}' % client) for client in bench.ids[:BODIES]]
    size = len(bench.service.ask(*requests[0]))
    say(f"{SCORE} of a client, {size:,} bytes")
    floor = bench.stack.enter_context(
        gunicorn("floor-desk", "benchmarks.floor:app", {"FLOOR_BYTES": str(size)})
    )
    floor.wait(f"/{size}")
    loads = {
        "floor": bench.load(floor, [(f"/body/{size}", body) for _, body in requests]),
        "service": bench.load(bench.service, requests),
    }
    measure = "`/score` of one client, no reasons, against the floor that reads its body"
    return ratio_row(measure, ("≥", 0.35), bench.compare(loads), "service", "floor")


def one_record(bench: Bench, texts: Sequence[str]) -> Row:
    """A raw record against a DataFrame of one row."""
    requests = [(SCORE, f'{{"record":{text}}}'.encode()) for text in texts]
    say(f"{SCORE} of a raw record, {len(requests[0][1]):,} bytes")
    for path, body in requests:
        ours, theirs = (
            server.ask_json(path, body)["probability"] for server in (bench.service, bench.plain)
        )
        if ours != theirs:
            raise Failed(f"the plain design gives {theirs}, the service {ours}")
    loads = {
        "plain": bench.load(bench.plain, requests),
        "service": bench.load(bench.service, requests),
    }
    measure = "`/score` of one raw record, no reasons, against the plain design"
    return ratio_row(measure, ("≥", 15), bench.compare(loads), "service", "plain")


def many_records(bench: Bench, texts: Sequence[str]) -> Row:
    """A list of raw records, by one caller, against one call of the pipeline."""
    several = [texts[number % len(texts)] for number in range(LIST)]
    body = list_of(several)
    say(f"{SCORE} of a list, {len(body):,} bytes")
    pipeline = joblib.load(bench.small / "model.joblib")
    pipeline[-1].set_params(n_jobs=1)
    records = [json.loads(text) for text in several]
    types = pd.read_csv(bench.small / "test_samp.csv").dtypes[list(records[0])]
    frame = pd.DataFrame(records).astype(types)
    answers = bench.service.ask_json(SCORE, body)
    if [answer["probability"] for answer in answers] != pipeline.predict_proba(frame)[
        :, 1
    ].tolist():
        raise Failed("the pipeline gives other probabilities than the list")

    def alone() -> Speed:
        return repeated(bench.options.seconds, lambda: pipeline.predict_proba(frame))

    loads: dict[str, Load] = {
        "pipeline": alone,
        "service": bench.load(bench.service, [(SCORE, body)], connections=1),
    }
    measure = f"`/score` of {LIST:,} raw records, no reasons, against one call of the pipeline"
    return ratio_row(measure, ("≥", 0.2), bench.compare(loads), "service", "pipeline")


def with_reasons(bench: Bench, texts: Sequence[str]) -> Iterator[Row]:
    """A raw record with four reasons, and a list of them, against SHAP values alone."""
    booster = joblib.load(bench.small / "model.joblib")[1].booster_
    row = np.array([list(bench.records[0].values())], dtype=np.float64)
    several = list_of([texts[number % len(texts)] for number in range(LIST)])
    listed = bench.load(bench.service, [("/score", several)], connections=1)

    def records() -> Speed:
        found = listed()
        return Speed(LIST * found.per_second, LIST * found.per_processor_second)

    say("/score with four reasons")
    loads: dict[str, Load] = {
        "alone": lambda: repeated(
            bench.options.seconds,
            lambda: booster.predict(row, pred_contrib=True, num_threads=1),
        ),
        "one": bench.load(bench.service, [("/score", list_of([text])[1:-1]) for text in texts]),
        "records": records,
    }
    speeds = bench.compare(loads)
    measure = (
        "`/score` of one raw record, four reasons, against LightGBM's `pred_contrib` of one row"
    )
    yield ratio_row(measure, ("≥", 2.5), speeds, "one", "alone")
    measure = f"records a second of a list of {LIST:,}, four reasons, against the same"
    yield ratio_row(measure, ("≥", 5), speeds, "records", "alone")


def list_of(texts: Sequence[str]) -> bytes:
    """The body of a list of raw records."""
    return ("[" + ",".join(f'{{"record":{text}}}' for text in texts) + "]").encode()


def cold(bench: Bench, record: dict[str, object]) -> Iterator[Row]:
    """The first response of each kind, once the peers are found."""
    feature = quote(most_thresholds(bench.small, record), safe="")
    found: dict[str, list[float]] = {}
    for turn in range(bench.options.rounds):
        environment = {"RESSOURCES_DIR": str(bench.small), "REQUEST_LOG": "0"}
        clients = [bench.ids[(turn * CURVES + at) % len(bench.ids)] for at in range(CURVES)]
        with gunicorn("cold", SERVICE, environment) as server:
            server.wait("/get_ids")
            wait_for_desk(server, clients[0])
            curves = [
                (f"/sensitivity?client={client}&feature={feature}", b"") for client in clients
            ]
            for measure, requests in (
                ("`/sensitivity` of the feature with most thresholds", curves),
                (
                    "`/alternatives`",
                    [(f"/alternatives?client={client}", b"") for client in clients],
                ),
                ("`/features`, first answer", gets("/features")),
                ("`/features`, later", gets("/features") * CURVES),
                ("`/drift`, first answer", gets("/drift")),
                ("`/drift`, later", gets("/drift") * CURVES),
            ):
                found.setdefault(measure, []).append(milliseconds(server, requests))
    for measure, values in found.items():
        limit = None if "later" in measure else ("≤", 8 if "sensitivity" in measure else 150)
        yield Row(measure, limit, values, unit=" ms")


def wait_for_desk(server: Program, client: int) -> None:
    """Ask for a score until there is one: meanwhile callers are sent away."""

    def scored() -> bool:
        with contextlib.suppress(Failed):
            server.ask(SCORE, b'{"client":%d}' % client)
            return True
        return False

    wait_for(scored)


def milliseconds(server: Program, requests: Requests) -> float:
    """The median of answers to one caller."""
    times = []
    for path, body in requests:
        began = time.perf_counter()
        server.ask(path, body)
        times.append(1e3 * (time.perf_counter() - began))
    return median(times)


def most_thresholds(folder: Path, record: dict[str, object]) -> str:
    """The raw feature, not made from others, that the trees ask for most values of."""
    transformer, classifier = joblib.load(folder / "model.joblib")
    splits = classifier.booster_.trees_to_dataframe().dropna(subset=["split_feature"])
    counts = splits.groupby("split_feature")["threshold"].nunique().sort_values(ascending=False)
    position = {name: at for at, name in enumerate(classifier.booster_.feature_name())}
    names = transformer.get_feature_names_out()
    found = (str(names[position[name]]).rpartition("__")[2] for name in counts.index)
    return next(name for name in found if name in record)


def preparing(folder: Path) -> float:
    """Seconds of processor time for scores and contributions of the reference clients."""
    served = ServedBundle.read(folder, None, frozenset())
    began = time.process_time()
    served.prepare(quickly=True)
    served.peers.result()
    return time.process_time() - began
