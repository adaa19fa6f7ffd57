"""Errors of the register, whose texts may be sent to the caller.

RegisterError
 ├─ UnusableRegister   the register cannot be used before somebody changes something
 ├─ RegisterAway       the database does not answer, or the queue to it is full
 ├─ UnknownDecision    no decision has this id
 ├─ KeyInFlight        a call with the same Idempotency-Key is not answered yet
 ├─ KeyReused          a call with the same Idempotency-Key had another body or query
 ├─ Erased             the data of a decision were erased
 ├─ StaleReview        the decision was reviewed since the caller read it
 ├─ InvalidRequest     a parameter, a header or the body of a request is invalid
 ├─ InvalidCursor      the text is not a cursor of this register
 ├─ Damaged            somebody changed what was recorded, so that it cannot be read
 ├─ FiguresAway        figures are not computed yet, or could not be
 ├─ Held               a legal hold forbids to delete
 └─ LetterHeld         a person must decide before a letter is sent
"""

from credit_scoring.errors import ScoringError


class RegisterError(ScoringError):
    """An error of the register."""


class UnusableRegister(RegisterError):
    """The register cannot be used before somebody changes something; the message is one line."""


class RegisterAway(RegisterError):
    """The database does not answer, or the queue to it is full; a later call may succeed."""


class UnknownDecision(RegisterError):
    """No decision has this id."""


class KeyInFlight(RegisterError):
    """A call with the same Idempotency-Key is not answered yet."""


class KeyReused(RegisterError):
    """A call with the same Idempotency-Key had another body or query."""


class Erased(RegisterError):
    """The data of a decision were erased."""


class StaleReview(RegisterError):
    """The decision was reviewed since the caller read it."""


class InvalidRequest(RegisterError):
    """A parameter, a header or the body of a request is invalid; no value is in the message."""


class InvalidCursor(RegisterError):
    """The text is not a cursor that a page of decisions gave."""


class Damaged(RegisterError):
    """Somebody changed what was recorded, so that it cannot be read."""


class FiguresAway(RegisterError):
    """Figures of the model at work are not computed yet, or could not be; ask again later."""


class Held(RegisterError):
    """A legal hold forbids to delete the data of a decision."""


class LetterHeld(RegisterError):
    """A person must decide before a letter is sent."""
