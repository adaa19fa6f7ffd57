"""Score a table of any length into a folder of part files, `summary.json` and `report.html`.

    python -m portfolio clients.csv scored/                     all cores of this machine
    python -m portfolio 'book/part-*.parquet' scored/ --scheduler tcp://10.0.0.5:8786

A table is one or more CSV or Parquet files of raw records with the columns of the service's own
tables: `SK_ID_CURR` and the features of the model; other columns are ignored. Each figure is that
of `POST /score` for the same record. The same command continues a run that was interrupted. The
model is that of `ressources/`, or of the folder that RESSOURCES_DIR names; MODEL_SHA256 and
FAST_EXPLANATIONS mean the same as for the service.

Exit codes: 0 if every row is scored; 1 if bad rows were left out; 2 if the run cannot go on, with
the reason in one line; 130 if it was interrupted.
"""

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import get_args

from credit_scoring.command_line import EXIT_CODE, Parser, whole
from credit_scoring.data.artifacts import check_hash, unreadable
from credit_scoring.data.bundle_files import files_of_bundle
from credit_scoring.decisions.batch_scoring import Explained
from credit_scoring.errors import BadFile, first_few, foreign_code
from credit_scoring.settings import BundleSettings
from portfolio.cluster import local_workers, workers_at
from portfolio.counts import Counts
from portfolio.job import Format, Job, RunError, installed, sha256_of
from portfolio.output.folder import REPORT, SUMMARY, open_folder
from portfolio.progress import Progress, duration, number
from portfolio.report.summary import Summary, summarise
from portfolio.run import Run, check_bad_rows
from portfolio.tables.table_files import TableFiles

ALL_SCORED, LEFT_OUT, MISSING, INTERRUPTED = 0, 1, EXIT_CODE, 130


def arguments(given: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(
        prog="python -m portfolio",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="+", metavar="TABLE",
                        help="a CSV or Parquet file, or a pattern in quotes")  # fmt: skip
    parser.add_argument("out", type=Path, metavar="OUT",
                        help="the output folder, made if it does not exist")  # fmt: skip
    parser.add_argument("--reasons", choices=get_args(Explained), default="refused",
                        help="clients that get reasons (default: %(default)s)")  # fmt: skip
    parser.add_argument("--format", choices=get_args(Format), default="parquet",
                        help="of the part files (default: %(default)s)")  # fmt: skip
    parser.add_argument("--bad-rows", type=Path, metavar="FILE",
                        help="leave out rows that cannot be scored, and list them with their"
                        " reasons; by default the first one ends the run")  # fmt: skip
    parser.add_argument("--again", action="store_true",
                        help="make all part files again, even if they exist")  # fmt: skip
    engine = parser.add_mutually_exclusive_group()
    engine.add_argument("--workers", type=whole(1, 1000), metavar="N",
                        help="processes on this machine (default: one per core)")  # fmt: skip
    engine.add_argument("--scheduler", metavar="ADDRESS", help="of an existing Dask cluster")
    options = parser.parse_intermixed_args(given)  # tables, options and OUT in any order
    if options.bad_rows and not options.bad_rows.absolute().parent.is_dir():
        parser.error(f"{options.bad_rows.parent}: is not a folder")  # else found at the end
    return options


def job_of(options: argparse.Namespace, settings: BundleSettings) -> Job:
    """Describe the run to workers.

    Raises:
        BadFile: a file of the bundle cannot be read, or the model has another hash than expected.
    """
    folder = settings.ressources_dir.resolve()
    hashes = {}
    model_file, *others = files_of_bundle(folder)
    for name in (model_file, *others):
        with foreign_code(name, unreadable):
            hashes[name] = sha256_of(folder / name)
    check_hash(model_file, hashes[model_file], settings.model_sha256)
    return Job(
        folder=str(folder),
        model_file=model_file,
        sha256=hashes,
        versions=installed(),
        explained=options.reasons,
        fast_explanations=settings.fast_explanations,
        out=str(options.out.resolve()),
        format=options.format,
        collects_bad_rows=options.bad_rows is not None,
    )


def score(options: argparse.Namespace, job: Job, files: TableFiles) -> Summary:
    """Make the output folder.

    Raises:
        BadFile: a file cannot be read or written.
        RunError: the run cannot begin or continue.
    """
    if options.bad_rows:
        check_bad_rows(options.bad_rows)
    began, sizes = time.monotonic(), files.sizes
    with (
        open_folder(str(options.out), job, sizes, again=options.again) as folder,
        workers_at(options.scheduler) if options.scheduler else local_workers(options.workers)
        as workers,
        contextlib.closing(Progress(sum(sizes.values()))) as progress,
    ):  # fmt: skip
        if workers.dashboard:
            progress.say(f"Dask's dashboard: {workers.dashboard}")
        run = Run(files, folder, workers, progress)
        outcome = run.score_all()
        for file, columns in outcome.ignored.items():
            names = first_few(columns)
            progress.say(f"{file}: columns that the model does not know are ignored: {names}")
        if options.bad_rows:
            run.write_bad_rows(options.bad_rows)
        reference = run.count_reference()
        counts = Counts()
        for record in folder.records(len(outcome.parts)):
            counts.add(record.counts)
        seconds = time.monotonic() - began
        # Matplotlib takes half a second, and each worker would import it with this module.
        from portfolio.report.page import report_page

        summary = summarise(job, outcome, counts, reference, seconds, workers.threads)
        folder.write(REPORT, report_page(summary))
        folder.write(SUMMARY, summary.to_json())
    return summary


def closing_lines(summary: Summary, out: Path) -> str:
    """Describe the finished run."""
    figures = summary.figures
    found = f"; {figures['parts_found']:,} of them existed" if figures["parts_found"] else ""
    lines = [
        f"{number(figures['scored'], 'row')} in {number(figures['parts'], 'part')}{found},"
        f" {duration(figures['seconds'])}, {figures['rows_a_second'] or 0:,.0f} rows/s",
        f"refused {figures['decisions']['refused']:,}; {out / SUMMARY}, {out / REPORT}",
    ]
    if figures["bad_rows"]:
        lines.append(f"left out: {number(figures['bad_rows'], 'bad row')}")
    return "\n".join(lines)


def main(given: list[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = arguments(given)
    try:
        with contextlib.suppress(ValueError):  # not in the main thread
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler)
        files = TableFiles.find(options.tables)
        summary = score(options, job_of(options, BundleSettings()), files)
    except (BadFile, RunError, OSError) as error:
        sys.stderr.write(f"portfolio: {' '.join(str(error).split())}\n")
        return MISSING
    except KeyboardInterrupt:
        sys.stderr.write("portfolio: interrupted; the same command goes on from here\n")
        return INTERRUPTED
    sys.stdout.write(closing_lines(summary, options.out) + "\n")
    return LEFT_OUT if summary.figures["bad_rows"] else ALL_SCORED
