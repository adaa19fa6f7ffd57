"""`FeatureReference`: the reference clients of a bundle, by bin of every feature."""

import tempfile
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from credit_scoring.data.artifacts import FEATURES_FILE, REFERENCE_FILE
from credit_scoring.data.features.feature_file import read_features
from credit_scoring.data.table_files.client_tables import read_reference
from credit_scoring.data.table_files.column_types import FittedInput, with_declared
from credit_scoring.monitoring.psi import NumberBins, TextCounts, by_category
from register.archive.artefacts import contents
from register.archive.stored_bundles import read_description
from register.monitoring.features.record_bins import RecordBins
from register.monitoring.reading.score_bins import upper_ends
from register.tables import schema


@dataclass(frozen=True, eq=False)
class FeatureReference:
    """The reference clients of a bundle.

    Attributes:
        features: names, in the order of a record.
        labels: of the features, in the same order.
        bins: of the features.
        numbers: clients by bin of each number, missing values last; None for a text.
        texts: clients by category of each text, by its column.
    """

    features: Sequence[str]
    labels: Sequence[str]
    bins: RecordBins
    numbers: Sequence[NDArray[np.int64] | None]
    texts: Mapping[int, TextCounts]

    @classmethod
    def read(
        cls, connection: Connection, bundle: int, texts: Mapping[int, Set[str]]
    ) -> "FeatureReference":
        """The reference clients of a bundle; its model is not opened.

        Args:
            connection: to the register.
            bundle: the id of the bundle.
            texts: features that are texts in records, by column, with some of their values: a
                column of the file that looks like numbers is text then.

        Raises:
            UnknownBundle: no bundle has this id.
            BadFile: a file is not stored, was changed, or cannot be read.
        """
        description = read_description(connection, bundle)
        names = list(description.features)
        with tempfile.TemporaryDirectory(prefix="register-") as name:
            folder = Path(name)
            for file in (REFERENCE_FILE, FEATURES_FILE):
                if file in description.files:
                    with (folder / file).open("wb") as target:
                        target.writelines(contents(connection, file, description.files[file]))
            dictionary, _ = read_features(folder / FEATURES_FILE, None, names)
            types = with_declared({}, dictionary) | {
                names[column]: FittedInput("text", frozenset(values))
                for column, values in texts.items()
            }
            population = read_reference(folder / REFERENCE_FILE, None, names, types).population
        binned = [
            None if column in population.categories else NumberBins.of(values)
            for column, values in enumerate(population.columns)
        ]
        dictionary_row = select(schema.bundle.c.record_dictionary).where(
            schema.bundle.c.id == bundle
        )
        return cls(
            features=names,
            labels=[feature.label for feature in dictionary.features.values()],
            bins=RecordBins(
                [None if bins is None else upper_ends(bins) for bins in binned],
                connection.scalar(dictionary_row),
                texts,
            ),
            numbers=[
                None if bins is None else bins.counts(values)
                for bins, values in zip(binned, population.columns, strict=True)
            ],
            texts={
                column: by_category(population.columns[column], categories)
                for column, categories in population.categories.items()
            },
        )
