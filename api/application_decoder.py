"""Decoders of applications from JSON text, one or a list.

A decoder made for the model's features is fast, but gives no reason when it refuses a text. Then
`application_errors` reads the text again, and returns an application or raises an error.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import msgspec
import numpy as np

from api.application_errors import (
    AUDIT,
    LEFT_OUT,
    ApplicationReader,
    raw_record,
)
from api.strict_json import SPACE, count_structure, record_type
from credit_scoring.data.table_files.cells import MISSING_TEXTS
from credit_scoring.decisions.application import (
    AUDIT_NAME,
    LONGEST_AUDIT_VALUE,
    LONGEST_REFERENCE,
    MOST_AUDIT_COLUMNS,
    Application,
    Applications,
    RawRecord,
    Values,
)
from credit_scoring.errors import InvalidApplication
from credit_scoring.float_search import LARGEST_DOUBLE

MOST_APPLICATIONS = 1000

AUDIT_TYPE: Any = Annotated[
    dict[
        Annotated[str, msgspec.Meta(pattern=rf"\A{AUDIT_NAME}\Z")],
        Annotated[str, msgspec.Meta(pattern=rf"\A[^\0]{{1,{LONGEST_AUDIT_VALUE}}}\Z")] | None,
    ],
    msgspec.Meta(min_length=1, max_length=MOST_AUDIT_COLUMNS),
]

_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, eq=False)
class ApplicationDecoder:
    """Decodes applications for one model.

    Attributes:
        reader: reads refused texts again and explains the error.
    """

    reader: ApplicationReader

    def rehearse(self) -> None:
        """Decode one application with each decoder, to build both before the first request."""
        client = b'"0"' if self.reader.has_text_ids else b"0"
        slowly = b'{"client":%b,"changes":{},"reference":"\\u003a"}'  # its escape needs `reader`
        self.decode_one(slowly % client)
        self.decode_one(b'{"client":%b}' % client)
        with suppress(InvalidApplication):
            self.decode_one(b'{"record":{}}')

    def decode(self, body: bytes) -> Applications:
        """Decode a body: one application, or a list.

        Raises:
            InvalidApplication: the body is neither an application nor a list of 1 to 1,000; the
                message about one of a list begins with its index.
        """
        text = body.strip(SPACE)
        if not text.startswith(b"["):
            return Applications([self.decode_one(text)])
        if count_structure(text) > MOST_APPLICATIONS * self.reader.most_structure:
            raise InvalidApplication(f"far more values than {MOST_APPLICATIONS} applications have")
        try:
            # Items are decoded one by one, so the list is only split here.
            parts = _split(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidApplication(f"not JSON: {error}") from error
        if not 1 <= len(parts) <= MOST_APPLICATIONS:
            raise InvalidApplication(
                f"a list of {len(parts)} applications, where 1 to {MOST_APPLICATIONS} are accepted"
            )
        items: list[Application] = []
        applications = Applications(items, is_list=True)
        for row, part in enumerate(parts):
            with applications.located([row]):
                items.append(self.decode_one(bytes(part)))
        return applications

    def decode_one(self, text: bytes) -> Application:
        """Decode one application.

        Raises:
            InvalidApplication: the text is not an application.
        """
        application = self._fast(text)
        if (
            application is None
            or self.reader.problem(application) is not None
            or not MISSING_TEXTS.isdisjoint(self._texts_in(application))
        ):
            return self.reader.read(text)
        return application

    def _texts_in(self, application: Application) -> list[Any]:
        """The text values of an application, None for missing ones."""
        if not self.reader.texts:
            return []
        record = application.record.texts.values() if application.record else ()
        return [*record, *map(application.changes.get, self.reader.texts)]

    @cached_property
    def _fast(self) -> "FastDecoder":
        reader = self.reader
        return FastDecoder(
            reader.features,
            reader.text_columns,
            reader.nullable,
            reader.has_text_ids,
            reader.takes_audit,
            {name: (each.lowest, each.highest) for name, each in reader.ranged.items()},
        )


@dataclass(frozen=True, eq=False)
class FastDecoder:
    """Decodes applications for one model, without an error message.

    Attributes:
        features: names of the raw features.
        texts: columns of the text features.
        nullable: names of the features that may be missing.
        has_text_ids: true if the clients' ids are texts.
        takes_audit: true if an application may have audit columns.
        ranges: the lowest and the highest value of the features that have a range, by name.
    """

    features: tuple[str, ...]
    texts: Sequence[int]
    nullable: frozenset[str]
    has_text_ids: bool
    takes_audit: bool
    ranges: Mapping[str, tuple[float, float]]

    def __call__(self, text: bytes) -> Application | None:
        """The application, or None if the text may not be one or may repeat a key."""
        # msgspec keeps the last value of a repeated key. An additional colon shows the repetition,
        # unless colons are written as escapes.
        if b"\\" not in text or (b"\\u003a" not in text and b"\\u003A" not in text):
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                application, colons = self._application(self._decode(text))
                # NumPy counts faster, but releases the interpreter's lock and takes it back before
                # another thread wakes up: for a list, no other thread would run.
                if colons == text.count(b":"):
                    return application
        return None

    @cached_property
    def _decode(self) -> Any:
        """A decoder that accepts only this model's features and numbers in their range."""
        fields: list[tuple[str, Any, Any]] = []
        for column, name in enumerate(self.features):
            low, high = self.ranges.get(name, (-np.inf, np.inf))
            within = msgspec.Meta(ge=max(low, -LARGEST_DOUBLE), le=min(high, LARGEST_DOUBLE))
            kind: Any = str if column in self.texts else Annotated[float, within]
            kind = kind | None if name in self.nullable else kind
            fields.append((f"f{column}", kind | msgspec.UnsetType, msgspec.UNSET))
        values = record_type("Values", fields, self.features)
        reference = Annotated[str, msgspec.Meta(max_length=LONGEST_REFERENCE)]
        client: Any = str if self.has_text_ids else int
        parts = {"client": client, "record": values, "changes": values, "reference": reference}
        if self.takes_audit:
            parts[AUDIT] = AUDIT_TYPE
        application = msgspec.defstruct(
            "Application",
            [(name, kind | msgspec.UnsetType, msgspec.UNSET) for name, kind in parts.items()],
            forbid_unknown_fields=True,
        )
        return msgspec.json.Decoder(application).decode

    def _application(self, decoded: Any) -> tuple[Application, int]:
        """The decoded application, and the number of colons in its text if no key is repeated."""
        parts = msgspec.structs.astuple(decoded)
        client, record, changes, reference, *more = (
            None if part is LEFT_OUT else part for part in parts
        )
        colons = len(parts) - parts.count(LEFT_OUT)
        raw: RawRecord | None = None
        given: Values = {}
        if record is not None:
            values = msgspec.structs.astuple(record)
            raw = raw_record(values, self.features, self.texts)
            colons += len(values) + self._colons_in_names + self._colons_in_texts(values)
            colons -= len(raw.left_out) + "".join(raw.left_out).count(":")
        if changes is not None:
            changed = msgspec.structs.astuple(changes)
            pairs = zip(self.features, changed, strict=True)
            given = {name: value for name, value in pairs if value is not LEFT_OUT}
            colons += len(given) + "".join(given).count(":") + self._colons_in_texts(changed)
        colons += 0 if reference is None else reference.count(":")
        colons += client.count(":") if isinstance(client, str) else 0
        columns = more[0] if more else None
        if not columns:
            return Application(client, raw, given, reference), colons
        audit = {name: value for name, value in columns.items() if value is not None}
        colons += len(columns) + sum(value.count(":") for value in audit.values())
        return Application(client, raw, given, reference, audit), colons

    def _colons_in_texts(self, values: tuple[Any, ...]) -> int:
        return sum(str(values[at]).count(":") for at in self.texts)

    @cached_property
    def _colons_in_names(self) -> int:
        return sum(name.count(":") for name in self.features)
