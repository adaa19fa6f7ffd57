"""A small bundle, a cluster and a finished run, each made once."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_scoring.data.artifacts import NEW_FILE
from credit_scoring.decisions.scoring import ApplicationScorer
from tests.portfolio.portfolio_command import run_command
from tests.support.cluster import scheduler_with_workers
from tests.support.commands import CommandResult
from tests.support.portfolio import application_scorer


@pytest.fixture(scope="session")
def bundle_folder(small_bundle_folder: Path) -> Path:
    """Few of the shipped clients and trees, with calibration, points and grades."""
    return small_bundle_folder


@pytest.fixture(scope="session")
def scorer(bundle_folder: Path) -> ApplicationScorer:
    return application_scorer(bundle_folder)


@pytest.fixture
def clients(bundle_folder: Path) -> pd.DataFrame:
    """The new clients, of which a test may change its copy."""
    return pd.read_csv(bundle_folder / NEW_FILE, index_col=0)


@pytest.fixture(scope="module")
def scheduler_address() -> Iterator[str]:
    """A scheduler with two workers; `test_a_killed_worker_loses_nothing` has processes.

    They end with the module, because a cluster that waits takes a tenth of a core.
    """
    with scheduler_with_workers() as address:
        yield address


@pytest.fixture(scope="module")
def finished_run(
    bundle_folder: Path, scheduler_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The output folder of a run of all new clients; nobody writes into it."""
    out = tmp_path_factory.mktemp("finished") / "scored"
    options = ("--scheduler", scheduler_address)
    table = bundle_folder / NEW_FILE
    result = run_command(None, bundle_folder, table, out, *options, with_report=True)
    assert result.code == 0
    return out


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The output folder of a test, which does not exist yet."""
    return tmp_path / "scored"


@pytest.fixture
def earlier_run(finished_run: Path, out: Path) -> Path:
    """The output folder of a test, in which all parts exist."""
    return Path(shutil.copytree(finished_run, out))


@pytest.fixture
def command(
    capsys: Any, bundle_folder: Path, scheduler_address: str, out: Path
) -> Callable[..., CommandResult]:
    """The command on the workers of the scheduler, into the output folder of the test."""

    def run(*arguments: object, folder: Path = bundle_folder, **more: Any) -> CommandResult:
        where = (out, "--scheduler", scheduler_address)
        return run_command(capsys, folder, *arguments, *where, **more)

    return run


@pytest.fixture(autouse=True)
def _no_lines_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of progress on a machine so busy that a run takes ten seconds."""
    monkeypatch.setattr("portfolio.progress.LINE_SECONDS", 600)


@pytest.fixture
def command_here(capsys: Any, bundle_folder: Path) -> Callable[..., CommandResult]:
    """The command without a scheduler."""
    return partial(run_command, capsys, bundle_folder)
