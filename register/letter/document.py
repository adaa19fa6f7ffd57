"""The document of a letter: its parts in their order."""

from collections.abc import Set
from dataclasses import dataclass

from pydantic import TypeAdapter

from credit_scoring.explain.reason_codes import Reason
from register.errors import LetterHeld
from register.letter.figures import Figures
from register.letter.languages.texts import Texts
from register.letter.markup import Data, element, lines, listed, paragraphs, section
from register.letter.quantities import HtmlQuantities
from register.letter.reasons import MOST_REASONS, ReasonWriter, printable, strongest
from register.letter.sender import Sender
from register.letter.style import POLICY, STYLE
from register.letter.words import Words
from register.settings import RegisterSettings
from register.stored import StoredDecision, StoredEvidence

RECORDED_REASONS = TypeAdapter(tuple[Reason, ...])


@dataclass(frozen=True)
class LetterWriter:
    """Writes the parts of one letter.

    Attributes:
        decision: as recorded.
        evidence: of the decision.
        lender: the settings.
        texts: of the letter's language.
        version: of the template.
        quantities: writes values in this language.
        flags: names of features without a unit that are 1 or 0.
        words: of `features.csv` in this language.
    """

    decision: StoredDecision
    evidence: StoredEvidence
    lender: RegisterSettings
    texts: Texts
    version: str
    quantities: HtmlQuantities
    flags: Set[str]
    words: Words

    def html(self, sender: Sender) -> str:
        """The document.

        Raises:
            LetterHeld: a person must decide about a refusal, see `letter_html`.
        """
        texts, is_refusal = self.texts, self.decision.final == 1
        title = texts.refused_title if is_refusal else texts.accepted_title
        body = self._refusal(sender) if is_refusal else self._acceptance(sender)
        parts = [
            "<!doctype html>",
            f'<html lang="{texts.language}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            element("title", f"{title} \u2013 {sender.name.replace('<br>', ' ')}"),
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<header>",
            f'<p class="lender">{sender.name}</p>',
            *(element("p", text) for text in (sender.address, sender.contact)),
            "</header>",
            "<main>",
            element("h1", title),
            self._references(),
            element("p", texts.salutation),
            *body,
            f'<div class="closing">\n<p>{texts.closing}</p>\n<p>{sender.name}</p>\n</div>',
            "</main>",
            "<footer>",
            element("p", texts.template.format(version=self.version)),
            "</footer>",
            "</body>",
            "</html>\n",
        ]
        return "\n".join(filter(None, parts))

    def _references(self) -> str:
        texts, data = self.texts, Data(None)
        rows = {
            texts.date: self.quantities.date(self.decision.at),
            texts.decision: str(self.decision.id),
        }
        if self.evidence.reference is not None:
            rows[texts.reference] = data(self.evidence.reference)
        if self.evidence.client is not None:
            rows[texts.client] = data(str(self.evidence.client))
        found = (f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in rows.items())
        return "\n".join(["<dl>", *found, "</dl>"])

    def _acceptance(self, sender: Sender) -> list[str]:
        """The paragraphs of an acceptance: no reasons, no comparison."""
        texts = self.texts
        return [
            paragraphs([texts.accepted, *self._course(), texts.questions]),
            element("address", sender.contact),
        ]

    def _refusal(self, sender: Sender) -> list[str]:
        """The sections of a refusal."""
        texts, decision = self.texts, self.decision
        if decision.reviewed and decision.reviewed[-1].decision != decision.prediction:
            raise LetterHeld(
                "a person must write this letter: a review refused an application that the model"
                " accepts, and its reasons are not on record"
            )
        answer = self.evidence.answer
        recorded = RECORDED_REASONS.validate_python(answer["reasons"])
        reasons = printable(recorded, is_reviewed=bool(decision.reviewed))
        figures = Figures.of_answer(answer, reasons)
        if reasons:
            writer = ReasonWriter(texts.reasons, self.quantities, self.flags, self.words)
            are_principal = reasons == recorded[:MOST_REASONS]
            why = writer.section(reasons, decision.compare, figures, are_principal=are_principal)
        else:
            bound = self.lender.lender_agency is not None
            on_request = texts.reasons.on_request_days if bound else texts.reasons.on_request
            why = section(texts.reasons.title, element("p", on_request))
        return [
            element("p", texts.refused),
            why,
            section(texts.process_title, paragraphs(self._course())),
            self._data(reasons),
            self._rights(sender),
            *self._notices(),
        ]

    def _course(self) -> list[str]:
        """Sentences on who decided, and on reviews; without a reviewer's name or comment."""
        texts, decision, date = self.texts, self.decision, self.quantities.date
        first = texts.automated if decision.automated else texts.by_person
        sentences = [first.format(date=date(decision.at))]
        if decision.reviewed:
            last = decision.reviewed[-1]
            said = texts.confirmed if last.decision == decision.prediction else texts.changed
            sentences.append(said.format(date=date(last.at)))
        if decision.review_requested:
            requested = decision.review_requests[-1].at
            sentences.append(texts.requested.format(date=date(requested)))
        return sentences

    def _data(self, reasons: tuple[Reason, ...]) -> str:
        """The section on the data: how many, how many known, and the themes of the reasons."""
        texts, data, write = self.texts, self.quantities.data, self.quantities.fixed
        values = self.evidence.record.values()
        known = sum(value is not None for value in values)
        items = [
            texts.features.format(number=write(len(values), 0)),
            texts.known.format(number=write(known, 0)),
        ]
        if reasons:
            themes = dict.fromkeys(map(self.words.theme, reasons))
            items.append(texts.themes.format(themes=", ".join(map(data, themes))))
        used = self.words.used([(reason, strongest(reason)) for reason in reasons])
        is_foreign = not all(map(data.is_own, used))
        foreign = element("p", texts.other_language) if is_foreign else ""
        return section(texts.data_title, listed("ul", items), foreign)

    def _rights(self, sender: Sender) -> str:
        texts = self.texts
        review = texts.another_review if self.decision.reviewed else texts.review
        rights = [texts.explanation, texts.point_of_view, review, texts.access]
        return section(
            texts.rights_title,
            element("p", texts.rights_introduction),
            listed("ul", rights),
            element("p", texts.contact),
            element("address", sender.contact),
        )

    def _notices(self) -> list[str]:
        """The notices of the law of the United States, for lenders whose settings name agencies."""
        texts, found = self.texts, []
        if (agency := self.lender.lender_agency) is not None:
            notice, address = element("p", texts.equal_credit), element("address", lines(agency))
            found.append(section(texts.equal_credit_title, notice, address))
        if (agency := self.lender.lender_report_agency) is not None:
            first, *others = texts.report
            address = element("address", lines(agency))
            found.append(
                section(texts.report_title, element("p", first), address, paragraphs(others))
            )
        return found
