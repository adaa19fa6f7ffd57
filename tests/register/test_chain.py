"""The canonical form of values, against the plain words of its definition."""

import math
import random
import struct
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum
from hashlib import sha256
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import MetaData

from register.evidence.chain import canonical, row_hash
from register.tables import schema
from register.tables.column_types import EPOCH


class Grade(IntEnum):
    A = 7


NAN = struct.unpack(">d", bytes.fromhex("fff8000000000123"))[0]  # not the usual one
VALUES = [
    None, True, False, 0, -1, 10**30, Grade.A, 0.0, -0.0, 1.5, -5e-324, math.inf, -math.inf,
    math.nan, NAN, np.float64(0.1), "", "é\U0001f600\udc80", "1", b"", b"\0" * 300,
    UUID("0198f2a0-1111-7222-8333-444455556666"), date(2026, 11, 28), EPOCH,
    datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2026, 11, 28, 13, 5, 1, 70, timezone(timedelta(hours=2))),
]  # fmt: skip


def plain(value: object) -> bytes:
    """A value's type, the length of its content in eight bytes, and its content."""
    if value is None:
        kind, content = "n", b""
    elif isinstance(value, bool):
        kind, content = "b", b"\1" if value else b"\0"
    elif isinstance(value, int):
        kind, content = "i", str(int(value)).encode()
    elif isinstance(value, float):
        usual = struct.unpack(">d", bytes.fromhex("7ff8000000000000"))[0]
        kind, content = "f", struct.pack(">d", usual if math.isnan(value) else value)
    elif isinstance(value, str):
        kind, content = "s", value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        kind, content = "x", value
    elif isinstance(value, UUID):
        kind, content = "u", value.bytes
    elif isinstance(value, datetime):
        kind, content = "t", str((value - EPOCH) // timedelta(microseconds=1)).encode()
    else:
        assert isinstance(value, date)
        kind, content = "d", value.isoformat().encode()
    return kind.encode() + struct.pack(">Q", len(content)) + content


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_has_its_plain_form(value):
    assert canonical([value]) == plain(value)


def test_values_follow_each_other():
    draw = random.Random(3)
    for _ in range(200):
        values = draw.choices(VALUES, k=draw.randrange(9))
        assert canonical(iter(values)) == b"".join(map(plain, values))


@pytest.mark.parametrize("value", [[], 1j, object(), bytearray(b"x"), np.int64(1)])
def test_another_type_is_refused(value):
    with pytest.raises(TypeError, match=f"^{type(value).__name__} is not stored$"):
        canonical([value])


def test_a_row_is_hashed_by_its_table_and_its_columns_except_the_block():
    names = [column.name for column in schema.event.columns]
    row = dict(zip(reversed(names), VALUES, strict=False))
    values = [row[name] for name in names if name != "block"]
    expected = sha256(b"".join(map(plain, ["event", *values]))).digest()
    assert row_hash(schema.event, row) == expected
    assert row_hash(schema.event, {**row, "block": 9, "other": 1}) == expected
    assert row_hash(schema.event.to_metadata(MetaData(), name="other"), row) != expected
