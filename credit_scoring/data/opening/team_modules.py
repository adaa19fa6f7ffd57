"""Modules of the model's makers, in files beside the model file.

A pickle names the classes of its objects by their modules. A class of the makers' own, such as
``preprocessing.MyEncoder``, comes from the file ``preprocessing.py`` of the folder, and
``features.encoders.MyEncoder`` from ``features/encoders.py``. A class that a notebook or script
defined is one of ``__main__``, and comes from ``__main__.py``.

The files are code, trusted as the pickle is. A module that is installed, or belongs to this
project, is never replaced by one of them.
"""

import hashlib
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import RLock
from types import CodeType, ModuleType

from credit_scoring.data.artifacts import check_listed, unreadable
from credit_scoring.errors import describe, foreign_code

MAIN = "__main__"
# `__main__` is the running program; and a module of that name would run its code for scripts.
_MAIN_ALIAS = "credit_scoring_model_main"

_one_folder_at_a_time = RLock()  # `sys.modules` holds one module of a name


class TeamModules(MetaPathFinder):
    """Finds modules in a folder, after all installed ones.

    Attributes:
        sha256: the hashes of the files that were imported, by their names in the folder.
    """

    def __init__(self, folder: Path, hashes: Mapping[str, str]) -> None:
        """Import nothing yet.

        Args:
            folder: holds the files.
            hashes: the hashes of ``model.json``; if there are any, they must list each file.
        """
        self._folder = folder
        self._hashes = hashes
        self.sha256: dict[str, str] = {}

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Let import statements find the modules while the block runs.

        Afterwards `sys.modules` is as before, so that another folder, or this one with changed
        files, has modules of its own. An import inside a function comes too late.
        """
        with _one_folder_at_a_time:
            before = set(sys.modules)
            sys.meta_path.append(self)
            try:
                yield
            finally:
                sys.meta_path.remove(self)
                for name in set(sys.modules) - before:
                    if isinstance(getattr(sys.modules[name], "__loader__", None), _Source):
                        del sys.modules[name]

    def main(self) -> ModuleType | None:
        """The module of ``__main__.py``; None without this file."""
        if self._file(MAIN) is None:
            return None
        return importlib.import_module(_MAIN_ALIAS)

    def has(self, module: str) -> bool:
        """True if the folder has a file for this module."""
        return self._file(module) is not None

    def supplied(self, module: str) -> bool:
        """True if this module, or the package that it is in, was imported from the folder."""
        top = sys.modules.get(module.partition(".")[0])
        return isinstance(getattr(top, "__loader__", None), _Source)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module of this name, if the folder has it.

        Raises:
            BadFile: its file cannot be read, has another hash than ``model.json`` says, or is not
                Python.
        """
        file = self._file(MAIN if fullname == _MAIN_ALIAS else fullname)
        if file is None:
            parts = fullname.split(".")
            folder = self._folder.joinpath(*parts)
            is_package = all(part.isidentifier() for part in parts) and any(folder.rglob("*.py"))
            return ModuleSpec(fullname, _Source(""), is_package=True) if is_package else None
        name = file.relative_to(self._folder).as_posix()
        with foreign_code(name, unreadable):
            content = file.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        check_listed(name, sha256, self._hashes)
        self.sha256[name] = sha256
        with foreign_code(name, lambda error: f"is not Python 3.11: {describe(error)}"):
            code = compile(content, str(file), "exec", dont_inherit=True)
        return ModuleSpec(
            fullname,
            _Source(name, code),
            origin=str(file),
            is_package=file.name == "__init__.py",
        )

    def _file(self, module: str) -> Path | None:
        parts = module.split(".")
        if not all(part.isidentifier() for part in parts):
            return None
        path = self._folder.joinpath(*parts)
        candidates = (path.with_name(f"{parts[-1]}.py"), path / "__init__.py")
        return next((file for file in candidates if file.is_file()), None)


class _Source(Loader):
    """Runs the code of one file; no code for a folder without ``__init__.py``."""

    def __init__(self, file: str, code: CodeType | None = None) -> None:
        self._file = file
        self._code = code

    def exec_module(self, module: ModuleType) -> None:
        """Run the code in its module."""
        if self._code is None:
            return
        with foreign_code(self._file, _import_fault):
            exec(self._code, module.__dict__)  # noqa: S102 — the file is trusted as the pickle is


def _import_fault(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        missing = str(error.name).partition(".")[0]
        return f"imports {missing}, which is not installed: add it to requirements.txt beside it"
    return f"cannot be imported: {describe(error)}"
