"""Events: what was done with the register, by whom and when, without personal data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from register.ids import Ids
from register.tables import schema
from register.writing.entry import Entry


def event_entry(
    ids: Ids,
    at: datetime,
    caller: str,
    kind: str,
    *,
    decision: UUID | None = None,
    subject: bytes | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Entry:
    """The entry of an event.

    Args:
        ids: makes its id.
        at: its time, in UTC.
        caller: the caller's name.
        kind: such as ``read``, ``letter`` or ``bundle``.
        decision: the decision that it is about.
        subject: the pseudonym of the client whom it is about.
        detail: more of it in JSON, without personal data.
    """
    row = {
        "id": ids.new(),
        "at": at,
        "caller": caller,
        "kind": kind,
        "decision": decision,
        "subject": subject,
        "detail": orjson.dumps(detail or {}).decode(),
    }
    return Entry.of(at, [(schema.event, row)])
