"""`Remark`: what a reader of a report must know, as a key with values and as a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

Key = Literal[
    "retired", "observed_until", "none_mature", "unknown_ends", "several_definitions",
    "open_requests", "no_reference", "mixed_pd", "several_models", "no_group", "other_cells",
    "no_records",
]  # fmt: skip

SENTENCES: Mapping[Key, str] = {
    "retired": "Decisions before {day} were deleted when they were old, except those under a legal"
    " hold: figures of that time are about these only, which are not typical.",
    "observed_until": "The register has outcomes up to {day}: a performance window that ends later"
    " counts as not ended, since only its bad loans would be known.",
    "none_mature": "No performance window has ended yet: default rates and figures of"
    " discrimination and calibration are missing.",
    "unknown_ends": "{number:,} of {of:,} loans whose window has ended have no known end: figures"
    " of performance leave them out, and are doubtful if these differ from the others.",
    "several_definitions": "Outcomes in the register have {number} definitions ({names}): figures"
    " of performance take all of them together.",
    "open_requests": "{number:,} review requests are open; they do not count as waiting time.",
    "no_reference": "The scores of the reference clients are not in the register for the model"
    " {names}: its decisions have no stability index of the score.",
    "mixed_pd": "Some decisions have a scorecard's probability of default, and others only the"
    " model's probability: figures of calibration take both.",
    "several_models": "Several models decided in these cells: {names}. AUC, Gini and KS take their"
    " scores together, which may differ in meaning. Figures by model keep the models apart.",
    "no_group": "{number:,} decisions have no value of {names}.",
    "other_cells": "The less frequent cells are one: {names}.",
    "no_records": "{number:,} decisions have no record that can be read: the indices of the"
    " features leave them out.",
}


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A remark, for a program that writes it in a language of its own."""

    key: Annotated[Key, Field(description="names the sentence", examples=["open_requests"])]
    number: Annotated[int | None, Field(description="a count in the sentence")]
    of: Annotated[int | None, Field(description="the count that `number` is part of")]
    day: Annotated[str | None, Field(description="a day in it", examples=["2026-11-01"])]
    names: Annotated[
        str | None,
        Field(description="names in it, with a comma between them; `…` stands for more of them"),
    ]

    @classmethod
    def of_values(
        cls,
        key: Key,
        *,
        number: int | None = None,
        of: int | None = None,
        day: str | None = None,
        names: str | None = None,
    ) -> "Remark":
        """The remark with some values."""
        return cls(key=key, number=number, of=of, day=day, names=names)

    @property
    def sentence(self) -> str:
        """The remark in English."""
        return SENTENCES[self.key].format_map(vars(self))
