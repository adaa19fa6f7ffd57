"""The classes and functions that a pickle names, listed without opening it.

A pickle is a program: it names classes and functions of modules ("globals"), and calls them.
Here the program runs with a stand-in for each of them, which only notes what it gets. joblib
writes the bytes of NumPy arrays between the parts of the pickle; they are passed over.
"""

import io
import pickle
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from credit_scoring.errors import abridged
from training.adopt.problems import NotAdopted
from training.adopt.source.pickle_stream import decompressed

WRAPPER = "NumpyArrayWrapper"  # stands before the bytes of an array
VERSION_KEY = "_sklearn_version"
# What a broken or hostile stream makes Python's own reader raise.
UNREADABLE = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
    OverflowError, MemoryError, RecursionError, OSError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PickleListing:
    """The names in a pickle.

    Attributes:
        names: the globals, as (module, name), in the order in which they are named.
        sklearn_versions: the versions of scikit-learn that wrote its estimators.
        texts: texts that its objects hold and that give away a version, such as the model text of
            a LightGBM booster.
        has_code: true if functions are kept in it as bytecode, as cloudpickle and dill do.
    """

    names: tuple[tuple[str, str], ...]
    sklearn_versions: frozenset[str]
    texts: tuple[str, ...]
    has_code: bool


@dataclass(eq=False)
class _Notes:
    """Names, versions and texts, as the stream gives them."""

    names: dict[tuple[str, str], None] = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)


class _StandIn:
    """Stands in for a global, and for the objects that it makes."""

    name: tuple[str, str] = ("", "")

    def __new__(cls, *arguments: Any, **_: Any) -> "_StandIn":
        made = super().__new__(cls)
        made.arguments = arguments
        return made

    def __init__(self, *_: Any, **__: Any) -> None:
        self.state: Any = None

    arguments: tuple[Any, ...]

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __call__(self, *arguments: Any, **_: Any) -> "_StandIn":
        return _StandIn(*arguments)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Take an item, as a mapping would."""

    def append(self, item: Any) -> None:
        """Take an item, as a list would."""

    def add(self, item: Any) -> None:
        """Take an item, as a set would."""


class _Reader(pickle._Unpickler):
    """Python's reader of pickles, written in Python, with stand-ins for all globals."""

    stack: list[Any]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: io.BytesIO, notes: _Notes) -> None:
        super().__init__(file, encoding="latin1")
        self.file = file
        self.notes = notes
        self.stand_ins: dict[tuple[str, str], type[_StandIn]] = {}

    def find_class(self, module: str, name: str) -> type[_StandIn]:
        key = (str(module), str(name))
        self.notes.names[key] = None
        if key not in self.stand_ins:
            self.stand_ins[key] = type("StandIn", (_StandIn,), {"name": key})
        return self.stand_ins[key]

    def persistent_load(self, pid: Any) -> _StandIn:
        return _StandIn(pid)

    def get_extension(self, code: int) -> None:
        raise pickle.UnpicklingError(f"extension {code}, which only its writer knows")

    def load_build(self) -> None:
        state, made = self.stack[-1], self.stack[-2]
        if not isinstance(made, _StandIn):  # a type of Python's own has no state to take
            raise pickle.UnpicklingError(f"a state for a {type(made).__name__}")
        self.stack.pop()
        made.state = state
        self._note(state)
        if made.name[1] == WRAPPER and isinstance(state, dict):
            self._pass_over_array(state)

    dispatch[pickle.BUILD[0]] = load_build

    def _note(self, state: Any) -> None:
        for part in state if isinstance(state, tuple) else (state,):
            if not isinstance(part, dict):
                continue
            if isinstance(version := part.get(VERSION_KEY), str):
                self.notes.versions.add(version)
            handle = part.get("handle", part.get("_handle"))
            if isinstance(handle, str):  # LightGBM's model text
                self.notes.texts.append(handle[:200])

    def _pass_over_array(self, wrapper: dict[str, Any]) -> None:
        dtype = np.dtype(wrapper["dtype"].arguments[0])
        if dtype.hasobject:  # another pickle follows
            _Reader(self.file, self.notes).load()
            return
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            padding = self.file.read(1)
            self.file.seek(padding[0], io.SEEK_CUR)
        count = int(np.prod([int(length) for length in wrapper["shape"]], dtype=np.int64))
        self.file.seek(count * dtype.itemsize, io.SEEK_CUR)


def list_pickle(name: str, content: bytes) -> PickleListing:
    """List what a pickle names; nothing of it is run.

    Args:
        name: of the file.
        content: its bytes, perhaps compressed.

    Raises:
        NotAdopted: the stream is damaged.
    """
    notes = _Notes()
    try:
        _Reader(io.BytesIO(decompressed(content)), notes).load()
    except UNREADABLE as error:
        raise NotAdopted(
            [f"{name}: is no complete pickle ({abridged(error)}): copy the file again, or write it"
             " with joblib.dump"]
        ) from error  # fmt: skip
    has_code = any("CodeType" in name or "_make_function" in name or "_builtin_type" in name
                   or "_create_code" in name or "_make_skel_func" in name
                   for _, name in notes.names)  # fmt: skip
    return PickleListing(
        tuple(notes.names), frozenset(notes.versions), tuple(notes.texts), has_code
    )
