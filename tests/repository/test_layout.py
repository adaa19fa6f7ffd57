"""The rooms of the house: what each may import, and how long it may be."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github/workflows/ci-cd.yml"
OURS = {
    "advisor", "batch", "benchmarks", "credit_scoring", "dashboard", "main", "portfolio", "serving",
    "tests", "train", "training",
}  # fmt: skip

# What a room may not import, by the folder or file that it is.
FORBIDDEN: dict[str, set[str]] = {
    "credit_scoring": {
        "fastapi",
        "starlette",
        "serving",
        "training",
        "main",
        "train",
        "dask",
        "distributed",
        "pyarrow",
        "batch",
        "portfolio",
    },
    "serving": {
        "fastapi",
        "credit_scoring",
        "training",
        "main",
        "train",
        "pandas",
        "lightgbm",
        "dask",
        "distributed",
        "batch",
        "portfolio",
    },
    "main.py": {"dask", "distributed", "pyarrow", "batch", "portfolio", "training", "train"},
    "training": {"fastapi", "starlette", "serving", "main", "train", "batch", "portfolio"},
    "train.py": {"fastapi", "starlette", "serving", "main", "batch", "portfolio"},
    "batch": {"fastapi", "starlette", "serving", "main", "train", "training", "portfolio"},
    "portfolio.py": {"fastapi", "starlette", "main", "train", "training"},
}
# Each module imports only those of its package that come before it.
LOWEST_FIRST = {
    "credit_scoring": [
        "errors", "cells", "files", "scale", "tables", "doubles", "formulas", "monotone",
        "features", "outputs", "fitted_inputs", "csv_tables", "feature_types", "lightgbm_row",
        "lightgbm_text", "thresholds", "treeshap", "treeshap_kernel", "classifier",
        "classifier_input", "pipeline", "raw_rows", "array_transformer", "proof", "raw_scorer",
        "json_objects", "applications", "application_decoder", "application_reader", "records",
        "reference", "attribution", "comparison", "reasons", "lines", "curves", "sensitivity",
        "alternatives", "distributions", "drift", "scorer", "loading", "assessment", "bulk",
        "application_schemas", "desk_schemas", "schemas", "answers", "desk", "snapshot",
    ],
    "advisor": [
        "errors", "answers", "client", "texts", "formats", "cells", "vega", "figures", "desk",
        "contributions", "state", "controls", "parts", "explained", "curve",
    ],
    "training": [
        "home_credit", "columns", "credit_history", "simulation", "dictionary", "table", "quality",
        "calibration", "audit", "fitting", "writing",
    ],
    "batch": [
        "job", "rows", "columns", "csv_cut", "csv_rows", "parquet", "tables", "counts", "parts",
        "folder", "model", "work", "duplicates", "quiet", "cluster", "progress", "run",
        "summary", "pictures", "report",
    ],
}  # fmt: skip
FOLDERS = {"advisor": "dashboard/advisor"}  # of packages that are not at the root
MOST_LINES = 300
LONGER = {"main.py": 600}  # it holds every route


def rooms(*places: str) -> Iterator[Path]:
    """The files of some folders, or the files themselves."""
    for place in places:
        yield from [ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py")


@cache
def imported(source: str) -> frozenset[str]:
    """The modules that a source imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative"
            # What is imported from a package may be a module of it.
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def tops(source: str) -> set[str]:
    """The packages that a source imports from."""
    return {name.partition(".")[0] for name in imported(source)}


def upward(package: str, module: str, source: str) -> set[str]:
    """The modules of a package that one of them imports though they come after it."""
    order = LOWEST_FIRST[package]
    names = {name.split(".")[1] for name in imported(source) if name.startswith(f"{package}.")}
    return names & set(order[order.index(module) :])


@pytest.mark.parametrize("place", FORBIDDEN)
def test_a_room_does_not_know_what_is_above_it(place: str):
    files = list(rooms(place))
    assert files
    for file in files:
        assert not tops(file.read_text()) & FORBIDDEN[place], file


