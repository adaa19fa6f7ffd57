"""`RecordedAnswer`: the fields of a recorded answer that are computed again."""

import msgspec


class Position(msgspec.Struct, frozen=True):
    """The share of each class with a lower probability."""

    class0: float | None
    class1: float | None


class RecordedAnswer(msgspec.Struct, frozen=True):
    """An answer as it was recorded; a field that is null may be absent.

    Attributes:
        reasons: JSON text.
        other: JSON text.
    """

    probability: float
    prediction: int
    threshold: float
    position: Position
    reasons: msgspec.Raw
    compare: str
    other: msgspec.Raw
    contributions_in: str
    explained_by: str
    model: str
    margin: float | None = None
    pd: float | None = None
    points: int | None = None
    grade: str | None = None


DECODER = msgspec.json.Decoder(RecordedAnswer)
