"""The text of `register.errors.Damaged`."""

from uuid import UUID


def unreadable(decision: UUID) -> str:
    """The problem of evidence that cannot be read."""
    return f"the evidence of decision {decision} was changed and cannot be read"
