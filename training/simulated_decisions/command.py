"""Simulate two years of a lender's decisions, reviews and outcomes, with their known truth.

    python -m training simulate-decisions OUT

OUT gets the folders of two models and what they decided, as `python -m register load OUT` and
`python -m register outcomes FILE` take it: the applicants drift, defaults break out for two months,
the second model replaces the first, people review and override. `truth.json` has what nobody knows
of real clients: the true probabilities behind the outcomes, and so the figures that are expected.

The same seed gives the same bytes in all files but those of the models, which have the day of
training in them. The models see neither the clients' sex nor their age: both stand in `audit`.
"""

import argparse
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
import orjson
from tqdm import tqdm  # type: ignore[import-untyped]

from credit_scoring.command_line import Parser, whole
from credit_scoring.errors import BadFile
from training.simulated_decisions import files
from training.simulated_decisions.applicants import MonthOfApplicants
from training.simulated_decisions.bundle_folders import make_folders
from training.simulated_decisions.loans import MonthOfLoans
from training.simulated_decisions.reviews import MonthOfReviews
from training.simulated_decisions.scenario import MONTHS, Scenario
from training.simulated_decisions.scored_month import Models
from training.simulated_decisions.truth import TRUTH, Truth

MONTH = re.compile(r"\d{4}-\d\d", re.ASCII)
NAME = "simulate-decisions"
FEWEST = 50 * MONTHS


def month(text: str) -> date:
    """Read an option: a month such as 2024-11."""
    if MONTH.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(f"{text}-01")
    raise argparse.ArgumentTypeError(f"{text} is not a month such as 2024-11")


def parser() -> Parser:
    """The parser of the command."""
    read = Parser(
        prog=f"python -m training {NAME}",
        description="Simulate two years of a lender's decisions, with their known truth.",
    )
    read.add_argument("out", type=Path, metavar="OUT", help="a folder that is empty or not there")
    read.add_argument(
        "--decisions", type=whole(FEWEST, 10_000_000), default=24_000, metavar="N",
        help="in all (default: %(default)s)",
    )  # fmt: skip
    read.add_argument("--seed", type=whole(0, 2**32 - 1), default=1, help="default: %(default)s")
    read.add_argument(
        "--start", type=month, default=date(2024, 11, 1), metavar="MONTH",
        help="the first of 24 months (default: 2024-11)",
    )  # fmt: skip
    return read


def simulate_decisions(out: Path, scenario: Scenario) -> None:
    """Write all files.

    Raises:
        BadFile: the folder has files, or a file cannot be written.
        OSError: a file cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadFile(str(out), "is there and is not empty")
    out.mkdir(parents=True, exist_ok=True)
    swap = np.datetime64(scenario.swap_at.replace(tzinfo=None), "us")
    models = Models.load(*make_folders(out, scenario), swap)
    of_sizes, *of_months = np.random.SeedSequence(scenario.seed).spawn(MONTHS + 1)
    sizes = np.random.default_rng(of_sizes).multinomial(
        scenario.decisions, np.full(MONTHS, 1 / MONTHS)
    )
    truth = Truth(scenario)
    requests, reviews = [], []
    outcomes, corrections = list[files.OutcomeRow](), list[files.OutcomeRow]()
    progress = tqdm(range(MONTHS), "months", disable=None)
    for number, seed in zip(progress, of_months, strict=True):
        rng = np.random.default_rng(seed)
        applicants = MonthOfApplicants.draw(scenario, number, int(sizes[number]), rng)
        scored = models.score(applicants)
        reviewed = MonthOfReviews.draw(scenario, scored, rng)
        loans = MonthOfLoans.draw(scenario, scored, reviewed, rng)
        files.append_decisions(out, scored)
        requests.append(list(files.request_lines(scored, reviewed)))
        reviews.append(list(files.review_lines(scored, reviewed)))
        recorded, corrected = files.outcome_rows(scored, loans)
        outcomes += recorded
        corrections += corrected
        truth.add(scored, reviewed, loans)
    files.write_lines(out / files.REQUESTS, files.by_time(requests))
    files.write_lines(out / files.REVIEWS, files.by_time(reviews))
    files.write_outcomes(out / files.OUTCOMES, outcomes)
    files.write_outcomes(out / files.CORRECTIONS, corrections)
    content = orjson.dumps(truth.content(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (out / TRUTH).write_bytes(content)
    print(truth.report(out))


def main(arguments: Sequence[str]) -> None:
    """Run the command line; for a bad file or option, print one line and exit with code 2."""
    read = parser()
    options = read.parse_args(arguments)
    scenario = Scenario(start=options.start, decisions=options.decisions, seed=options.seed)
    try:
        simulate_decisions(options.out, scenario)
    except (BadFile, OSError) as error:
        read.error(str(error))
