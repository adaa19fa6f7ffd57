"""Unpickling by joblib's reader, with names and states of other versions, and faults in words."""

import io
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import sklearn
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler
from joblib.numpy_pickle_utils import _validate_fileobject_and_memmap

from credit_scoring.data.opening.compatibility import find_name, repair, repair_state
from credit_scoring.data.opening.formats import HEAD, format_of
from credit_scoring.data.opening.libraries import recorded_version, version_in_state
from credit_scoring.data.opening.team_modules import MAIN, TeamModules
from credit_scoring.data.opening.unpickling_faults import (
    fault,
    missing_main,
    missing_module,
    missing_name,
    not_a_pickle,
    taken_module,
)
from credit_scoring.errors import BadFile, foreign_code

# Modules of this project that no model needs, and whose names a team may have given to its own.
OF_THE_SERVICE = frozenset(
    {"advisor", "api", "main", "portfolio", "service", "serving", "training"}
)


def unpickle(file: str, content: bytes, modules: TeamModules, written_by: dict[str, str]) -> Any:
    """The object of a pickle, compressed in any way that joblib knows.

    Args:
        file: its name, for messages.
        content: the whole file.
        modules: the modules of the model's makers.
        written_by: gets the versions of boosters' libraries that the file records.

    Raises:
        BadFile: the file is not a pickle, or cannot be opened here.
    """
    if found := format_of(content[:HEAD], content):
        raise not_a_pickle(file, found)
    with _decompressed(file, content) as opened, modules.importable():
        if isinstance(opened, io.BufferedReader):  # it was compressed
            head = opened.peek(HEAD)[:HEAD]
            if found := format_of(head, head):
                raise not_a_pickle(file, found)
        return ModelUnpickler(file, opened, content, modules, written_by).load()


@contextmanager
def _decompressed(file: str, content: bytes) -> Iterator[io.BufferedIOBase]:
    """The content as a stream, decompressed as `joblib.load` does.

    Raises:
        BadFile: an error in the block.
    """
    with (
        foreign_code(file, fault),
        _validate_fileobject_and_memmap(io.BytesIO(content), file) as (opened, _),
    ):
        yield opened


class _ObjectArray(NumpyArrayWrapper):  # type: ignore[misc]  # joblib has no types
    """An array of a joblib file, whose objects are unpickled as those around it are.

    joblib unpickles the objects in an array, such as the trees of gradient boosting, by an
    unpickler that asks `find_class` only.
    """

    def read_array(self, unpickler: "ModelUnpickler", ensure_native_byte_order: bool) -> Any:
        """The array, from where the file stands."""
        if self.dtype.hasobject:
            return unpickler.nested().load()
        return super().read_array(unpickler, ensure_native_byte_order)


class ModelUnpickler(NumpyUnpickler):  # type: ignore[misc]  # joblib has no types
    """joblib's unpickler, which finds the makers' modules and what other versions had."""

    dispatch: ClassVar = NumpyUnpickler.dispatch.copy()

    def __init__(
        self,
        file: str,
        opened: io.BufferedIOBase,
        content: bytes,
        modules: TeamModules,
        written_by: dict[str, str],
    ) -> None:
        """Read nothing yet; see `unpickle`.

        Args:
            file: see `unpickle`.
            opened: the content, decompressed.
            content: see `unpickle`.
            modules: see `unpickle`.
            written_by: see `unpickle`.
        """
        super().__init__("", opened, ensure_native_byte_order=True)
        self._file = file
        self._content = content
        self._modules = modules
        self._written_by = written_by

    def nested(self) -> "ModelUnpickler":
        """An unpickler of the pickle that begins where the file stands."""
        return ModelUnpickler(
            self._file, self.file_handle, self._content, self._modules, self._written_by
        )

    def find_class(self, module: str, name: str) -> Any:
        """The class or function that a pickle names.

        Raises:
            BadFile: it is neither installed nor in the makers' modules.
        """
        if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
            return _ObjectArray
        if module.partition(".")[0] in OF_THE_SERVICE:  # main.py would load this folder again
            raise taken_module(self._file, module, name)
        if module == MAIN and (main := self._modules.main()):
            try:
                return _attribute(main, name)
            except AttributeError as error:
                raise missing_main(self._file, name, has_file=True) from error
        try:
            return super().find_class(module, name)
        except ModuleNotFoundError as error:
            if (found := find_name(module, name)) is not None:
                return found
            raise self._missing(module, name, str(error.name)) from error
        except AttributeError as error:
            if (found := find_name(module, name)) is not None:
                return found
            raise self._missing(module, name, None) from error

    def _missing(self, module: str, name: str, missing: str | None) -> BadFile:
        """The error for a name; `missing` is the module that was not found, if one was not."""
        if module == MAIN:
            return missing_main(self._file, name, has_file=False)
        is_own, has_file = self._modules.supplied(module), self._modules.has(module)
        if missing is None or ("." in missing and not is_own):
            return missing_name(self._file, module, name, is_own=is_own, has_file=has_file)
        with _decompressed(self._file, self._content) as opened:
            recorded = recorded_version(missing, opened.read())
        return missing_module(self._file, module, name, missing, recorded)

    def load_build(self) -> None:
        """Set the state of an object, and note the versions that it records."""
        state = self.stack[-1]
        built = self.stack[-2]
        recorded = state.get("_sklearn_version") if isinstance(state, dict) else None
        repair_state(built, state)
        if noted := version_in_state(built, state):
            self._written_by.setdefault(*noted)
        super().load_build()
        if recorded and recorded != sklearn.__version__:
            repair(built, str(recorded))

    dispatch[pickle.BUILD[0]] = load_build


def _attribute(owner: Any, name: str) -> Any:
    for part in name.split("."):
        owner = getattr(owner, part)
    return owner
