"""`python -m register replay`: recorded decisions, scored again by the files that scored them."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import BinaryIO

import orjson

from credit_scoring.command_line import whole
from credit_scoring.errors import BadFile
from portfolio.output.atomic_file import replacing
from portfolio.progress import number
from register.commands.shared.period_options import add_period, period
from register.database.opening import register_database
from register.errors import UnusableRegister
from register.replay.chunk import RecordedDecisions
from register.replay.replay import BundleReplay, Difference, Engine, Replay, in_this_process
from register.replay.worker import replay_chunk
from register.settings import RegisterSettings

HELP = "score recorded decisions again by the files of their day, and compare to the last bit"
ALL_EQUAL, DIFFERENT = 0, 1
NAMED = 20  # differing decisions in the report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_period(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="list the decisions that are not bit-equal, as lines of JSON",
    )  # fmt: skip
    parser.add_argument(
        "--folder", type=Path, metavar="PATH",
        help="for the files of bundles; all machines of a cluster share it",
    )  # fmt: skip
    engine = parser.add_mutually_exclusive_group()
    engine.add_argument(
        "--workers", type=whole(1, 1000), metavar="N",
        help="processes on this machine (default: this one)",
    )  # fmt: skip
    engine.add_argument("--scheduler", metavar="ADDRESS", help="of an existing Dask cluster")


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Replay decisions of the register of the settings; gives the exit code."""
    if options.scheduler and not options.folder:
        raise UnusableRegister("--scheduler needs --folder, which all its machines share")
    began = time.monotonic()
    with ExitStack() as stack:
        database = stack.enter_context(closing(register_database(settings)))
        database.check()
        folder = stack.enter_context(kept_in(options.folder))
        differing = stack.enter_context(listed_in(options.out))
        engine = stack.enter_context(engine_of(options))
        replay = Replay(database, RecordedDecisions(database, period(options)), folder)
        first: list[Difference] = []
        for difference in replay.run(engine):
            if len(first) < NAMED:
                first.append(difference)
            if differing:
                differing.write(orjson.dumps(difference, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.write(report(replay, first, time.monotonic() - began))
    are_equal = all(not of.different and not of.failed for of in replay.bundles.values())
    return ALL_EQUAL if are_equal else DIFFERENT


@contextmanager
def kept_in(folder: Path | None) -> Iterator[Path]:
    """The folder for the files of bundles: a named one that stays, or one for the block."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="register-") as name:
            yield Path(name)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadFile(str(folder), f"cannot be made: {error.strerror}") from error
    yield folder.resolve()


@contextmanager
def listed_in(path: Path | None) -> Iterator[BinaryIO | None]:
    """The file of differing decisions, whole at the end of the block; None without one."""
    if path is None:
        yield None
        return
    with replacing(path) as aside, aside.open("wb") as file:
        yield file


@contextmanager
def engine_of(options: argparse.Namespace) -> Iterator[Engine]:
    """The engine that the options name."""
    if options.scheduler is None and options.workers is None:
        yield in_this_process
        return
    from portfolio.cluster import local_workers, workers_at  # Dask takes a second

    workers = (
        workers_at(options.scheduler)
        if options.scheduler
        else local_workers(options.workers, replay_chunk.__module__)
    )
    with workers as found:
        yield lambda chunks: found.results(replay_chunk, chunks)


def report(replay: Replay, first: list[Difference], seconds: float) -> str:
    """The lines of the report, by bundle."""
    lines = []
    for difference in first:
        what = difference.reason or f"different in {', '.join(difference.fields)}"
        lines.append(f"decision {difference.id}: {what}")
    bundles = replay.bundles.values()
    more = sum(of.different + of.failed.total() for of in bundles) - len(first)
    if more:
        lines.append(f"and {number(more, 'more decision')}; --out lists all")
    for bundle, of in sorted(replay.bundles.items()):
        lines += bundle_lines(bundle, of)
    lines.append(
        f"{number(sum(of.decisions for of in bundles), 'decision')} in {seconds:.1f} s:"
        f" {sum(of.equal for of in bundles):,} bit-equal,"
        f" {sum(of.different for of in bundles):,} different,"
        f" {sum(of.failed.total() for of in bundles):,} not replayable,"
        f" {sum(of.erased for of in bundles):,} erased"
    )
    return "".join(f"{line}\n" for line in lines)


def bundle_lines(bundle: int, of: BundleReplay) -> list[str]:
    """The lines about one bundle."""
    lines = [
        f"bundle {bundle}, model {of.model[:12]}: {number(of.decisions, 'decision')},"
        f" {of.equal:,} bit-equal, {of.different:,} different,"
        f" {of.failed.total():,} not replayable, {of.erased:,} erased"
    ]
    if of.fields:
        fields = ", ".join(f"{name} {count:,}" for name, count in of.fields.most_common())
        lines.append(f"  fields that differ: {fields}")
    lines += [
        f"  {reason}: {number(count, 'decision')}" for reason, count in of.failed.most_common()
    ]
    if of.environment:
        versions = (f"{name} {here}, then {then}" for name, (then, here) in of.environment.items())
        lines.append(f"  other than then: {'; '.join(versions)}")
    return lines
