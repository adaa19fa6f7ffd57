"""`Archive`: it keeps the bundle that scores from now on."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from credit_scoring.data.artifacts import REQUIREMENTS_FILE, unreadable
from credit_scoring.errors import foreign_code
from credit_scoring.model.bundle import Bundle
from register.archive.artefacts import Artefact, stored_parts
from register.archive.description import Description, environment
from register.archive.reference_scores import ReferenceScores, has_reference_scores
from register.archive.scored_reference import scored_reference
from register.database.database import Database
from register.evidence.compression import (
    ANSWER_DICTIONARY,
    RECORD_DICTIONARY,
    SAMPLES,
    trained_dictionary,
)
from register.evidence.records import record_texts
from register.tables import schema

INSERTS: Mapping[str, Callable[[Table], postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


@dataclass(frozen=True, eq=False)
class Archive:
    """Keeps bundles with their files.

    Attributes:
        database: of the register; not the object of the writer, since one thread writes by one.
        fast_explanations: true if trees may be explained by this project's own code.
    """

    database: Database
    fast_explanations: bool

    def keep(
        self,
        bundle: Bundle,
        folder: Path,
        answers: Callable[[], Sequence[bytes]] = tuple,
        reference: Callable[[], ReferenceScores | None] | None = None,
    ) -> int:
        """Store a bundle, those of its files that are not stored yet, and its reference scores.

        Each transaction writes at most one part. A second call goes on where the first one failed,
        and several workers may store the same bundle at once.

        Args:
            bundle: a loaded bundle.
            folder: that it was loaded from.
            answers: gives answers to clients of the bundle, on which a dictionary for compression
                is trained; called only if the bundle is not stored yet.
            reference: gives the scores of the bundle's reference clients, which are computed
                without it; called only if they are not stored yet. None: they cannot be scored.

        Returns:
            The id in `schema.bundle`.

        Raises:
            BadFile: a file cannot be read, or changed since it was loaded.
            RegisterAway: the database does not answer.
        """
        description = self._describe(bundle, folder)
        with self.database.reading() as connection:
            found = bundle_id(connection, description)
            is_whole = found is not None and has_reference_scores(connection, found)
        if found is None:
            found = self._keep_bundle(bundle, folder, description, answers)
        if not is_whole:
            scores = reference() if reference else scored_reference(bundle)
            if scores is not None:
                with self.database.writing() as connection:
                    self.database.insert(connection, schema.reference_scores, [scores.row(found)])
        return found

    def _keep_bundle(
        self,
        bundle: Bundle,
        folder: Path,
        description: Description,
        answers: Callable[[], Sequence[bytes]],
    ) -> int:
        """Store a bundle and its files; gives its id."""
        for name, sha256 in description.files.items():
            self._keep_file(folder, name, sha256)
        clients = range(min(SAMPLES, len(bundle.client_ids)))
        records = record_texts(bundle.raw_rows(clients))
        row = {
            "sha256": description.sha256,
            "at": datetime.now(UTC),
            "model": bytes.fromhex(description.model_sha256),
            "description": description.text,
            "record_dictionary": trained_dictionary(records, RECORD_DICTIONARY),
            "answer_dictionary": trained_dictionary(answers(), ANSWER_DICTIONARY),
        }
        insert = INSERTS[self.database.name](schema.bundle).on_conflict_do_nothing()
        with self.database.writing() as connection:
            connection.execute(insert, row)
            kept = connection.execute(
                select(schema.bundle.c.id).where(schema.bundle.c.sha256 == description.sha256)
            ).scalar_one()
        return int(kept)

    def _describe(self, bundle: Bundle, folder: Path) -> Description:
        files = dict(bundle.files)
        requirements = folder / REQUIREMENTS_FILE
        if requirements.exists():
            with foreign_code(REQUIREMENTS_FILE, unreadable):
                files[REQUIREMENTS_FILE] = hashlib.sha256(requirements.read_bytes()).hexdigest()
        return Description(
            model=bundle.model_file,
            files=files,
            versions=environment(),
            features=bundle.features,
            fast_explanations=self.fast_explanations,
        )

    def _keep_file(self, folder: Path, name: str, sha256: str) -> None:
        with self.database.reading() as connection:
            stored = stored_parts(connection, bytes.fromhex(sha256))
        if stored is None:
            return
        artefact = Artefact.of_file(folder / name, name, sha256)
        with self.database.writing() as connection:
            self.database.insert(connection, schema.artefact, [artefact.row()])
        for number, content in enumerate(artefact.parts):
            if number not in stored:
                row = {"sha256": artefact.sha256, "number": number, "content": content}
                with self.database.writing() as connection:
                    self.database.insert(connection, schema.artefact_part, [row])


def bundle_id(connection: Connection, description: Description) -> int | None:
    """The id of a bundle; None if it is not stored."""
    where = schema.bundle.c.sha256 == description.sha256
    return connection.scalar(select(schema.bundle.c.id).where(where))
