"""The parts of a table that a model and its folder need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import ID
from credit_scoring.data.table_files.column_types import FittedInput
from training.adopt.environment.service_model import recorded_types
from training.adopt.options import Options
from training.adopt.problems import Problems
from training.adopt.table.chosen_clients import Rows, choose_clients
from training.adopt.table.columns import columns_for, text_columns
from training.adopt.table.labelled_cells import LabelledCells
from training.adopt.team_model import TeamModel
from training.features.dictionary import check_not_filled_in, declared_kinds, skeleton


@dataclass(frozen=True, eq=False)
class TablePlan:
    """A choice of columns and clients.

    Attributes:
        columns: those that the model takes, in its order.
        texts: those of them that are text.
        features: the content of ``features.csv``.
        reference, new: the rows of the reference population and of the new clients.
    """

    columns: Sequence[str]
    texts: set[str]
    features: bytes
    reference: Rows
    new: Rows

    @property
    def rows(self) -> Rows:
        """All rows, those of the reference population first."""
        return np.concatenate([self.reference, self.new])


def plan_table(options: Options, model: TeamModel, here: Any, table: LabelledCells) -> TablePlan:
    """Find what the model takes in the table.

    Args:
        options: of the caller.
        model: in its own environment.
        here: the object in its file, as the service opens it.
        table: the team's.

    Raises:
        NotAdopted: the two do not fit, or the table has too few clients.
    """
    problems = Problems()
    columns: list[str] = []
    reference, new, content = np.empty(0, np.int64), np.empty(0, np.int64), b""
    with problems.noted():
        columns = columns_for(model.source.path.name, model.facts, table)
    with problems.noted():
        reference, new = choose_clients(
            table.name, table.is_default, options.reference_clients, options.new_clients
        )
    types: Mapping[str, FittedInput] = {}
    if columns:
        with problems.noted():
            types = recorded_types(model.source.path.name, here, columns, model.facts.classes)
    texts = text_columns(model.source.path.name, table, columns, types, problems)
    with problems.noted():
        content, texts = _features(options, table, columns, texts)
    problems.check()
    return TablePlan(columns, texts, content, reference, new)


def _features(
    options: Options, table: LabelledCells, columns: Sequence[str], texts: set[str]
) -> tuple[bytes, set[str]]:
    """The content of `features.csv`, and the columns that are text by it."""
    features = [name for name in columns if name != ID]
    if options.features is None:
        frame = pd.DataFrame(columns=pd.Index([name for name in features if name in table.cells]))
        check_not_filled_in(options.out, frame)
        return skeleton(features, texts), texts
    content = options.features.read_bytes()
    kinds = declared_kinds(content)
    declared = {name for name, kind in kinds.items() if kind.kind == "text" and name in features}
    return content, (texts - set(kinds)) | declared
