"""The command: its options, and errors in one line."""

import sys
import time

import pytest

from credit_scoring.data.artifacts import ID, METADATA_FILE, NEW_FILE
from portfolio import command as command_module
from tests.support.servers.processes import inherited


@pytest.fixture
def refused_table(command, tmp_path):
    """The problem that the command finds in a table of some content."""

    def refuse(content):
        file = tmp_path / "clients.csv"
        file.write_bytes(content)
        result = command(file, "--again")
        assert result.code == 2
        assert result.err.startswith(f"portfolio: {file}: ")
        return result.err.removeprefix(f"portfolio: {file}: ").rstrip()

    return refuse


@pytest.fixture
def content(bundle_folder):
    """The table of the new clients."""
    return (bundle_folder / NEW_FILE).read_bytes()


def test_an_empty_table_is_refused(refused_table):
    assert refused_table(b"") == "is not a CSV table: its first line is not a header"


def test_a_table_without_rows_is_refused(refused_table, content):
    assert refused_table(content.partition(b"\n")[0] + b"\n") == "holds no client"


def test_a_table_without_ids_is_refused(refused_table, content):
    assert refused_table(content.replace(ID.encode(), b"ID", 1)) == f"lacks the column {ID}"


def test_a_table_without_a_feature_is_refused(refused_table, content):
    said = refused_table(content.replace(b"AMT_CREDIT,", b"AMT_DEBT,", 1))
    assert said.startswith("lacks features of train_samp.csv: AMT_CREDIT")


def test_a_table_with_a_column_twice_is_refused(refused_table, content):
    said = refused_table(content.replace(b"AMT_ANNUITY,", b"AMT_CREDIT,", 1))
    assert said == "has a column more than once: AMT_CREDIT"


def test_a_table_that_only_begins_as_parquet_is_refused(refused_table, content):
    assert refused_table(b"PAR1" + content).startswith("is not a Parquet table: ")


def test_a_compressed_table_is_refused(refused_table, content):
    assert refused_table(b"\x1f\x8b" + content).startswith("is compressed: ")


def test_a_pattern_without_files_is_refused(command, tmp_path):
    result = command(tmp_path / "none-*.csv")
    assert (result.code, result.err) == (2, f"portfolio: {tmp_path}/none-*.csv: no such file\n")


def test_a_folder_is_refused_as_a_table(command, tmp_path):
    result = command(tmp_path)
    assert result.code == 2
    assert result.err.startswith(f"portfolio: {tmp_path}: is a folder: ")


def test_a_worker_with_another_library_refuses(command, bundle_folder, monkeypatch):
    installed = {**command_module.installed(), "scikit-learn": "1.0.2"}
    monkeypatch.setattr(command_module, "installed", lambda: installed)
    result = command(bundle_folder / NEW_FILE)
    assert result.code == 2
    assert result.err.startswith("portfolio: a worker has scikit-learn 1.")
    assert result.err.endswith(", but the run has scikit-learn 1.0.2\n")


def test_a_worker_with_another_model_refuses(command, bundle_folder, monkeypatch):
    sha256_of = command_module.sha256_of

    def other_hash(path):
        return "0" * 64 if path.name == METADATA_FILE else sha256_of(path)

    monkeypatch.setattr(command_module, "sha256_of", other_hash)
    result = command(bundle_folder / NEW_FILE, "--again")
    said = f"portfolio: a worker has another {METADATA_FILE} than the run\n"
    assert (result.code, result.err) == (2, said)


def test_a_model_with_another_hash_than_expected_is_refused(command, bundle_folder, monkeypatch):
    monkeypatch.setenv("MODEL_SHA256", "0" * 64)
    result = command(bundle_folder / NEW_FILE)
    assert result.code == 2
    assert f"expected {'0' * 64}" in result.err


def test_a_scheduler_that_does_not_answer_is_named(command_here, bundle_folder, out, monkeypatch):
    monkeypatch.setattr("portfolio.cluster.PATIENCE", 0.5)
    began = time.monotonic()
    address = "tcp://127.0.0.1:9"
    result = command_here(bundle_folder / NEW_FILE, out, "--scheduler", address)
    assert time.monotonic() - began < 10
    assert result.code == 2
    assert result.err.startswith(f"portfolio: no workers at {address}: ")


@pytest.mark.parametrize(
    "options",
    [["--workers", "0"], ["--workers", "2", "--scheduler", "tcp://127.0.0.1:9"], ["--reasons", "x"],
     ["--format", "xlsx"], ["--bad-rows", "no/such/folder/bad.csv"]],
)  # fmt: skip
def test_wrong_options_end_with_one_line(command_here, bundle_folder, out, options):
    result = command_here(bundle_folder / NEW_FILE, out, *options)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("portfolio: ")
    assert result.err.count("\n") == 1
    assert not out.exists()


# Interrupts the command when it begins to import the modules that take long.
INTERRUPTED = """
import runpy, signal, sys
from importlib.abc import MetaPathFinder

class Interrupts(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "portfolio.cluster":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
runpy.run_module("portfolio", run_name="__main__")
"""


def test_a_command_that_is_interrupted_before_it_started_says_so_in_one_line(forks, tmp_path):
    with (tmp_path / "output").open("wb") as output:
        program = [sys.executable, "-c", INTERRUPTED]
        process = forks.begin(program, inherited(), output.fileno(), output.fileno())
        assert process.wait() == 130
    assert (tmp_path / "output").read_text() == "portfolio: interrupted before it started\n"
