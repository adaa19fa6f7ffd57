"""The event of an export: which decisions left the register, and when."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Self

from register.database.database import Database
from register.events import event_entry
from register.ids import Ids
from register.reading.periods import Period
from register.tables.column_types import moment_text
from register.writing.stream import Stream

EXPORT = "export"  # the kind of the events


@dataclass(frozen=True)
class ExportDetail:
    """The `detail` of an event of kind `EXPORT`.

    Attributes:
        start: the time from which on decisions were exported; None for no bound.
        end: the time before which they were; None for no bound.
        format: of the file.
        with_evidence: true if the file has personal data.
        decisions: number of decisions in the file.
    """

    start: str | None
    end: str | None
    format: str
    with_evidence: bool
    decisions: int


@dataclass(frozen=True, eq=False)
class ExportRecord:
    """Records an export, once its file is whole.

    Attributes:
        caller: the name in the event.
        stream: to which the event is written.
    """

    caller: str
    stream: Stream

    @classmethod
    def prepare(cls, database: Database, caller: str) -> Self:
        """Begin before the file is written: who may not record an export may not make one.

        Raises:
            RegisterAway: the register does not answer, or refuses to write.
        """
        stream = Stream(database)
        stream.resume()
        return cls(caller, stream)

    def write(
        self, period: Period, file_format: str, *, with_evidence: bool, decisions: int
    ) -> None:
        """Record the export of some decisions.

        Raises:
            RegisterAway: the register does not answer; the event may be there or not.
        """
        detail = ExportDetail(
            start=_text(period.start),
            end=_text(period.end),
            format=file_format,
            with_evidence=with_evidence,
            decisions=decisions,
        )
        self.stream.resume()  # an export may take so long that the server ends the connection
        event = event_entry(Ids(), datetime.now(UTC), self.caller, EXPORT, detail=asdict(detail))
        self.stream.append([event], lambda: None)


def _text(bound: datetime | None) -> str | None:
    return None if bound is None else moment_text(bound.astimezone(UTC))