def test_only_main_knows_fastapi():
    others = ("train.py", "portfolio.py", "gunicorn.conf.py")
    files = set(rooms("credit_scoring", "serving", "training", "batch", *others))
    assert len(files) > 25
    assert [file for file in files if "fastapi" in tops(file.read_text())] == []
    assert "fastapi" in tops((ROOT / "main.py").read_text())


def test_the_dashboard_stands_alone():
    """It speaks HTTP with the service: neither knows a line of the other."""
    files = list(rooms("dashboard"))
    assert len(files) > 10
    for file in files:
        assert not tops(file.read_text()) & (OURS - {"advisor"}), file
    places = OURS - {"advisor", "dashboard", "tests"}
    others = [*rooms(*places), *ROOT.glob("*.py")]
    assert len(others) > 60
    for file in others:
        assert not tops(file.read_text()) & {"advisor", "dashboard", "streamlit"}, file


@pytest.mark.parametrize("package", LOWEST_FIRST)
def test_arrows_run_one_way(package: str):
    modules = {file.stem: file.read_text() for file in rooms(FOLDERS.get(package, package))}
    assert modules.keys() - {"__init__"} == set(LOWEST_FIRST[package])
    assert not imported(modules.pop("__init__"))
    for module, source in modules.items():
        assert not upward(package, module, source), module


def test_arrows_of_serving_are_no_circle():
    below = {
        file.stem: {name.split(".")[1] for name in imported(file.read_text()) if "serving." in name}
        for file in rooms("serving")
    }
    while free := [module for module, names in below.items() if not names & below.keys()]:
        for module in free:
            del below[module]
    assert not below


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import fastapi.routing as r", {"fastapi"}),
        ("def f():\n    from starlette.requests import Request", {"starlette"}),
        ("if True:\n    import os, serving.logs", {"os", "serving"}),
    ],
)
def test_imports_are_seen_wherever_they_are(source: str, found: set[str]):
    assert tops(source) == found


@pytest.mark.parametrize("source", ["from credit_scoring import scorer",
                                    "from credit_scoring.scorer import Scorer",
                                    "import credit_scoring.scorer"])  # fmt: skip
def test_an_arrow_that_runs_down_is_seen(source: str):
    for module in ("tables", "scorer"):
        assert upward("credit_scoring", module, source) == {"scorer"}
    assert not upward("credit_scoring", "loading", source)


def test_no_room_is_too_long():
    places = ("credit_scoring", "serving", "training", "batch", "benchmarks", "dashboard")
    files = [*rooms(*places), *ROOT.glob("*.py")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    lengths.pop("test_main.py")
    assert len(lengths) > 30
    most = {name: LONGER.get(name, MOST_LINES) for name in lengths}
    assert {name: n for name, n in lengths.items() if n > most[name]} == {}


def test_what_main_imports_is_deployed():
    """However far: from the files that the workflow keeps, and from no others of ours."""
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["test"]["steps"]
    (kept,) = [step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")]
    waiting, seen = ["main", "gunicorn.conf"], set()
    while waiting:
        module = waiting.pop()
        seen.add(module)
        file = ROOT / f"{module.replace('.', '/')}.py"
        if module == "gunicorn.conf":
            file = ROOT / "gunicorn.conf.py"
        if file.exists():
            assert f"{module}.py" in kept.split() or f"{module.partition('.')[0]}/" in kept.split()
            waiting += [name for name in imported(file.read_text()) - seen if tops_ours(name)]
    assert {"credit_scoring.loading", "serving.protocol"} <= seen
    others = {"training", "train", "tests", "batch", "portfolio", "dask", "distributed", "pyarrow"}
    assert not {name.partition(".")[0] for name in seen} & others
    assert not {"batch/", "portfolio.py", "dashboard/"} & set(kept.split())


def tops_ours(name: str) -> bool:
    """Whether a module is one of this repository's."""
    return name.partition(".")[0] in OURS and name not in sys.stdlib_module_names
