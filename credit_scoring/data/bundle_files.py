"""Names of the files in a folder that make a bundle."""

import os
from contextlib import suppress
from pathlib import Path

from credit_scoring.data.artifacts import (
    MODEL_FILE,
    MODEL_FILES,
    NEW_FILE,
    OPTIONAL_FILES,
    REFERENCE_FILE,
)

_CODE = ".py"


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
