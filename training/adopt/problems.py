"""Problems with a model and its table, collected and said at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from credit_scoring.errors import BadFile


class NotAdopted(Exception):
    """A model cannot be adopted.

    Attributes:
        problems: a line each, with the next step.
        shown: lines to read before.
    """

    def __init__(self, problems: list[str], shown: Sequence[str] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.shown = shown


class Problems:
    """A list of problems that grows until `check` is called."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._shown: list[str] = []

    def add(self, line: str) -> None:
        """Note a problem: one line, whose end is the next step."""
        line = " ".join(line.split())
        if line not in self._lines:
            self._lines.append(line)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note what the block refuses, and go on after it."""
        try:
            yield
        except NotAdopted as error:
            self._shown += error.shown
            for line in error.problems:
                self.add(line)
        except BadFile as error:
            self.add(str(error))

    def check(self) -> None:
        """Raise all problems.

        Raises:
            NotAdopted: there is one.
        """
        if self._lines:
            raise NotAdopted(self._lines, self._shown)
