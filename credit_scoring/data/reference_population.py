"""The reference clients: values of a feature among those who paid and those who did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Categories, Matrix


@dataclass(frozen=True, eq=False)
class ReferencePopulation:
    """Feature values of the reference clients as doubles, a feature at a time, in file order.

    Attributes:
        columns: an array a feature, shape (clients,), NaN where a value is missing.
        categories: by the position of a text feature.
        by_class: the positions of the clients of class 0, and of those of class 1.
        scores: probabilities of class 1 by the model, shape (clients,), if the start computed them.
    """

    columns: Sequence[Matrix]
    categories: Categories
    by_class: tuple[NDArray[np.intp], NDArray[np.intp]]
    scores: Matrix | None = None

    def __len__(self) -> int:
        """How many clients there are."""
        return sum(map(len, self.by_class))

    def rows(self, clients: NDArray[np.intp]) -> RawBatch:
        """Some clients' values as a transformer takes them, copied."""
        values = np.column_stack([column[clients] for column in self.columns])
        return RawBatch.of_table(values, self.categories)

    def of_class(self, label: Literal[0, 1], column: int) -> Matrix | list[str]:
        """The values of one feature, missing ones left out: doubles, or texts."""
        values = self.columns[column][self.by_class[label]]
        present = values[~np.isnan(values)]
        if column in self.categories:
            return [self.categories[column][int(code)] for code in present]
        return present
