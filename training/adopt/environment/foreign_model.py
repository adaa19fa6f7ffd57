"""A model in its own environment: what it takes, and its probabilities there."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from credit_scoring.data.tables import Matrix
from training.adopt.problems import NotAdopted
from training.adopt.source.model_source import Format, ModelSource
from training.adopt.source.recorded_versions import PACKAGES

SCRIPT = Path(__file__).with_name("scoring_script.py")
SAID = 300  # characters of an error, at most
ERROR = re.compile(r"[\w.]+(Error|Exception): ")
LIBRARIES = ("numpy", "pandas", "scipy", "joblib", *PACKAGES)


@dataclass(frozen=True)
class Job:
    """The argument of `scoring_script.py`.

    Attributes:
        format: of the model file.
        model: path of the model file.
        modules: a folder with modules of the team.
        libraries: modules whose versions are reported.
    """

    format: Format
    model: str
    modules: str
    libraries: Sequence[str] = LIBRARIES


@dataclass(frozen=True)
class ModelFacts:
    """Facts that a model states, opened in its own environment.

    Attributes:
        classes: labels of the columns of its probabilities.
        names: of the columns that it takes, in its order; empty if it records none.
        width: their number; None if it is not recorded.
        kind: the name of the classifier's class.
        has_threshold: true if a decision threshold is stored with it.
        versions: of the libraries that it uses, by module, and of Python.
    """

    classes: Sequence[Any]
    names: Sequence[str]
    width: int | None
    kind: str
    has_threshold: bool
    versions: Mapping[str, str]


class ForeignModel:
    """A model that another process has opened, by the libraries that wrote it.

    Attributes:
        facts: what it says of itself.
    """

    def __init__(self, name: str, process: "subprocess.Popen[str]", said: IO[str]) -> None:
        """Wait until the model is open.

        Args:
            name: of the model file.
            process: runs `scoring_script.py`.
            said: its standard error.

        Raises:
            NotAdopted: the model cannot be opened there, or is not one classifier.
        """
        self._name = name
        self._process = process
        self._said = said
        self.facts = ModelFacts(**json.loads(self._answer("cannot be opened")))

    def probabilities(self, table: Path, texts: Sequence[str]) -> Matrix:
        """The probabilities that the model gives, shape (rows, 2).

        Args:
            table: CSV with the columns that the model takes, and perhaps others.
            texts: the columns of it that are read as text.

        Raises:
            NotAdopted: the model does not take the table.
        """
        question = {"table": str(table), "texts": list(texts)}
        path = Path(json.loads(self._answer("does not take the table", json.dumps(question))))
        found: Matrix = np.load(path)
        if found.ndim == 1 or found.shape[1] == 1:
            raise NotAdopted(
                [f"{self._name}: its {self.facts.kind} gives one column of probabilities, and"
                 " predict_proba gives one for each of two classes: store the model inside it"]
            )  # fmt: skip
        if found.ndim != 2 or found.shape[1] != 2:
            raise NotAdopted(
                [f"{self._name}: gives probabilities of shape {found.shape}, and two classes are"
                 " served: train it on two"]
            )  # fmt: skip
        if not np.isfinite(found).all():
            row = int((~np.isfinite(found)).any(axis=1).argmax()) + 1
            raise NotAdopted([f"{self._name}: gives no probability for row {row}: remove it"])
        return found

    def _answer(self, refusal: str, question: str = "") -> str:
        """The answer to a question, a line of JSON.

        Raises:
            NotAdopted: the process ended instead; the message has its error.
        """
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise NotAdopted([f"{self._name}: {refusal}"])
        if question:
            asked.write(question + "\n")
            asked.flush()
        answer = answers.readline()
        if not answer:
            self._process.wait()
            self._said.seek(0)
            error = last_error(self._said.read())
            raise NotAdopted(
                [f"{self._name}: {refusal} in the environment of its versions: {error}"
                 f"{_next_step(error)}"]
            )  # fmt: skip
        return answer


@contextmanager
def opened(
    source: ModelSource, python: Path, modules: Mapping[str, bytes]
) -> Iterator[ForeignModel]:
    """Open a model with another Python while the block runs.

    Args:
        source: the model file.
        python: of the environment.
        modules: files of modules of the team, by name.

    Raises:
        NotAdopted: the model cannot be opened there, or is not one classifier.
    """
    with tempfile.TemporaryDirectory(prefix="adopt-") as name:
        folder = Path(name)
        path = folder / f"model{source.path.suffix}"
        path.write_bytes(source.content)  # the bytes that were listed, whatever the file is now
        for file, content in modules.items():
            (folder / "modules" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "modules" / file).write_bytes(content)
        job = folder / "job.json"
        described = Job(source.format, str(path), str(folder / "modules"))
        job.write_text(json.dumps(asdict(described)), encoding="utf-8")
        # -I: neither the caller's folder nor its variables change what is imported.
        command: list[str | Path] = [python, "-I", "-W", "ignore", "-X", "utf8", SCRIPT, job]
        with (
            (folder / "said.txt").open("w+", errors="replace") as said,
            subprocess.Popen(  # noqa: S603 - our script, by a Python that we chose
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
                cwd=folder,
            ) as process,
        ):  # fmt: skip
            try:
                yield ForeignModel(source.path.name, process, said)
            finally:
                process.kill()


def last_error(said: str) -> str:
    """The error with which a process ended, in one line: its last lines, from the error's name."""
    lines = said.strip().splitlines() or ["no message"]
    begins = [at for at, line in enumerate(lines) if ERROR.match(line)]
    error = " ".join(" ".join(lines[begins[-1] if begins else -1 :]).split())
    return error if len(error) <= SAID else error[:SAID] + "…"


def _next_step(said: str) -> str:
    if "__main__" in said:
        return "; give the code of its classes as --module __main__.py"
    if "ModuleNotFoundError" in said or "ImportError" in said or "AttributeError" in said:
        return "; if its versions are others, give them with --requirements, own code with --module"
    if "NaN" in said:
        return "; fill the missing cells of the table as the training did"
    return ""
