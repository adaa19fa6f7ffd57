"""An application is sent as it was given: by a form that nobody touched, and in a CSV."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from streamlit.testing.v1 import AppTest

from advisor import state
from advisor.answers import Application, Feature, Record
from advisor.client import Service as Asked
from advisor.formats import Words
from credit_scoring.files import FEATURES_FILE
from main import create_app
from serving.settings import Settings
from tests.dashboard.conftest import SECONDS, Open, words_of
from tests.support.artefacts import lightgbm, make_folder
from tests.support.inprocess import prepared_client

EN = Words("en")
NUMBER, FLAG, MISSING_FLAG, TEXT = "AMT_CREDIT", "FLAG_WORK_PHONE", "FLAG_EMAIL", "OCCUPATION_TYPE"
FEATURES = [NUMBER, "OWN_CAR_AGE", FLAG, MISSING_FLAG, TEXT]
A_PAGE = 4  # clients: the time that a page takes grows with the square of its controls
FORMS = {"application": "new", "what_if": "what_if"}
# Values of new clients that no earlier client has, and that a control may lose.
NUMBERS = [-0.0, 1e-300, 5e-324, 0.12345678901234567, -123456.78901234567, 2.0**53 - 1, 1e300]
FLAGS = [2.0, -0.0, 0.5, -1.0, 1.0000000000000002, 1e-300, 12345678901.5]
TEXTS = ["  two  spaces ", "line\r\nline", "Laborers\n", "*a* :b: $c$", "yes", "0", "\u00a0\u2028x"]


def odd(frame: pd.DataFrame) -> pd.DataFrame:
    """Flags as numbers; of the new clients, odd values in the first rows.

    Of the earlier clients, only those who did not pay may lack the text.
    """
    made = frame.assign(**{name: frame[name].astype(float) for name in (FLAG, MISSING_FLAG)})
    if "TARGET" in made:
        made[TEXT] = (
            made[TEXT].fillna("Laborers").mask((made["TARGET"] == 1) & (made.index % 2 == 0))
        )
    else:
        for name, values in ((NUMBER, NUMBERS), (FLAG, FLAGS), (TEXT, TEXTS)):
            made.loc[: len(values) - 1, name] = values
            made[MISSING_FLAG] = np.where(made.index < len(FLAGS), made[FLAG], made[MISSING_FLAG])
    return made


class WithFlags(Asked):
    """A service that calls a feature a flag if earlier clients have 0 and 1 only."""

    def features(self) -> list[Feature]:
        both = {"present": 2, "quantiles": None, "shares": {"0": 0.5, "1": 0.5}}
        flag = {"kind": "flag", "class0": both, "class1": both}
        return [each | flag if "FLAG" in each["name"] else each for each in super().features()]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The service of such clients, in this process. Each of their features may change."""
    path = tmp_path_factory.mktemp("odd") / "ressources"
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encoded = make_column_transformer((encoder, [TEXT]), remainder="passthrough")
    make_folder(path, make_pipeline(encoded, lightgbm()), FEATURES, odd)
    rows = "".join(f"{name},any\n" for name in FEATURES)
    (path / FEATURES_FILE).write_text(f"name,change\n{rows}")
    with (
        prepared_client(create_app(Settings(ressources_dir=path))) as http,
        WithFlags("http://testserver") as asked,
    ):
        asked._http.close()
        asked._http = http
        yield asked


