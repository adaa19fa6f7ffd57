"""Applications from JSON text, fast: what is wrong with a text is not said."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import msgspec

from api.strict_json import record_type
from credit_scoring.decisions.application import LEFT_OUT, Application, RawRecord, Values
from credit_scoring.float_search import LARGEST_DOUBLE

LONGEST_REFERENCE = 64  # characters


@dataclass(frozen=True, eq=False)
class ApplicationDecoder:
    """Decodes applications to one model.

    Attributes:
        features: names of the raw features.
        texts: the positions of those that are text.
        nullable: those whose value may be missing.
    """

    features: tuple[str, ...]
    texts: Sequence[int]
    nullable: frozenset[str]

    def __call__(self, text: bytes) -> Application | None:
        """The application that a text is; None where it may be none, or may have a key twice."""
        # Of a key that comes twice msgspec keeps the last; one more colon tells, where none is
        # written as an escape.
        if b"\\" not in text or (b"\\u003a" not in text and b"\\u003A" not in text):
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                application, colons = self._application(self._decode(text))
                # NumPy counts faster, but lets go of the interpreter's lock, and has it back before
                # another thread wakes up: once for each record of a list, which none would get in.
                if colons == text.count(b":"):
                    return application
        return None

    @cached_property
    def _decode(self) -> Any:
        """A decoder of this model's applications alone: every name, each number finite."""
        number = Annotated[float, msgspec.Meta(ge=-LARGEST_DOUBLE, le=LARGEST_DOUBLE)]
        fields: list[tuple[str, Any, Any]] = []
        for position, name in enumerate(self.features):
            kind: Any = str if position in self.texts else number
            kind = kind | None if name in self.nullable else kind
            fields.append((f"f{position}", kind | msgspec.UnsetType, msgspec.UNSET))
        values = record_type("Values", fields, self.features)
        reference = Annotated[str, msgspec.Meta(max_length=LONGEST_REFERENCE)]
        application = msgspec.defstruct(
            "Application",
            [
                ("client", int | msgspec.UnsetType, msgspec.UNSET),
                ("record", values | msgspec.UnsetType, msgspec.UNSET),
                ("changes", values | msgspec.UnsetType, msgspec.UNSET),
                ("reference", reference | msgspec.UnsetType, msgspec.UNSET),
            ],
            forbid_unknown_fields=True,
        )
        return msgspec.json.Decoder(application).decode

    def _application(self, decoded: Any) -> tuple[Application, int]:
        """What was decoded, and how many colons its text has where no key comes twice."""
        parts = msgspec.structs.astuple(decoded)
        client, record, changes, reference = (None if part is LEFT_OUT else part for part in parts)
        colons = len(parts) - parts.count(LEFT_OUT)
        raw: RawRecord | None = None
        given: Values = {}
        if record is not None:
            values = msgspec.structs.astuple(record)
            raw = RawRecord.of_values(values, self.features, self.texts)
            colons += len(values) + self._colons_in_names + self._colons_in_texts(values)
            colons -= len(raw.left_out) + "".join(raw.left_out).count(":")
        if changes is not None:
            changed = msgspec.structs.astuple(changes)
            pairs = zip(self.features, changed, strict=True)
            given = {name: value for name, value in pairs if value is not LEFT_OUT}
            colons += len(given) + "".join(given).count(":") + self._colons_in_texts(changed)
        colons += 0 if reference is None else reference.count(":")
        return Application(client, raw, given, reference), colons

    def _colons_in_texts(self, values: tuple[Any, ...]) -> int:
        return sum(str(values[at]).count(":") for at in self.texts)

    @cached_property
    def _colons_in_names(self) -> int:
        return sum(name.count(":") for name in self.features)
