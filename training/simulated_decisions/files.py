"""The files of simulated decisions, as `python -m register load` and `outcomes` take them."""

import csv
import heapq
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from training.simulated_decisions.loans import MonthOfLoans
from training.simulated_decisions.reviews import MonthOfReviews
from training.simulated_decisions.scored_month import ScoredMonth

DECISIONS = ("decisions-1.ndjson", "decisions-2.ndjson")
REQUESTS, REVIEWS = "requests.ndjson", "reviews.ndjson"
OUTCOMES, CORRECTIONS = "outcomes.csv", "corrections.csv"
COLUMNS = ("reference", "status", "observed", "definition")
DEFINITION = "90dpd"
BY_A_PERSON = "branch"  # the caller whose decisions a person takes with the score

Line = Mapping[str, Any]


def write_lines(path: Path, lines: Iterable[Line]) -> None:
    """Write lines of JSON.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("wb") as file:
        for line in lines:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def append_decisions(folder: Path, month: ScoredMonth) -> None:
    """Write the decisions of a month behind those before, each to the file of its model.

    Raises:
        OSError: a file cannot be written.
    """
    lines = list(zip(month.model.tolist(), decision_lines(month), strict=True))
    for model, name in enumerate(DECISIONS):
        with (folder / name).open("ab") as file:
            for by, line in lines:
                if by == model:
                    file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def decision_lines(month: ScoredMonth) -> Iterator[Line]:
    """The lines of a month's decisions, by time."""
    of, records = month.applicants, month.records()
    groups = of.groups.to_dict("records")
    for row, record in enumerate(records):
        audit = {name: value for name, value in groups[row].items() if isinstance(value, str)}
        yield {
            "at": time_text(of.at[row]),
            "caller": of.callers[row],
            "external_id": of.references[row],
            "automated": of.callers[row] != BY_A_PERSON,
            "audit": audit,
            "record": record,
        }


def request_lines(month: ScoredMonth, of: MonthOfReviews) -> Iterator[Line]:
    """The lines of requests for reviews of a month's decisions, by time."""
    for one in of.requests:
        line = {
            "at": time_text(one.at),
            "caller": "hotline",
            "reference": month.applicants.references[one.row],
        }
        yield line if one.statement is None else line | {"statement": one.statement}


def review_lines(month: ScoredMonth, of: MonthOfReviews) -> Iterator[Line]:
    """The lines of reviews of a month's decisions, by time."""
    for one in of.reviews:
        yield {
            "at": time_text(one.at),
            "caller": one.reviewer,
            "reference": month.applicants.references[one.row],
            "decision": one.decision,
            "reason": one.reason,
        }


def by_time(months: Iterable[Iterable[Line]]) -> Iterator[Line]:
    """The lines of all months, by time."""
    return heapq.merge(*months, key=lambda line: (line["at"], line["reference"]))


OutcomeRow = tuple[str, str, str, str]


def outcome_rows(
    month: ScoredMonth, loans: MonthOfLoans
) -> tuple[list[OutcomeRow], list[OutcomeRow]]:
    """Rows of a month's outcomes as recorded at first, and the corrections of some."""
    recorded, corrections = [], []
    for one in loans.outcomes:
        reference, observed = str(month.applicants.references[one.row]), str(one.observed)
        recorded.append((reference, one.first or one.status, observed, DEFINITION))
        if one.first is not None:
            corrections.append((reference, one.status, observed, DEFINITION))
    return recorded, corrections


def write_outcomes(path: Path, rows: Iterable[OutcomeRow]) -> None:
    """Write a CSV file of outcomes, by the day observed.

    Raises:
        OSError: the file cannot be written.
    """
    by_day = sorted(rows, key=lambda row: (row[2], row[0]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(by_day)


def time_text(moment: np.datetime64) -> str:
    """A time in UTC to the microsecond, such as 2024-11-28T13:05:01.123000Z."""
    return f"{np.datetime_as_string(moment, unit='us')}Z"
