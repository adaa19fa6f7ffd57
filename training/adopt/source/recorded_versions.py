"""The versions of libraries that a model file records, and those installed here."""

import json
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from io import BytesIO

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from credit_scoring.data.opening.libraries import recorded_version
from training.adopt.source.model_source import ModelSource
from training.adopt.source.pickle_listing import PickleListing
from training.adopt.source.pickle_stream import decompressed

# The package that has a module; only these are ever installed.
PACKAGES = {
    "sklearn": "scikit-learn",
    "lightgbm": "lightgbm",
    "xgboost": "xgboost",
    "catboost": "catboost",
    "imblearn": "imbalanced-learn",
    "optbinning": "optbinning",
    "category_encoders": "category-encoders",
    "feature_engine": "feature-engine",
    "skops": "skops",
    "cloudpickle": "cloudpickle",
    "dill": "dill",
}
ALTERNATIVES = {"xgboost": "xgboost-cpu"}  # the same library under another name
ALWAYS = ("numpy", "pandas", "joblib", "scipy")

LIGHTGBM = re.compile(r"version=v(\d+)")
SKLEARN_KEY = "_sklearn_version"
NUMPY_1, NUMPY_2 = "numpy.core", "numpy._core"


@dataclass(frozen=True)
class RecordedVersions:
    """The environment that wrote a model file, as far as the file records it.

    Attributes:
        pins: a specifier of versions by package, such as "scikit-learn": "==1.2.2". Empty texts
            for packages that the model needs and whose versions are not recorded.
        python: such as "3.10"; None if it is not recorded.
    """

    pins: Mapping[str, str]
    python: str | None

    @property
    def differing(self) -> dict[str, str]:
        """The pins that the installed versions do not fulfil."""
        return {name: pin for name, pin in self.pins.items() if not _fulfilled(name, pin)}

    @property
    def spelled(self) -> str:
        """Packages and versions in words; a text that says so if there are none."""
        known = [f"{name} {pin.removeprefix('==')}" for name, pin in self.pins.items() if pin]
        return ", ".join(known) or "no versions"


def recorded_versions(
    source: ModelSource, listing: PickleListing | None, given: Mapping[str, str]
) -> RecordedVersions:
    """The versions in a model file, else those beside it.

    Args:
        source: the file.
        listing: of the names in it if it is a pickle.
        given: versions that the team gives in a requirements file, by package.
    """
    modules = [top for top in _modules(source, listing) if top not in ALWAYS]
    needed = [package for top in modules if (package := package_of(top))]
    beside = {**given, **source.versions}
    pins = {name: _pin_of(name, beside) for name in (*needed, *ALWAYS)}
    found = {name: f"=={value}" for name, value in _in_content(source, listing).items()}
    if "lightgbm" in needed and not pins["lightgbm"]:
        found |= _lightgbm_major(source, listing)
    if listing is not None and not pins["numpy"]:
        named = [module for module, _ in listing.names]
        if any(module.startswith(NUMPY_2) for module in named):
            found["numpy"] = ">=2"
        elif any(module.startswith(NUMPY_1) for module in named):
            found["numpy"] = "<2"
    pins |= found
    return RecordedVersions(
        {name: pin for name, pin in pins.items() if pin or name in needed}, source.python
    )


def package_of(module: str) -> str | None:
    """The package that has a top-level module: a library of models, or one that is installed."""
    if module in ALWAYS:
        return module
    if module in PACKAGES or module in sys.stdlib_module_names:
        return PACKAGES.get(module)
    found = packages_distributions().get(module, [])
    return found[0].lower().replace("_", "-") if found else None


def installed_version(package: str) -> str | None:
    """The version of a package in this environment; None if it is not installed."""
    for name in (package, ALTERNATIVES.get(package, package)):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _fulfilled(package: str, pin: str) -> bool:
    installed = installed_version(package)
    return not pin or (installed is not None and SpecifierSet(pin).contains(installed))


def _modules(source: ModelSource, listing: PickleListing | None) -> Iterable[str]:
    """The top-level modules that a file names."""
    if listing is not None:
        return dict.fromkeys(module.partition(".")[0] for module, _ in listing.names)
    if source.format == "skops":
        names = re.findall(r'"__module__": "([^".]+)', _schema(source))
        return dict.fromkeys(["sklearn", "skops", *names])
    return dict.fromkeys([source.format.lower(), "sklearn"])


def _pin_of(package: str, beside: Mapping[str, str]) -> str:
    value = beside.get(package) or beside.get(ALTERNATIVES.get(package, package), "")
    try:
        return f"=={Version(value)}" if value else ""
    except InvalidVersion:
        return ""


def _in_content(source: ModelSource, listing: PickleListing | None) -> dict[str, str]:
    found = {}
    texts = decompressed(source.content) if listing is not None else source.content
    sklearn = set(listing.sklearn_versions) if listing is not None else set()
    if source.format == "skops":
        sklearn |= set(re.findall(rf'"{SKLEARN_KEY}".{{0,200}}?"\\"([0-9.]+)', _schema(source)))
    if sklearn:
        found["scikit-learn"] = str(max(map(Version, sklearn)))
    for library in ("xgboost", "catboost"):
        if recorded := recorded_version(library, texts):
            found[library] = recorded
    return found


def _lightgbm_major(source: ModelSource, listing: PickleListing | None) -> dict[str, str]:
    """LightGBM's model text records the major version only."""
    texts = listing.texts if listing is not None else (source.content[:200].decode("latin1"),)
    majors = {int(match[1]) for text in texts if (match := LIGHTGBM.search(text))}
    return {"lightgbm": f">={max(majors)},<{max(majors) + 1}"} if majors else {}


def _schema(source: ModelSource) -> str:
    with zipfile.ZipFile(BytesIO(source.content)) as archive:
        return json.dumps(json.loads(archive.read("schema.json")))
