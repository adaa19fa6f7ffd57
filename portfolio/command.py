"""Score a table of any length: a folder of parts, `summary.json` and `report.html`.

    python -m portfolio clients.csv scored/                     all cores of this machine
    python -m portfolio 'book/part-*.parquet' scored/ --scheduler tcp://10.0.0.5:8786

A table is one or more CSV or Parquet files of raw records, as the service's own: `SK_ID_CURR` and
the features of the model; other columns are ignored. Each figure is what `POST /score` answers for
that record. A run that was interrupted is continued by the same command. The model is that of
`ressources/`, or of the folder that RESSOURCES_DIR names; MODEL_SHA256 and FAST_EXPLANATIONS mean
what they mean to the service.

Exit codes: 0 every row is scored; 1 bad rows were left out; 2 something is missing, and one line
says what; 130 interrupted.
"""

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import get_args

from credit_scoring.command_line import EXIT_CODE, Parser, whole
from credit_scoring.data.artifacts import FILES, MODEL_FILE, OPTIONAL_FILES, check_hash, unreadable
from credit_scoring.decisions.batch_scoring import Explained
from credit_scoring.errors import BadFile, foreign_code
from credit_scoring.settings import BundleSettings
from portfolio.cluster import Workers, local_workers, workers_at
from portfolio.counts import Counts
from portfolio.folder import REPORT, SUMMARY, Folder, open_folder
from portfolio.job import Format, Job, Problem, RunError, installed, sha256_of
from portfolio.progress import Progress, duration, number
from portfolio.run import Made, Run, check_bad_rows, ignored
from portfolio.summary import Summary, summarise
from portfolio.tables import Tables
from portfolio.work import describe_model

ALL_SCORED, LEFT_OUT, MISSING, INTERRUPTED = 0, 1, EXIT_CODE, 130


def arguments(given: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = Parser(
        prog="python -m portfolio",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="+", metavar="TABLE",
                        help="a CSV or Parquet file, or a pattern in quotes")  # fmt: skip
    parser.add_argument("out", type=Path, metavar="OUT", help="a folder; made where there is none")
    parser.add_argument("--reasons", choices=get_args(Explained), default="refused",
                        help="for whom (default: %(default)s)")  # fmt: skip
    parser.add_argument("--format", choices=get_args(Format), default="parquet",
                        help="of the parts (default: %(default)s)")  # fmt: skip
    parser.add_argument("--bad-rows", type=Path, metavar="FILE",
                        help="leave out rows that cannot be scored, and write where they are and"
                        " why; else the first one ends the run")  # fmt: skip
    parser.add_argument("--again", action="store_true",
                        help="make all of it again, whatever is there")  # fmt: skip
    engine = parser.add_mutually_exclusive_group()
    engine.add_argument("--workers", type=whole(1, 1000), metavar="N",
                        help="processes on this machine (default: one a core)")  # fmt: skip
    engine.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that is there")
    options = parser.parse_intermixed_args(given)  # tables, options and OUT in any order
    if options.bad_rows and not options.bad_rows.absolute().parent.is_dir():
        parser.error(f"{options.bad_rows.parent}: is not a folder")  # not known at the end only
    return options


def job_of(options: argparse.Namespace, settings: BundleSettings) -> Job:
    """What workers are told.

    Raises:
        BadFile: the model's files cannot be read, or the model is not the one that it must be.
    """
    folder = settings.ressources_dir.resolve()
    hashes = {}
    for name in FILES:
        if name in OPTIONAL_FILES and not (folder / name).exists():
            continue
        with foreign_code(name, unreadable):
            hashes[name] = sha256_of(folder / name)
    check_hash(MODEL_FILE, hashes[MODEL_FILE], settings.model_sha256)
    return Job(
        folder=str(folder),
        sha256=hashes,
        versions=installed(),
        explained=options.reasons,
        quickly=settings.fast_explanations,
        out=str(options.out.resolve()),
        format=options.format,
        collect=options.bad_rows is not None,
    )


def score(options: argparse.Namespace, job: Job, tables: Tables) -> tuple[Made, Summary]:
    """Make the folder.

    Raises:
        BadFile: a file is no good, or one cannot be written.
        RunError: something is missing at the end.
    """
    if options.bad_rows:
        check_bad_rows(options.bad_rows)
    began, sizes, name = time.monotonic(), tables.sizes, str(options.out)
    with (
        open_folder(Path(job.out), name, job, sizes, again=options.again) as folder,
        workers_at(options.scheduler) if options.scheduler else local_workers(options.workers)
        as workers,
        Progress(sum(sizes.values())) as progress,
    ):  # fmt: skip
        if workers.dashboard:
            progress.say(f"Dask's dashboard: {workers.dashboard}")
        run = Run(job, tables, folder, workers, progress)
        made = run.all_parts()
        for line in ignored(made):
            progress.say(line)
        if options.bad_rows:
            run.write_bad_rows(options.bad_rows)
        summary = finish(job, made, folder, workers, began)
    return made, summary


def finish(job: Job, made: Made, folder: Folder, workers: Workers, began: float) -> Summary:
    """Write what came out.

    Raises:
        BadFile: it cannot be written.
        RunError: a part is missing.
    """
    # Matplotlib takes half a second, of each worker too: its process begins by importing this file.
    from portfolio.report import report

    reference = workers.ask(describe_model, job)
    if isinstance(reference, Problem):
        raise RunError(reference.text)
    counts = Counts()
    for record in folder.records(made.parts):
        counts.add(record.counts)
    seconds = time.monotonic() - began
    summary = summarise(job, made, counts, reference, seconds, workers.threads)
    folder.write(REPORT, report(summary))
    folder.write_json(SUMMARY, summary.figures)
    return summary


def said(made: Made, summary: Summary, out: Path) -> str:
    """The lines at the end."""
    figures = summary.figures
    found = f"; {len(made.found):,} of them were there" if made.found else ""
    lines = [
        f"{number(made.scored, 'row')} in {number(made.parts, 'part')}{found},"
        f" {duration(figures['seconds'])}, {figures['rows_a_second'] or 0:,.0f} rows/s",
        f"refused {figures['decisions']['refused']:,}; {out / SUMMARY}, {out / REPORT}",
    ]
    if made.bad_rows:
        lines.append(f"left out: {number(made.bad_rows, 'bad row')}")
    return "\n".join(lines)


def main(given: list[str] | None = None) -> int:
    """Read the command line and make the folder; the exit code."""
    options = arguments(given)
    try:
        with contextlib.suppress(ValueError):  # not in the main thread
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler)
        tables = Tables.find(options.tables)
        made, summary = score(options, job_of(options, BundleSettings()), tables)
    except (BadFile, RunError, OSError) as error:
        sys.stderr.write(f"portfolio: {' '.join(str(error).split())}\n")
        return MISSING
    except KeyboardInterrupt:
        sys.stderr.write("portfolio: interrupted; the same command goes on from here\n")
        return INTERRUPTED
    sys.stdout.write(said(made, summary, options.out) + "\n")
    return LEFT_OUT if made.bad_rows else ALL_SCORED
