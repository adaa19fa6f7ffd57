"""Applications to be scored: a client or a raw record, with changes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from credit_scoring.data.table_files.client_ids import ClientId
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import InvalidApplication, UnknownClient

LONGEST_REFERENCE = 64  # characters of an external id
MOST_AUDIT_COLUMNS = 10
AUDIT_NAME = "[A-Za-z0-9_-]{1,40}"
LONGEST_AUDIT_VALUE = 100  # characters

Value = float | str | None
Values = Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class RawRecord:
    """Raw values of a person, who need not be a client.

    Attributes:
        numbers: numbers by column, shape (features,); NaN for a missing value, a feature that is
            left out, and a text.
        texts: texts by column; None for a missing one.
        left_out: names of the features to compute by their formulas.
    """

    numbers: Matrix
    texts: Mapping[int, str | None]
    left_out: frozenset[str]


@dataclass(frozen=True, eq=False)
class Application:
    """One application, with either `client` or `record`.

    Attributes:
        client: a new client's id.
        record: raw values.
        changes: new values by feature, for a what-if.
        external_id: the caller's own number.
        audit: values by name for audits of decisions, such as a protected group; no model and no
            answer has them.
    """

    client: ClientId | None
    record: RawRecord | None = None
    changes: Values = field(default_factory=dict)
    external_id: str | None = None
    audit: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Applications:
    """One application or a list.

    Attributes:
        items: one or more applications.
        is_list: true if the caller sent a list; errors then name the application.
    """

    items: Sequence[Application]
    is_list: bool = False

    def __len__(self) -> int:
        """Return the number of applications."""
        return len(self.items)

    @contextmanager
    def located(self, rows: Sequence[int] | None = None) -> Iterator[None]:
        """Name the application in errors about it.

        Args:
            rows: indices of the applications that the block works on; None for all.

        Raises:
            InvalidApplication: raised in the block; `row` becomes the index among all applications.
            UnknownClient: raised in the block, which must work on one application.
        """
        try:
            yield
        except InvalidApplication as refused:
            row = refused.row if rows is None else rows[refused.row]
            raise InvalidApplication(f"{self._prefix(row)}{refused}", row) from refused
        except UnknownClient as unknown:
            row = rows[0] if rows else 0
            raise UnknownClient(f"{self._prefix(row)}{unknown}") from unknown

    def _prefix(self, row: int) -> str:
        return f"applications[{row}]: " if self.is_list else ""
