"""The pages of the register in French, with two simulated years: no English word is on them."""

import pytest

from advisor.register.register_api import RegisterApi
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.foreign_words import english_words, words_in, words_of_data
from tests.dashboard.monitoring.conftest import Reports, TopicOpener, waiting
from training.simulated_decisions.reviews import HIGH_SIDE, LOW_SIDE

TOPICS = (
    "applications", "stability", "performance", "calibration", "vintages", "people", "groups",
    "challenger",
)  # fmt: skip
CELLS = ("month", "bundle", "grade", "caller")
GROUP = {"by": "group", "group": "sex"}
CHOSEN = [*({"by": by} for by in CELLS), GROUP]


@pytest.fixture(scope="module")
def own_words(monitored_service: ServiceApi, report_of: Reports) -> set[str]:
    """Words of the data: of features, of groups, of callers and of the lender's own codes."""
    keys = [cell["key"] for chosen in CHOSEN for cell in report_of(**chosen)["cells"]]
    keys += [*LOW_SIDE, *HIGH_SIDE]
    return words_of_data(monitored_service.features()) | words_in(keys) - {"not", "known", "others"}


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("chosen", CHOSEN)
def test_the_model_at_work(
    open_topic: TopicOpener, own_words: set[str], topic: str, chosen: dict[str, str]
):
    page = open_topic(topic, language="fr", **chosen)
    assert english_words(page, own_words) == []


def test_a_remark_names_a_group_that_is_not_known(open_topic: TopicOpener, report_of: Reports):
    remarks = [str(each["names"]) for each in report_of(**GROUP)["remarks"]]
    assert any("(not known)" in names for names in remarks)
    text = text_of(open_topic("groups", language="fr", **GROUP))
    assert "inconnu" in text
    assert "(not known)" not in text


def test_the_work_list_and_the_history(
    open_monitored_page: PageOpener, monitored_register: RegisterApi, own_words: set[str]
):
    first = monitored_register.decision(waiting(monitored_register)[0]["id"])
    pages = [
        open_monitored_page("work_list", language="fr"),
        open_monitored_page(
            "history", language="fr", find_by="decision", find_decision=first["id"]
        ),
        open_monitored_page("history", language="fr", find_by="requested"),
    ]
    said = [request["statement"] or "" for request in first["review_requests"]]
    said += [review["comment"] or "" for review in first["reviewed"]]
    assert first["evidence"] is not None
    said += [reason["text"] for reason in first["evidence"]["answer"]["reasons"]]
    for page in pages:
        assert english_words(page, own_words | words_in([*said, first["caller"]])) == []
