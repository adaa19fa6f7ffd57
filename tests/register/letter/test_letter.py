"""Whole letters, and the parts that depend on the decision and on the lender."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from register.errors import Erased, LetterHeld
from register.letter.languages.texts import Language
from register.letter.letter import VERSION, letter_html
from register.letter.style import POLICY
from register.stored import StoredDecision
from tests.register.letter.recorded import (
    DECISION_ID,
    EDUCATION,
    INSTALMENTS,
    JOB,
    REASONS,
    SCORES,
    SEX,
    US,
    acceptance,
    after_reviews,
    decision,
    feature,
    lender,
    reason,
    request,
    text_of,
)

EXPECTED = Path(__file__).with_name("expected")
LANGUAGES: list[Language] = ["en", "fr"]
CASES = {
    "refusal": (decision(), lender()),
    "refusal_us": (after_reviews(decision(automated=False), 1), lender(**US)),
    "refusal_without_a_protected_trait": (
        after_reviews(decision([SCORES, SEX, INSTALMENTS]), 1),
        lender(),
    ),
    "refusal_without_reasons": (decision([]), lender()),
    "acceptance": (acceptance(), lender(**US)),
    "acceptance_by_review": (after_reviews(decision(), 0), lender()),
}
PAGES_OF_VERSIONS = {
    "1": "be5a8b035f400d29eb6ec64d9834d9c4d7f2a68d5ebc4bce9af319ae86f7625e",
    "2": "3b4451f6040c6b79490202b6aac93546eee839af65abd233ed2f60002406cba8",
}
LAW_OF_US = ["Federal", "fédéral", "Act", "creditor", "créancier", "60 days", "60\u00a0jours"]


def letter(recorded: StoredDecision, language: Language = "en", **changes: str | None) -> str:
    """The text of a letter."""
    return text_of(letter_html(recorded, lender(**changes), language).html)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_a_whole_letter_has_its_words(case: str, language: Language):
    recorded, settings = CASES[case]
    found = letter_html(recorded, settings, language)
    assert text_of(found.html) == (EXPECTED / language / f"{case}.txt").read_text("utf-8")
    assert (found.version, found.language) == (VERSION, language)
    assert found.html.startswith(f'<!doctype html>\n<html lang="{language}">\n<head>\n')
    assert found.html.endswith("</body>\n</html>\n")
    assert POLICY in found.html


def test_a_version_stands_for_one_page():
    """If this fails, a word or the style changed: raise `VERSION`, and add the new hash here."""
    pages = "".join(
        letter_html(recorded, settings, language).html
        for recorded, settings in CASES.values()
        for language in LANGUAGES
    )
    assert PAGES_OF_VERSIONS[VERSION] == hashlib.sha256(pages.encode()).hexdigest()


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_agencies_no_word_of_us_law_is_in_a_letter(language: Language):
    for recorded in (decision(), decision([]), acceptance(), after_reviews(decision(), 1)):
        text = letter(recorded, language)
        assert [word for word in LAW_OF_US if word in text] == []


def test_each_notice_stands_alone():
    equal_credit = letter(decision(), lender_agency="Agency A\nStreet")
    report = letter(decision(), lender_report_agency="Agency R\nStreet")
    assert "Equal Credit Opportunity Act" in equal_credit
    assert "this creditor is:\nAgency A\nStreet\n" in equal_credit
    assert "Fair Credit Reporting Act" not in equal_credit
    assert "Equal Credit Opportunity Act" not in report
    assert "consumer reporting agency:\nAgency R\nStreet\nYou have a right to know" in report
    assert "within 60 days" in letter(decision([]), lender_agency="Agency A")


def test_an_acceptance_has_neither_reasons_nor_a_comparison():
    """Nor a notice: Regulation B and the Fair Credit Reporting Act ask for one of a refusal."""
    for language in LANGUAGES:
        text = letter(acceptance(), language, **US)
        for each in REASONS:
            assert each["text"] not in text
            assert each["features"][0]["label"] not in text
        for word in ("typical", "habituelle", "score of", "100", "limit", "Act", "agency"):
            assert word not in text


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (decision(), "was based on automated processing of your data"),
        (decision(automated=False), "A member of our staff took the decision of 28\u00a0November"),
        (after_reviews(decision(), 1), "reviewed this decision on 1\u00a0December\u00a02026 and c"),
        (after_reviews(decision(), 1), "was based on automated processing of your data"),
        (after_reviews(decision(), 1), "to have the decision reviewed by a person once more;"),
        (after_reviews(decision(), 0), "on 1\u00a0December\u00a02026 and changed it."),
        (after_reviews(decision(), 0), "Acceptance of your application for credit"),
        (after_reviews(decision(), 0, 1), "on 1\u00a0December\u00a02026 and confirmed it."),
        (after_reviews(acceptance(), 1, 0), "on 1\u00a0December\u00a02026 and confirmed it."),
    ],
)
def test_a_letter_says_who_decided(recorded: StoredDecision, said: str):
    assert said in letter(recorded)


def test_a_decision_of_a_person_is_not_called_automated():
    text = letter(decision(automated=False))
    assert "was based on automated processing" not in text
    assert "with the help of a score that a computer calculated by automated processing" in text


def test_a_letter_keeps_the_reviewer_and_the_request_to_the_lender():
    requests = [request(datetime(2026, 12, 3, tzinfo=UTC))]
    requested = replace(decision(), review_requested=True, review_requests=requests)
    for recorded in (after_reviews(decision(), 1), after_reviews(decision(), 0), requested):
        for language in LANGUAGES:
            html = letter_html(recorded, lender(), language).html
            for secret in ("anna.reviewer", "INCOME_CHECKED", "internal comment", "earn more"):
                assert secret not in html
    assert "On 3\u00a0December\u00a02026 you asked for a review" in letter(requested)
    assert "you asked for a review" not in letter(after_reviews(decision(), 1))


def test_a_reference_that_is_not_recorded_is_left_out():
    text = letter(decision(answer={"client": None, "reference": None}))
    assert "Your client number" not in text
    assert "Your application:" not in text
    assert f"Number of the decision:{DECISION_ID}" in text


def test_reasons_in_another_language_are_marked_and_said_to_be():
    french = letter_html(decision(), lender(), "fr").html
    assert '<strong><bdi lang="en">External credit scores are low</bdi></strong>' in french
    assert "dans la langue de nos dossiers" in french
    same = letter_html(decision(), lender(labels_language="fr-CA"), "fr").html
    assert "<strong><bdi>External credit scores are low</bdi></strong>" in same
    assert "dans la langue de nos dossiers" not in same
    assert "language of our records" not in letter(decision())
    assert "language of our records" in letter(decision(), labels_language="fr")
    assert "language of our records" not in letter(decision([]), labels_language="fr")


def test_data_are_counted():
    record = {f"F{number}": None if number < 200 else 1.0 for number in range(1234)}
    text = letter(decision(record=record))
    assert "Items of data on you and your application: 1,234\nOf these, known to us: 1,034" in text
    assert "are about: External credit scores, Size and terms of this loan, Education" in text


@pytest.mark.parametrize("setting", ["lender_name", "lender_address", "lender_contact"])
@pytest.mark.parametrize("value", [None, " \n"])
def test_a_letter_without_a_sender_is_held(setting: str, value: str | None):
    for recorded in (decision(), acceptance()):
        with pytest.raises(LetterHeld) as held:
            letter(recorded, **{setting: value})
        assert str(held.value) == f"letters cannot be written before {setting.upper()} is set"


def test_an_erased_decision_has_no_letter():
    for recorded in (decision(), acceptance()):
        with pytest.raises(Erased) as erased:
            letter(replace(recorded, evidence=None))
        assert str(erased.value) == (
            f"the data of decision {DECISION_ID} were erased: it has no letter any more"
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_protected_trait_holds_a_refusal(language: Language):
    refusal = decision([SCORES, SEX, INSTALMENTS])
    with pytest.raises(LetterHeld) as held:
        letter(refusal, language)
    assert "a person must decide before this letter is sent" in str(held.value)
    assert "Review the decision" in str(held.value)
    for word in ("Sex", "man", "woman"):
        assert word not in str(held.value).replace("a person", "").split()
    accepted = letter(after_reviews(refusal, 0), language)
    assert "man" not in accepted.split()


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_review_the_other_reasons_are_printed(language: Language):
    refusal = decision([SEX, SCORES, INSTALMENTS, EDUCATION, JOB])
    for recorded in (after_reviews(refusal, 1), after_reviews(refusal, 0, 1)):
        told = letter(recorded, language)
        assert not {"Sex", "man", "woman"} & set(told.replace(",", " ").replace(".", " ").split())
        same = letter(after_reviews(decision(), 1), language)
        most = {"en": "weighed most against", "fr": "ont pesé le plus contre"}[language]
        assert (most in same, most in told) == (True, False)
        titles = [
            re.findall(r"<strong>(.*?)</strong>", letter_html(each, lender(), language).html)
            for each in (recorded, after_reviews(decision(), 1))
        ]
        assert titles[0] == titles[1]
        assert len(titles[0]) == 4


def test_a_letter_without_any_other_reason_stays_held():
    with pytest.raises(LetterHeld) as held:
        letter(after_reviews(decision([SEX]), 1))
    assert str(held.value) == (
        "a person must write this letter: a trait that law protects contributed to each reason on"
        " record"
    )


def test_only_the_principal_reasons_are_told_and_checked():
    """The number of reasons that a caller requested does not change the letter."""
    assert letter(decision([*REASONS, SEX])) == letter(decision())
    with pytest.raises(LetterHeld):
        letter(decision([SCORES, INSTALMENTS, JOB, SEX]))


def test_a_refusal_by_a_review_alone_is_held():
    with pytest.raises(LetterHeld) as held:
        letter(after_reviews(acceptance(), 1))
    assert str(held.value) == (
        "a person must write this letter: a review refused an application that the model accepts,"
        " and its reasons are not on record"
    )


def test_a_reason_without_a_feature_that_raised_the_score_is_held():
    unspecific = reason("Housing", "Housing", feature("Rooms", 1.0, 2.0, "", -0.5))
    for found in (unspecific, reason("Housing", "Housing")):
        with pytest.raises(LetterHeld) as held:
            letter(decision([EDUCATION, found]))
        assert "a theme alone is not a specific reason" in str(held.value)
