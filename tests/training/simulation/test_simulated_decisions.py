"""Simulated decisions: the same seed gives the same files, and the truth is that of the files."""

import calendar
import csv
import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson
import pytest
from sklearn.metrics import roc_auc_score

from credit_scoring.decisions.application import Application, Applications, RawRecord
from credit_scoring.decisions.scoring import ApplicationScorer
from credit_scoring.explain.peers import find_peers
from credit_scoring.model.loader import load
from tests.support.bundles.simulated import DECISIONS, simulate
from tests.training.bank import refusal
from training.population.simulation import USUAL, Shift, simulate_applicants
from training.simulated_decisions.applicants import UNSEEN, MonthOfApplicants
from training.simulated_decisions.loans import after_months
from training.simulated_decisions.scenario import Scenario, TimeOfDefault, month_after
from training.simulated_decisions.truth import expected_auc

FILES = ("decisions-1.ndjson", "decisions-2.ndjson", "requests.ndjson", "reviews.ndjson",
         "outcomes.csv", "corrections.csv", "truth.json")  # fmt: skip
BAD = ("defaulted", "written_off")


def lines(path: Path) -> list[dict]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


@dataclass(frozen=True)
class Simulated:
    """The files of a folder, read plainly."""

    folder: Path

    @cached_property
    def truth(self) -> dict:
        return orjson.loads((self.folder / "truth.json").read_bytes())

    @cached_property
    def decisions(self) -> dict[str, dict]:
        """Decisions by reference, with the prediction that the service would give."""
        found = {}
        for number in (1, 2):
            bundle = load(self.folder / f"ressources-{number}")
            some = lines(self.folder / f"decisions-{number}.ndjson")
            peers = find_peers(bundle.scorer, bundle.reference, bundle.threshold)
            computed = frozenset(bundle.dictionary.formulas)
            assert all(set(bundle.features) - set(one["record"]) == computed for one in some)
            rows = [
                Application(None, RawRecord(
                    np.array([one["record"].get(name) for name in bundle.features], float), {},
                    computed,
                ))
                for one in some
            ]  # fmt: skip
            scored = ApplicationScorer(bundle, peers, 0, "near").score(Applications(rows))
            for one, score in zip(some, scored, strict=True):
                found[one["external_id"]] = one | {
                    "model": number, "prediction": score.prediction, "pd": score.pd,
                }  # fmt: skip
        return found

    @cached_property
    def final(self) -> dict[str, int]:
        """The final decision by reference."""
        return {key: one["prediction"] for key, one in self.decisions.items()} | {
            one["reference"]: one["decision"] for one in lines(self.folder / "reviews.ndjson")
        }

    @cached_property
    def outcomes(self) -> dict[str, dict[date, str]]:
        """The status on each observed day, by reference, after the corrections."""
        found: dict[str, dict[date, str]] = {}
        for name in ("outcomes.csv", "corrections.csv"):
            with (self.folder / name).open(newline="") as file:
                for row in csv.DictReader(file):
                    day = date.fromisoformat(row["observed"])
                    found.setdefault(row["reference"], {})[day] = row["status"]
        return found

    def month(self, reference: str) -> str:
        return self.decisions[reference]["at"][:7]


@pytest.fixture(scope="module")
def simulated(simulated_folder: Path) -> Simulated:
    return Simulated(simulated_folder)


def a_year_later(day: date) -> date:
    length = calendar.monthrange(day.year + 1, day.month)[1]
    return day.replace(year=day.year + 1, day=min(day.day, length))


def test_a_seed_gives_the_same_bytes_and_another_one_others(tmp_path):
    for out, seed in (("one", 3), ("two", 3), ("three", 4)):
        simulate(tmp_path / out, "--decisions", 1_200, "--seed", seed, "--start", "2023-02")
    one, two, three = (
        [hashlib.sha256((tmp_path / out / name).read_bytes()).hexdigest() for name in FILES]
        for out in ("one", "two", "three")
    )
    assert one == two
    assert not set(one) & set(three)
    months = [month["month"] for month in Simulated(tmp_path / "one").truth["months"]]
    assert (months[0], months[-1], len(months)) == ("2023-02", "2025-01", 24)


