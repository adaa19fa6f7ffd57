"""Rows of stored records, decoded."""

from collections.abc import Sequence

import orjson
import zstandard

from credit_scoring.data.raw_batch import RawBatch
from register.evidence.compression import Codec
from register.evidence.records import rows_of

QUOTE = b'"'


class DamagedEvidence(Exception):
    """Evidence that cannot be decoded."""


def evidence_rows(
    records: Sequence[bytes], codec: Codec, features: int, texts: Sequence[int] | None = None
) -> RawBatch:
    """Raw values of records, to the last bit.

    Args:
        records: compressed, of decisions of one bundle; one or more.
        codec: of the bundle's records.
        features: number of the bundle's features.
        texts: columns of the bundle's text features; None if they are not known. Then a column is
            one of text if a record has a text in it.

    Raises:
        DamagedEvidence: a record cannot be decoded.
    """
    try:
        decoded = [codec.decompress(record) for record in records]
        columns = text_columns(decoded) if texts is None else texts
        rows = rows_of(decoded, columns)
    except (zstandard.ZstdError, ValueError, TypeError, IndexError) as error:
        raise DamagedEvidence from error
    if rows.numbers.shape != (len(records), features):
        raise DamagedEvidence
    return rows


def text_columns(records: Sequence[bytes]) -> list[int]:
    """Columns in which a record has a text, in ascending order.

    Args:
        records: see `register.evidence.records.record_texts`.

    Raises:
        ValueError: a record is not JSON.
    """
    found: set[int] = set()
    for record in records:
        if QUOTE in record:  # else it has numbers and nulls only
            values = orjson.loads(record)
            found.update(column for column, value in enumerate(values) if isinstance(value, str))
    return sorted(found)
