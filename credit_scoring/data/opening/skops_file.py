"""Opening ``model.skops``, which runs no code of its author. skops is imported for it alone."""

import io
import re
import zipfile
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.opening.formats import AGAIN, HEAD, SKOPS, format_of
from credit_scoring.data.opening.libraries import LIBRARIES, recorded_version
from credit_scoring.data.opening.trusted_types import TRUSTED
from credit_scoring.data.opening.unpickling_faults import (
    missing_module,
    not_a_pickle,
)
from credit_scoring.errors import BadFile, describe, first_few, foreign_code

_MODULES = re.compile(rb'"__module__": "([^"]+)"')


def open_skops(file: str, content: bytes, written_by: dict[str, str]) -> Any:
    """The object of a skops file.

    Args:
        file: its name, for messages.
        content: the whole file.
        written_by: gets the versions of boosters' libraries that the file records.

    Raises:
        BadFile: the file is not of this format, holds a type that is not trusted, or cannot be
            opened here.
    """
    found = format_of(content[:HEAD], content)
    if found is None or found != SKOPS:
        raise not_a_pickle(file, found) if found else BadFile(file, f"is not a skops file: {AGAIN}")
    with foreign_code(file, lambda error: f"cannot be opened: {describe(error)}"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            schema = archive.read("schema.json")
            libraries = {name.split(b".")[0].decode() for name in _MODULES.findall(schema)}
            for library in libraries & LIBRARIES.keys():
                versions = (recorded_version(library, archive.read(n)) for n in archive.namelist())
                if recorded := next(filter(None, versions), None):
                    written_by[library] = recorded
        try:
            return skops.io.loads(content, trusted=[*TRUSTED])
        except UntrustedTypesFoundException as error:
            raise BadFile(file, _untrusted(content)) from error
        except ModuleNotFoundError as error:
            missing = str(error.name)
            raise missing_module(file, missing, "", missing, written_by.get(missing)) from error


def _untrusted(content: bytes) -> str:
    names = sorted({*skops.io.get_untrusted_types(data=content)} - {*TRUSTED})
    return (
        f"holds types that are not on the list of trusted ones: {first_few(names)}:"
        f" use {MODEL_FILE}, if you trust whoever made it"
    )
