"""The scorecard of model.json: probability of default, points, grade; and its refusals."""

import json
import math

import numpy as np
import pytest

from credit_scoring.data.artifacts import read_metadata
from credit_scoring.errors import BadFile
from credit_scoring.model.scorecard import Grade, Scorecard
from tests.support.bundles.folders import write_metadata

SCORECARD = {
    "calibration": {"slope": 0.9, "offset": -2.25},
    "scale": {"points": 600, "odds": 19, "double": 50},
    "grades": [{"grade": "A", "pd": 0.02}, {"grade": "B", "pd": 0.25}, {"grade": "C"}],
}


@pytest.fixture(scope="module")
def scorecard() -> Scorecard:
    return Scorecard.of_metadata(SCORECARD)


@pytest.mark.parametrize("log_odds", [-7.5, -1.0, 0.0, 0.3, 4.0])
def test_the_probability_of_default_is_platts(scorecard: Scorecard, log_odds: float):
    expected = 1 / (1 + math.exp(-(0.9 * log_odds - 2.25)))
    assert scorecard.pd(log_odds) == pytest.approx(expected, rel=1e-14)


def test_points_are_600_at_19_to_1_and_50_more_where_the_odds_double(scorecard: Scorecard):
    assert scorecard.points(1 / 20) == 600
    assert scorecard.points(1 / 39) == 650
    assert scorecard.points(2 / 21) == 550
    assert scorecard.points(0.31) == round(600 + 50 * math.log2(0.69 / 0.31 / 19)) == 445
    points = [scorecard.points(pd) for pd in np.linspace(0, 1, 101).tolist()]
    assert points == sorted(points, reverse=True)
    assert len({*points}) == 101


@pytest.mark.parametrize("log_odds", [-1e308, -800.0, 800.0, 1e308])
def test_the_furthest_scores_have_points(scorecard: Scorecard, log_odds: float):
    pd = scorecard.pd(log_odds)
    assert pd == (log_odds > 0)
    assert (scorecard.points(pd) > 600) == (log_odds < 0)
    assert scorecard.grade(pd) == ("C" if log_odds > 0 else "A")


def test_a_bound_belongs_to_its_grade(scorecard: Scorecard):
    above = math.nextafter(0.02, 1), math.nextafter(0.25, 1)
    assert [scorecard.grade(pd) for pd in (0.0, 0.02, above[0], 0.25, above[1], 1.0)] == [*"AABBCC"]
    assert scorecard.grades == (Grade("A", 0.02), Grade("B", 0.25), Grade("C", None))


def test_an_absent_part_of_the_scorecard_gives_none(scorecard: Scorecard):
    nothing = Scorecard.of_metadata({"threshold": 0.4})
    assert (nothing.pd(0.5), nothing.points(0.1), nothing.grade(0.1)) == (None, None, None)
    assert (scorecard.points(None), scorecard.grade(None)) == (None, None)
    uncalibrated = Scorecard.of_metadata(
        {"grades": SCORECARD["grades"], "scale": SCORECARD["scale"]}
    )
    assert uncalibrated.pd(0.5) is None


NO_NUMBER = "is not a number within a thousand million"
REFUSED = [
    ({"calibration": None}, "calibration is not an object"),
    ({"calibration": [1, 0]}, "calibration is not an object"),
    ({"calibration": {"slope": 1}}, f"calibration: offset {NO_NUMBER}"),
    ({"calibration": {"slope": "1", "offset": 0}}, f"calibration: slope {NO_NUMBER}"),
    ({"calibration": {"slope": True, "offset": 0}}, f"calibration: slope {NO_NUMBER}"),
    ({"calibration": {"slope": math.inf, "offset": 0}}, f"calibration: slope {NO_NUMBER}"),
    ({"calibration": {"slope": 1, "offset": math.nan}}, f"calibration: offset {NO_NUMBER}"),
    ({"calibration": {"slope": 1, "offset": 1e300}}, f"calibration: offset {NO_NUMBER}"),
    ({"calibration": {"slope": 0, "offset": 1}}, "calibration: slope is not larger than 0"),
    ({"calibration": {"slope": -1, "offset": 1}}, "calibration: slope is not larger than 0"),
    ({"scale": 600}, "scale is not an object"),
    ({"scale": {"points": 600, "odds": 19}}, f"scale: double {NO_NUMBER}"),
    (
        {"scale": {"points": 600, "odds": 0, "double": 50}},
        "scale: odds or double is not larger than 0",
    ),
    (
        {"scale": {"points": 600, "odds": 19, "double": -50}},
        "scale: odds or double is not larger than 0",
    ),
    ({"grades": {"A": 0.1}}, "grades is not a list of grades"),
    ({"grades": []}, "grades is not a list of grades"),
    ({"grades": ["A"]}, "grades: number 1 has no name"),
    ({"grades": [{"grade": "A", "pd": 0.1}, {"pd": 0.2}]}, "grades: number 2 has no name"),
    ({"grades": [{"grade": 1}]}, "grades: number 1 has no name"),
    ({"grades": [{"grade": "A", "pd": 0.1}, {"grade": "A"}]}, "grades: A is there twice"),
    ({"grades": [{"grade": "A", "pd": 0.1}]}, "grades: A, the last one, has a bound"),
    *(
        (
            {"grades": [{"grade": "A", "pd": 0.1}, {"grade": "B", "pd": bound}, {"grade": "C"}]},
            "grades: the bound of B is not a probability above those before",
        )
        for bound in (None, "0.2", True, 0.1, 0.05, 1, 7, math.nan)
    ),
]


@pytest.mark.parametrize(("metadata", "problem"), REFUSED)
def test_a_bad_scorecard_is_refused(metadata: dict, problem: str):
    with pytest.raises(BadFile) as refused:
        Scorecard.of_metadata(metadata)
    assert str(refused.value) == f"model.json: {problem}"


def test_a_folder_is_loaded_with_its_scorecard(lightgbm_folder, tmp_path):
    folder = lightgbm_folder.copy(tmp_path)
    write_metadata(folder, **SCORECARD)
    assert folder.load().metadata["grades"] == SCORECARD["grades"]


def test_a_folder_with_a_bad_scorecard_is_refused(lightgbm_folder, tmp_path):
    folder = lightgbm_folder.copy(tmp_path)
    write_metadata(folder, calibration={"slope": -1, "offset": 0})
    with pytest.raises(BadFile, match=r"^model\.json: calibration: slope is not larger than 0$"):
        folder.load()


def test_a_number_beyond_doubles_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(SCORECARD).replace("0.9", "1e999"))
    with pytest.raises(BadFile, match=r"^model\.json: "):
        Scorecard.of_metadata(read_metadata(path).content)
