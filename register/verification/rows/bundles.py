"""Checks of bundles and their files."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, select

from credit_scoring.errors import BadFile
from register.archive.artefacts import contents
from register.archive.description import Description
from register.archive.reference_scores import read_reference_scores
from register.archive.stored_bundles import read_codec
from register.database.database import Database
from register.errors import Damaged
from register.evidence.chain import Row
from register.evidence.compression import EvidenceCodec
from register.reading.pages import SECONDS, pages
from register.tables import schema
from register.verification.problems import Problems

BUNDLE = "bundle"  # the kind of an event whose `detail` has a bundle's id and hash


@dataclass(frozen=True)
class BundleDetail:
    """The `detail` of an event of kind `BUNDLE`."""

    bundle: int
    sha256: str


DETAIL = TypeAdapter(BundleDetail)


@dataclass(frozen=True, eq=False)
class BundleFacts:
    """Facts about a bundle that its decisions are compared with.

    Attributes:
        model: SHA-256 of the model file.
        codec: of the evidence.
    """

    model: str
    codec: EvidenceCodec


def read_facts(connection: Connection, bundle_id: int) -> BundleFacts | None:
    """The facts about a bundle; None if it does not exist."""
    bundle = schema.bundle.c
    model = connection.scalar(select(bundle.model).where(bundle.id == bundle_id))
    if model is None:
        return None
    return BundleFacts(model.hex(), read_codec(connection, bundle_id))


@dataclass(eq=False)
class BundleCheck:
    """Checks bundles, and events that name them.

    Attributes:
        database: of the register.
        problems: gets the problems.
        bundles: number of bundles so far.
    """

    database: Database
    problems: Problems
    bundles: int = 0

    def check(self) -> None:
        """Check the description and the reference scores of each bundle, and each file once."""
        checked: set[str] = set()
        for rows in pages(self.database, schema.bundle, "id"):
            for row in rows:
                self.bundles += 1
                for problem in self._problems_of(row, checked):
                    self.problems.add(f"bundle {row['id']}", problem)

    def check_event(self, event: Row) -> None:
        """Compare an event of kind `BUNDLE` with the bundle that it names."""
        if event["kind"] != BUNDLE:
            return
        try:
            detail = DETAIL.validate_json(event["detail"])
        except ValidationError:  # it was changed, as its hash tells
            return
        with self.database.reading(SECONDS) as connection:
            of_bundle = schema.bundle.c.id == detail.bundle
            sha256 = connection.scalar(select(schema.bundle.c.sha256).where(of_bundle))
        if sha256 is None or sha256.hex() != detail.sha256:
            self.problems.add(
                f"bundle {detail.bundle}", f"is another one than in event {event['id']}"
            )

    def _problems_of(self, row: Row, checked: set[str]) -> Iterator[str]:
        if hashlib.sha256(row["description"].encode()).digest() != row["sha256"]:
            yield "its description has another hash"
            return
        description = Description.of_text(row["description"])
        if description.model_sha256 != row["model"].hex():
            yield "its model is another one than in its description"
        yield from self._damaged(description.files, checked)
        try:
            with self.database.reading(SECONDS) as connection:
                read_reference_scores(connection, row["id"])
        except Damaged as error:
            yield str(error)

    def _damaged(self, files: Mapping[str, str], checked: set[str]) -> Iterator[str]:
        for name, sha256 in files.items():
            if sha256 in checked:
                continue
            checked.add(sha256)
            try:
                with self.database.reading(SECONDS) as connection:
                    for _ in contents(connection, name, sha256):
                        pass
            except BadFile as error:
                yield str(error)
