"""The draft of a letter about an application: a client's, one with changes, or a new one."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.formatting.formats import Words
from advisor.formatting.value_texts import texts_apart
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, Feature, Reason, Record, Score
from advisor.statements import decision, reasons

HASH_LENGTH = 12  # of the model's hash in a letter


@dataclass(frozen=True)
class LetterWriter:
    """Writes the draft of one letter.

    Attributes:
        words: texts and number formats of the letter's language.
        service: the service that scored the application.
        application: as it was scored.
        score: with reasons; more than four are left out.
        lender: the name below the letter; empty for none.
    """

    words: Words
    service: PinnedService
    application: Application
    score: Score
    lender: str = ""

    @property
    def is_refusal(self) -> bool:
        """True if the letter is about a refusal."""
        return bool(self.score["prediction"])

    @property
    def changes(self) -> Record:
        """The changes that an offer is about; empty for a decision."""
        return self.application.get("changes") or {}

    @property
    def told_reasons(self) -> list[Reason]:
        """The reasons of a refusal, strongest first; an acceptance has none."""
        return self.score["reasons"][: reasons.MOST_IN_WORDS] if self.is_refusal else []

    @property
    def protected_reasons(self) -> list[str]:
        """Texts of the reasons to which a trait contributes that the law protects."""
        return [reason["text"] for reason in self.told_reasons if reason["protected"]]

    @property
    def protected_changes(self) -> list[str]:
        """Labels of the changed features that the law protects."""
        protected, features = self.service.facts["protected_features"], self._features
        return [features[name]["label"] for name in self.changes if name in protected]

    @property
    def is_held(self) -> bool:
        """True if nothing may be printed before a person has decided."""
        return bool(self.protected_reasons or self.protected_changes)

    def text(self, today: datetime.date) -> str:
        """The letter's text: paragraphs, apart by an empty line; the first one is its heading.

        Raises:
            ValueError: the letter is held.
        """
        if self.is_held:
            raise ValueError("a letter with a protected trait is not written")
        words, day = self.words, date(self.words, today)
        client = self.application.get("client")
        head = words("letter_head_client", client=str(client), date=day)
        parts = [
            words("letter_offer_heading" if self.changes else "letter_heading"),
            words("letter_head", date=day) if client is None else head,
            *self._decision(),
            *self._reasons(),
            *self._end(),
            "\n".join(filter(None, [words("letter_closing"), self.lender])),
            words("letter_model", model=self.score["model"][:HASH_LENGTH]),
        ]
        return "\n\n".join(parts) + "\n"

    @property
    def _features(self) -> Mapping[str, Feature]:
        return self.service.feature_by_name

    def _decision(self) -> list[str]:
        words, kind = self.words, "refused" if self.is_refusal else "accepted"
        if self.changes:
            lines = [words(f"letter_offer_{kind}"), *self._change_lines()]
            return ["\n".join(lines)]
        if not self.is_refusal:
            return [words("letter_accepted")]
        score, limit = decision.risk_texts(
            words, self.score["threshold"], self.score["probability"]
        )
        return [f"{words('letter_refused')} {words('letter_risk', score=score, limit=limit)}"]

    def _change_lines(self) -> list[str]:
        """A line for each changed feature: its value in the offer, and the one before."""
        client, record = self.application.get("client"), self.application.get("record")
        own = record if client is None else self.service.record(client)
        lines = []
        for name, value in self.changes.items():
            feature = self._features[name]
            after, before = texts_apart(self.words, feature, value, (own or {}).get(name))
            lines.append(
                self.words(
                    "letter_change",
                    label=feature["label"],
                    after=after,
                    before=before,
                )
            )
        return lines

    def _reasons(self) -> list[str]:
        if not self.told_reasons:
            return []
        sentences = (
            reasons.told(self.words, reason, self._features).sentence(self.words)
            for reason in self.told_reasons
        )
        told = (f"{at}. {sentence}." for at, sentence in enumerate(sentences, 1))
        compared = self.words(f"letter_compared_{self.score['compare']}")
        return ["\n".join([self.words("letter_reasons"), *told]), compared]

    def _end(self) -> list[str]:
        if self.changes:
            return [self.words("letter_offer_end")]
        return [self.words("letter_review" if self.is_refusal else "letter_questions")]


def date(words: Words, day: datetime.date) -> str:
    """A date with the name of its month."""
    month = words("letter_months").split()[day.month - 1]
    return words("letter_date", day=str(day.day), month=month, year=str(day.year))
