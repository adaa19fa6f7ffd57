"""Text features and awkward names: pages of a small model that has both."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application, Record
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from tests.dashboard.conftest import (
    PageOpener,
    PagesOf,
    service_in_process,
    table_row,
    text_of,
    walk_in_field,
)
from tests.support.bundles.artefacts import AWKWARD, make_folder
from tests.support.bundles.recipes import RECIPES

EN = Words("en")
TEXT, OFTEN_MISSING = "NAME_EDUCATION_TYPE", "OCCUPATION_TYPE"
NUMBER, FLAG = "OWN_CAR_AGE", "FLAG_WORK_PHONE"
CLASS_FIELDS = "feat0", "feat1"


@pytest.fixture(scope="module")
def text_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceApi]:
    """The service of a model with text features, in this process."""
    path = tmp_path_factory.mktemp("texts") / "ressources"
    make_folder(path, *RECIPES["lightgbm text dense"](), new_clients=10)
    with service_in_process(path) as api:
        yield api


@pytest.fixture
def first_client(text_api: ServiceApi) -> int:
    return text_api.ids()[0]


@pytest.fixture
def open_text_page(text_api: ServiceApi, open_page_of: PagesOf) -> PageOpener:
    """Opens a page of that service."""
    return open_page_of(text_api)


@pytest.mark.parametrize("feature", [TEXT, OFTEN_MISSING])
def test_categories_are_compared(
    open_text_page: PageOpener, text_api: ServiceApi, first_client: int, feature: str
):
    value = text_api.record(first_client)[feature]
    known, values = text_api.reference_values(TEXT), text_api.reference_values(feature)
    counts = {field: Counter(values[field]) for field in CLASS_FIELDS}
    text = text_of(open_text_page("compare", first_client, compared=feature))
    for category in counts["feat0"] | counts["feat1"]:
        name = f"{category} (this client)" if category == value else category
        for field, count in counts.items():
            share = EN.percent(count[category] / len(known[field]), 1)
            assert f">{share}<" in table_row(text, name)
    if feature == OFTEN_MISSING:
        row = table_row(text, "not known (this client)" if value is None else "not known")
        for field, count in counts.items():
            assert f">{EN.percent(1 - count.total() / len(known[field]), 1)}<" in row


def test_each_category_has_its_score(
    open_text_page: PageOpener, text_api: ServiceApi, first_client: int
):
    text = text_of(open_text_page("simulate", first_client, simulate_curve=TEXT))
    steps = text_api.sensitivity({"client": first_client}, TEXT)["steps"]
    assert len(steps) > 2
    for category, probability in steps:
        shares = text_api.model()["threshold"], probability
        assert f">{decision.risk_texts(EN, *shares)[0]}<" in table_row(text, category)


def test_a_category_is_chosen_in_a_new_application(
    open_text_page: PageOpener, text_api: ServiceApi, first_client: int
):
    record = text_api.record(first_client)
    taken = {"way_in": "client", "new_taken": first_client}
    page = open_text_page("application", first_client, **taken)
    choice = walk_in_field(page, TEXT)
    assert choice.value == record[TEXT]
    other = next(category for category in choice.options if category != record[TEXT])
    choice.set_value(other).run()
    score = text_api.score({"record": {**record, TEXT: other}})
    assert decision.verdict(EN, score) in text_of(page)
    assert score["probability"] != text_api.score({"record": record})["probability"]


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_with_markdown_is_shown_as_it_is(
    open_text_page: PageOpener, first_client: int, name: str
):
    page = open_text_page("simulate", first_client, simulate_curve=name)
    assert f"\n{name} is " in text_of(page)


def csv_of(record: Record, **other_cells: str) -> str:
    """A CSV of one row; a missing value is an empty cell, and some columns have other cells."""
    written_out = {name: "" if value is None else str(value) for name, value in record.items()}
    cells = written_out | other_cells
    written = io.StringIO()
    csv.writer(written).writerows([cells.keys(), cells.values()])
    return written.getvalue()


def paste(page: AppTest, text: str) -> str:
    """The page's text after a text was pasted."""
    page.main.text_area(key="pasted_text").set_value(text).run()
    assert not page.exception
    return text_of(page)


