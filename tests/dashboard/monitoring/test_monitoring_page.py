"""The page of the model at work: its question, its requests, its failures and its words."""

import json
from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from advisor import session
from advisor.monitoring.question import last_day, months_until
from advisor.monitoring.sections.vintages import common_age
from advisor.register import held_reads
from advisor.texts import texts
from tests.dashboard.conftest import PageOpener, connected, text_of
from tests.dashboard.monitoring.conftest import Reports, TopicOpener, charts
from tests.dashboard.register.conftest import CALLERS, KEY, press
from tests.dashboard.test_french import ENGLISH, LONG
from tests.support.servers.server import Server

TOPICS = (
    "applications", "stability", "performance", "calibration", "vintages", "people", "groups",
    "challenger",
)  # fmt: skip
COUNTING = "the figures are being computed: ask again"  # the service's words
TOO_LONG = "the figures take too long: ask for a shorter period"


class Answers(httpx.BaseTransport):
    """A connection whose requests for figures get an answer of the test, if there is one.

    Attributes:
        queries: of all requests for figures so far.
        given: the next answers, as statuses and messages; without one the service answers.
    """

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []
        self.given: list[tuple[int, str]] = []
        self._network = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/monitoring":
            self.queries.append(dict(request.url.params))
            if self.given:
                status, detail = self.given.pop(0)
                return httpx.Response(status, json={"detail": detail}, request=request)
        return self._network.handle_request(request)

    def close(self) -> None:
        self._network.close()


