"""Which columns of a table are which features of the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_scoring.data.artifacts import ID, REFERENCE_FILE, is_feature
from credit_scoring.data.csv_tables import check_distinct
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, first_few
from credit_scoring.model.bundle import Bundle


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of one header.

    Attributes:
        header: names, in the order of the file.
        features: of the model, all of them in its order.
        texts: see `cells.text_of`, by the position of a feature that is text.
        at: the columns of the features that are there, by position among the features.
        computed: features that the table lacks and that follow from others, in the order of the
            formulas.
        ignored: columns that are no features.
    """

    header: tuple[str, ...]
    features: tuple[str, ...]
    texts: Mapping[int, frozenset[str]]
    at: dict[int, int]
    computed: tuple[str, ...]
    ignored: tuple[str, ...]

    @classmethod
    def of(cls, bundle: Bundle, file: str, header: Sequence[str]) -> "Columns":
        """Find the features.

        Raises:
            BadFile: a column is there twice, or one is missing.
        """
        check_header(file, header)
        position = {name: at for at, name in enumerate(header)}
        formulas = bundle.dictionary.formulas
        missing = [name for name in bundle.features if name not in position]
        if unknown := [name for name in missing if name not in formulas]:
            raise BadFile(file, f"lacks features of {REFERENCE_FILE}: {first_few(unknown)}")
        known = set(bundle.features)
        return cls(
            tuple(header),
            bundle.features,
            bundle.scorer.literal,
            {at: position[name] for at, name in enumerate(bundle.features) if name in position},
            tuple(name for name in formulas if name not in position),
            tuple(name for name in header if is_feature(name) and name not in known),
        )

    @cached_property
    def id_at(self) -> int:
        """The column of the ids."""
        return self.header.index(ID)

    @cached_property
    def numbers(self) -> list[int]:
        """Positions of the features that are numbers and there."""
        return [position for position in self.at if position not in self.texts]

    @cached_property
    def texts_there(self) -> list[int]:
        """Positions of the features that are text and there."""
        return [position for position in self.at if position in self.texts]

    def empty(self, rows: int) -> RawBatch:
        """Rows whose numbers are to be filled in; a feature's values lie one after the other."""
        values: Matrix = np.empty((len(self.features), rows))
        others = [at for at in range(len(self.features)) if at not in self.at or at in self.texts]
        values[others] = np.nan
        return RawBatch(values.T, {at: np.full(rows, None, object) for at in self.texts})


def check_header(file: str, header: Sequence[str]) -> None:
    """Check a table's columns without a model.

    Raises:
        BadFile: a column is there twice, or there are no ids.
    """
    check_distinct(file, header)
    if ID not in header:
        raise BadFile(file, f"lacks the column {ID}")
