"""The requirements: pinned, complete and installed."""

import ast
import re
import sys
from importlib.metadata import version

import pytest

from tests.support.server import ROOT


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.lstrip().startswith("#"))


def direct(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {re.split(r"[<>=\s]", line)[0] for line in lines if line and line[0] not in "#-"}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_requirements_are_pinned_and_made_by_the_command(name: str):
    options = "--python-version 3.11 --python-platform linux"
    command = f"uv pip compile {name}.in -o {name}.txt {options}"
    assert (ROOT / f"{name}.txt").read_text().splitlines()[1] == f"#    {command}"
    assert f"#   {command}\n" in (ROOT / "requirements.in").read_text()
    pinned = pins(f"{name}.txt")
    assert direct(f"{name}.in") <= pinned.keys()
    assert [pin for pin in pinned.values() if not re.fullmatch(r"[0-9][0-9a-z.]*", pin)] == []


def test_development_has_what_the_service_has():
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_requirements_are_what_is_installed():
    pinned = pins("requirements-dev.txt")
    assert {name: version(name) for name in pinned} == pinned


def test_every_import_is_a_direct_requirement():
    imported = set()
    for file in [ROOT / "main.py", *ROOT.glob("credit_scoring/*.py"), *ROOT.glob("serving/*.py")]:
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    third_party = imported - sys.stdlib_module_names - {"credit_scoring", "serving"}
    packages = {"sklearn": "scikit-learn"}
    wanted = {packages.get(module, module.replace("_", "-")) for module in third_party}
    assert wanted - direct("requirements.in") == set()
    assert {"fastapi", "lightgbm", "scikit-learn"} <= wanted
