"""The changes that would help a client, each with a link that simulates it."""

from advisor import address, page_elements
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import ClientId, Score
from advisor.simulation import suggestions
from advisor.simulation.suggestions import Suggestion
from advisor.statements import decision

MOST_CHANGES = 2


def show(words: Words, service: PinnedService, client: ClientId, score: Score) -> None:
    """Show up to two changes that turn the decision, first those that go against no reason.

    Changes that turn an acceptance are a note.
    """
    if all(each["change"] == "none" for each in service.feature_by_name.values()):
        page_elements.paragraph(words("nothing_may_change_here"))
        return
    nearest = suggestions.find(words, service, client, score)
    found = sorted(nearest, key=lambda each: each.goes_against)[:MOST_CHANGES]
    for at, each in enumerate(found):
        page_elements.paragraph(each.sentence, *each.labels)
        if score["prediction"]:
            link_to_simulation(words, each, key=f"help_{at}")
    if not found:
        page_elements.paragraph(words(f"nothing_turns_{decision.kind(score)}"))
        address.link("simulate", words("simulate_other"), changes={})
    elif score["prediction"]:
        page_elements.paragraph(words("promise_nothing"))


def link_to_simulation(words: Words, change: Suggestion, key: str) -> None:
    """Show a link that opens Simulate with a change."""
    label = words("simulate_this", change=page_elements.plain(change.short))
    address.link("simulate", label, changes=change.changes, key=key)
