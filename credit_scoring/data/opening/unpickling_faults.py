"""Why a model file cannot be unpickled, and what to do about it, in one line."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from credit_scoring.data.opening.compatibility import NoLongerComputed
from credit_scoring.data.opening.formats import AGAIN, Format
from credit_scoring.data.opening.libraries import LIBRARIES
from credit_scoring.errors import BadFile, abridged, describe

REQUIREMENTS = "requirements.txt beside the model"
ANOTHER_VERSION = (
    "fit it again by the installed version, or store only what predicts where it was made, such as"
    " the best_estimator_ of a search"
)

_PACKAGES = {"sklearn": "scikit-learn"}

ENDS_EARLY = f"ends early: {AGAIN}"
DAMAGED = f"is compressed and damaged: {AGAIN}"
OTHER_CODE = (
    "holds a function that another version of Python pickled by its code, as cloudpickle and dill"
    " do: write it again by Python 3.11, or put the function into a module beside the model"
)
OTHER_LIBRARY = f"holds a compiled class of another scikit-learn or NumPy: {ANOTHER_VERSION}"
PYTHON_2 = "was pickled by Python 2: write it again by Python 3.11"

# Beginnings of errors of unpickling, as `describe` writes them, and what they mean.
_MEANINGS: Mapping[str, str] = {
    "TypeError: code": OTHER_CODE,
    "ValueError: bad marshal data": OTHER_CODE,
    "ValueError: node array from the pickle": OTHER_LIBRARY,
    "PickleError: Incompatible checksums": OTHER_LIBRARY,
    "UnicodeDecodeError: ": PYTHON_2,
    "UnpicklingError: pickle data was truncated": ENDS_EARLY,
    "ValueError: EOF: reading": ENDS_EARLY,
    "EOFError: ": ENDS_EARLY,
    "error: unpack requires a buffer": ENDS_EARLY,
    "error: Error -": DAMAGED,
    "LZMAError: ": DAMAGED,
    "OSError: Invalid data stream": DAMAGED,
    "BadGzipFile: ": DAMAGED,
}


def not_a_pickle(file: str, found: Format) -> BadFile:
    """The error for a file of another format than its name says."""
    return BadFile(file, f"is {found.name}: {found.next_step}")


def missing_module(
    file: str, module: str, name: str, missing: str, recorded: str | None
) -> BadFile:
    """The error for a class whose module is not there.

    Args:
        file: the model file.
        module: the module that the file names.
        name: the class or function that it names there.
        missing: the module that was not found: this one, one around it, or one that it imports.
        recorded: the version of the library that wrote the file, if the file records it.
    """
    if library := LIBRARIES.get(missing):
        wrote = f" (its version {recorded} wrote the file)" if recorded else ""
        release = library.release.rpartition(".")[0]
        return BadFile(
            file,
            f"needs {missing} {release}{wrote}:"
            f" add {library.package}=={library.release} to {REQUIREMENTS}",
        )
    if not f"{module}.".startswith(f"{missing}."):
        return BadFile(
            file,
            f"needs {abridged(missing)}, which {abridged(module)} imports:"
            f" add it to {REQUIREMENTS}",
        )
    path = abridged(module).replace(".", "/")
    return BadFile(
        file,
        f"needs {abridged(name)} of module {abridged(module)}, which is not installed: if it is"
        f" your own, put {path}.py beside the model; if it is a package's, add that to"
        f" {REQUIREMENTS}",
    )


def taken_module(file: str, module: str, name: str) -> BadFile:
    """The error for a class of a module whose name the service, or a library, has for itself.

    Args:
        file: the model file.
        module: the module that the file names.
        name: the class or function that it names there.
    """
    return BadFile(
        file,
        f"needs {abridged(name)} of module {abridged(module)}, a name that is taken here: rename"
        " your module, and write the model again",
    )


def missing_main(file: str, name: str, has_file: bool) -> BadFile:
    """The error for a class that a script or notebook defined.

    Args:
        file: the model file.
        name: the class or function that it names.
        has_file: true if the folder has ``__main__.py``, which lacks the class.
    """
    wanted = abridged(name)
    if has_file:
        return BadFile(file, f"needs {wanted}, which __main__.py beside it does not define")
    return BadFile(
        file,
        f"needs {wanted}, which a script or notebook defined: put its code into __main__.py beside"
        " the model",
    )


def missing_name(file: str, module: str, name: str, *, is_own: bool, has_file: bool) -> BadFile:
    """The error for a class that its module does not have.

    Args:
        file: the model file.
        module: the module that the file names, which was imported.
        name: the class or function that it names there.
        is_own: true if the module is the makers' own.
        has_file: true if the makers have a file for the module.
    """
    wanted, owner = abridged(name), abridged(module)
    path = owner.replace(".", "/")
    if is_own:
        return BadFile(file, f"needs {wanted}, which {path}.py beside it does not define")
    if has_file:
        return taken_module(file, module, name)
    return BadFile(
        file,
        f"needs {owner}.{wanted}, which {_installed(module)} does not have: {ANOTHER_VERSION}",
    )


def fault(error: BaseException) -> str:
    """The problem with a model file, given the error that unpickling raised.

    A file of an unknown format fails at the first byte that is not an instruction of a pickle.
    """
    if isinstance(error, NoLongerComputed):
        return str(error)
    text = describe(error)
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], int):
        return f"is neither a pickle nor of a format that is known here: {AGAIN}"
    for beginning, meaning in _MEANINGS.items():
        if text.startswith(beginning):
            return meaning
    return f"cannot be unpickled: {text}"


def _installed(module: str) -> str:
    """The package of an imported module and its version, if it has one."""
    top = module.partition(".")[0]
    package = LIBRARIES[top].package if top in LIBRARIES else _PACKAGES.get(top, top)
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"module {abridged(top)} here"
