"""Features that are text, and names that no table would have: pages of a small model of these."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from advisor import state
from advisor.answers import Application, Record
from advisor.client import Service as Asked
from advisor.desk import Desk
from advisor.formats import Words
from main import create_app
from serving.settings import Settings
from tests.dashboard.conftest import Open, words_of
from tests.support.artefacts import AWKWARD, make_folder
from tests.support.inprocess import prepared_client
from tests.support.recipes import RECIPES

EN = Words("en")
TEXT, OFTEN_MISSING = "NAME_EDUCATION_TYPE", "OCCUPATION_TYPE"
NUMBER, FLAG = "OWN_CAR_AGE", "FLAG_WORK_PHONE"


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


def row_of(record: Record, **columns: str) -> str:
    """A CSV of one row; a missing value is an empty cell, and some columns have other cells."""
    cells = {name: "" if value is None else str(value) for name, value in record.items()} | columns
    written = io.StringIO()
    csv.writer(written).writerows([cells.keys(), cells.values()])
    return written.getvalue()


def paste(page: AppTest, text: str) -> str:
    """What the page says of a text that is pasted."""
    page.main.text_area(key="pasted_text").set_value(text)
    page.main.button[0].click().run()
    assert not page.exception
    return words_of(page)


def upload(page: AppTest, text: str) -> str:
    """What the page says of a file."""
    file = ("row.csv", text.encode(), "text/csv")
    page.main.file_uploader(key="file").set_value(file).run()
    assert not page.exception
    return words_of(page)


GIVE = {"paste": paste, "upload": upload}
READ = [
    *((OFTEN_MISSING, text, None) for text in ("NA", "NULL", "None", "#N/A", "<NA>", "-1.#IND")),
    *((NUMBER, text, None) for text in ("NA", "nan", "n/a", "-NaN", "1.#QNAN")),
    *((FLAG, text, 1.0) for text in ("True", "TRUE", "true", "1", "1.0")),
    *((FLAG, text, 0.0) for text in ("False", "FALSE", "false")),
    (NUMBER, "True", 1.0),
    (NUMBER, "1" * 140_000 + "e-139999", 1.1111111111111112),
    *(
        (TEXT, text, text)
        for text in ("01000", " spaces ", "12", "True", 'a\rb\r\n"c"', "x" * 140_000)
    ),
]


@pytest.mark.parametrize("way", GIVE)
@pytest.mark.parametrize(("name", "cell", "value"), READ)
def test_a_cell_is_read_as_in_the_tables(
    page_of: Open, own: Asked, sent: list[Application], way: str, name: str, cell: str, value
):
    record = own.record(own.ids()[0])
    said = GIVE[way](page_of("application", way_in=way), row_of(record, **{name: cell}))
    assert sent == [{"record": {**record, name: value}}]
    assert f">{own.score(sent[0])['probability']:.4f}<" in said


def test_a_text_in_json_is_sent_as_it_is(page_of: Open, own: Asked, sent: list[Application]):
    record = {**own.record(own.ids()[0]), OFTEN_MISSING: "NA"}
    paste(page_of("application", way_in="paste"), json.dumps(record))
    assert sent[0] == {"record": record}


def test_a_category_of_that_name_is_a_text(
    page_of: Open, own: Asked, sent: list[Application], monkeypatch: pytest.MonkeyPatch
):
    named = [
        {**each, "class1": {"present": 1, "quantiles": None, "shares": {"NA": 1.0}}}
        for each in own.features()
    ]
    monkeypatch.setattr(Desk, "features", {each["name"]: each for each in named})
    record = own.record(own.ids()[0])
    cells = {OFTEN_MISSING: "NA", TEXT: "NULL", NUMBER: "NA"}
    paste(page_of("application", way_in="paste"), row_of(record, **cells))
    assert sent[0] == {"record": {**record, OFTEN_MISSING: "NA", TEXT: None, NUMBER: None}}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_columns_that_are_not_features_are_left_out(
    page_of: Open, own: Asked, sent: list[Application], end: str
):
    record = own.record(own.ids()[0])
    header, row = csv.reader(io.StringIO(row_of(record), newline=""))
    beside = ["", "Unnamed: 0", "SK_ID_CURR", "TARGET", "proba", "Unnamed: 12", "", ""]
    written = io.StringIO()
    rows = csv.writer(written, lineterminator=end)
    rows.writerows([[*beside[:2], *header, *beside[2:]], ["7", "7", *row, "NA", *[""] * 5]])
    upload(page_of("application", way_in="upload"), written.getvalue())
    assert sent == [{"record": record}]
