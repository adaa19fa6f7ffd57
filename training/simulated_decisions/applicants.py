"""`MonthOfApplicants`: the simulated applicants of a month, with their true risks."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_scoring.data.artifacts import ID
from credit_scoring.data.features.formulas import parse
from training.features.dictionary import home_credit_rows
from training.population.columns import Array, draw
from training.population.simulation import simulate_applicants
from training.simulated_decisions.scenario import CALLERS, Scenario

SEX, AGE = "CODE_GENDER_F", "DAYS_BIRTH"
UNSEEN = (SEX, AGE, "NAME_FAMILY_STATUS_Married")  # protected: the models do not see them
DAYS_A_YEAR = 365.25
AGE_BANDS = {"18-29": 30, "30-44": 45, "45-59": 60, "60+": 200}  # the age below which it ends


def unseen_features() -> set[str]:
    """The features that the models do not have: protected ones, and what is computed from them."""
    formulas = home_credit_rows()["formula"]
    return {*UNSEEN} | {
        str(name)
        for name, text in formulas.items()
        if text and not set(UNSEEN).isdisjoint(parse(text).inputs)
    }


def groups(features: pd.DataFrame) -> pd.DataFrame:
    """The sex and the age band of each client of a table, as texts."""
    years = -features[AGE].to_numpy() / DAYS_A_YEAR
    bands = np.array(list(AGE_BANDS), object)
    return pd.DataFrame(
        {
            "sex": np.where(features[SEX] == 1, "female", "male"),
            "age_band": bands[np.searchsorted(list(AGE_BANDS.values()), years, side="right")],
        },
        index=features.index,
    )


@dataclass(frozen=True, eq=False)
class MonthOfApplicants:
    """The applicants of a month, by time.

    Attributes:
        month: its number, from 0.
        features: those that the models see.
        risk: true probabilities of a default within the window, shape (applicants,).
        groups: `sex` and `age_band`; None if it is not known.
        at: times of the applications, naive UTC, shape (applicants,), datetime64[us].
        callers: names of the callers who are given the decisions, shape (applicants,).
        references: the lender's numbers, unique among all months.
    """

    month: int
    features: pd.DataFrame
    risk: Array
    groups: pd.DataFrame
    at: Array
    callers: Array
    references: Array

    def __len__(self) -> int:
        """Return the number of applicants."""
        return len(self.risk)

    @classmethod
    def draw(
        cls, scenario: Scenario, month: int, size: int, rng: np.random.Generator
    ) -> "MonthOfApplicants":
        """Draw the applicants of a month."""
        drawn = simulate_applicants(rng, size, False, scenario.shift(month))
        of = groups(drawn.features)
        known = rng.random(of.shape) >= scenario.unknown_group
        start, end = scenario.moment(month), scenario.moment(month + 1)
        milliseconds = (end - start) // timedelta(milliseconds=1)
        late = np.sort(rng.choice(milliseconds, size, replace=False)).astype("timedelta64[ms]")
        name = f"{scenario.month(month):%y%m}"
        return cls(
            month=month,
            features=drawn.features.drop(columns=sorted(unseen_features())),
            risk=expit(drawn.log_odds + np.log(scenario.odds(month))),
            groups=of.where(known, None),
            at=np.datetime64(start.replace(tzinfo=None), "us") + late,
            callers=draw(rng, size, CALLERS),
            references=np.array([f"{name}-{number:06}" for number in range(1, size + 1)], object),
        )


def without_unseen(table: pd.DataFrame) -> pd.DataFrame:
    """A simulated population without the features that the models do not have."""
    return table.drop(columns=sorted(unseen_features() - {ID}))
