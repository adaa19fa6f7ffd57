"""Errors of the domain, and parts of their messages, safe to log and of limited length.

ScoringError
 ├─ BadFile             a file of the bundle cannot be used
 ├─ UnknownClient       no new client has this id
 ├─ UnknownFeature      no feature has this name
 ├─ UnknownLanguage     features.csv has no words in this language
 ├─ InvalidRecord       a record cannot be scored
 ├─ InvalidApplication  an application cannot be scored
 ├─ InconsistentScore   a client scores differently than at the start
 └─ NoPeers             the reference population cannot be scored
"""

import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

NAMED_AT_MOST = 5  # names in one message
NEVER_MISSING = "null, though never missing among clients"
NAME_LENGTH = 100  # characters of a name in a message


class ScoringError(Exception):
    """An error of this package, whose text may be sent to the caller."""


class BadFile(ScoringError):
    """A file of the bundle cannot be used; the message is one line that begins with its name.

    Attributes:
        file: its name.
        problem: the rest of the message.
    """

    def __init__(self, file: str, problem: str) -> None:
        self.file, self.problem = file, " ".join(problem.split())
        super().__init__(f"{file}: {self.problem}")

    def renamed(self, before: str, after: str) -> "BadFile":
        """A copy of the error whose message calls a file by another name."""
        name = re.compile(rf"(?<![\w./-]){re.escape(before)}(?!\w)")
        return BadFile(name.sub(after, self.file), name.sub(after, self.problem))


class UnknownClient(ScoringError):
    """No new client has this id."""


class UnknownFeature(ScoringError):
    """No feature has this name."""


class UnknownLanguage(ScoringError):
    """The feature dictionary has no words in this language."""


def unknown_feature(name: str, known: int) -> UnknownFeature:
    """The error for an unknown name; `known` is the number of features."""
    return UnknownFeature(f"unknown feature {abridged(name)}, not one of the {known} features")


class InvalidRecord(ScoringError):
    """A record cannot be scored; the message names its features, not its values."""


class InvalidApplication(ScoringError):
    """An application cannot be scored; the message names its features, not its values.

    Attributes:
        row: its index in a list of applications.
    """

    def __init__(self, problem: str, row: int = 0) -> None:
        super().__init__(problem)
        self.row = row


class InconsistentScore(ScoringError):
    """A client no longer has the score of the start."""


class NoPeers(ScoringError):
    """The reference population cannot be scored, so no client has peers."""


@contextmanager
def foreign_code(file: str, problem: Callable[[BaseException], str]) -> Iterator[None]:
    """Turn any error of foreign code into a `BadFile`.

    Unpickling, transformers and classifiers run code of others, which may raise anything.

    Args:
        file: the name of the file that the message begins with.
        problem: makes the rest of the message from the error.

    Raises:
        BadFile: for any error except an interrupt; a `BadFile` is raised unchanged.
    """
    try:
        yield
    except (BadFile, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise BadFile(file, problem(error)) from error


@contextmanager
def naming(before: str, after: str) -> Iterator[None]:
    """Let errors call a file by the name that it has in this folder.

    Args:
        before: the usual name.
        after: the name in this folder.

    Raises:
        BadFile: one was raised, with the usual name.
    """
    try:
        yield
    except BadFile as error:
        if after == before:
            raise
        raise error.renamed(before, after) from error.__cause__


@contextmanager
def errors_only() -> Iterator[None]:
    """Silence warnings about a bundle, which the service logs when it loads it."""
    logger = logging.getLogger(__package__)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def describe(error: BaseException) -> str:
    """The kind and the shortened text of an error."""
    # A foreign error's own `__str__` may fail, which `TracebackException` handles.
    # limit=0: reading the frames of all chained errors takes 20 ms.
    whole = traceback.TracebackException(type(error), error, None, limit=0)
    text = "".join(whole.format_exception_only()).partition(": ")[2]
    return f"{type(error).__name__}: {abridged(text.strip())}"


def cause(error: BaseException) -> str:
    """The kind of an error without its text, and its cause if memory or threads ran out."""
    kind = type(error).__name__
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return f"{kind}: no thread can be started; is a limit on processes reached (ulimit -u)?"
    if isinstance(error, MemoryError):
        return f"{kind}: out of memory"
    return kind


def abridged(name: object) -> str:
    """A foreign text, shortened and encodable."""
    text = str(name)
    text = text if len(text) <= NAME_LENGTH else text[:NAME_LENGTH] + "…"
    return text.encode("utf-8", "backslashreplace").decode()


def first_few(names: Sequence[object]) -> str:
    """The first few names and the number of the others."""
    first = ", ".join(map(abridged, names[:NAMED_AT_MOST]))
    more = len(names) - NAMED_AT_MOST
    return f"{first} and {more} more" if more > 0 else first


def listed(problems: Mapping[str, Sequence[str]]) -> str:
    """Each problem with the names of its features, as one text; empty without problems."""
    return "; ".join(
        f"{problem}: {first_few(names)}" for problem, names in problems.items() if names
    )


def is_unicode(text: str) -> bool:
    """True if a text can be encoded: it has no lone surrogate."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