@pytest.fixture
def page_of(own: Asked, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(state, "service", lambda: own)
    return open_page


def calculate(page: AppTest) -> None:
    """Press the button that sends the form."""
    next(each for each in page.main.button if each.label == EN("calculate")).click().run()
    assert not page.exception


def test_the_folder_has_odd_values(own: Asked):
    records = [own.record(client) for client in own.ids()]
    assert [repr(record[NUMBER]) for record in records[: len(NUMBERS)]] == [*map(repr, NUMBERS)]
    assert [repr(record[FLAG]) for record in records[: len(FLAGS)]] == [*map(repr, FLAGS)]
    assert [record[TEXT] for record in records[: len(TEXTS)]] == TEXTS
    assert {record["OWN_CAR_AGE"] for record in records} > {None}


@pytest.mark.parametrize("place", range(7))
def test_a_new_application_is_the_client_it_starts_from(
    page_of: Open, own: Asked, sent: list[Application], place: int
):
    client = own.ids()[place]
    page = page_of("application", client)
    calculate(page)
    assert repr(sent[-1:]) == repr([{"record": own.record(client)}])
    page.main.radio(key="language").set_value("fr").run()
    page.main.radio(key="language").set_value("en").run()
    calculate(page)
    assert repr(sent[-1:]) == repr([{"record": own.record(client)}])
    assert f">{own.score({'client': client})['probability']:.4f}<" in words_of(page)


def test_one_touched_value_is_the_only_change(page_of: Open, own: Asked, sent: list[Application]):
    client = own.ids()[0]
    page = page_of("application", client)
    page.main.number_input(key=f"new_{client}_OWN_CAR_AGE").set_value(7.25)
    calculate(page)
    changed = {"record": own.record(client), "changes": {"OWN_CAR_AGE": 7.25}}
    assert repr(sent[-1:]) == repr([changed])
    assert f">{own.score(changed)['probability']:.4f}<" in words_of(page)


@pytest.mark.parametrize("place", range(7))
def test_a_what_if_of_nothing_changes_nothing(
    page_of: Open, own: Asked, sent: list[Application], place: int
):
    client = own.ids()[place]
    page = page_of("what_if", client)
    calculate(page)
    assert "With these values" not in words_of(page)
    page.main.number_input(key=f"what_if_{client}_OWN_CAR_AGE").set_value(7.25)
    calculate(page)
    page.main.radio(key="language").set_value("fr").run()
    assert repr(sent[-1:]) == repr([{"client": client, "changes": {"OWN_CAR_AGE": 7.25}}])


@pytest.mark.parametrize("name", FORMS)
def test_a_flag_that_is_two_shows_its_number(page_of: Open, own: Asked, name: str):
    client = own.ids()[0]
    assert own.record(client)[FLAG] == 2
    page = page_of(name, client)
    control = page.main.selectbox(key=f"{FORMS[name]}_{client}_{FLAG}")
    assert (control.value, control.options) == (2.0, ["no", "yes", "2"])


def test_a_suggested_value_that_earlier_clients_lack_is_in_the_form(
    page_of: Open, own: Asked, sent: list[Application]
):
    """As a button of the page puts it there."""
    client = own.ids()[-1]
    key = f"what_if_{client}_{FLAG}"
    page = page_of("what_if", client, **{key: 3.0, f"what_if_{client}_{TEXT}": "unseen"})
    calculate(page)
    assert page.main.selectbox(key=key).value == 3.0
    changes = {FLAG: 3.0, TEXT: "unseen"}
    assert repr(sent[-1:]) == repr([{"client": client, "changes": changes}])


def test_a_text_that_is_missing_in_a_csv_is_scored_as_missing(page_of: Open, own: Asked):
    """As a category that nobody has it would be accepted."""

    def is_refused(record: Record, text: str | None) -> bool:
        return bool(own.score({"record": {**record, TEXT: text}})["prediction"])

    records = [own.record(client) for client in own.ids()]
    record = next(
        each for each in records if is_refused(each, None) and not is_refused(each, "no such text")
    )
    cells = {name: "" if value is None else str(value) for name, value in record.items()}
    cells[TEXT] = "NA"
    page = page_of("application", way_in="paste")
    text = f"{','.join(cells)}\n{','.join(cells.values())}\n"
    page.main.text_area(key="pasted_text").set_value(text)
    calculate(page)
    assert page.header[0].value.startswith("Refused: ")
    score = own.score({"record": {**record, TEXT: None}})
    assert f">{score['probability']:.4f}<" in words_of(page)


def row(page: AppTest, name: str) -> str:
    return words_of(page).partition(f">{name}</th>")[2].partition("</tr>")[0]


def test_a_flag_that_is_two_is_compared_by_its_number(page_of: Open, own: Asked):
    client = own.ids()[0]
    page = page_of("compare", client, compared=FLAG)
    assert row(page, "2 (this client)").count(">0.0\u00a0%<") == 2
    values = own.reference_values(FLAG)
    for name, value in (("no", 0), ("yes", 1)):
        for each in (values["feat0"], values["feat1"]):
            assert f">{EN.percent(each.count(value) / len(each), 1)}<" in row(page, name)
    assert "this client's is “2”." in words_of(page)
    assert ">2<" in row(page_of("client", client), FLAG)


@pytest.mark.parametrize("place", range(7))
def test_the_score_at_each_value_of_a_flag(page_of: Open, own: Asked, place: int):
    client = own.ids()[place]
    value = own.record(client)[FLAG]
    page = page_of("what_if", client, curve=FLAG)
    for name, at in (("no", 0.0), ("yes", 1.0), (EN.value(value, "", "flag"), value)):
        there = own.score({"client": client, "changes": {FLAG: at}})
        assert f">{there['probability']:.4f}<" in row(page, name)


def every_control(records: list, features: dict, entered: list) -> None:
    """A page with the control of each feature of each client."""
    from advisor import controls
    from advisor.formats import Words

    entered.append(
        [
            {
                name: controls.control(Words("en"), f"{at}_{name}", name, features[name], value)
                for name, value in record.items()
            }
            for at, record in enumerate(records)
        ]
    )


@pytest.mark.parametrize("which", ["odd clients", "shipped clients"])
def test_all_controls_of_all_clients(own: Asked, asked: Asked, which: str):
    """The controls give what they start from, on the first run and after a browser's answer."""
    service = own if which == "odd clients" else asked
    features = {each["name"]: each for each in service.features()}
    records = [service.record(client) for client in service.ids()]
    for start in range(0, len(records), A_PAGE):
        some, entered = records[start : start + A_PAGE], []
        page = AppTest.from_function(every_control, args=(some, features, entered))
        for _ in range(2):
            page.run(timeout=SECONDS)
            assert not page.exception
        assert [repr(each) for each in entered] == [repr(some)] * 2
