"""What can be wrong, and texts about it of a safe length.

ScoringError
 ├─ BadFile             a file of the folder cannot be used
 ├─ UnknownClient       no new client has this id
 ├─ UnknownFeature      no feature has this name
 ├─ InvalidRecord       a record cannot be scored
 ├─ InvalidApplication  an application at the credit desk cannot be
 ├─ InconsistentScore   a client scores differently than before
 └─ NoComparison        the reference clients cannot be scored
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

NAMED_AT_MOST = 5  # names in one message
NEVER_MISSING = "null, though never missing among clients"
NAME_LENGTH = 100  # characters of a name in a message


class ScoringError(Exception):
    """Any error of this package; its text may be sent to whoever asked."""


class BadFile(ScoringError):
    """A file of the folder cannot be used; the message is one line that begins with its name."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file}: {' '.join(problem.split())}")


class UnknownClient(ScoringError):
    """No new client has this id."""


class UnknownFeature(ScoringError):
    """No feature has this name."""


def unknown_feature(name: str, known: int) -> UnknownFeature:
    """What is raised for a name that is none of a number of features."""
    return UnknownFeature(f"unknown feature {abridged(name)}, not one of the {known} features")


class InvalidRecord(ScoringError):
    """A record cannot be scored; the message names its features, not its values."""


class InvalidApplication(ScoringError):
    """An application cannot be scored; the message names its features, not its values.

    Attributes:
        row: its position in a list.
    """

    def __init__(self, problem: str, row: int = 0) -> None:
        super().__init__(problem)
        self.row = row


class InconsistentScore(ScoringError):
    """A client scored at start-up now scores differently."""


class NoPeers(ScoringError):
    """The reference clients cannot be scored: there is nothing to compare a score with."""


@contextmanager
def foreign_code(file: str, problem: Callable[[BaseException], str]) -> Iterator[None]:
    """Turn whatever the code of a file raises into a `BadFile`.

    Unpickling runs code that is not ours, and so do transformers, classifiers and what they are
    made of: there is no list of what they raise.

    Args:
        file: the file that is named.
        problem: what is wrong with it, for an error.

    Raises:
        BadFile: anything was raised, but a `BadFile` or an interrupt.
    """
    try:
        yield
    except (BadFile, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise BadFile(file, problem(error)) from error


def describe(error: BaseException) -> str:
    """The kind and the text of an error, in short."""
    # A foreign error may fail at giving its text; the standard library is prepared for that.
    # No frame is read: of the errors that were handled meanwhile that takes 20 ms.
    whole = traceback.TracebackException(type(error), error, None, limit=0)
    text = "".join(whole.format_exception_only()).partition(": ")[2]
    return f"{type(error).__name__}: {abridged(text.strip())}"


def cause(error: BaseException) -> str:
    """The kind of an error that may hold a client's value, and its cause if that is the machine."""
    kind = type(error).__name__
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return f"{kind}: no thread can be started; is a limit on processes reached (ulimit -u)?"
    if isinstance(error, MemoryError):
        return f"{kind}: out of memory"
    return kind


def abridged(name: object) -> str:
    """A received or loaded name, safe and short enough for a message."""
    text = str(name)
    text = text if len(text) <= NAME_LENGTH else text[:NAME_LENGTH] + "…"
    return text.encode("utf-8", "backslashreplace").decode()


def first_few(names: Sequence[object]) -> str:
    """The first few names, and how many more there are."""
    first = ", ".join(map(abridged, names[:NAMED_AT_MOST]))
    more = len(names) - NAMED_AT_MOST
    return f"{first} and {more} more" if more > 0 else first


def listed(problems: Mapping[str, Sequence[str]]) -> str:
    """The features that have each problem; empty if there are none."""
    return "; ".join(
        f"{problem}: {first_few(names)}" for problem, names in problems.items() if names
    )


def is_unicode(text: str) -> bool:
    """Whether a text can be written: a lone surrogate cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
