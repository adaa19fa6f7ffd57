"""A team's model: its file, what it says of its environment, and that environment."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skops.io.exceptions import UntrustedTypesFoundException

from credit_scoring.data.opening.skops_file import open_skops
from credit_scoring.errors import BadFile
from training.adopt.environment.environment import python_of
from training.adopt.environment.foreign_model import ForeignModel, ModelFacts, opened
from training.adopt.problems import NotAdopted, Problems
from training.adopt.source.model_source import RUNS_CODE, ModelSource, read_source, requirements_in
from training.adopt.source.own_modules import check_installed, own_modules
from training.adopt.source.pickle_listing import PickleListing, list_pickle
from training.adopt.source.recorded_versions import RecordedVersions, recorded_versions
from training.adopt.source.trust import check_trusted


@dataclass(frozen=True)
class ModelOptions:
    """Options on the model.

    Attributes:
        path: of the file or of a folder of MLflow.
        trust: true if a pickle may be opened.
        sha256: of the pickle that may be opened; None without it.
        modules: files with classes of the team.
        requirements: a requirements file with the versions of the training; None without it.
        command: that was typed, to be repeated.
    """

    path: Path
    trust: bool
    sha256: str | None
    modules: Sequence[Path]
    requirements: Path | None
    command: str


@dataclass(frozen=True, eq=False)
class TeamModel:
    """A model, opened by the versions that wrote it.

    Attributes:
        source: its file.
        recorded: the versions in the file and beside it.
        python: of the environment with these versions.
        modules: files with classes of the team, by name.
        foreign: the model in the process that opened it.
        notes: lines on how it was opened.
    """

    source: ModelSource
    recorded: RecordedVersions
    python: Path
    modules: Mapping[str, bytes]
    foreign: ForeignModel
    notes: Sequence[str]

    @property
    def facts(self) -> ModelFacts:
        """The facts that the model states."""
        return self.foreign.facts

    @property
    def is_of_another_environment(self) -> bool:
        """True if it was opened by other versions than those of the service."""
        return self.python != Path(sys.executable)


@dataclass(frozen=True, eq=False)
class ListedModel:
    """A model file that may be opened, and what it says before that."""

    source: ModelSource
    recorded: RecordedVersions
    modules: Mapping[str, bytes]
    listing: PickleListing | None


def list_model(options: ModelOptions, problems: Problems) -> ListedModel:
    """Read a model file without opening it, and note what stands against opening it.

    Raises:
        NotAdopted: there is no such file, or it is none that is read.
        BadFile: the file cannot be read.
    """
    source = read_source(options.path)
    given: dict[str, str] = {}
    if options.requirements is not None:
        given = requirements_in(options.requirements)
        if not given:
            problems.add(
                f"{options.requirements}: pins no versions: --requirements is a file with lines"
                " such as scikit-learn==1.2.2"
            )
    listing, modules = None, {}
    if source.format in RUNS_CODE:
        listing = list_pickle(source.path.name, source.content)
        with problems.noted():
            check_trusted(source, listing, options.trust, options.sha256, options.command)
        modules = own_modules(source, listing, options.modules, problems)
    if source.format == "skops":
        try:  # only types that the service trusts are opened anywhere
            open_skops(source.path.name, source.content, {})
        except BadFile as error:
            is_untrusted = isinstance(error.__cause__, UntrustedTypesFoundException)
            pickled = "; joblib.dump writes it, where the model was made" if is_untrusted else ""
            problems.add(f"{error}{pickled}")
    recorded = recorded_versions(source, listing, given)
    check_installed(recorded, source.path.name, problems)
    return ListedModel(source, recorded, modules, listing)


@contextmanager
def opened_model(listed: ListedModel, has_probabilities: bool) -> Iterator[TeamModel]:
    """Open a model by the versions that wrote it, in another process, while the block runs.

    Args:
        listed: may be opened.
        has_probabilities: true if the makers' probabilities are known, so that the model's own
            environment can be done without.

    Raises:
        NotAdopted: the environment cannot be made, or the model cannot be opened in it.
    """
    notes = []
    recorded = listed.recorded
    try:
        python = python_of(recorded)
    except NotAdopted as error:
        if not has_probabilities:
            raise
        python = Path(sys.executable)
        notes.append(f"warning: {error}; so it was opened with the installed versions, and holds"
                     " against the probabilities of --proba")  # fmt: skip
    if listed.listing is not None and listed.listing.has_code:
        notes.append(
            "warning: it holds functions as code of one Python version; functions in a module file"
            " would outlive it"
        )
    if not any(recorded.pins.values()):
        notes.append(
            "warning: it records no versions, so it was opened with the installed ones only;"
            " give those of the training with --requirements"
        )
    with opened(listed.source, python, listed.modules) as foreign:
        yield TeamModel(listed.source, recorded, python, listed.modules, foreign, notes)
