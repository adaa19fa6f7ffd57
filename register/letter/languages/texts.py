"""The words of a letter in one language; a missing one is a type error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from credit_scoring.explain.language.number_words import Numbers
from credit_scoring.explain.language.quantities import Direction

Language = Literal["en", "fr"]


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """The section of reasons.

    Attributes:
        title, introduction: of the section; the introduction has the peers' name.
        introduction_of_some: in its place if a heavier reason is not printed.
        peers: the peers' name, by `compare`.
        score: the score and its limit.
        effects: an introduction to `effect`, the score without one reason.
        effect, all_effects: a score and its side of the limit.
        factor: the feature behind a reason.
        value, typical, typical_only: the client's value; the peers' median with and without the
            direction.
        directions: of the client's value, seen from the peers' median.
        missing: a sentence on a value that is not known.
        below, not_below: sides of the limit.
        before: the score before the changes of the application.
        no_promise: the end of the section.
        on_request: in place of the section if no reason is recorded.
        on_request_days: the same with the days of Regulation B.
    """

    title: str
    introduction: str
    introduction_of_some: str
    peers: Mapping[str, str]
    score: str
    effects: str
    effect: str
    all_effects: str
    factor: str
    value: str
    typical: str
    typical_only: str
    directions: Mapping[Direction, str]
    missing: str
    below: str
    not_below: str
    before: str
    no_promise: str
    on_request: str
    on_request_days: str


@dataclass(frozen=True, kw_only=True)
class Texts:
    """All words of a letter.

    Attributes:
        language: as a code for `lang`.
        numbers, reasons: see there.
        refused_title, accepted_title: the heading.
        date, decision, reference, client: labels of the letter's references.
        salutation, refused, accepted, closing: of the letter.
        process_title: of the section on the course of the decision.
        automated, by_person: who decided first.
        confirmed, changed: the last review.
        requested: a request for a review that is open.
        data_title, features, known, themes: the section on the data.
        other_language: a sentence if the words of `features.csv` are in another language.
        rights_title, rights_introduction: of the section on rights.
        explanation, point_of_view, review, another_review, access: the client's rights.
        contact: an introduction to the lender's contact.
        questions: all rights of an accepted client in one sentence.
        equal_credit_title, equal_credit: notice of 12 CFR 1002.9(b)(1).
        report_title, report: notice of 15 U.S.C. 1681m(a), in paragraphs.
        template: the version of the letter.
    """

    language: Language
    numbers: Numbers
    reasons: Reasons
    refused_title: str
    accepted_title: str
    date: str
    decision: str
    reference: str
    client: str
    salutation: str
    refused: str
    accepted: str
    closing: str
    process_title: str
    automated: str
    by_person: str
    confirmed: str
    changed: str
    requested: str
    data_title: str
    features: str
    known: str
    themes: str
    other_language: str
    rights_title: str
    rights_introduction: str
    explanation: str
    point_of_view: str
    review: str
    another_review: str
    access: str
    contact: str
    questions: str
    equal_credit_title: str
    equal_credit: str
    report_title: str
    report: tuple[str, ...]
    template: str
