"""Decoder of transformed records from JSON text into rows of doubles.

A decoder made for the model's features is fast, but gives no reason when it refuses a text. Then
the standard library parses the text again, and the record is accepted or an error is raised.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Self

import msgspec
import numpy as np

from api.strict_json import (
    STRUCTURE_MORE,
    NotObject,
    count,
    count_structure,
    number_problem,
    parse_object,
    record_type,
)
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import InvalidRecord, first_few, listed
from credit_scoring.model.bundle import Bundle


@dataclass(frozen=True, eq=False)
class RecordDecoder:
    """Decodes transformed records for one model.

    Attributes:
        names: names of the n transformed features, in the model's order.
        full_names: these names with the transformer's prefixes.
        may_miss: true for each feature that may be missing, in the model's order.
        largest: the largest magnitude of a value.
    """

    names: tuple[str, ...]
    full_names: tuple[str, ...]
    may_miss: Sequence[bool]
    largest: float

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        """The decoder for a bundle's model."""
        return cls(bundle.names, bundle.full_names, bundle.may_miss, bundle.classifier.largest)

    def row(self, record: Mapping[str, object]) -> Matrix:
        """The record's values in the model's order, shape (n,), for any order of the keys.

        Raises:
            InvalidRecord: a feature is missing, unknown, not a number, out of range, or null though
                it may not be missing.
        """
        record = self._with_short_names(record)
        if problems := self._problems(record):
            raise self._invalid(problems)
        # None becomes NaN
        return np.array([record[name] for name in self.names], dtype=np.float64)

    def row_of_json(self, text: bytes) -> Matrix:
        """The values of a record in JSON text, shape (n,); faster than `row`.

        Raises:
            InvalidRecord: see `row`; or the text is not a JSON object, or repeats a key.
        """
        # msgspec keeps the last value of a repeated key. An additional colon shows the repetition,
        # unless colons are written as escapes.
        if count(text, ":") == self._colons and b"\\" not in text:
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                values = msgspec.structs.astuple(self._decode(text))
                with suppress(struct.error):  # takes a third of NumPy's time; None is an error
                    return np.frombuffer(self._pack(*values))
                return np.array(values, dtype=np.float64)  # None becomes NaN
        return self.row(self._parsed(text))

    @cached_property
    def _short_names(self) -> dict[str, str]:
        """Names of the features by their full names, if both differ."""
        pairs = zip(self.full_names, self.names, strict=True)
        return {full: name for full, name in pairs if full != name}

    @cached_property
    def _known_names(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def _decode(self) -> Callable[[bytes], msgspec.Struct]:
        """A decoder that accepts only this model's features, all of them, and numbers in range."""
        number = Annotated[float, msgspec.Meta(ge=-self.largest, le=self.largest)]
        fields = [
            (f"f{index}", number | None if may_miss else number)
            for index, may_miss in enumerate(self.may_miss)
        ]
        return msgspec.json.Decoder(record_type("Record", fields, self.names)).decode

    @cached_property
    def _pack(self) -> Callable[..., bytes]:
        """Packs doubles into the bytes of an array; refuses None."""
        return struct.Struct(f"{len(self.names)}d").pack

    @cached_property
    def _colons(self) -> int:
        """The number of colons in the JSON text of a record without repeated keys."""
        return len(self.names) + sum(name.count(":") for name in self.names)

    @cached_property
    def _most_structure(self) -> int:
        """An upper bound of a record's structure characters, see `count_structure`."""
        in_names = sum(count_structure(name.encode()) for name in self.full_names)
        return 2 * len(self.names) + in_names + STRUCTURE_MORE

    def _invalid(self, problem: str) -> InvalidRecord:
        return InvalidRecord(
            f"{problem}. Accepted: the {len(self.names)} transformed features, as numbers"
        )

    def _parsed(self, text: bytes) -> Mapping[str, object]:
        try:
            return parse_object(text, self._most_structure, "a record")
        except NotObject as problem:
            raise self._invalid(str(problem)) from problem

    def _with_short_names(self, record: Mapping[str, object]) -> Mapping[str, object]:
        """The record with full names replaced by served names."""
        given = [full for full in record if full in self._short_names]
        if not given:
            return record
        if twice := [name for full in given if (name := self._short_names[full]) in record]:
            raise self._invalid(f"more than once: {first_few(twice)}")
        return {self._short_names.get(name, name): value for name, value in record.items()}

    def _problems(self, record: Mapping[str, object]) -> str:
        """The invalid features of a record by problem, without values; empty for a valid record."""
        if record.keys() == {"data"} and isinstance(record["data"], str):
            return "data alone, a text: decode it, and send the record that it holds"
        wrong: dict[str, list[str]] = {
            "missing": [name for name in self.names if name not in record],
            "unknown": [name for name in record if name not in self._known_names],
        }
        for name, may_miss in zip(self.names, self.may_miss, strict=True):
            if name in record and (problem := number_problem(record[name], may_miss, self.largest)):
                wrong.setdefault(problem, []).append(name)
        return listed(wrong)
