"""`Shadow`: a challenger scores recorded decisions, page by page."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import orjson
from sqlalchemy import func, select

from credit_scoring.model.bundle import Bundle
from register.archive.stored_bundles import stored_bundle
from register.reading.periods import PAGE, Period
from register.shadow.backlog import Backlog, write
from register.shadow.challenger import Challenger
from register.shadow.recorded_bundles import RecordedBundles
from register.shadow.sample_answers import sample_answers
from register.store import Store
from register.tables import schema

CHALLENGER = "challenger"  # the kind of the events


@dataclass(frozen=True)
class ScoredPage:
    """Decisions that were scored and written together.

    Attributes:
        scored: number of the decisions with a score.
        failed: numbers of the others, by the kind of the failure.
        until: the time of the last one if there may be more; None after the last page.
    """

    scored: int
    failed: Counter[str]
    until: datetime | None


@dataclass(frozen=True, eq=False)
class Shadow:
    """A challenger and the register whose decisions it scores.

    Attributes:
        store: the register.
        challenger: is in the register.
        recorded: the bundles that decided.
        detail: of the challenger's events.
    """

    store: Store
    challenger: Challenger
    recorded: RecordedBundles
    detail: Mapping[str, Any]

    @classmethod
    def of(cls, store: Store, bundle: Bundle, folder: Path) -> Self:
        """Put a challenger into the register unless it is in it already.

        Args:
            store: the register.
            bundle: the loaded files.
            folder: that they were loaded from.

        Raises:
            BadFile: a file cannot be read, or changed since it was loaded.
            RegisterAway: the database does not answer.
        """
        number = store.bundles.keep(bundle, folder, partial(sample_answers, bundle))
        with store.bundles.database.reading() as connection:
            sha256 = stored_bundle(connection, number).sha256
        challenger = Challenger(number, bundle)
        detail = {"bundle": number, "sha256": sha256}
        return cls(store, challenger, RecordedBundles(store.database), detail)

    def begin(self, caller: str) -> datetime:
        """The time since which the challenger follows; an event says so the first time.

        Raises:
            RegisterAway: the database does not answer.
        """
        event = schema.event.c
        detail = orjson.dumps(self.detail).decode()
        first = select(func.min(event.at)).where(event.kind == CHALLENGER, event.detail == detail)
        with self.store.database.reading() as connection:
            began: datetime | None = connection.scalar(first)
        if began is None:
            entry = self.store.event(caller, CHALLENGER, detail=self.detail)
            self.store.writer.put(entry).result()
            began = entry.at
        return began

    def record(self, caller: str, period: Period) -> None:
        """Record as an event that the challenger scores the decisions of a period.

        Raises:
            RegisterAway: the database does not answer.
        """
        bounds = {"from": period.start, "to": period.end}
        detail = {**self.detail, **{name: at and at.isoformat() for name, at in bounds.items()}}
        self.store.writer.put(self.store.event(caller, CHALLENGER, detail=detail)).result()

    def score(self, period: Period) -> Iterator[ScoredPage]:
        """Score the decisions of a period that the challenger has not scored, the oldest first.

        Raises:
            RegisterAway: the database does not answer; a later call goes on.
        """
        backlog = Backlog(self.store.database, self.challenger.id)
        for page in backlog.pages(period):
            if not page:
                continue
            scores = self.challenger.score(page, self.recorded.of(one.bundle for one in page))
            pairs = zip(page, scores, strict=True)
            write(self.store, [self.challenger.row(one, score) for one, score in pairs])
            failed = Counter(score.failure for score in scores if score.failure is not None)
            until = page[-1].at if len(page) == PAGE else None
            yield ScoredPage(len(page) - failed.total(), failed, until)
