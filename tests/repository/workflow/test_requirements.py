"""The requirements: pinned, complete and installed."""

import ast
import re
import sys
from importlib.metadata import version

import pytest

from credit_scoring.data.opening.libraries import LIBRARIES
from tests.support.servers.server import ROOT


def source(name: str) -> str:
    """The file of direct requirements for the pins of a file."""
    return "requirements/service.in" if name == SERVICE else name.replace(".txt", ".in")


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.lstrip().startswith("#"))


def direct(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[<>=\s[]", line)[0] for line in lines if line and line[0] not in "#-"}


SERVICE, DEVELOPMENT = "requirements.txt", "requirements/dev.txt"
PORTFOLIO = "requirements/portfolio.txt"
NAMES = [SERVICE, PORTFOLIO, "requirements/test.txt", DEVELOPMENT]
ALONE = "requirements/dashboard.txt"  # for who runs the dashboard without the service
MODELS = "requirements/models.txt"  # for folders whose models need more than the service has
REGISTER = "requirements/register.txt"  # for a service that has a register


@pytest.mark.parametrize("name", [*NAMES, ALONE, MODELS, REGISTER])
def test_requirements_are_pinned_and_made_by_the_command(name: str):
    options = "--python-version 3.11 --python-platform linux"
    command = f"uv pip compile {source(name)} -o {name} {options}"
    assert (ROOT / name).read_text().splitlines()[1] == f"#    {command}"
    assert f"#   {command}\n" in (ROOT / source(SERVICE)).read_text()
    pinned = pins(name)
    assert direct(source(name)) <= pinned.keys()
    assert [pin for pin in pinned.values() if not re.fullmatch(r"[0-9][0-9a-z.]*", pin)] == []


def test_development_has_what_the_service_has():
    service, *between, development = (pins(name).items() for name in NAMES)
    for some in between:
        assert service <= some <= development
    for some in (ALONE, MODELS, REGISTER):
        assert pins(some).items() <= development


def test_the_service_has_nothing_of_a_cluster():
    for name in (SERVICE, "requirements/test.txt"):
        assert not {"dask", "distributed", "pyarrow", "matplotlib", "streamlit"} & pins(name).keys()
    assert {"dask", "distributed", "pyarrow"} <= pins(PORTFOLIO).keys()


def test_the_service_has_no_library_that_only_some_models_need():
    needed = {library.package: library.release for library in LIBRARIES.values()}
    assert needed.items() <= pins(MODELS).items()
    assert not needed.keys() & pins("requirements/test.txt").keys()


def test_the_service_has_no_database_and_its_pins_agree_with_those_of_the_register():
    service, register = pins("requirements/test.txt"), pins(REGISTER)
    assert {"sqlalchemy", "psycopg", "psycopg-binary", "pysqlite3", "alembic"} <= register.keys()
    both = service.keys() & register.keys()
    assert both == {"markupsafe", "typing-extensions"}
    assert {name: service[name] for name in both} == {name: register[name] for name in both}


def test_requirements_are_what_is_installed():
    pinned = pins(DEVELOPMENT)
    assert {name: version(name) for name in pinned} == pinned


def modules_imported(tree: ast.AST, functions: bool = True) -> set[str]:
    """The top-level modules of import statements, perhaps without those in functions."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
        elif functions or not isinstance(node, ast.FunctionDef):
            found |= modules_imported(node, functions)
    return found


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (
            [SERVICE],
            ["main.py", "api/*.py", "service/*.py", "credit_scoring/**/*.py", "serving/*.py"],
        ),
        (
            [SERVICE, REGISTER],
            ["register/*.py", "register/[!c]*/**/*.py", "service/recording/*.py"],
        ),
        ([SERVICE, REGISTER, PORTFOLIO], ["register/commands/**/*.py"]),
        ([SERVICE, PORTFOLIO], ["portfolio/**/*.py"]),
        ([ALONE], ["dashboard/*.py", "dashboard/*/*.py"]),
    ],
)
def test_every_import_is_a_direct_requirement(names: list[str], places: list[str]):
    imported = set()
    for file in [file for place in places for file in ROOT.glob(place)]:
        tree = ast.parse(file.read_text())
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        later = set().union(*map(modules_imported, functions))  # if such a model is loaded
        at_once = modules_imported(tree, functions=False)
        assert not at_once & LIBRARIES.keys()
        imported |= at_once | later - LIBRARIES.keys()
    ours = {"advisor", "api", "service", "credit_scoring", "portfolio", "register", "serving"}
    third_party = imported - sys.stdlib_module_names - ours
    packages = {"sklearn": "scikit-learn"}
    wanted = {packages.get(module, module.replace("_", "-")) for module in third_party}
    assert wanted - set().union(*(direct(source(name)) for name in names)) == set()
    assert wanted & {"fastapi", "distributed", "sqlalchemy", "streamlit"}
