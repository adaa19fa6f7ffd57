"""Folders of kept bundles: a bundle's files, its description and its dictionaries."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from credit_scoring.data.artifacts import unreadable
from credit_scoring.errors import BadFile, foreign_code
from register.archive.description import Description
from register.archive.stored_bundles import materialise, read_description
from register.evidence.compression import EvidenceCodec
from register.tables import schema

FILES, DESCRIPTION = "files", "description.json"
RECORDS, ANSWERS = "records.dictionary", "answers.dictionary"


@dataclass(frozen=True)
class KeptFiles:
    """The folder of one kept bundle, which workers load.

    Attributes:
        path: of the folder, the same on every machine.
    """

    path: Path

    @classmethod
    def write(cls, connection: Connection, bundle_id: int, folder: Path) -> "KeptFiles":
        """Write a bundle into a folder below another one, unless that folder exists.

        Args:
            connection: to the register.
            bundle_id: of the bundle.
            folder: holds folders of bundles.

        Raises:
            UnknownBundle: no bundle has this id.
            BadFile: a file is not stored, has another hash, or cannot be written.
        """
        description = read_description(connection, bundle_id)
        kept = cls(folder / description.sha256.hex())
        if kept.path.exists():
            return kept
        aside = folder / f".{kept.path.name}.{os.getpid()}-{os.urandom(4).hex()}"
        with foreign_code(str(aside), _unwritable):
            try:
                (aside / FILES).mkdir(parents=True)
                materialise(connection, bundle_id, aside / FILES)
                (aside / DESCRIPTION).write_text(description.text, encoding="utf-8")
                where = schema.bundle.c.id == bundle_id
                row = connection.execute(select(schema.bundle).where(where)).one()
                (aside / RECORDS).write_bytes(row.record_dictionary or b"")
                (aside / ANSWERS).write_bytes(row.answer_dictionary or b"")
                aside.rename(kept.path)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return kept

    @property
    def files(self) -> Path:
        """The folder that can be loaded."""
        return self.path / FILES

    def description(self) -> Description:
        """The description of the bundle.

        Raises:
            BadFile: it cannot be read, or has another hash than the folder's name says.
        """
        with foreign_code(DESCRIPTION, unreadable):
            found = Description.of_text((self.path / DESCRIPTION).read_text(encoding="utf-8"))
        if found.sha256.hex() != self.path.name:
            raise BadFile(DESCRIPTION, "was changed")
        return found

    def codec(self) -> EvidenceCodec:
        """The codec of the evidence.

        Raises:
            BadFile: a dictionary cannot be read.
        """
        with foreign_code(RECORDS, unreadable):
            records, answers = ((self.path / name).read_bytes() for name in (RECORDS, ANSWERS))
            return EvidenceCodec.of_bytes(records or None, answers or None)


def _unwritable(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be written: {error.strerror}"
    return f"cannot be written ({type(error).__name__})"
