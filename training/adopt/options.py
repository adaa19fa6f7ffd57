"""Options of the command that adopts a model."""

from dataclasses import dataclass
from pathlib import Path

from training.adopt.table.labelled_cells import ColumnOptions
from training.adopt.team_model import ModelOptions


@dataclass(frozen=True)
class Options:
    """Options of an adoption.

    Attributes:
        model: which model to adopt.
        table: path of the labelled table.
        columns: which columns of it are what.
        out: the folder to write.
        threshold: a probability; None for the model's own.
        reference_clients, new_clients: numbers of clients; None for the defaults.
        features: a ``features.csv`` that was filled in; None for a skeleton.
        with_joblib: true if the model file is to be a pickle even where it need not be.
    """

    model: ModelOptions
    table: Path
    columns: ColumnOptions
    out: Path
    threshold: float | None
    reference_clients: int | None
    new_clients: int | None
    features: Path | None
    with_joblib: bool