def upload(page: AppTest, text: str) -> str:
    """The page's text after a file was uploaded."""
    file = ("row.csv", text.encode(), "text/csv")
    page.main.file_uploader(key="file").set_value(file).run()
    assert not page.exception
    return text_of(page)


WAYS = {"paste": paste, "upload": upload}
CELLS = [
    *((OFTEN_MISSING, cell, None) for cell in ("NA", "NULL", "None", "#N/A", "<NA>", "-1.#IND")),
    *((NUMBER, cell, None) for cell in ("NA", "nan", "n/a", "-NaN", "1.#QNAN")),
    *((FLAG, cell, 1.0) for cell in ("True", "TRUE", "true", "1", "1.0")),
    *((FLAG, cell, 0.0) for cell in ("False", "FALSE", "false")),
    (NUMBER, "True", 1.0),
    (NUMBER, "1" * 140_000 + "e-139999", 1.1111111111111112),
    *(
        (TEXT, cell, cell)
        for cell in ("01000", " spaces ", "12", "True", 'a\rb\r\n"c"', "x" * 140_000)
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "cell", "value"), CELLS)
def test_a_cell_is_read_as_in_the_tables(
    open_text_page: PageOpener,
    text_api: ServiceApi,
    first_client: int,
    sent_applications: list[Application],
    way: str,
    name: str,
    cell: str,
    value,
):
    record = text_api.record(first_client)
    text = WAYS[way](open_text_page("application", way_in=way), csv_of(record, **{name: cell}))
    assert sent_applications == [{"record": {**record, name: value}}]
    assert decision.verdict(EN, text_api.score(sent_applications[0])) in text


def test_a_text_in_json_is_read_as_in_the_tables(
    open_text_page: PageOpener,
    text_api: ServiceApi,
    first_client: int,
    sent_applications: list[Application],
):
    record = {**text_api.record(first_client), OFTEN_MISSING: "NA"}
    paste(open_text_page("application", way_in="paste"), json.dumps(record))
    assert sent_applications[0] == {"record": {**record, OFTEN_MISSING: None}}
    as_text, as_missing = ({"record": each} for each in (record, sent_applications[0]["record"]))
    assert text_api.score(as_text) == text_api.score(as_missing)


def test_a_category_named_na_is_not_missing(
    open_text_page: PageOpener,
    text_api: ServiceApi,
    first_client: int,
    sent_applications: list[Application],
    monkeypatch: pytest.MonkeyPatch,
):
    features = [
        {**each, "class1": {"present": 1, "quantiles": None, "shares": {"NA": 1.0}}}
        for each in text_api.features()
    ]
    by_name = {each["name"]: each for each in features}
    monkeypatch.setattr(PinnedService, "feature_by_name", by_name)
    record = text_api.record(first_client)
    cells = {OFTEN_MISSING: "NA", TEXT: "NULL", NUMBER: "NA"}
    paste(open_text_page("application", way_in="paste"), csv_of(record, **cells))
    shares = by_name[TEXT]["class0"]["shares"]  # a text that is never missing is stood in for
    most_frequent = max(shares, key=shares.__getitem__)
    expected = {**record, OFTEN_MISSING: "NA", TEXT: most_frequent, NUMBER: None}
    assert sent_applications[0] == {"record": expected}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_columns_that_are_not_features_are_left_out(
    open_text_page: PageOpener,
    text_api: ServiceApi,
    first_client: int,
    sent_applications: list[Application],
    line_end: str,
):
    record = text_api.record(first_client)
    header, row = csv.reader(io.StringIO(csv_of(record), newline=""))
    others = ["", "Unnamed: 0", "SK_ID_CURR", "TARGET", "proba", "Unnamed: 12", "", ""]
    written = io.StringIO()
    rows = csv.writer(written, lineterminator=line_end)
    rows.writerows([[*others[:2], *header, *others[2:]], ["7", "7", *row, "NA", *[""] * 5]])
    upload(open_text_page("application", way_in="upload"), written.getvalue())
    assert sent_applications == [{"record": record}]
