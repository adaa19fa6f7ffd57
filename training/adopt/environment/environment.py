"""An environment of the versions that a model file records, made by uv and kept."""

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from packaging.version import Version

from training.adopt.problems import NotAdopted
from training.adopt.source.recorded_versions import ALTERNATIVES, ALWAYS, RecordedVersions

SERVICE_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# Before these releases, scikit-learn has no files for a newer Python.
NEWEST_PYTHON = (("0.22", "3.7"), ("0.24", "3.8"), ("1.0", "3.9"), ("1.1.3", "3.10"))
# Before these releases, a library does not work with the newest ones of others.
BOUNDS = (
    ("scikit-learn", "1.4.2", {"numpy": "<2", "scipy": "<1.13", "pandas": "<2.3"}),
    ("scikit-learn", "1.6", {"scipy": "<1.16"}),
    ("scikit-learn", "1.8", {"pandas": "<3"}),
    ("lightgbm", "4.6", {"scikit-learn": "<1.6", "numpy": "<2", "pandas": "<3"}),
    ("xgboost", "2.0", {"setuptools": "<80"}),
    ("xgboost", "2.1", {"scikit-learn": "<1.6", "numpy": "<2", "scipy": "<1.14"}),
    ("xgboost", "2.1.4", {"scikit-learn": "<1.6"}),
    ("xgboost", "3.0", {"scikit-learn": "<1.7"}),
    ("xgboost", "3.2", {"pandas": "<3"}),
    ("catboost", "1.2.8", {"numpy": "<2", "pandas": "<3"}),
)
UV_MARKS = " \N{MULTIPLICATION SIGN}╰─▶│├"  # before the lines of its messages
NEWER_PYTHON = re.compile(r"depends on Python>=(3\.\d+)")  # what uv says of a release
MADE = ".made"  # in an environment that is complete


class NoPython(NotAdopted):
    """uv neither finds nor gets a Python of the wanted version."""


def python_of(recorded: RecordedVersions) -> Path:
    """The Python with the recorded versions: this one, or one made for them.

    An environment is kept below the user's cache folder (``XDG_CACHE_HOME``), by its requirements.

    Raises:
        NotAdopted: uv cannot make it; the message ends with what to do.
    """
    if not recorded.differing and recorded.python in (None, SERVICE_PYTHON):
        return Path(sys.executable)
    lines = requirements(recorded.pins)
    *wanted, last = _python_versions(recorded)
    for python in wanted:
        with suppress(NoPython):
            return _environment(python, lines)
    try:
        return _environment(last, lines)
    except NotAdopted as error:
        needed = NEWER_PYTHON.search(str(error))
        if needed is None:
            raise
        return _environment(needed[1], lines)


def requirements(pins: Mapping[str, str]) -> list[str]:
    """The lines of a requirements file for pins, with bounds on packages that are not pinned."""
    wanted = {name: {pin} for name, pin in dict.fromkeys(ALWAYS, "").items()}
    wanted |= {name: {pin} for name, pin in pins.items()}
    for name, before, bounds in BOUNDS:
        pin = pins.get(name, "")
        if pin and Version(pin.rpartition("=")[2].split(",")[-1].lstrip("<>")) < Version(before):
            for other, bound in bounds.items():
                if not pins.get(other):  # a version that the file records is the makers' own
                    wanted.setdefault(other, set()).add(bound)
    return sorted(
        f"{ALTERNATIVES[name] if name == 'xgboost' and _is_small(pins.get(name, '')) else name}"
        f"{','.join(sorted(filter(None, parts)))}"
        for name, parts in wanted.items()
    )


def _is_small(pin: str) -> bool:
    """True if a release of XGBoost exists as the small package too, without CUDA."""
    return pin.startswith("==") and Version(pin.removeprefix("==")) >= Version("2.1.1")


def _python_versions(recorded: RecordedVersions) -> list[str]:
    """The Pythons to try: the recorded one, then the service's or the newest of scikit-learn."""
    newest = SERVICE_PYTHON
    pin = recorded.pins.get("scikit-learn", "")
    if pin.startswith("=="):
        for before, python in reversed(NEWEST_PYTHON):
            if Version(pin.removeprefix("==")) < Version(before):
                newest = python
    return list(dict.fromkeys([recorded.python or newest, newest]))


def _environment(python: str, lines: list[str]) -> Path:
    """The Python of an environment, made if there is none yet."""
    key = hashlib.sha256(json.dumps([python, lines]).encode()).hexdigest()[:16]
    folder = _cache() / key
    with _locked(folder):
        if not (folder / MADE).is_file():
            _make(folder, python, lines)
    return folder / "bin" / "python"


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(home) if Path(home).is_absolute() else Path.home() / ".cache"
    folder = cache / "credit-scoring" / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(folder: Path, python: str, lines: list[str]) -> None:
    what = f"an environment of {', '.join(lines)}"
    made = _uv("venv", "--quiet", "--clear", "--no-project", "--python", python, str(folder))
    if made:
        raise NoPython(
            [f"{what} needs Python {python}, which uv neither finds nor gets ({made}): install"
             f" python{python}, or give the makers' probabilities with --proba"]
        )  # fmt: skip
    install = ("pip", "install", "--quiet", "--only-binary", ":all:")
    target = ("--python", str(folder / "bin" / "python"), *lines)
    problem = _uv(*install, *target)
    if problem and _uv(*install, "--offline", *target):  # what the cache has may do
        raise NotAdopted(
            [f"{what} cannot be made: {problem}; give the right versions with --requirements,"
             " or the makers' probabilities with --proba"]
        )  # fmt: skip
    (folder / MADE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _uv(*arguments: str) -> str:
    """Run uv.

    Returns:
        What it said if it failed, in one line; empty if it did not.

    Raises:
        NotAdopted: uv is not installed.
    """
    try:
        from uv import find_uv_bin  # a tool of development: the service has none

        uv = find_uv_bin()
    except (ImportError, FileNotFoundError) as error:
        raise NotAdopted(
            ["uv is not installed, and makes the environment of the model's versions: pip install"
             " uv, or give the makers' probabilities as a column with --proba"]
        ) from error  # fmt: skip
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(  # noqa: S603 - uv with our arguments
        [uv, "--system-certs", *arguments],  # a house may have certificates of its own
        capture_output=True,
        text=True,
        check=False,
        env=variables,
    )
    lines = [line.strip(UV_MARKS) for line in done.stderr.splitlines()]
    said = " ".join(" ".join(line for line in lines if line).split())
    return (said[:300] or "uv failed") if done.returncode else ""
