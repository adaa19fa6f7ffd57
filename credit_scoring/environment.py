"""The environment that decides the bits of a score: libraries, and this project's own code."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from credit_scoring.settings import ROOT

# Another release of one of these may give other figures.
LIBRARIES = ("scikit-learn", "lightgbm", "numpy", "pandas", "scipy", "shap", "numba")
# And of these, if the model is one of theirs; most machines lack them.
MODEL_LIBRARIES = ("xgboost", "xgboost-cpu", "catboost", "imbalanced-learn", "optbinning")
CODE = "credit-scoring"  # the name of this project's code among the releases


@cache
def installed(packages: Sequence[str]) -> Mapping[str, str]:
    """Releases of the libraries that compute, and a hash of this project's code.

    Args:
        packages: the packages of this project that decide the figures.
    """
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "none"
    for library in MODEL_LIBRARIES:
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found | {CODE: code_hash(ROOT, packages)}


def code_hash(root: Path, packages: Sequence[str]) -> str:
    """Hash the code of some packages below a folder; in short."""
    digest = hashlib.sha256()
    for package in packages:
        for file in sorted((root / package).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