def test_the_files_have_the_decisions_of_two_years_by_time(simulated):
    assert len(simulated.decisions) == simulated.truth["decisions"] == DECISIONS
    times = [datetime.fromisoformat(one["at"]) for one in simulated.decisions.values()]
    assert times == sorted(times)
    swap = datetime.fromisoformat(simulated.truth["swap"])
    assert [one["model"] for one in simulated.decisions.values()] == [
        1 + (at >= swap) for at in times
    ]
    for name in ("requests.ndjson", "reviews.ndjson"):
        later = lines(simulated.folder / name)
        assert [one["at"] for one in later] == sorted(one["at"] for one in later)
        assert all(one["at"] > simulated.decisions[one["reference"]]["at"] for one in later)
        assert all(one["at"] < simulated.truth["end"] for one in later)


def test_no_model_sees_a_protected_feature_or_what_is_computed_from_one(simulated):
    for number in (1, 2):
        bundle = load(simulated.folder / f"ressources-{number}")
        assert not set(bundle.features) & set(UNSEEN)
        assert not bundle.dictionary.protected
        assert bundle.scorecard.grades
    assert "DAYS_EMPLOYED_PERC" not in bundle.features  # DAYS_EMPLOYED / DAYS_BIRTH
    assert "DAYS_EMPLOYED" in bundle.features
    audits = Counter(one["audit"].get("sex") for one in simulated.decisions.values())
    assert set(audits) == {"female", "male", None}
    assert 0.005 < audits[None] / DECISIONS < 0.04


def test_counts_of_the_truth_are_those_of_the_files(simulated):
    truth = {month["month"]: month for month in simulated.truth["months"]}
    end = date.fromisoformat(simulated.truth["end"])
    counts: dict[str, Counter] = {month: Counter() for month in truth}
    for reference, one in simulated.decisions.items():
        of, model, final = (
            counts[simulated.month(reference)], one["prediction"], simulated.final[reference],
        )  # fmt: skip
        of["decisions"] += 1
        of["accepted_by_model"] += model == 0
        of["accepted"] += final == 0
        of["low_side"] += model == 1 and final == 0
        of["high_side"] += model == 0 and final == 1
        observed = simulated.outcomes.get(reference, {})
        assert final == 0 or not observed  # only granted loans have outcomes
        if not observed:
            continue
        edge = a_year_later(date.fromisoformat(one["at"][:10]))
        of["not_taken_up"] += "not_taken_up" in observed.values()
        bad = any(status in BAD and day <= edge for day, status in observed.items())
        if edge <= end and "not_taken_up" not in observed.values():
            of["labelled"] += 1  # all that are followed are followed to the end
            assert bad or max(observed) >= edge
            of["bad"] += bad
    for month, found in counts.items():
        assert found == {name: truth[month][name] for name in found}
        assert truth[month]["mature"] >= found["labelled"]
    total = sum(counts.values(), Counter())
    assert {name: simulated.truth["total"][name] for name in total} == total
    assert total["low_side"] > 0
    assert total["high_side"] > 0
    assert total["bad"] > 100


def test_reviews_of_the_truth_are_those_of_the_files(simulated):
    requests, reviews = (
        lines(simulated.folder / name) for name in ("requests.ndjson", "reviews.ndjson")
    )
    last = {one["reference"]: one for one in reviews}
    for month in simulated.truth["months"]:
        of_month = [one for one in requests if simulated.month(one["reference"]) == month["month"]]
        unanswered = [
            one for one in of_month if last.get(one["reference"], {"at": ""})["at"] < one["at"]
        ]
        assert (month["requests"], month["open"]) == (len(of_month), len(unanswered))
    for reviewer in simulated.truth["reviewers"]:
        mine = [one for one in last.values() if one["caller"] == reviewer["reviewer"]]
        refused = [one for one in mine if simulated.decisions[one["reference"]]["prediction"]]
        assert reviewer["refused_by_model"] == len(refused)
        assert reviewer["low_side"] == sum(one["decision"] == 0 for one in refused)
        assert reviewer["accepted_by_model"] == len(mine) - len(refused)


def test_expected_rates_are_those_of_the_known_laws(simulated):
    total = simulated.truth["total"]
    deviation = np.sqrt(total["expected_default_rate"] / total["labelled"])
    assert abs(total["bad"] / total["labelled"] - total["expected_default_rate"]) < 3 * deviation
    for month in simulated.truth["months"]:
        by_month = np.array(simulated.truth["defaulted_by_month"])
        assert np.allclose(month["vintage"], by_month * month["vintage"][-1], atol=1e-7)
    rates = {month["month"]: month["true_mean_pd_of_applicants"]
             for month in simulated.truth["months"]}  # fmt: skip
    outbreak = [rates.pop(month) for month in simulated.truth["outbreak"]["months"]]
    before = [rate for month, rate in rates.items() if month < simulated.truth["drift"]["from"]]
    assert min(outbreak) > 1.5 * max(before)
    assert np.mean(list(rates.values())[-12:]) > 1.25 * np.mean(before)


