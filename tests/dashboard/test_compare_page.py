"""The page of comparisons: medians, places and shares are those of the service's values."""

from statistics import median

from advisor.client import Service
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")


def test_a_number_among_both_classes(open_page: Open, asked: Service, refused: int):
    feature = next(each for each in asked.features() if each["name"] == "AMT_CREDIT")
    value = asked.record(refused)["AMT_CREDIT"]
    values = asked.reference_values("AMT_CREDIT")
    page = open_page("compare", refused)
    page.main.selectbox(key="compared").set_value("AMT_CREDIT").run()
    said = words_of(page)
    medians, places = [], []
    for which in ("feat0", "feat1"):
        medians.append(EN.of(feature, median(values[which])))
        below = sum(other < value for other in values[which]) / len(values[which])
        places.append(EN.percent(below, 1))
    assert f"the median is {medians[0]} among those who paid and {medians[1]} among" in said
    assert f"{places[0]} of those who paid and {places[1]} of those who did not pay have" in said
    assert all(sentence in said for sentence in pictures(page))


def test_a_flag_among_both_classes(open_page: Open, asked: Service, refused: int):
    values = asked.reference_values("CODE_GENDER_F")
    page = open_page("compare", refused)
    page.main.selectbox(key="compared").set_value("CODE_GENDER_F").run()
    row = words_of(page).partition(">yes</th>")[2].partition("</tr>")[0]
    for which in ("feat0", "feat1"):
        assert f">{EN.percent(sum(values[which]) / len(values[which]), 1)}<" in row


def test_a_value_that_is_not_known(open_page: Open, asked: Service, scores):
    missing = next(c for c in scores if asked.record(c)["OWN_CAR_AGE"] is None)
    page = open_page("compare", missing)
    page.main.selectbox(key="compared").set_value("OWN_CAR_AGE").run()
    assert not page.exception
    said = words_of(page)
    feature = next(each for each in asked.features() if each["name"] == "OWN_CAR_AGE")
    assert "Of this client it is not known." in said
    assert f"not known of {EN.percent(feature['missing'], 1)} of earlier clients" in said


def test_only_features_that_are_always_known_are_paired(
    open_page: Open, asked: Service, refused: int
):
    always = {each["label"] for each in asked.features() if not each["missing"]}
    page = open_page("compare", refused)
    offered = page.main.selectbox(key="across").options
    assert offered
    assert set(offered) <= always
    page.main.selectbox(key="upwards").set_value("AMT_CREDIT").run()
    said = words_of(page)
    assert f"for {asked.model()['reference_clients']} earlier clients, circles" in said
    record = asked.record(refused)
    assert f"{EN.quantity(record['AMT_CREDIT'])}\u00a0currency." in said
