"""The steps from a team's model and table to a folder that the service loads."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from credit_scoring.data.artifacts import ID, MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import naming
from training.adopt.environment.service_model import open_here
from training.adopt.folder.folder_content import (
    PREDICTED,
    folder_content,
    metadata_of,
    quality_on_table,
)
from training.adopt.folder.served_folder import ServedFolder, model_files, write_served
from training.adopt.options import Options
from training.adopt.problems import NotAdopted, Problems
from training.adopt.table.chosen_clients import Rows
from training.adopt.table.labelled_cells import LabelledCells, label_cells
from training.adopt.table.labels import default_class
from training.adopt.table_plan import TablePlan, plan_table
from training.adopt.team_model import TeamModel, list_model, opened_model

OWN_THRESHOLD = "--threshold: the model has a threshold of its own: leave the option out"
SINGLE_PRECISION = 1e-6  # of probabilities that a library computes in single precision

Say = Callable[[str], None]  # takes the name of the step that begins


@dataclass(frozen=True, eq=False)
class Adoption:
    """A model that was adopted.

    Attributes:
        model: the team's.
        table: the team's.
        dropped: columns of the table that the model does not take.
        folder: as written and loaded.
        quality: figures of the model on the clients of the folder.
        notes: lines on what was decided.
        reference, new: the rows of the table in either file.
    """

    model: TeamModel
    table: LabelledCells
    dropped: Sequence[str]
    folder: ServedFolder
    quality: dict[str, float]
    notes: Sequence[str]
    reference: Rows
    new: Rows


def adopt(options: Options, say: Say) -> Adoption:
    """Make a folder from a team's model and table.

    Args:
        options: what the caller wants.
        say: is told the name of each step.

    Raises:
        NotAdopted: something is wrong; all that can be found at once.
        BadFile: the service does not load the result, or gives other probabilities.
        OSError: a file cannot be read or written.
    """
    say("reading")
    problems = Problems()
    table, listed = None, None
    with problems.noted():
        table = label_cells(options.table, options.columns, problems)
    with problems.noted():
        listed = list_model(options.model, problems)
    problems.check()
    if table is None or listed is None:
        raise NotAdopted([f"{options.table}: cannot be read"])  # `check` has said more
    say("environment")
    with opened_model(listed, table.stored is not None) as model:
        if options.threshold is not None and model.facts.has_threshold:
            raise NotAdopted([OWN_THRESHOLD])
        here = open_here(model.source, model.modules)
        plan = plan_table(options, model, here, table)
        say("probabilities")
        both = _probabilities(model, table, plan)
        meaning = default_class(
            model.facts.classes,
            table.labels,
            table.default_label,
            table.is_default[plan.rows],
            both,
        )
        probability = both[:, meaning.column]
        notes = [*table.notes, *model.notes, *meaning.notes]
        notes += _compared(table, plan.rows, probability)
    say("proof")
    threshold = options.threshold
    if threshold is None and not model.facts.has_threshold:
        threshold = PREDICTED
        notes.append(f"threshold {PREDICTED}, that of the model's own predict; --threshold sets it")
    figures = quality_on_table(table, plan, probability, threshold)
    metadata = metadata_of(model, table, threshold, meaning, figures)
    content = folder_content(model, table, plan, probability, metadata)
    models = model_files(model.source, here, options.with_joblib)
    options.out.mkdir(parents=True, exist_ok=True)
    with naming(MODEL_FILE, model.source.path.name):
        folder = write_served(options.out, models, content)
    dropped = [name for name in table.features if name not in plan.columns]
    return Adoption(model, table, dropped, folder, figures, notes, plan.reference, plan.new)


def _probabilities(model: TeamModel, table: LabelledCells, plan: TablePlan) -> Matrix:
    """The probabilities of both classes for the rows of a plan, shape (rows, 2)."""
    frame = table.cells.iloc[plan.rows]
    if ID in plan.columns and ID not in frame:
        frame = frame.assign(**{ID: table.ids.iloc[plan.rows]})
    with tempfile.TemporaryDirectory(prefix="adopt-") as folder:
        path = Path(folder, "table.csv")
        frame[list(plan.columns)].to_csv(path, index=False)
        return model.foreign.probabilities(path, sorted(plan.texts))


def _compared(table: LabelledCells, rows: Rows, probability: Matrix) -> list[str]:
    """Hold the makers' probabilities, if they gave some, against the model's."""
    if table.stored is None:
        return []
    difference = np.abs(table.stored[rows] - probability)
    if (difference > SINGLE_PRECISION).any():
        at = int(difference.argmax())
        raise NotAdopted(
            [f"{table.name}: row {rows[at] + 1}: the makers' probability is"
             f" {float(table.stored[rows][at])!r}, and the model gives {float(probability[at])!r}"
             " in the environment of its versions: the table, the class that means default or the"
             " versions are not those of the makers"]
        )  # fmt: skip
    return [
        f"the makers' probabilities are the model's (largest difference {difference.max():.1e})"
    ]
