"""Scores of a bundle's reference clients, which recorded decisions are compared with.

They are kept beside the bundle's files, so that a comparison loads no model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import zstandard
from numpy.typing import DTypeLike, NDArray
from sqlalchemy import Connection, RowMapping, select

from credit_scoring.monitoring.performance.observations import Vector
from register.errors import Damaged
from register.evidence.compression import PLAIN
from register.tables import schema

NUMBERS, FLAGS = np.dtype("<f8"), np.dtype("u1")  # as stored


@dataclass(frozen=True, eq=False)
class ReferenceScores:
    """Scores of the reference clients of a bundle, in the order of train_samp.csv.

    Attributes:
        probability: of class 1, shape (clients,).
        pd: share of such clients that default, shape (clients,); None without a scorecard.
        refused: true if the bundle refuses the client, shape (clients,).
        defaulted: true for a client of class 1, shape (clients,).
    """

    probability: Vector
    pd: Vector | None
    refused: NDArray[np.bool_]
    defaulted: NDArray[np.bool_]

    def __len__(self) -> int:
        """The number of clients."""
        return len(self.probability)

    def row(self, bundle: int) -> dict[str, Any]:
        """The row of `schema.reference_scores`.

        Args:
            bundle: the id of the bundle's row.
        """
        return {
            "bundle": bundle,
            "probability": _packed(self.probability, NUMBERS),
            "pd": None if self.pd is None else _packed(self.pd, NUMBERS),
            "refused": _packed(self.refused, FLAGS),
            "defaulted": _packed(self.defaulted, FLAGS),
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any] | RowMapping) -> Self:
        """The scores in a row of `schema.reference_scores`.

        Raises:
            Damaged: the row was changed.
        """
        try:
            found = cls(
                probability=_unpacked(row["probability"], NUMBERS),
                pd=None if row["pd"] is None else _unpacked(row["pd"], NUMBERS),
                refused=_unpacked(row["refused"], FLAGS).astype(np.bool_),
                defaulted=_unpacked(row["defaulted"], FLAGS).astype(np.bool_),
            )
        except (zstandard.ZstdError, ValueError) as error:
            raise Damaged("its reference scores are damaged") from error
        columns = (found.pd, found.refused, found.defaulted)
        if {len(found)} != {len(found if column is None else column) for column in columns}:
            raise Damaged("its reference scores are of different numbers of clients")
        return found


def read_reference_scores(connection: Connection, bundle: int) -> ReferenceScores | None:
    """The scores of a bundle's reference clients; None if there are none.

    Args:
        connection: to the register.
        bundle: the id of the bundle's row.

    Raises:
        Damaged: the row was changed.
    """
    where = schema.reference_scores.c.bundle == bundle
    row = connection.execute(select(schema.reference_scores).where(where)).mappings().one_or_none()
    return None if row is None else ReferenceScores.of_row(row)


def has_reference_scores(connection: Connection, bundle: int) -> bool:
    """True if the scores of a bundle's reference clients are kept."""
    kept = schema.reference_scores.c.bundle
    return connection.scalar(select(kept).where(kept == bundle)) is not None


def _packed(values: NDArray[Any], kind: DTypeLike) -> bytes:
    return PLAIN.compress(values.astype(kind).tobytes())


def _unpacked(content: bytes, kind: DTypeLike) -> NDArray[Any]:
    return np.frombuffer(PLAIN.decompress(content), kind)
