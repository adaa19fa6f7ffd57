"""The open register, as the service and the commands use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.decisions.scoring import ScoredApplication
from register.archive.archive import Archive
from register.database.database import Database
from register.database.opening import open_database
from register.errors import RegisterAway, UnusableRegister
from register.events import event_entry
from register.evidence.pseudonyms import pseudonym
from register.evidence.records import decision_body
from register.ids import Ids
from register.settings import RegisterSettings
from register.writing.decision_rows import RecordedApplication
from register.writing.entry import Entry
from register.writing.queue.observer import Observer
from register.writing.writer import SILENT, State, Writer


@dataclass(frozen=True, eq=False)
class Store:
    """An open register. A process opens it after it was forked, and closes it.

    Attributes:
        database: for readings; only the writer's thread writes to it.
        writer: writes entries.
        bundles: the archive, with a connection of its own.
        ids: ids of rows.
        pepper: the secret of pseudonyms.
    """

    database: Database
    writer: Writer
    bundles: Archive
    ids: Ids
    pepper: bytes

    @classmethod
    def open(
        cls,
        settings: RegisterSettings,
        *,
        fast_explanations: bool = True,
        observer: Observer = SILENT,
    ) -> Self:
        """Open the register; it opens while the database is away, and then writes later.

        Args:
            settings: name the database and the pepper.
            fast_explanations: see `Archive`.
            observer: learns what becomes of entries.

        Raises:
            UnusableRegister: a setting is missing, the database has not the tables, or another
                pepper.
        """
        if settings.register_url is None:
            raise UnusableRegister("REGISTER_URL is not set")
        if settings.register_pepper is None:
            raise UnusableRegister("REGISTER_URL needs REGISTER_PEPPER, a secret of 16 characters")
        url = settings.register_url.get_secret_value()
        pepper = settings.register_pepper.get_secret_value().encode()
        database = open_database(url, pepper)
        try:
            database.check()
        except UnusableRegister:
            database.close()
            raise
        except RegisterAway:
            pass  # the writer tries again
        return cls(
            database=database,
            writer=Writer(database, observer),
            bundles=Archive(open_database(url), fast_explanations),
            ids=Ids(),
            pepper=pepper,
        )

    @property
    def state(self) -> State:
        """`ok` if the last attempt to reach the database succeeded."""
        return self.writer.state

    @staticmethod
    def now() -> datetime:
        """The present time in UTC, to the microsecond."""
        return datetime.now(UTC)

    def subject(self, client: ClientId | None) -> bytes | None:
        """The pseudonym of a client's id; None without one."""
        return None if client is None else pseudonym(self.pepper, "client", client)

    def reference(self, external_id: str | None) -> bytes | None:
        """The pseudonym of the caller's own number; None without one."""
        return None if external_id is None else pseudonym(self.pepper, "reference", external_id)

    def application(
        self,
        scored: ScoredApplication,
        at: datetime,
        record: bytes,
        answer: bytes,
        audit: Mapping[str, str],
    ) -> RecordedApplication:
        """A scored application under a new id.

        Args:
            scored: the figures.
            at: the time of the decision, in UTC.
            record: the raw values as they were scored, see `record_texts` of
                `register.evidence.records`.
            answer: a JSON object, the answer to `/score`.
            audit: the audit values, by name.
        """
        decision = self.ids.new()
        return RecordedApplication(
            id=decision,
            subject=self.subject(scored.client),
            reference=self.reference(scored.reference),
            client=scored.client,
            external_id=scored.reference,
            probability=scored.probability,
            margin=scored.margin,
            pd=scored.pd,
            points=scored.points,
            grade=scored.grade,
            prediction=scored.prediction,
            record=record,
            answer=decision_body(decision, at, answer),
            audit=audit,
        )

    def event(
        self,
        caller: str,
        kind: str,
        *,
        decision: UUID | None = None,
        subject: bytes | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Entry:
        """The entry of an event of now; see `event_entry`."""
        return event_entry(
            self.ids, self.now(), caller, kind, decision=decision, subject=subject, detail=detail
        )

    def close(self) -> None:
        """Write what waits, within seconds, and close all connections."""
        self.writer.close()
        self.database.close()
        self.bundles.database.close()
