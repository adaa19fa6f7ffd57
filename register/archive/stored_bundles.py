"""Bundles that are kept: their descriptions, and their files written into a folder again."""

from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, select

from credit_scoring.errors import BadFile
from register.archive.artefacts import contents
from register.archive.description import Description
from register.errors import RegisterError
from register.evidence.compression import EvidenceCodec
from register.stored import StoredBundle
from register.tables import schema


class UnknownBundle(RegisterError):
    """No bundle has this id."""


def read_description(connection: Connection, bundle_id: int) -> Description:
    """The description of a bundle.

    Raises:
        UnknownBundle: no bundle has this id.
    """
    where = schema.bundle.c.id == bundle_id
    text = connection.scalar(select(schema.bundle.c.description).where(where))
    if text is None:
        raise UnknownBundle(f"no bundle {bundle_id}")
    return Description.of_text(text)


def stored_bundle(connection: Connection, bundle_id: int) -> StoredBundle:
    """Files and versions of a bundle.

    Raises:
        UnknownBundle: no bundle has this id.
    """
    return read_description(connection, bundle_id).stored


def read_codec(connection: Connection, bundle_id: int) -> EvidenceCodec:
    """The codec of the evidence of a bundle's decisions.

    Raises:
        UnknownBundle: no bundle has this id.
    """
    columns = schema.bundle.c
    row = connection.execute(
        select(columns.record_dictionary, columns.answer_dictionary).where(columns.id == bundle_id)
    ).one_or_none()
    if row is None:
        raise UnknownBundle(f"no bundle {bundle_id}")
    return EvidenceCodec.of_bytes(row.record_dictionary, row.answer_dictionary)


def materialise(connection: Connection, bundle_id: int, folder: Path) -> None:
    """Write the files of a bundle into a folder, from which it can be loaded.

    Args:
        connection: to the register.
        bundle_id: of the bundle.
        folder: exists; files in it are replaced.

    Raises:
        UnknownBundle: no bundle has this id.
        BadFile: a file is not stored, has another hash, or cannot be written.
    """
    for name, sha256 in read_description(connection, bundle_id).files.items():
        path = folder / _checked(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for content in contents(connection, name, sha256):
                    file.write(content)
        except OSError as error:
            raise BadFile(name, f"cannot be written: {error.strerror}") from error
        except BadFile:
            path.unlink()  # it is of another content
            raise


def _checked(name: str) -> PurePosixPath:
    """The path of a file below a folder.

    Raises:
        BadFile: it is not below the folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadFile(name, "is not a name of a file in a folder")
    return path
