"""Modules of the team that a pickle names: found beside the model, or given."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from credit_scoring.data.opening.team_modules import MAIN
from training.adopt.problems import Problems
from training.adopt.source.model_source import ModelSource
from training.adopt.source.pickle_listing import PickleListing
from training.adopt.source.recorded_versions import (
    PACKAGES,
    RecordedVersions,
    installed_version,
    package_of,
)

OF_THE_SERVICE = frozenset(
    {"advisor", "api", "credit_scoring", "main", "portfolio", "service", "serving", "training"}
)
OLD_NAMES = frozenset({"__builtin__", "copy_reg", "_loss"})  # of modules that are here
SHOWN = 3  # classes of one module


def own_modules(
    source: ModelSource, listing: PickleListing, given: Sequence[Path], problems: Problems
) -> dict[str, bytes]:
    """The module files that a pickle needs, by their names in the folder.

    Args:
        source: the pickle; modules may lie beside it.
        listing: what it names.
        given: files of modules, and folders of packages.
        problems: gets a line for each module that is missing.
    """
    found: dict[str, bytes] = {}
    for path in given:
        files = _files(path)
        if not files:
            problems.add(f"{path}: --module is a Python file, or the folder of a package of them")
        found |= files
    for top, names in _by_module(listing.names).items():
        classes = ", ".join(names[:SHOWN])
        if top in OF_THE_SERVICE:
            problems.add(
                f"{source.path.name}: needs {classes}, and a package of the service is called"
                f" {top}: rename the module, and store the model again"
            )
        elif any(name.split("/")[0] in (top, f"{top}.py") for name in found) or _is_library(top):
            continue
        elif top != MAIN and (
            beside := _files(source.path.parent / f"{top}.py") or _files(source.path.parent / top)
        ):
            found |= beside
        else:
            problems.add(f"{source.path.name}: needs {classes}, {_next_step(top, names[0])}")
    return found


def check_installed(recorded: RecordedVersions, name: str, problems: Problems) -> None:
    """Note the libraries that a model needs and that are not installed here.

    Args:
        recorded: what the model needs.
        name: of the model file.
        problems: gets a line for each library.
    """
    for package in recorded.pins:
        if package in PACKAGES.values() and installed_version(package) is None:
            problems.add(
                f"{name}: needs {package}, which is not installed here: ./startup.sh pip install"
                f" {package}, then the same command"
            )


def _files(path: Path) -> dict[str, bytes]:
    """A module file, or all module files of a package's folder."""
    if path.is_file() and path.suffix == ".py":
        return {path.name: path.read_bytes()}
    if not path.is_dir():
        return {}
    files = sorted(path.rglob("*.py"))
    return {file.relative_to(path.parent).as_posix(): file.read_bytes() for file in files}


def _by_module(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Full names by their top-level module."""
    found: dict[str, list[str]] = {}
    for module, name in names:
        found.setdefault(module.partition(".")[0], []).append(f"{module}.{name}")
    return found


def _next_step(top: str, name: str) -> str:
    """The next step for a module that is missing.

    Args:
        top: the top-level module.
        name: the full name of a class in it.
    """
    if top == MAIN:
        return (
            "and a notebook or script defined it: write its code to a file, and give that as"
            f" --module {MAIN}.py"
        )
    parts = name.split(".")[:-1]
    file = "/".join(parts) + ".py"
    given = file if len(parts) == 1 else top
    return (
        f"and there is no {file} beside it: copy it there, or give it as --module {given}; if it is"
        f" a package's, ./startup.sh pip install that"
    )


def _is_library(top: str) -> bool:
    """True for a module of Python, of a library that may be needed, or of one that is installed."""
    if top == MAIN:
        return False
    is_of_python = top in sys.stdlib_module_names or top in OLD_NAMES
    return is_of_python or package_of(top) is not None
