"""Ratios of acceptance and of errors among groups of clients, such as those of a protected trait.

They describe; a difference may have lawful reasons, and equal ratios do not prove the absence of
discrimination.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from credit_scoring.monitoring.rates.multiplicity import benjamini_hochberg
from credit_scoring.monitoring.rates.proportion import LEAST, Proportion, wilson
from credit_scoring.monitoring.rates.ratio import Ratio, equality_p, ratio

FOUR_FIFTHS = 0.8  # 29 CFR 1607.4 (D)


@dataclass(frozen=True)
class GroupCounts:
    """Counts of one group of clients.

    Attributes:
        group: its name, None for clients whose group is not known.
        decisions: number of decisions.
        accepted: number of them whose final decision is to accept.
        bad: number of granted loans known to have ended badly.
        bad_refused: number of these that the model had refused, and a reviewer accepted.
        good: number of granted loans known to have ended well.
        good_refused: number of these that the model had refused, and a reviewer accepted.
    """

    group: str | None
    decisions: int
    accepted: int
    bad: int = 0
    bad_refused: int = 0
    good: int = 0
    good_refused: int = 0


@dataclass(frozen=True)
class GroupRatio:
    """One group of clients: how many are accepted, and how the model errs, against a reference.

    Outcomes exist of granted loans only. `tpr` and `fpr` therefore speak of loans that were
    granted, some of them against the model; among all applicants both are higher.
    """

    group: Annotated[
        str | None, Field(description="the group; null if it is not known", examples=["F"])
    ]
    is_reference: Annotated[
        bool,
        Field(description="true for the largest group whose name is known: others relate to it"),
    ]
    acceptance: Annotated[Proportion, Field(description="accepted, by the final decision")]
    acceptance_ratio: Annotated[
        Ratio | None,
        Field(description="acceptance against the reference group's; null for that group"),
    ]
    ratio_to_best: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="acceptance against the highest one among groups of at least 30; below 0.8"
            " it is a sign of adverse impact by the four-fifths rule, 29 CFR 1607.4 (D); null for a"
            " group of fewer than 30, and if nobody is accepted",
            examples=[0.83],
        ),
    ]
    below_four_fifths: Annotated[
        bool | None,
        Field(description="true if `ratio_to_best` is below 0.8; null if that is null"),
    ]
    tpr: Annotated[
        Proportion,
        Field(
            description="true positive rate: share that the model had refused of the granted loans"
            " that ended badly"
        ),
    ]
    fpr: Annotated[
        Proportion,
        Field(
            description="false positive rate: share that the model had refused of the granted loans"
            " that ended well"
        ),
    ]
    tpr_ratio: Annotated[
        Ratio | None, Field(description="`tpr` against the reference group's; null for that group")
    ]
    fpr_ratio: Annotated[
        Ratio | None, Field(description="`fpr` against the reference group's; null for that group")
    ]
    p: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="two-sided p-value of equal acceptance in this group and the reference"
            " group: chi-square test, Fisher's exact test if an expected count is below 5; null for"
            " the reference group",
            examples=[0.012],
        ),
    ]
    p_adjusted: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="p adjusted for the number of groups (Benjamini and Hochberg 1995)",
            examples=[0.024],
        ),
    ]


def group_ratios(counts: Sequence[GroupCounts]) -> list[GroupRatio]:
    """Compare groups of clients with the largest one, in the order given.

    Args:
        counts: a row for each group; no two of one name.

    Raises:
        ValueError: a count exceeds the number that it is a part of.
    """
    if not counts:
        return []
    reference = max(counts, key=lambda one: (one.group is not None, one.decisions))
    acceptances = [wilson(one.accepted, one.decisions) for one in counts]
    best = max((share.rate for share in acceptances if share.rate is not None), default=0.0)
    against = wilson(reference.accepted, reference.decisions)
    p = [
        None if one is reference else equality_p(share, against)
        for one, share in zip(counts, acceptances, strict=True)
    ]
    return [
        _group_ratio(one, reference, best, raw, adjusted)
        for one, raw, adjusted in zip(counts, p, benjamini_hochberg(p), strict=True)
    ]


def _group_ratio(
    one: GroupCounts,
    reference: GroupCounts,
    best: float,
    p: float | None,
    p_adjusted: float | None,
) -> GroupRatio:
    """The figures of one group; `best` is the highest acceptance of all groups."""
    shares, others = _shares(one), _shares(reference)
    is_reference = one is reference
    ratios = [
        None if is_reference else ratio(share, other)
        for share, other in zip(shares, others, strict=True)
    ]
    rate = shares[0].rate
    to_best = rate / best if rate is not None and best and one.decisions >= LEAST else None
    return GroupRatio(
        one.group,
        is_reference,
        shares[0],
        ratios[0],
        to_best,
        None if to_best is None else to_best < FOUR_FIFTHS,
        shares[1],
        shares[2],
        ratios[1],
        ratios[2],
        p,
        p_adjusted,
    )


def _shares(one: GroupCounts) -> tuple[Proportion, Proportion, Proportion]:
    """Acceptance, true positive rate and false positive rate of a group."""
    return (
        wilson(one.accepted, one.decisions),
        wilson(one.bad_refused, one.bad),
        wilson(one.good_refused, one.good),
    )
