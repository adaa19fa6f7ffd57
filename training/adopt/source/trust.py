"""The globals of a pickle, for who decides whether to open it."""

import textwrap
from collections.abc import Sequence

from training.adopt.problems import NotAdopted
from training.adopt.source.model_source import ModelSource
from training.adopt.source.pickle_listing import PickleListing

WIDTH = 100  # characters of a line
KNOWN = frozenset({
    "_codecs", "catboost", "category_encoders", "collections", "copy_reg", "copyreg", "datetime",
    "decimal", "feature_engine", "imblearn", "joblib", "lightgbm", "numpy", "optbinning", "pandas",
    "scipy", "sklearn", "xgboost",
})  # fmt: skip
BUILTINS = frozenset({"builtins", "__builtin__"})
HARMLESS = frozenset({  # of the builtins
    "abs", "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "len",
    "list", "max", "min", "object", "range", "set", "slice", "str", "sum", "tuple", "type",
})  # fmt: skip
ANY_CODE = BUILTINS | frozenset({
    "_pickle", "asyncio", "cloudpickle", "code", "codeop", "commands", "ctypes", "dill", "http",
    "importlib", "marshal", "multiprocessing", "nt", "operator", "os", "pdb", "pickle", "platform",
    "posix", "pty", "requests", "runpy", "shutil", "signal", "socket", "subprocess", "sys",
    "tempfile", "threading", "timeit", "types", "urllib", "webbrowser",
})  # fmt: skip
ANY_CODE_NAMES = frozenset({"runstring", "load", "loads", "eval", "exec", "query"})


def check_trusted(
    source: ModelSource, listing: PickleListing, trust: bool, sha256: str | None, command: str
) -> None:
    """Check that the caller trusts a pickle.

    Args:
        source: the file.
        listing: what it names.
        trust: true if the caller trusts the file, whatever it is.
        sha256: the hash of the file that the caller trusts; None without one.
        command: that the caller typed, to be repeated with the hash.

    Raises:
        NotAdopted: the caller does not; the message ends with the command to type.
    """
    if sha256 is not None and sha256.lower() != source.sha256:
        raise NotAdopted(
            [f"{source.path.name}: its SHA-256 is {source.sha256}, not that of --sha256: copy the"
             " file again, or ask its makers for theirs"]
        )  # fmt: skip
    if not trust and sha256 is None:
        raise NotAdopted(
            [f"{source.path.name}: opening a pickle runs what it names, so nothing was opened: read"
             f" the list, and if you trust it: {command} --sha256 {source.sha256}"],
            describe_globals(source, listing),
        )  # fmt: skip


def describe_globals(source: ModelSource, listing: PickleListing) -> list[str]:
    """The globals of a pickle in lines, by known libraries, others, and what runs any code."""
    groups: dict[str, list[str]] = {
        "of known libraries": [],
        "of others": [],
        "can run any code": [],
    }
    for module, name in listing.names:
        groups[_group(module, name)].append(f"{module}.{name}")
    lines = [f"{source.path.name} is a pickle. Opening it calls what it names:"]
    for title, names in groups.items():
        if names:
            lines += _wrapped(f"  {title} ({len(names)}): ", names)
    return lines


def _group(module: str, name: str) -> str:
    top = module.partition(".")[0]
    is_harmless = top in BUILTINS and name in HARMLESS
    if is_harmless or (module, name) == ("operator", "itemgetter"):
        return "of known libraries"
    if top in ANY_CODE or name.rpartition(".")[2] in ANY_CODE_NAMES:
        return "can run any code"
    is_plain_partial = (module, name) in (("functools", "partial"), ("_codecs", "encode"))
    return "of known libraries" if top in KNOWN or is_plain_partial else "of others"


def _wrapped(title: str, names: Sequence[str]) -> list[str]:
    return textwrap.wrap(
        ", ".join(names), WIDTH, initial_indent=title, subsequent_indent="    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
