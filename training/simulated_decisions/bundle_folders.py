"""The folders of the two models, fitted by the trainer's own steps."""

from pathlib import Path

from credit_scoring.data.artifacts import ID, TARGET
from credit_scoring.data.tables import features_of
from training.features.dictionary import home_credit, in_full, read_dictionary
from training.model_folder import ModelFolder
from training.population.simulation import simulate
from training.simulated_decisions.applicants import groups, without_unseen
from training.simulated_decisions.scenario import MONTHS, Scenario
from training.table import Split, split

TRAINING_CLIENTS, REFERENCE_CLIENTS, NEW_CLIENTS = 10_000, 2_000, 200
SETTINGS = {"n_estimators": 100, "n_jobs": 1}  # small models, and no thread that waits for another
ACCEPTED = 0.75  # of the training clients
FOLDERS = ("ressources-1", "ressources-2")


def make_folders(out: Path, scenario: Scenario) -> tuple[Path, Path]:
    """Fit both models: on applicants of the first months, and on drifted ones.

    Raises:
        BadFile, OSError: a file cannot be written.
    """
    first, second = (out / name for name in FOLDERS)
    make_folder(first, scenario, 0)
    make_folder(second, scenario, MONTHS - 1)
    return first, second


def make_folder(out: Path, scenario: Scenario, month: int) -> None:
    """Fit a model on applicants such as those of a month; it sees neither sex nor age.

    Raises:
        BadFile, OSError: a file cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    source = f"simulated applicants of {scenario.month(month):%Y-%m}, seed {scenario.seed}"
    clients = TRAINING_CLIENTS + REFERENCE_CLIENTS + NEW_CLIENTS
    # Another seed than those of the applicants, who come from a sequence of `scenario.seed`.
    seed = scenario.seed + 1_000_003 * (month + 1)
    table = simulate(clients, seed, shift=scenario.shift(month))
    audited = groups(table)
    table = without_unseen(table)
    parts = split(table, REFERENCE_CLIENTS, NEW_CLIENTS, seed % 2**32, source)
    parts = Split(parts.training, in_full(parts.reference), in_full(parts.new))
    features = parts.reference.drop(columns=[ID, TARGET])
    content = home_credit(features_of(features))
    folder = ModelFolder(
        out=out,
        parts=parts,
        audited=audited,
        content=content,
        dictionary=read_dictionary(content, features, source),
        source=source,
        seed=seed % 2**31,
        accepted=ACCEPTED,
        settings=SETTINGS,
    )
    folder.make()
