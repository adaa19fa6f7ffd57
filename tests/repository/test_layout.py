"""Rules beyond import-linter and ruff: lengths of files, and the deployed files."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

from tests.repository.workflow.workflow import step_using
from tests.support.servers.server import ROOT

PACKAGES = ("api", "credit_scoring", "portfolio", "register", "service", "serving", "training")
MOST_LINES = 300
MOST_FILES = 9  # of a folder
LONGER = {"main.py": 330, "test_main.py": 700}
NOT_DEPLOYED = {"portfolio", "training", "tests", "dask", "distributed", "pyarrow", "streamlit"}


def imported(module: str) -> frozenset[str]:
    """The modules that one of ours imports, wherever in it."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    if module == "gunicorn.conf":
        path = ROOT / "gunicorn.conf.py"
    return _imported(path if path.exists() else path.with_suffix("") / "__init__.py")


@cache
def _imported(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module is not None
            # What is imported from a package may be a module of it.
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def reached_from(*modules: str) -> set[str]:
    """All that some modules import, however far through ours."""
    waiting, seen = list(modules), set[str]()
    while waiting:
        module = waiting.pop()
        seen.add(module)
        waiting += imported(module) - seen
    return seen


def files_in(*folders: str) -> list[Path]:
    """The modules in some folders, however deep."""
    return [file for name in folders for file in (ROOT / name).rglob("*.py")]


def test_no_folder_has_too_many_files():
    counts = Counter(
        str(file.parent.relative_to(ROOT))
        for file in files_in(*PACKAGES, "benchmarks", "dashboard", "tests")
        if not file.stem.startswith("__")
    )
    assert len(counts) > 50
    assert {name: count for name, count in counts.items() if count > MOST_FILES} == {}


def test_no_file_is_too_long():
    files = [*ROOT.glob("*.py"), *files_in(*PACKAGES, "benchmarks", "dashboard")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert len(lengths) > 100
    assert {
        name: lines for name, lines in lengths.items() if lines > LONGER.get(name, MOST_LINES)
    } == {}


def test_every_module_that_main_imports_is_deployed():
    kept = step_using("test", "actions/upload-artifact")["with"]["path"].split()
    reached = reached_from("main", "gunicorn.conf")
    assert {"credit_scoring.model.loader", "serving.limits.http_limits", "api.responses"} <= reached
    tops = {name.partition(".")[0] for name in reached}
    assert not tops & NOT_DEPLOYED
    assert {f"{name}/" for name in tops & set(PACKAGES)} | {"main.py", "gunicorn.conf.py"} <= set(
        kept
    )
    assert not {"portfolio/", "training/", "dashboard/"} & set(kept)


def test_the_dashboard_knows_nothing_of_the_service():
    files = files_in("dashboard")
    assert len(files) > 10
    for file in files:
        assert not {name.partition(".")[0] for name in _imported(file)} & {*PACKAGES, "main"}, file
