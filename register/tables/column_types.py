"""Column types that both databases have, and values of them."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    LargeBinary,
    TypeDecorator,
    func,
    literal_column,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Id(TypeDecorator[UUID]):
    """A UUID: PostgreSQL's own type, 16 bytes in SQLite."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of a database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """A value for the database."""
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, _: Dialect) -> UUID | None:
        """A value of the database."""
        return UUID(bytes=value) if isinstance(value, bytes) else value


class Moment(TypeDecorator[datetime]):
    """A time in UTC to the microsecond: PostgreSQL's own type, an integer in SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of a database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """A value for the database."""
        return value if value is None or dialect.name == "postgresql" else microseconds(value)

    def process_result_value(self, value: Any, _: Dialect) -> datetime | None:
        """A value of the database."""
        if isinstance(value, int):
            return EPOCH + value * MICROSECOND
        return None if value is None else value.astimezone(UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - EPOCH) // MICROSECOND


@lru_cache(maxsize=1)  # the decisions of a call have the same time
def moment_text(moment: datetime) -> str:
    """A time in UTC to the microsecond, such as 2026-11-28T13:05:01.123456Z."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def beginning(pseudonym: ColumnElement[bytes]) -> ColumnElement[bytes]:
    """The part of a pseudonym that is indexed; a search needs it beside the whole one."""
    return func.substr(pseudonym, literal_column("1"), literal_column("6"))
