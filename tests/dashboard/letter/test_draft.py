"""The draft of a letter: its words, and no protected trait in any of them."""

import datetime
import re

import pytest

from advisor import paper
from advisor.formatting.formats import Words
from advisor.letter.draft import LetterWriter
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, Score
from advisor.service_client.service_api import ServiceApi
from advisor.statements import reasons

EN, FR = Words("en"), Words("fr")
DAY = datetime.date(2026, 3, 1)
TYPICAL = {"en": "“Typical” is", "fr": "«\u00a0Habituellement\u00a0»"}


@pytest.fixture(scope="module")
def service(shipped_api: ServiceApi) -> PinnedService:
    return PinnedService(shipped_api, "en")


@pytest.fixture(scope="module")
def scores(service: PinnedService) -> dict[int, Score]:
    """The scores of all shipped clients, with four reasons."""
    return {int(client): service.score({"client": client}) for client in service.ids()}


@pytest.fixture(scope="module")
def refusal(scores: dict[int, Score]) -> int:
    """A refused client without a protected trait among the reasons."""
    return next(
        client
        for client, score in scores.items()
        if score["prediction"] and not any(each["protected"] for each in score["reasons"])
    )


@pytest.fixture(scope="module")
def held_refusal(scores: dict[int, Score]) -> int:
    """A refused client with a protected trait among the reasons."""
    return next(
        client
        for client, score in scores.items()
        if score["prediction"] and any(each["protected"] for each in score["reasons"])
    )


@pytest.fixture(scope="module")
def acceptance(scores: dict[int, Score]) -> int:
    return next(client for client, score in scores.items() if not score["prediction"])


def test_a_refusal(service: PinnedService, scores: dict[int, Score], refusal: int):
    score = scores[refusal]
    writer = LetterWriter(EN, service, {"client": refusal}, score)
    told = [
        reasons.told(EN, reason, service.feature_by_name).sentence(EN)
        for reason in score["reasons"]
    ]
    assert len(told) == 4
    assert all("; typical " in sentence for sentence in told)
    assert writer.text(DAY) == (
        "Our decision on your application\n\n"
        f"Client {refusal}, 1 March 2026\n\n"
        "We cannot accept your application as it is. Its risk score is"
        f" {100 * score['probability']:.1f} on a scale from 0 to 100; we accept scores below 50.3."
        "\n\n"
        f"The main reasons:\n1. {told[0]}.\n2. {told[1]}.\n3. {told[2]}.\n4. {told[3]}.\n\n"
        "“Typical” is the middle value of earlier clients whom we accepted by a narrow margin.\n\n"
        "You may ask for an explanation, give your point of view, and have a person review this"
        " decision.\n\n"
        "Yours sincerely\n\n"
        f"Model {score['model'][:12]}\n"
    )


def test_the_peers_are_those_of_the_score(service: PinnedService, refusal: int):
    score = service.score({"client": refusal}, compare="all")
    text = LetterWriter(EN, service, {"client": refusal}, score).text(DAY)
    assert "“Typical” is the middle value of all our earlier clients." in text
    assert [
        line.partition(". ")[2].rstrip(".") for line in text.splitlines() if line[:1].isdigit()
    ] == [reasons.told(EN, each, service.feature_by_name).sentence(EN) for each in score["reasons"]]


def test_an_acceptance_has_no_reasons_and_no_comparison(
    service: PinnedService, scores: dict[int, Score], acceptance: int
):
    writer = LetterWriter(EN, service, {"client": acceptance}, scores[acceptance])
    assert writer.text(DAY).split("\n\n")[1:] == [
        f"Client {acceptance}, 1 March 2026",
        "Your application meets our requirements.",
        "If you have questions, please ask us.",
        "Yours sincerely",
        f"Model {scores[acceptance]['model'][:12]}\n",
    ]