@pytest.fixture
def answers(monitored_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """The dashboard's connection."""
    transport = Answers()
    with connected(monitored_server.url, KEY, transport=transport) as api:
        monkeypatch.setattr(session, "service_api", lambda: api)
        yield transport


def test_one_request_is_made_whatever_is_looked_at(open_topic: TopicOpener, answers: Answers):
    page = open_topic("applications")
    assert answers.queries == [{"from": "2024-11-01", "to": "2026-10-31", "by": "month"}]
    page.main.radio(key="monitoring_topic").set_value("performance").run()
    assert len(answers.queries) == 1
    press(page, "Read again")
    assert len(answers.queries) == 2


def test_features_are_requested_after_the_button_only(open_topic: TopicOpener, answers: Answers):
    page = open_topic("stability")
    assert len(answers.queries) == 1
    press(page, "Count the features")
    assert [query.get("features") for query in answers.queries] == [None, "true"]
    page.run()
    assert len(answers.queries) == 2
    assert len(charts(page)) == 2


def test_the_usual_question_is_two_years_by_month(open_topic: TopicOpener, answers: Answers):
    page = open_topic("applications", first="", last="")
    (query,) = answers.queries
    first, last = (date.fromisoformat(query[end]) for end in ("from", "to"))
    assert (first.day, last.day) == (1, last_day(f"{last:%Y-%m}").day)
    assert (last.year - first.year) * 12 + last.month - first.month == 24
    assert page.main.selectbox(key="monitoring_last").value == f"{last:%Y-%m}"


def test_months_in_the_wrong_order(open_topic: TopicOpener, answers: Answers):
    page = open_topic("applications", first="2025-03", last="2025-02")
    assert page.main.warning[0].value.startswith("The last month lies before the first one.")
    assert answers.queries == []
    page.main.selectbox(key="monitoring_last").set_value("2025-03").run()
    assert answers.queries == [{"from": "2025-03-01", "to": "2025-03-31", "by": "month"}]


def test_groups_need_a_name(open_topic: TopicOpener, answers: Answers):
    page = open_topic("groups", by="group")
    assert page.main.info[0].value.startswith("Type the name under which the groups are recorded")
    field = page.main.text_input(key="monitoring_group")
    field.set_value("a name; with more").run()
    assert page.main.warning[0].value.startswith("Such a name has letters, digits")
    assert answers.queries == []
    page.main.text_input(key="monitoring_group").set_value(" sex ").run()
    assert answers.queries[-1]["group"] == "sex"
    assert len(charts(page)) == 3


def test_a_column_that_nobody_recorded(open_topic: TopicOpener):
    page = open_topic("groups", by="group", group="faith")
    assert not page.main.error
    assert "4,800 decisions have no value of faith." in text_of(page)


def test_months_without_a_decision(open_topic: TopicOpener):
    page = open_topic("applications", first="2024-01", last="2024-02")
    assert page.main.info[0].value == "The register has no decisions of these months."
    assert not charts(page)


def test_no_loan_is_old_enough(open_topic: TopicOpener):
    page = open_topic("performance", first="2026-09")
    assert page.main.info[0].value.startswith("No loan of this period is 12 months old")
    assert len(charts(page)) == 1  # the estimates
    page = open_topic("calibration", first="2026-09")
    assert page.main.info[0].value.startswith("No loan of this period is 12 months old")


def test_the_report_has_its_remarks_and_models(open_topic: TopicOpener, report_of: Reports):
    shown, report = text_of(open_topic("applications")), report_of()
    assert report["notes"]
    for note in report["notes"]:
        assert f"<li>{note}</li>" in shown
    for model in report["models"]:
        assert f">{model['model']}</th>" in shown
    assert f"{report['total']['volume']:,} decisions, as counted on " in shown


def test_a_key_without_the_role(open_monitored_page: PageOpener, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_KEY", CALLERS["reader"][0])
    page = open_monitored_page("monitoring")
    (error,) = page.main.error
    assert error.value == (
        "The dashboard's key may not do this: the key of reader lacks the role monitor."
    )
    keys = [each.key for each in page.main.selectbox]
    assert keys == ["listed"]  # there is nothing to choose but a client


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        (COUNTING, "The service is still counting."),
        (TOO_LONG, f"The figures are not to be had now: {TOO_LONG}"),
    ],
)
def test_figures_that_are_not_there_yet(
    open_topic: TopicOpener, answers: Answers, detail: str, sentence: str
):
    page = open_topic("applications")
    held = page.session_state[held_reads.HELD]
    held.clear()
    answers.given = [(503, detail)]
    page.run()
    assert [each.value for each in page.main.error] == [sentence]
    assert page.main.selectbox(key="monitoring_first").value == "2024-11"
    press(page, "Try again")
    assert not page.main.error
    assert len(charts(page)) == 2


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_french(open_topic: TopicOpener, topic: str):
    chosen = {"by": "group", "group": "sex"} if topic == "groups" else {}
    page = open_topic(topic, language="fr", **chosen)
    controls = [*page.main.selectbox, *page.main.radio, *page.main.button, *page.main.text_input]
    names = [each.label for each in (*controls, *page.main.expander)]
    shown = text_of(page) + "\n".join([*names, json.dumps(charts(page), ensure_ascii=False)])
    assert [text for text in ENGLISH if len(text) >= LONG and text in shown] == []
    assert page.title[0].value == texts()["page_monitoring"]["fr"]
    assert "<li>Demandes de réexamen encore ouvertes" in shown  # one of the service's remarks


def test_months_until_a_day():
    months = months_until(date(2026, 2, 28))
    assert months[:3] == ["2026-02", "2026-01", "2025-12"]
    assert (len(months), months[-1]) == (120, "2016-03")


@pytest.mark.parametrize(
    ("month", "day"),
    [("2026-02", "2026-02-28"), ("2028-02", "2028-02-29"), ("2026-12", "2026-12-31")],
)
def test_the_last_day_of_a_month(month: str, day: str):
    assert last_day(month).isoformat() == day


@pytest.mark.parametrize(("ages", "age"), [([12, 12, 3], 12), ([12, 6, 5, 4], 6), ([7], 7)])
def test_the_age_that_half_of_the_months_have_reached(ages: list[int], age: int):
    vintages = [
        {"month": str(each), "accepted": 40, "curve": [{"months": each, "cumulative": 0.1}]}
        for each in ages
    ]
    assert common_age(vintages) == age  # type: ignore[arg-type]
