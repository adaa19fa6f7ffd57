"""A model without code, and a model with a class of its makers' own, on the workers."""

import hashlib
import shutil
from pathlib import Path

import pytest

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, SKOPS_FILE
from tests.kinds.own_module import MODULE_FILE, add_module, add_skops, write_module
from tests.portfolio.portfolio_command import run_command
from tests.support.bundles.folders import write_metadata
from tests.support.portfolio import (
    application_scorer,
    read_parts,
    read_summary,
    rows_unlike,
    score_responses,
)


@pytest.fixture
def folder(bundle_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small bundle, which a test may change."""
    return Path(shutil.copytree(bundle_folder, tmp_path / "ressources"))


def without_code(folder: Path) -> None:
    add_skops(folder)
    (folder / MODEL_FILE).unlink()
    write_metadata(folder)


def with_both(folder: Path) -> None:
    add_skops(folder)


def with_module(folder: Path) -> None:
    add_module(folder, shift=0.25)


def with_listed_module(folder: Path) -> None:
    add_module(folder, shift=0.25)
    write_metadata(folder)


def check_figures(folder: Path, out: Path) -> None:
    """Each row is that of the service, and the summary names the files that were used."""
    scorer, rows = application_scorer(folder), read_parts(out)
    responses = score_responses(scorer, list(scorer.bundle.client_ids))
    assert rows_unlike(rows, responses, "refused") == []
    named = read_summary(out)["model"]
    assert named.items() >= scorer.bundle.sha256.items()
    assert len({MODEL_FILE, SKOPS_FILE} & named.keys()) == 1


@pytest.mark.parametrize("change", [without_code, with_both, with_module, with_listed_module])
def test_a_cluster_scores_with_the_files_of_the_folder(command, folder, out, change):
    change(folder)
    result = command(folder / NEW_FILE, folder=folder)
    assert (result.code, result.err) == (0, "")
    check_figures(folder, out)


def with_module_and_no_pickle(folder: Path) -> None:
    without_code(folder)
    write_module(folder, 0)  # which nothing imports


@pytest.mark.parametrize("change", [with_module, with_module_and_no_pickle])
def test_processes_of_this_machine_do_so_too(capsys, folder, out, change):
    change(folder)
    result = run_command(capsys, folder, folder / NEW_FILE, out, "--workers", "1")
    assert (result.code, result.err) == (0, "")
    check_figures(folder, out)


def test_a_run_with_a_changed_module_is_another_run(command, folder):
    with_module(folder)
    assert command(folder / NEW_FILE, folder=folder).code == 0
    assert command(folder / NEW_FILE, folder=folder).code == 0
    write_module(folder, 0.5)
    refused = command(folder / NEW_FILE, folder=folder)
    assert refused.code == 2
    assert "another model" in refused.err
    assert command(folder / NEW_FILE, "--again", folder=folder).code == 0


def test_a_worker_with_another_module_refuses(command, folder, monkeypatch):
    with_module(folder)
    monkeypatch.setattr(
        "portfolio.command.sha256_of",
        lambda path: "0" * 64 if path.name == MODULE_FILE else sha256_of(path),
    )
    result = command(folder / NEW_FILE, folder=folder)
    said = f"portfolio: a worker has another {MODULE_FILE} than the run\n"
    assert (result.code, result.err) == (2, said)


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("change", [without_code, with_both])
def test_the_setting_is_the_hash_of_the_file_that_is_opened(
    command, folder, out, monkeypatch, change
):
    change(folder)
    opened, other = (MODEL_FILE, SKOPS_FILE) if change is with_both else (SKOPS_FILE, NEW_FILE)
    monkeypatch.setenv("MODEL_SHA256", sha256_of(folder / opened))
    assert command(folder / NEW_FILE, folder=folder).code == 0
    wrong = sha256_of(folder / other)
    monkeypatch.setenv("MODEL_SHA256", wrong)
    result = command(folder / NEW_FILE, "--again", folder=folder)
    own = sha256_of(folder / opened)
    said = f"portfolio: {opened}: its SHA-256 is {own}, expected {wrong}\n"
    assert (result.code, result.err) == (2, said)


def test_a_model_that_is_not_there_is_named(command, folder):
    (folder / MODEL_FILE).unlink()
    result = command(folder / NEW_FILE, folder=folder)
    said = f"portfolio: {MODEL_FILE}: cannot be read: No such file or directory\n"
    assert (result.code, result.err) == (2, said)
