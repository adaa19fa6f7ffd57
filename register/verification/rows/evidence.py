"""Checks of evidence and notes against the commitments in their rows."""

from collections.abc import Mapping
from typing import Any

import orjson
import zstandard

from register.evidence.chain import Row, commitment
from register.evidence.records import Evidence
from register.tables.column_types import moment_text
from register.verification.rows.bundles import BundleFacts

DAMAGED = "its evidence is damaged"
CHANGED = "its evidence is not that of the commitment"
NOTE_CHANGED = "its note is not that of the commitment"
# Columns that the answer has too; a field that is null may be absent.
FIELDS = (
    "probability", "margin", "pd", "points", "grade", "prediction", "threshold", "compare",
)  # fmt: skip


def evidence_problem(decision: Row, evidence: Row, bundle: BundleFacts | None) -> str | None:
    """The problem of a decision's evidence; None if it is as recorded.

    Args:
        decision: a row of `schema.decision`.
        evidence: its row of `schema.evidence`.
        bundle: of the decision; None if it does not exist.
    """
    if bundle is None:
        return f"bundle {decision['bundle']} does not exist"
    try:
        given = Evidence.of_row(evidence, bundle.codec)
        found = given.commitment
    except (zstandard.ZstdError, orjson.JSONDecodeError):
        return DAMAGED
    if found != decision["commitment"]:
        return CHANGED
    answer = orjson.loads(given.answer)
    differing = [name for name in FIELDS if not _is_same(decision[name], answer.get(name))]
    others: Mapping[str, Any] = {
        "id": str(decision["id"]),
        "at": moment_text(decision["at"]),
        "client": given.client,
        "reference": given.reference,
        "model": bundle.model,
    }
    differing += [name for name, value in others.items() if answer.get(name) != value]
    if differing:
        return f"differs from its answer in {', '.join(differing)}"
    return None


def note_problem(owner: Row, note: Row) -> str | None:
    """The problem of a note; None if it is as recorded.

    Args:
        owner: a row of `schema.review` or `schema.review_request`.
        note: its row of `schema.note`.
    """
    if owner["commitment"] is None:
        return "has a note, and was recorded without one"
    if commitment(note["salt"], [note["text"]]) != owner["commitment"]:
        return NOTE_CHANGED
    if note["decision"] != owner["decision"]:
        return "its note is of another decision"
    return None


def _is_same(column: object, field: object) -> bool:
    """True for equal values; doubles to the last bit, except that a column has no -0.0."""
    return repr(column) == repr(field + 0.0 if isinstance(field, float) else field)
