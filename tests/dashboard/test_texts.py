"""Features that are text, and names that no table would have: pages of a small model of these."""

from collections import Counter
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from advisor import state
from advisor.client import Service as Asked
from advisor.formats import Words
from main import create_app
from serving.settings import Settings
from tests.dashboard.conftest import Open, words_of
from tests.support.artefacts import AWKWARD, make_folder
from tests.support.inprocess import prepared_client
from tests.support.recipes import RECIPES

EN = Words("en")
TEXT, OFTEN_MISSING = "NAME_EDUCATION_TYPE", "OCCUPATION_TYPE"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The service of such a folder, in this process."""
    path = tmp_path_factory.mktemp("texts") / "ressources"
    make_folder(path, *RECIPES["lightgbm text dense"](), new_clients=10)
    with (
        prepared_client(create_app(Settings(ressources_dir=path))) as http,
        Asked("http://testserver") as asked,
    ):
        asked._http.close()
        asked._http = http
        yield asked


@pytest.fixture
def page_of(own: Asked, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(state, "service", lambda: own)
    return open_page


def row(page: AppTest, name: str) -> str:
    return words_of(page).partition(f">{name}</th>")[2].partition("</tr>")[0]


@pytest.mark.parametrize("feature", [TEXT, OFTEN_MISSING])
def test_texts_are_compared_by_bars(page_of: Open, own: Asked, feature: str):
    client = own.ids()[0]
    value = own.record(client)[feature]
    whole, found = own.reference_values(TEXT), own.reference_values(feature)
    counts = {which: Counter(found[which]) for which in ("feat0", "feat1")}
    page = page_of("compare", client, compared=feature)
    for text in counts["feat0"] | counts["feat1"]:
        line = row(page, f"{text} (this client)" if text == value else text)
        for which, count in counts.items():
            assert f">{EN.percent(count[text] / len(whole[which]), 1)}<" in line
    if feature == OFTEN_MISSING:
        line = row(page, "not known (this client)" if value is None else "not known")
        for which, count in counts.items():
            assert f">{EN.percent(1 - count.total() / len(whole[which]), 1)}<" in line


def test_the_score_of_each_text(page_of: Open, own: Asked):
    client = own.ids()[0]
    page = page_of("what_if", client, curve=TEXT)
    steps = own.sensitivity({"client": client}, TEXT)["steps"]
    assert len(steps) > 2
    for text, probability in steps:
        assert f">{EN.number(probability, 4)}<" in row(page, text)


def test_a_text_is_chosen_in_a_new_application(page_of: Open, own: Asked):
    client = own.ids()[0]
    record = own.record(client)
    page = page_of("application", client)
    choice = page.main.selectbox(key=f"new_{client}_{TEXT}")
    assert choice.value == record[TEXT]
    other = next(text for text in choice.options if text != record[TEXT])
    choice.set_value(other)
    page.main.button[0].click().run()
    assert not page.exception
    score = own.score({"record": {**record, TEXT: other}})
    assert f">{score['probability']:.4f}<" in words_of(page)
    assert score["probability"] != own.score({"record": record})["probability"]


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_that_means_something_to_markdown(page_of: Open, own: Asked, name: str):
    page = page_of("what_if", own.ids()[0], curve=name)
    assert f"\n{name} is " in words_of(page)
