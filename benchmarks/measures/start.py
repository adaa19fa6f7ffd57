"""Starts, and memory once every route was asked."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from benchmarks.bench import Bench, say
from benchmarks.servers import Program, gunicorn, wait_until_prepared
from benchmarks.table import Row

STARTS = 2  # a round: single ones differ by a tenth


def start_part(bench: Bench) -> Iterator[Row]:
    """Time from the start to the first answer, and memory once every route was asked."""
    ratios: dict[str, list[float]] = {}

    def note(measure: str, ratio: float) -> None:
        ratios.setdefault(measure, []).append(ratio)

    for case, folder in (("small", bench.small), ("large", bench.large)):
        say(f"starts, {case} case")
        for turn in range(STARTS * bench.options.rounds):
            seconds, memory = {}, {}
            for name in sorted(("main", "benchmarks.plain"), reverse=turn % 2 == 1):
                environment = {"RESSOURCES_DIR": str(folder), "REQUEST_LOG": "0"}
                with gunicorn(f"start-{name}", f"{name}:app", environment) as server:
                    seconds[name] = server.wait("/get_ids")
                    if name == "main":
                        wait_until_prepared(server)
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


def ask_all(server: Program) -> None:
    """One request to each route."""
    client = server.ask_json("/get_ids")["data"][0]
    feature = server.ask_json("/get_feat")["data"][0]
    for path in ("/get_test", "/get_shap"):
        server.ask(f"{path}?param_name={client}")
    server.ask(f"/get_kde?param_name={quote(feature, safe='')}")
    record = server.ask_json(f"/get_json?param_name={client}")["data"]
    server.ask("/prediction/", record.encode())


def memory_budget(model: Mapping[str, Any]) -> float:
    """360 MB, and 1.1 times the raw reference, raw new and transformed new table as doubles.

    Without the kernel of fast explanations it would be 250 MB.
    """
    raw = (model["reference_clients"] + model["new_clients"]) * model["features"]
    transformed = model["new_clients"] * model["transformed_features"]
    return float(360e6 + 1.1 * 8 * (raw + transformed))


def loaded_rows(server: Program) -> Iterator[Row]:
    """Memory of the large case after all the loads."""
    memory, budget = server.memory(), memory_budget(server.ask_json("/model"))
    say(f"large case after the loads: {memory}, budget {budget:,.0f}")
    yield Row("memory, large case, after all loads, of its budget", ("≤", 1), [memory.now / budget])
    measure = "peak memory, large case, after all loads, of 1.6 times its budget"
    yield Row(measure, ("≤", 1), [memory.peak / budget / 1.6])
