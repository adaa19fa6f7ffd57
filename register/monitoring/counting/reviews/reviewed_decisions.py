"""`ReviewedDecisions`: the decisions with reviews or requests, found by their numbers."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from register.monitoring.counting.values import Codes
from register.monitoring.reading.column_blocks import NO_WHOLE, Columns

Numbers = NDArray[np.int64]


@dataclass(eq=False)
class ReviewedDecisions:
    """Decisions of a period that have reviews or requests, collected block by block.

    Attributes:
        parts: of each block, shape (4, decisions): number, cell, prediction of the model, code of
            the caller as read.
    """

    parts: list[Numbers] = field(default_factory=list)

    def add(self, columns: Columns, cell: Codes) -> None:
        """Add those of a block.

        Args:
            columns: of `DecisionFacts`, with `caller`.
            cell: of each decision.
        """
        rows = np.flatnonzero(columns["reviewed"] != NO_WHOLE)
        if len(rows):
            found = (columns["reviewed"], cell, columns["prediction"], columns["caller"])
            self.parts.append(np.array([values[rows] for values in found], np.int64))

    def steps(self, steps: Columns) -> Columns:
        """The steps of these decisions, with `cell`, `prediction` and `caller` of the decision.

        Args:
            steps: of `review_steps`; those of other decisions are left out.
        """
        found = np.concatenate([np.zeros((4, 0), np.int64), *self.parts], axis=1)
        number, cell, prediction, caller = found[:, np.argsort(found[0])]
        at = np.searchsorted(number, steps["number"])
        is_here = np.append(number, [0])[at] == steps["number"]
        at = at[is_here]
        return {
            **{name: values[is_here] for name, values in steps.items()},
            "cell": cell[at],
            "prediction": prediction[at],
            "caller": caller[at],
        }