@pytest.mark.parametrize("pd", [0.05, 0.4])
def test_times_of_default_follow_their_law(pd):
    law, loans = TimeOfDefault(), 200_000
    default = law.draw(np.random.default_rng(1), np.full(loans, pd))
    for months in (2.9, 4, 6, 9, 11, 12):
        expected = pd * max(0, (months - 3) / 9) ** 1.25
        found = (default <= months).mean()
        assert abs(found - expected) < 4 * np.sqrt(pd / loans)
        assert np.isclose(pd * law.share(months), expected)
    assert ((default <= 12) | (default > 12.09)).all()
    assert abs((default <= 24).mean() - 1.3 * pd) < 4 * np.sqrt(pd / loans)


def test_the_outbreak_multiplies_the_true_odds():
    quiet = Scenario(outbreak=(), decisions=1_200)
    drawn = [
        MonthOfApplicants.draw(scenario, 4, 50, np.random.default_rng(2))
        for scenario in (quiet, replace(quiet, outbreak=(4,)))
    ]
    odds = [of.risk / (1 - of.risk) for of in drawn]
    assert np.allclose(odds[1] / odds[0], quiet.outbreak_odds)
    assert drawn[0].features.equals(drawn[1].features)


def test_a_shift_moves_the_risk_as_its_formula_says():
    usual, shifted = (
        simulate_applicants(np.random.default_rng(3), 400, False, shift)
        for shift in (USUAL, Shift(discipline=-0.5, log_odds=0.25))
    )
    assert np.median(shifted.log_odds - usual.log_odds) == pytest.approx(
        1.34 * 0.5 + 0.25, abs=1e-5
    )
    scores = [of.features["EXT_SOURCE_2"].mean() for of in (usual, shifted)]
    assert scores[1] < scores[0] - 0.02


def test_the_expected_auc_is_that_of_all_pairs_and_of_many_draws():
    rng = np.random.default_rng(4)
    risk = rng.beta(1, 8, 120)
    score = np.round(risk + 0.1 * rng.standard_normal(120), 1)  # with ties
    weights = risk[:, None] * (1 - risk)[None, :] * (1 - np.eye(120))
    wins = (score[:, None] > score[None, :]) + 0.5 * (score[:, None] == score[None, :])
    assert expected_auc(score, risk) == pytest.approx((weights * wins).sum() / weights.sum())
    drawn = rng.random((3_000, 120)) < risk
    areas = [roc_auc_score(bad, score) for bad in drawn if 0 < bad.sum() < 120]
    assert expected_auc(score, risk) == pytest.approx(np.mean(areas), abs=0.005)


def test_months_on_book_are_calendar_months():
    days = np.arange("2023-12-25", "2024-03-05", dtype="datetime64[D]")
    for months in range(26):
        found = after_months(days, np.full(len(days), float(months))).tolist()
        for day, later in zip(days.tolist(), found, strict=True):
            first = month_after(day, months)
            length = calendar.monthrange(first.year, first.month)[1]
            assert later == first.replace(day=min(day.day, length))
    assert after_months(np.array(["2024-01-31"], "datetime64[D]"), np.array([1.5]))[0] == (
        np.datetime64("2024-03-16")  # half of the 31 days from 29 February to 31 March
    )


def test_what_cannot_be_simulated_is_refused(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    command = "simulate-decisions"
    assert refusal(capsys, command, tmp_path) == f"{command}: {tmp_path}: is there and is not empty"
    assert [*tmp_path.iterdir()] == [tmp_path / "notes.txt"]
    out = tmp_path / "out"
    for month in ("2024-13", "2024", "202411", "november"):
        assert refusal(capsys, command, out, "--start", month) == (
            f"{command}: argument --start: {month} is not a month such as 2024-11"
        )
    assert refusal(capsys, command, out, "--decisions", 100) == (
        f"{command}: argument --decisions: 100 is not a whole number from 1200 to 10000000"
    )
    assert not out.exists()
