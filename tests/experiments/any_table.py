"""Random tables for the trainer, and the scores of their clients by every route and command.

    python -m tests.experiments.any_table [TABLES] [FIRST SEED]

A table is trained or refused with one line. Of a trained one every reference client is scored by
`/prediction/`, by `/score` (by id, as a raw record and by changes) and by the portfolio (CSV and
Parquet); each has to give the bits of the stored `proba`. Prints the counts; ends with 1 if a
score differs.
"""

import contextlib
import io
import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

from tests.training.bank import run
from tests.training.table.any_table import any_table, reference_clients_as_new, scores
from training import fitting


def doors(seed: int, folder: Path) -> tuple[str | None, dict[str, tuple[int, int]]]:
    """The refusal of a table by the trainer; or by door how many clients differ, and of how many.

    Args:
        seed: of the table.
        folder: an empty one.
    """
    (folder / "clients.csv").write_bytes(any_table(seed))
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            run("--data", folder / "clients.csv", "--out", folder / "out", "--seed", seed)
    except SystemExit:
        return said.getvalue(), {}
    stored = reference_clients_as_new(folder / "out")
    return None, {
        door: (sum(found.get(number) != score for number, score in stored.items()), len(stored))
        for door, found in scores(folder / "out", folder)
    }


def main() -> int:
    tables, first = (int(text) for text in [*sys.argv[1:], "500", "0"][:2])
    if len(sys.argv) == 2:
        first = 0
    logging.disable(logging.WARNING)
    refusals: Counter[str] = Counter()
    clients: Counter[str] = Counter()
    wrong = 0
    with (
        mock.patch.object(fitting, "TREES", range(10, 31, 10)),
        mock.patch.object(fitting, "JOBS", 1),
    ):
        for seed in range(first, first + tables):
            with tempfile.TemporaryDirectory() as folder:
                refusal, found = doors(seed, Path(folder))
            if refusal is not None:
                refusals[refusal.strip()] += 1
            for door, (differing, number) in found.items():
                clients[door] += number
                wrong += differing
                if differing:
                    print(f"seed {seed}: {door}: {differing} of {number} differ")
    trained = tables - refusals.total()
    print(f"{tables} tables: {trained} trained, {refusals.total()} refused; {wrong} scores differ")
    for door, number in clients.items():
        print(f"{number:>9,} {door}")
    for line, times in refusals.most_common():
        print(f"{times:>9} {line}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
