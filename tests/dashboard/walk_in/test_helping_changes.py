"""Changes that help a person who is not a client: of known values only."""

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Record
from advisor.service_client.service_api import ServiceApi
from advisor.simulation import suggestions
from advisor.walk_in import helping_changes
from advisor.walk_in.completion import Completion, complete
from advisor.walk_in.feature_weights import FeatureWeights
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.walk_in.test_form_page import enter

EN, FR = Words("en"), Words("fr")


@pytest.fixture
def service(api: ServiceApi) -> PinnedService:
    return PinnedService(api)


def completed(
    service: PinnedService, weights: FeatureWeights, own: Record, known: Sequence[str]
) -> Completion:
    """The application of a person of whom some values of a record are known."""
    entered = {name: own[name] for name in known}
    return complete(service.feature_by_name, weights, {}, entered, ())


def changeable(service: PinnedService) -> list[str]:
    return [name for name, each in service.feature_by_name.items() if each["change"] != "none"]


@pytest.fixture
def person(
    service: PinnedService, weights: FeatureWeights, short_form: list[str], turnable_client: int
) -> tuple[Record, list[str]]:
    """A client's values, and those of the short form: one change of them turns the refusal."""
    for client in [turnable_client, *service.ids()]:
        own = service.record(client)
        known = [name for name in short_form if own[name] is not None]
        found = completed(service, weights, own, known)
        score = service.score(found.application)
        if not score["prediction"] or found.is_refused:
            continue
        if suggested(service, found, ()):
            return own, known
    raise AssertionError("no such client")


def suggested(
    service: PinnedService, found: Completion, fixed: Sequence[str]
) -> list[suggestions.Suggestion]:
    own, score = helping_changes.own_values(service, found), service.score(found.application)
    search = suggestions.search_application
    return search(EN, service, found.application, own, score, fixed).found


def test_each_change_turns_the_refusal_and_says_what_it_assumes(
    open_page: PageOpener,
    service: PinnedService,
    weights: FeatureWeights,
    person: tuple[Record, list[str]],
):
    own, known = person
    page = open_page("application")
    enter(page, own, known)
    text = text_of(page)
    found = completed(service, weights, own, known)
    stand_ins = [name for name, origin in found.origins.items() if origin == "stand_in"]
    told = suggested(service, found, stand_ins)
    assert 0 < sum(each.sentence in text for each in told) <= 2
    for each in told:
        changed = {**found.application, "changes": each.changes}
        assert service.score(changed)["prediction"] == 0
        assert not {*stand_ins} & each.changes.keys()
    number = EN.number(found.count("stand_in"))
    assert f"This assumes typical values for the {number} that are not known" in text


def test_a_value_that_stands_in_is_not_changed(
    open_page: PageOpener, service: PinnedService, weights: FeatureWeights
):
    """All but what may change is known: a change of a typical value would turn the refusal."""
    known_names = [name for name in weights.share if name not in changeable(service)]
    for own in map(service.record, service.ids()):
        known = [name for name in known_names if own[name] is not None]
        found = completed(service, weights, own, known)
        if service.score(found.application)["prediction"] and (
            offered := suggested(service, found, ())
        ):
            break
    else:
        raise AssertionError("no such client")
    fixed = [name for name, origin in found.origins.items() if origin == "stand_in"]
    assert {*changeable(service)} <= {*fixed}
    assert suggested(service, found, fixed) == []
    page = open_page("application", new_added=[name for name in known_names if name in known])
    enter(page, own, known)
    text = text_of(page)
    assert EN("nothing_known_helps") in text
    assert not any(each.sentence in text for each in offered)


def test_a_computed_value_of_stand_ins_is_not_the_persons(
    service: PinnedService, weights: FeatureWeights, person: tuple[Record, list[str]]
):
    own, known = person
    rate = "PAYMENT_RATE"
    whole = completed(service, weights, own, known)
    assert helping_changes.own_values(service, whole)[rate] == pytest.approx(own[rate], rel=1e-12)
    part = completed(service, weights, own, [name for name in known if name != "AMT_CREDIT"])
    assert helping_changes.own_values(service, part)[rate] is None


def test_an_accepted_person_gets_no_advice(
    open_page: PageOpener,
    service: PinnedService,
    weights: FeatureWeights,
    short_form: list[str],
):
    for own in map(service.record, service.ids()):
        known = [name for name in short_form if own[name] is not None]
        found = completed(service, weights, own, known)
        if not service.score(found.application)["prediction"]:
            break
    page: AppTest = open_page("application")
    enter(page, own, known)
    assert EN("would_help") not in text_of(page)
