"""Names of the files in a folder that make a bundle, and signs that they changed."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from credit_scoring.data.artifacts import (
    FILES,
    MODEL_FILE,
    MODEL_FILES,
    NEW_FILE,
    OPTIONAL_FILES,
    REFERENCE_FILE,
)

_CODE = ".py"

Fingerprint = dict[str, tuple[int, ...]]


def model_file_in(folder: Path) -> str:
    """The name of the model file that is opened; that of the usual one if there is none."""
    return next((name for name in MODEL_FILES if (folder / name).exists()), MODEL_FILE)


def module_files(folder: Path, package: str = "") -> list[str]:
    """Names of the files that a model may import from its folder, whether it does or not.

    A folder in it is a package if code lies directly in it. Links to folders are not followed.

    Args:
        folder: holds the model.
        package: the part of the folder to look in, with a slash at its end; all of it without one.
    """
    found, packages, has_code = [], [], False
    with suppress(OSError), os.scandir(folder / package) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(_CODE) and entry.is_file():
                has_code = True
                if name.removesuffix(_CODE).isidentifier():
                    found.append(package + name)
            elif name.isidentifier() and entry.is_dir(follow_symlinks=False):
                packages.append(f"{package}{name}/")
    if has_code or not package:
        for name in packages:
            found += module_files(folder, name)
    return sorted(found)


def files_of_bundle(folder: Path) -> list[str]:
    """Names of the files that decide what is loaded from a folder.

    They are the model file that is opened, both tables, the optional files that are there, and the
    modules that the model may import.
    """
    optional = [name for name in OPTIONAL_FILES if (folder / name).exists()]
    return [model_file_in(folder), REFERENCE_FILE, NEW_FILE, *optional, *module_files(folder)]


def fingerprint(folder: Path, more: Iterable[str] = ()) -> Fingerprint:
    """Times, size and inode, by name, of the files of a bundle that exist: they change with them.

    The time of writing can be kept (``cp -p``), and new permissions leave it as it is: the time of
    change counts too.

    Args:
        folder: holds the files, and modules that the model may import.
        more: names of further files.
    """
    found: Fingerprint = {}
    for name in (*FILES, *more, *module_files(folder)):
        with suppress(OSError):
            stat = (folder / name).stat()
            found[name] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
    return found
