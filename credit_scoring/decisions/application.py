"""Applications that are to be scored: a client or a raw record, and changes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from credit_scoring.data.tables import Matrix
from credit_scoring.errors import InvalidApplication, UnknownClient

Value = float | str | None
Values = Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class RawRecord:
    """Raw values of a person, who need not be a client.

    Attributes:
        numbers: in the order of the features, shape (features,); NaN for a missing value, for one
            that is left out, and for a text.
        texts: by column; None for a missing one.
        left_out: names of features that are to be computed by their formulas.
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
        changes: new values by feature, of a what-if.
        external_id: the caller's own number.
    """

    client: int | None
    record: RawRecord | None = None
    changes: Values = field(default_factory=dict)
    external_id: str | None = None


@dataclass(frozen=True, eq=False)
class Applications:
    """Applications that are scored together.

    Attributes:
        items: one or more.
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
            rows: the applications that the block works on; all if None.

        Raises:
            InvalidApplication: as in the block, with its row among all applications.
            UnknownClient: as in the block, for the first of `rows`.
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
