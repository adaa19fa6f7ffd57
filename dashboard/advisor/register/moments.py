"""Times of the register, as pages write them."""

from datetime import UTC, datetime


def moment(at: str) -> str:
    """A time as date, hour, minute and second in UTC."""
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
