"""The page of comparisons: medians, places and shares are those of the service's values."""

import json
import re
from statistics import median

import pytest

from advisor.client import Service
from advisor.desk import Desk
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")


def test_a_number_among_both_classes(open_page: Open, asked: Service, refused: int):
    feature = next(each for each in asked.features() if each["name"] == "AMT_CREDIT")
    value = asked.record(refused)["AMT_CREDIT"]
    values = asked.reference_values("AMT_CREDIT")
    page = open_page("compare", refused, compared="AMT_CREDIT")
    said = words_of(page)
    medians, places = [], []
    for which in ("feat0", "feat1"):
        medians.append(EN.of(feature, median(values[which])))
        below = sum(other < value for other in values[which]) / len(values[which])
        places.append(EN.percent(below, 1))
    assert f"the median is {medians[0]} among those who paid and {medians[1]} among" in said
    assert f"{places[0]} of those who paid and {places[1]} of those who did not pay have" in said
    assert all(sentence in said for sentence in pictures(page))


def shares(said: str, row: str) -> list[str]:
    """The cells of a row of the table of shares."""
    line = said.partition(f">{row}</th>")[2].partition("</tr>")[0]
    return re.findall(r">([^<]+)</td>", line)


def test_a_flag_among_both_classes(open_page: Open, asked: Service, refused: int):
    values = asked.reference_values("CODE_GENDER_F")
    page = open_page("compare", refused, compared="CODE_GENDER_F")
    own = EN.value(asked.record(refused)["CODE_GENDER_F"], "", "flag")
    said = words_of(page)
    by_class = [sum(values[which]) / len(values[which]) for which in ("feat0", "feat1")]
    for row, each in (("yes", by_class), ("no", [1 - share for share in by_class])):
        name = f"{row} (this client)" if row == own else row
        assert shares(said, name) == [EN.percent(share, 1) for share in each]


def test_a_value_that_is_not_known(open_page: Open, asked: Service, scores):
    missing = next(c for c in scores if asked.record(c)["OWN_CAR_AGE"] is None)
    page = open_page("compare", missing, compared="OWN_CAR_AGE")
    said = words_of(page)
    whole, known = (asked.reference_values(name) for name in ("AMT_CREDIT", "OWN_CAR_AGE"))
    assert "Of this client it is not known." in said
    unknown = [1 - len(known[which]) / len(whole[which]) for which in ("feat0", "feat1")]
    assert min(unknown) > 0
    written = [EN.percent(share, 1) for share in unknown]
    assert shares(said, "not known (this client)") == written
    assert f"not known of {written[0]} of those who paid and of {written[1]} of those" in said
    assert len(pictures(page)) == 3


def test_without_a_feature_that_is_always_known_classes_have_no_sizes(
    open_page: Open, asked: Service, refused: int, monkeypatch: pytest.MonkeyPatch
):
    features = [each for each in asked.features() if each["missing"]]
    monkeypatch.setattr(Desk, "features", {each["name"]: each for each in features})
    page = open_page("compare", refused, compared="OWN_CAR_AGE")
    share = next(each["missing"] for each in features if each["name"] == "OWN_CAR_AGE")
    assert f"not known of {EN.percent(share, 1)} of earlier clients." in words_of(page)
    assert len(pictures(page)) == 1


@pytest.mark.parametrize("pair", [("AMT_CREDIT", "DAYS_BIRTH"), ("CODE_GENDER_F", "AMT_CREDIT")])
def test_two_features_of_both_classes_with_the_clients_place(
    open_page: Open, asked: Service, refused: int, pair: tuple[str, str]
):
    record = asked.record(refused)
    page = open_page("compare", refused, across=pair[0], upwards=pair[1])
    spec = json.loads(page.get("vega_lite_chart")[-1].proto.spec)
    points, cross = (each["data"]["values"] for each in spec["layer"][:2])
    both = [asked.reference_values(name) for name in pair]
    inside = []
    for which, name in (("feat0", "Those who paid"), ("feat1", "Those who did not pay")):
        drawn = [(row["x"], row["y"]) for row in points if row["class"] == name]
        values = list(zip(*(each[which] for each in both), strict=True))
        assert drawn == [tuple(map(written, pair, each)) for each in values]
        inside.append(sum(is_inside(record, pair, each) for each in values) / len(values))
    assert (cross[0]["x"], cross[0]["y"]) == tuple(written(name, record[name]) for name in pair)
    first, second = (EN.percent(share, 1) for share in inside)
    assert f"have {first} of all who paid and {second} of all who did not." in pictures(page)[-1]


def test_two_features_of_categories_are_bars(open_page: Open, asked: Service, refused: int):
    names = "CODE_GENDER_F", "FLAG_WORK_PHONE"
    page = open_page("compare", refused, across=names[0], upwards=names[1])
    assert page.main.selectbox(key="across").value == names[0]
    both = [asked.reference_values(name) for name in names]
    own = tuple(asked.record(refused)[name] for name in names)
    found = [
        list(zip(*(each[which] for each in both), strict=True)).count(own) / len(both[0][which])
        for which in ("feat0", "feat1")
    ]
    yes = " · ".join("yes" if value else "no" for value in own)
    written = [EN.percent(share, 1) for share in found]
    assert shares(words_of(page), f"{yes} (this client)") == written


def written(name: str, value: float) -> object:
    return EN.value(value, "", "flag") if name == "CODE_GENDER_F" else value


def is_inside(record, names: tuple[str, str], values: tuple[float, float]) -> bool:
    return all(
        value == record[name] if name == "CODE_GENDER_F" else value <= record[name]
        for name, value in zip(names, values, strict=True)
    )


def test_only_features_that_are_always_known_are_paired(
    open_page: Open, asked: Service, refused: int
):
    always = [each["label"] for each in asked.features() if not each["missing"]]
    page = open_page("compare", refused)
    assert page.main.selectbox(key="across").options == always
    assert len(always) < len(asked.features())
