"""The content of the files beside the model: tables, `model.json`, requirements."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from credit_scoring.data.artifacts import ID, PROBA, TARGET
from credit_scoring.data.tables import Matrix
from training.adopt.folder.served_folder import FolderContent
from training.adopt.source.model_source import requirements_in
from training.adopt.source.recorded_versions import ALTERNATIVES, installed_version
from training.adopt.table.labelled_cells import LabelledCells
from training.adopt.table.labels import DefaultClass
from training.adopt.table_plan import TablePlan
from training.adopt.team_model import TeamModel
from training.quality import quality

PREDICTED = 0.5  # the threshold of scikit-learn's `predict`
SERVICE_REQUIREMENTS = Path(__file__).parents[3] / "requirements.txt"


def quality_on_table(
    table: LabelledCells, plan: TablePlan, probability: Matrix, threshold: float | None
) -> dict[str, float]:
    """The figures of the model on all clients of a plan."""
    clients = pd.DataFrame({TARGET: table.is_default[plan.rows].astype(int)})
    figures = quality(clients, probability, PREDICTED if threshold is None else threshold)
    return {"clients": figures.pop("held_out_clients"), **figures}  # the model may have seen them


def folder_content(
    model: TeamModel,
    table: LabelledCells,
    plan: TablePlan,
    probability: Matrix,
    metadata: dict[str, Any],
) -> FolderContent:
    """All files but the model's."""
    frame = table.cells[[name for name in plan.columns if name in table.cells and name != ID]]
    frame = pd.concat([table.ids.rename(ID), frame], axis="columns")
    reference = frame.iloc[plan.reference].assign(
        **{
            TARGET: table.is_default[plan.reference].astype(int),
            PROBA: probability[: len(plan.reference)],
        }
    )
    return FolderContent(
        metadata,
        reference,
        frame.iloc[plan.new],
        plan.features,
        _requirements(model),
        model.modules,
    )


def metadata_of(
    model: TeamModel,
    table: LabelledCells,
    threshold: float | None,
    meaning: DefaultClass,
    figures: dict[str, float],
) -> dict[str, Any]:
    """The content of `model.json` without the hashes of the other files."""
    source = model.source
    return {
        **({} if threshold is None else {"threshold": threshold}),
        **({} if meaning.stated is None else {"default_class": meaning.stated}),
        "source": f"{source.path.name} and {table.name}",
        "adopted": datetime.now(UTC).date().isoformat(),
        "adopted_file": {
            "name": source.path.name,
            "format": source.format,
            "sha256": source.sha256,
        },
        "quality_on_table": figures,
        "versions": dict(model.facts.versions),
    }


def _requirements(model: TeamModel) -> list[str]:
    """The packages that the model needs beside those of the service, pinned as installed here."""
    deployed = requirements_in(SERVICE_REQUIREMENTS)
    needed = [name for name in model.recorded.pins if name not in deployed]
    names = [ALTERNATIVES.get(name, name) for name in needed if installed_version(name)]
    return sorted(f"{name}=={version(name)}" for name in names)