def test_an_offer_has_the_values_before_and_after(
    service: PinnedService, scores: dict[int, Score], acceptance: int
):
    own = service.record(acceptance)["AMT_CREDIT"]
    assert isinstance(own, float | int)
    application: Application = {"client": acceptance, "changes": {"AMT_CREDIT": own - 1000}}
    score = service.score(application)
    assert score["prediction"] == 0
    text = LetterWriter(EN, service, application, score).text(DAY)
    assert text.startswith(f"Your application with changes\n\nClient {acceptance}, 1 March 2026\n")
    assert (
        "With these changes, your application meets our requirements:\n"
        f"- Amount of the loan: {own - 1000:,.0f}\u00a0currency instead of {own:,.0f}\u00a0currency"
        "\n\n"
        "This is not a decision. We decide when you apply with these values.\n"
    ) in text
    assert "risk score" not in text


def test_an_offer_that_is_still_refused_has_its_reasons(service: PinnedService, refusal: int):
    own = service.record(refusal)["AMT_CREDIT"]
    assert isinstance(own, float | int)
    application: Application = {"client": refusal, "changes": {"AMT_CREDIT": own + 1}}
    score = service.score(application)
    assert score["prediction"] == 1
    text = LetterWriter(EN, service, application, score).text(DAY)
    assert "With these changes, we still cannot accept your application:\n- Amount of" in text
    assert "The main reasons:\n1. " in text


def test_an_offer_may_not_change_a_protected_trait(service: PinnedService, acceptance: int):
    own = service.record(acceptance)["CODE_GENDER_F"]
    application: Application = {
        "client": acceptance,
        "changes": {"CODE_GENDER_F": 0.0 if own else 1.0},
    }
    writer = LetterWriter(EN, service, application, service.score(application))
    assert writer.protected_changes == [service.feature_by_name["CODE_GENDER_F"]["label"]]
    assert writer.is_held


def test_a_new_application_has_no_client(
    service: PinnedService, scores: dict[int, Score], acceptance: int
):
    application: Application = {"record": service.record(acceptance)}
    text = LetterWriter(FR, service, application, service.score(application)).text(DAY)
    assert text.startswith(
        "Notre décision sur votre demande\n\n1 mars 2026\n\nVotre demande remplit"
    )
    assert str(acceptance) not in text


def test_a_held_letter_is_not_written(
    service: PinnedService, scores: dict[int, Score], held_refusal: int
):
    writer = LetterWriter(EN, service, {"client": held_refusal}, scores[held_refusal])
    assert writer.protected_reasons == [
        each["text"] for each in scores[held_refusal]["reasons"] if each["protected"]
    ]
    with pytest.raises(ValueError, match="a letter with a protected trait is not written"):
        writer.text(DAY)


@pytest.mark.parametrize("words", [EN, FR], ids=["en", "fr"])
def test_no_letter_prints_a_protected_trait(shipped_api: ServiceApi, words: Words):
    """All shipped clients, by the words of features.csv on the protected features."""
    service = PinnedService(shipped_api, words.language)
    features = service.feature_by_name
    protected = service.facts["protected_features"]
    marks = {features[name]["label"] for name in protected}
    held = printed = 0
    for client in service.ids():
        score = service.score({"client": client})
        if score["prediction"]:
            marks |= {each["text"] for each in score["reasons"] if each["protected"]}
    for client in service.ids():
        score = service.score({"client": client})
        writer = LetterWriter(words, service, {"client": client}, score)
        if writer.is_held:
            held += 1
            continue
        text = writer.text(DAY)
        document = paper.document(text, words.language)
        assert not [mark for mark in marks if mark in text or mark in document]
        assert (TYPICAL[words.language] in text) == bool(score["prediction"])
        printed += bool(score["prediction"])
    assert len(protected) == 3
    assert (held, held + printed) == (30, 131)


def test_dates_in_french(service: PinnedService, scores: dict[int, Score], refusal: int):
    text = LetterWriter(FR, service, {"client": refusal}, scores[refusal]).text(DAY)
    assert re.search(rf"^Client {refusal}, 1 mars 2026$", text, re.MULTILINE)
