"""The evidence of a decision: the raw record as it was scored, and the answer, as stored bytes.

A record is a JSON array of its values in the order of the bundle's features, null where one is
missing; doubles are written in their shortest form, whole ones without ``.0``, and come back to
the last bit.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import RowMapping

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.table_files.client_ids import ClientId
from register.evidence.chain import commitment
from register.evidence.compression import WITHOUT_DICTIONARIES, Codec, EvidenceCodec
from register.tables.column_types import moment_text

SALT = 16  # bytes

T = TypeVar("T")


@dataclass(frozen=True)
class Evidence:
    """The evidence of one decision, not compressed.

    Attributes:
        record: see `record_texts`.
        answer: the JSON object that was sent, with `id` and `at`.
        client: the client's id; None without one.
        reference: the caller's own number; None without one.
        reasons: the largest number of reasons that was requested.
        quick: true if this project's own code explained; None without reasons.
        salt: of the commitment.
    """

    record: bytes
    answer: bytes
    client: ClientId | None
    reference: str | None
    reasons: int
    quick: bool | None
    salt: bytes

    @property
    def commitment(self) -> bytes:
        """The commitment to all attributes."""
        client = None if self.client is None else orjson.dumps(self.client).decode()
        return commitment(
            self.salt,
            [self.record, self.answer, client, self.reference, self.reasons, self.quick],
        )

    def row(self, decision: UUID, at: datetime, record: bytes, answer: bytes) -> dict[str, Any]:
        """The row of `schema.evidence`; see `evidence_rows`.

        Args:
            decision: the decision's id.
            at: its time.
            record: compressed.
            answer: compressed, without its beginning.
        """
        return {
            "decision": decision,
            "at": at,
            "record": record,
            "answer": answer,
            "client": None if self.client is None else orjson.dumps(self.client).decode(),
            "reference": self.reference,
            "reasons": self.reasons,
            "quick": self.quick,
            "salt": self.salt,
        }

    @classmethod
    def of_row(
        cls, row: Mapping[str, Any] | RowMapping, codec: EvidenceCodec = WITHOUT_DICTIONARIES
    ) -> "Evidence":
        """The evidence in a row of `schema.evidence`.

        Args:
            row: with all columns.
            codec: of the bundle that scored.

        Raises:
            zstandard.ZstdError: the row was changed, or another bundle scored.
        """
        return cls(
            record=codec.records.decompress(row["record"]),
            answer=stored_answer(row, codec),
            client=None if row["client"] is None else orjson.loads(row["client"]),
            reference=row["reference"],
            reasons=row["reasons"],
            quick=row["quick"],
            salt=bytes(row["salt"]),
        )


def evidence_rows(
    evidence: Mapping[UUID, Evidence],
    at: datetime,
    codec: EvidenceCodec,
    records: Sequence[bytes] | None = None,
) -> list[dict[str, Any]]:
    """The rows of `schema.evidence` for decisions of the same time, one or more.

    Args:
        evidence: by the decision's id.
        at: the time.
        codec: of the bundle that scored.
        records: compressed already; None to compress them.
    """
    if records is None:
        records = codec.records.compress_all([each.record for each in evidence.values()])
    answers = codec.answers.compress_all(
        [each.answer.removeprefix(answer_head(of, at)) for of, each in evidence.items()]
    )
    return [
        each.row(of, at, record, answer)
        for (of, each), record, answer in zip(evidence.items(), records, answers, strict=True)
    ]


def answer_head(decision: UUID, at: datetime) -> bytes:
    """The beginning of an answer, which is not stored: id and time, 50 bytes compressed."""
    return f'{{"id":"{decision}","at":"{moment_text(at)}"'.encode()


def decision_body(decision: UUID, at: datetime, scored: bytes) -> bytes:
    """The answer of `/decisions` for one application.

    Args:
        decision: the id.
        at: its time, in UTC.
        scored: the answer of `/score`.
    """
    return b"%b,%b" % (answer_head(decision, at), scored[1:])


def stored_answer(row: Mapping[str, Any] | RowMapping, codec: EvidenceCodec) -> bytes:
    """The answer in a row with `answer`, `decision` and `at` of `schema.evidence`.

    Raises:
        zstandard.ZstdError: see `Evidence.of_row`.
    """
    stored = codec.answers.decompress(row["answer"])
    is_whole = stored.startswith(b"{")
    return stored if is_whole else answer_head(row["decision"], row["at"]) + stored


def answer_fields(stored: bytes) -> bytes:
    """A stored answer as a JSON object, without id and time if they are not stored.

    Args:
        stored: decompressed.
    """
    return stored if stored.startswith(b"{") else b"{" + stored[1:]


def later(beside: Executor | None, function: Callable[[], T]) -> Callable[[], T]:
    """A function's result, which another thread computes meanwhile.

    Args:
        beside: the thread; None to compute when the result is wanted.
        function: computes it.
    """
    return function if beside is None else beside.submit(function).result


def new_salt() -> bytes:
    """A salt for one commitment."""
    return secrets.token_bytes(SALT)


def record_texts(rows: RawBatch) -> list[bytes]:
    """Each row as a JSON array of its values."""
    found = []
    for row, numbers in enumerate(np.ascontiguousarray(rows.numbers)):
        values = numbers
        if rows.texts:
            values = numbers.tolist()
            for column, texts in rows.texts.items():
                values[column] = texts[row]
        text = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)  # NaN becomes null
        # A text may hold these bytes, and the sign of -0 would be lost.
        if (not rows.texts or b'"' not in text) and b"-0.0," not in text:
            text = text.replace(b".0,", b",")
        found.append(text)
    return found


@dataclass(frozen=True)
class StoredRecords:
    """Records, for the evidence of decisions.

    Attributes:
        texts: see `record_texts`.
        contents: the texts, compressed.
    """

    texts: Sequence[bytes]
    contents: Sequence[bytes]

    @classmethod
    def of(cls, rows: RawBatch, codec: Codec) -> "StoredRecords":
        """The records of some rows, one or more."""
        texts = record_texts(rows)
        return cls(texts, codec.compress_all(texts))


def rows_of(records: Sequence[bytes], text_columns: Sequence[int]) -> RawBatch:
    """The rows of `record_texts`, to the last bit.

    Args:
        records: JSON arrays of one bundle's features, at least one.
        text_columns: columns of the bundle's text features.

    Raises:
        ValueError, TypeError, IndexError: a record is not JSON, or not of this form.
    """
    features = len(orjson.loads(records[0]))
    numbers = np.empty((len(records), features))
    texts = {column: np.empty(len(records), object) for column in text_columns}
    for row, record in enumerate(records):
        values = orjson.loads(record)
        if len(values) != features:  # NumPy would repeat a single one
            raise ValueError("records of different lengths")
        for column, found in texts.items():
            found[row], values[column] = values[column], None
        numbers[row] = values  # None becomes NaN
    return RawBatch(numbers, texts)
