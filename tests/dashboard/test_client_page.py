"""The page of a client: its numbers are the service's."""

import math

import pytest

from advisor.client import Service
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")


@pytest.mark.parametrize("which", ["refused", "accepted"])
def test_the_decision_is_the_services(open_page: Open, asked: Service, request, which: str):
    client = request.getfixturevalue(which)
    score, facts = asked.score({"client": client}), asked.model()
    calibration, threshold = facts["facts"]["calibration"], facts["threshold"]
    margin = calibration["slope"] * math.log(threshold / (1 - threshold)) + calibration["offset"]
    pd, limit = EN.percents(score["pd"], 1 / (1 + math.exp(-margin)))
    page = open_page("client", client)
    assert page.title[0].value == f"Client {client}"
    assert page.header[0].value == (
        f"{which.title()}: {pd} expected to default, accepted up to {limit}"
    )
    said = words_of(page)
    for number in (score["probability"], score["threshold"]):
        assert f">{number:.4f}<" in said
    assert f">{score['points']}<" in said
    assert f">{score['grade']}<" in said
    assert f"{abs(score['margin']):.3f} in log-odds" in said
    assert f"{100 * score['position']['class0']:.1f}\u00a0% of those who paid" in said
    assert f"{100 * score['position']['class1']:.1f}\u00a0% of those who did not" in said


def test_every_picture_has_its_sentence_beside_it(open_page: Open, refused: int):
    page = open_page("client", refused)
    assert len(pictures(page)) == 2
    said = words_of(page)
    assert all(sentence and sentence in said for sentence in pictures(page))


def test_all_that_is_known_is_on_the_card(open_page: Open, asked: Service, refused: int):
    record = asked.record(refused)
    said = words_of(open_page("client", refused))
    for feature in asked.features():
        value = EN.value(record[feature["name"]], feature["unit"], feature["kind"])
        row = said.partition(f">{feature['label']}</th>")[2].partition("</tr>")[0]
        assert f">{value}<" in row


def test_missing_values_and_ages(open_page: Open, asked: Service, scores):
    missing = next(c for c in scores if asked.record(c)["OWN_CAR_AGE"] is None)
    said = words_of(open_page("client", missing))
    years = abs(asked.record(missing)["DAYS_BIRTH"]) / 365.25
    assert f">{years:.1f}\u00a0years before the application<" in said
    assert ">not known<" in said


def test_ids_are_searched_and_never_all_on_the_page(open_page: Open, asked: Service):
    ids = asked.ids()
    page = open_page("client")
    assert page.info[0].value.startswith("Choose a client first")
    assert page.main.selectbox(key="client").options == [str(client) for client in ids[:50]]
    last = str(ids[-1])
    page.main.text_input(key="search").set_value(last).run()
    assert page.title[0].value == f"Client {last}"
    page.main.text_input(key="search").set_value("x").run()
    assert "No new client has an id" in page.main.warning[0].value
    assert not page.exception
