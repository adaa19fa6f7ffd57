"""The first reading of a folder: each line is read, and each decision scored; nothing is written.

So a folder with a bad line loads nothing, and one without loads all.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from credit_scoring.decisions.scoring import Evaluation
from credit_scoring.errors import InvalidApplication
from credit_scoring.model.refusals import Refused, attempts
from register.loading.folder import LoadFolder
from register.loading.given_decision import DecisionReader, GivenDecision
from register.loading.given_review import GivenRequest, GivenReview
from register.loading.lines import BadLine, Line, read_lines
from register.loading.references import References
from register.loading.scored_decisions import LoadingBundle

AT_ONCE = 250  # decisions that are scored and written together
NAMED = 20  # bad lines in the report
TWICE = "an earlier decision has the same external_id"
UNKNOWN = "no decision has this reference"

Given = TypeVar("Given", GivenDecision, GivenRequest, GivenReview)
Item = TypeVar("Item")


@dataclass(eq=False)
class BadLines:
    """Bad lines of a folder.

    Attributes:
        count: of them.
        named: the first ones, with their problems.
    """

    count: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, path: Path, line: int, problem: object) -> None:
        """Take a bad line."""
        self.count += 1
        if len(self.named) < NAMED:
            self.named.append(f"{path.name}, line {line}: {problem}")


@dataclass(frozen=True, eq=False)
class Checked:
    """A folder that was read once.

    Attributes:
        bad: lines.
        decisions, requests, reviews: numbers of good lines.
    """

    bad: BadLines
    decisions: int
    requests: int
    reviews: int


def check(folder: LoadFolder, bundles: Iterable[LoadingBundle], now: datetime) -> Checked:
    """Read all lines, and score all decisions.

    Args:
        folder: the files.
        bundles: of its decision files, in their order.
        now: the present time; a later one is refused.

    Raises:
        BadFile: a file cannot be read, or a model cannot score.
    """
    bad, references = BadLines(), References()
    ends: list[tuple[int, Path]] = []
    for file, bundle in zip(folder.decisions, bundles, strict=True):
        reader = DecisionReader(bundle.bundle, now)
        for some in in_chunks(readings(file.path, reader.read, bad)):
            for part in attempts(range(len(some)), evaluating(bundle, some), InvalidApplication):
                if isinstance(part, Refused):
                    bad.add(file.path, some[part.row].line, part.error)
            for given in some:
                references.add(given.reference, given.at, given.line)
        ends.append((len(references), file.path))
    for index, line in references.repeated():
        path = next(path for end, path in ends if index < end)
        bad.add(path, line, TWICE)
    counts = [
        _check_reviews(path, read, references, bad, now)
        for path, read in ((folder.requests, GivenRequest.read), (folder.reviews, GivenReview.read))
    ]
    return Checked(bad, len(references), *counts)


def evaluating(bundle: LoadingBundle, some: list[GivenDecision]) -> Callable[[range], Evaluation]:
    """A function that scores a range of some decisions."""
    return lambda part: bundle.evaluate(some[part.start : part.stop])


def readings(path: Path, read: Callable[[Line], Given], bad: BadLines) -> Iterator[Given]:
    """The good lines of a file, read."""
    for line in read_lines(path):
        try:
            yield read(line)
        except BadLine as problem:
            bad.add(path, line.number, problem)


def in_chunks(items: Iterable[Item], size: int = AT_ONCE) -> Iterator[list[Item]]:
    """Lists of some items each."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _check_reviews(
    path: Path,
    read: Callable[[Line, datetime], GivenRequest] | Callable[[Line, datetime], GivenReview],
    references: References,
    bad: BadLines,
    now: datetime,
) -> int:
    """Check requests or reviews; gives the number of good ones. A file that is missing has none."""
    number, last = 0, datetime.min.replace(tzinfo=now.tzinfo)
    if not path.exists():
        return 0
    for line in read_lines(path):
        try:
            given = read(line, now)
        except BadLine as problem:
            bad.add(path, line.number, problem)
            continue
        decided = references.time(given.reference)
        if decided is None:
            bad.add(path, line.number, UNKNOWN)
        elif given.at < decided:
            bad.add(path, line.number, "at is before its decision")
        elif given.at < last:
            bad.add(path, line.number, "at is before that of the line before")
        else:
            number, last = number + 1, given.at
    return number
