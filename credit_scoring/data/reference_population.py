"""The reference population: clients whose outcome is known, with their feature values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Categories, Matrix


@dataclass(frozen=True, eq=False)
class ReferencePopulation:
    """Feature values of clients with a known outcome as doubles, in file order.

    Attributes:
        columns: one array per feature, shape (clients,), NaN where a value is missing; a text is
            the index of its category.
        categories: of each text feature, by its column.
        by_class: the rows of the clients of class 0, and those of class 1.
        scores: probabilities of class 1 by the model, shape (clients,), if loading computed them.
    """

    columns: Sequence[Matrix]
    categories: Categories
    by_class: tuple[NDArray[np.intp], NDArray[np.intp]]
    scores: Matrix | None = None

    def __len__(self) -> int:
        """The number of clients."""
        return sum(map(len, self.by_class))

    def rows(self, clients: NDArray[np.intp]) -> RawBatch:
        """A copy of some clients' values, as a transformer takes them."""
        values = np.column_stack([column[clients] for column in self.columns])
        return RawBatch.of_table(values, self.categories)

    def of_class(self, label: Literal[0, 1], column: int) -> Matrix | list[str]:
        """The values of one feature that are not missing: doubles, or texts."""
        values = self.columns[column][self.by_class[label]]
        present = values[~np.isnan(values)]
        if column in self.categories:
            return [self.categories[column][int(code)] for code in present]
        return present
