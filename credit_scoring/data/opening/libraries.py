"""Libraries of models that the service may lack, and the versions that model files record."""

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple


class Library(NamedTuple):
    """A library of models.

    Attributes:
        package: its name on the package index.
        release: the release that the tests use; ``requirements/models.txt`` pins it.
    """

    package: str
    release: str


# By the module that a model file names. `xgboost-cpu` is the package without CUDA, a tenth in size.
LIBRARIES: Mapping[str, Library] = {
    "catboost": Library("catboost", "1.2.10"),
    "imblearn": Library("imbalanced-learn", "0.14.2"),
    "optbinning": Library("optbinning", "0.21.0"),
    "xgboost": Library("xgboost-cpu", "3.2.0"),
}

# The keys of the pickled states that hold a model in its library's own format.
_OWN_FORMAT: Mapping[str, str] = {"catboost": "__model", "lightgbm": "handle", "xgboost": "handle"}

_NUMBERS = rb"(\d+)\.(\d+)(?:\.(\d+))?"
_CATBOOST = re.compile(rb"(?:tags/v|CatBoost release )" + _NUMBERS)
_CATBOOST_COMMIT = re.compile(rb"Commit: ([0-9a-f]{8})[0-9a-f]+\n")  # of a release without a tag
_XGBOOST_JSON = re.compile(rb'"version":\s*\[(\d+),\s*(\d+),\s*(\d+)\]')
_XGBOOST_UBJSON = re.compile(rb"version\[#L\x00{7}\x03i(.)i(.)i(.)", re.DOTALL)
_LIGHTGBM = re.compile(rb"tree\nversion=v([0-3])\n")


def installed_version(library: str) -> str:
    """The installed version of a library, given by its module or package; empty without one."""
    packages = [LIBRARIES[library].package] if library in LIBRARIES else []
    for package in (*packages, library):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return ""


def recorded_version(library: str, content: bytes | bytearray) -> str | None:
    """The version of a library that wrote a model in the library's own format.

    LightGBM records the version of its format only, which is 3 before LightGBM 4. Some releases of
    CatBoost record a commit only.

    Args:
        library: the name of its module.
        content: the model, or bytes that hold it.

    Returns:
        None if the version is not recorded.
    """
    if library == "catboost" and (found := _CATBOOST.search(content)):
        return ".".join(number.decode() for number in found.groups() if number)
    if library == "catboost" and (found := _CATBOOST_COMMIT.search(content)):
        return f"commit {found[1].decode()}"
    if library == "xgboost" and (found := _XGBOOST_JSON.search(content)):
        return ".".join(number.decode() for number in found.groups())
    if library == "xgboost" and (found := _XGBOOST_UBJSON.search(content)):
        return ".".join(str(ord(number)) for number in found.groups())
    if library == "lightgbm" and (found := _LIGHTGBM.match(content)):
        return found[1].decode()
    return None


def version_in_state(built: object, state: object) -> tuple[str, str] | None:
    """The library of an unpickled object and the version of it that the pickled state records.

    Args:
        built: the object.
        state: its pickled state.

    Returns:
        None if the object is of another library, or its state records no version.
    """
    library = type(built).__module__.partition(".")[0]
    if library not in _OWN_FORMAT or not isinstance(state, dict):
        return None
    model = state.get(_OWN_FORMAT[library])
    if isinstance(model, str):
        model = model[:100].encode(errors="replace")  # the header of LightGBM's text
    found = recorded_version(library, model) if isinstance(model, (bytes, bytearray)) else None
    return (library, found) if found else None
