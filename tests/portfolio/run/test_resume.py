"""A run whose output folder exists: what it keeps, what it makes, and what it refuses."""

import fcntl

import pandas as pd
import pytest

from credit_scoring.data.artifacts import ID, NEW_FILE
from portfolio.output.folder import RUN
from portfolio.output.part import STATE
from tests.support.bundles.folders import write_metadata
from tests.support.portfolio import read_parts, read_summary

ROWS = 60
AGAIN = ": --again makes all of it again\n"


@pytest.fixture
def other_bundle(bundle_folder, tmp_path):
    """A bundle with a lower threshold, which refuses more clients."""
    other = tmp_path / "other"
    other.mkdir()
    for file in bundle_folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    write_metadata(other, threshold=0.3)
    return other


def test_a_run_makes_only_parts_that_are_missing(command, bundle_folder, finished_run, earlier_run):
    out = earlier_run
    (out / "summary.json").unlink()
    (out / "part-000001.parquet").unlink()  # its record does not count without it
    (out / STATE / "part-000002.json").unlink()  # nor does a part without a record
    (out / ".part-000002.parquet.1-ab").write_text("left by a worker that was killed")
    kept = {file: file.stat().st_mtime_ns for file in out.glob("part-*")}
    result = command(bundle_folder / NEW_FILE)
    assert (result.code, result.err) == (0, "")
    made = [file.name for file in out.glob("part-*") if kept.get(file) != file.stat().st_mtime_ns]
    assert sorted(made) == ["part-000001.parquet", "part-000002.parquet"]
    number = len(kept) + 1
    assert f"{ROWS} rows in {number} parts; {number - 2} of them existed" in result.out
    assert not [*out.glob(".part-*")]
    assert read_summary(out)["parts_found"] == number - 2
    pd.testing.assert_frame_equal(read_parts(out), read_parts(finished_run), check_exact=True)


def test_another_model_is_refused(command, bundle_folder, other_bundle, earlier_run):
    result = command(bundle_folder / NEW_FILE, folder=other_bundle)
    said = f"portfolio: {earlier_run}: was made with another model{AGAIN}"
    assert (result.code, result.err) == (2, said)


def test_another_option_is_refused(command, bundle_folder, earlier_run):
    result = command(bundle_folder / NEW_FILE, "--reasons", "all")
    said = f"portfolio: {earlier_run}: was made with other --reasons{AGAIN}"
    assert (result.code, result.err) == (2, said)


def test_a_table_of_another_length_is_refused(command, bundle_folder, earlier_run, tmp_path):
    shorter = tmp_path / NEW_FILE
    shorter.write_bytes((bundle_folder / NEW_FILE).read_bytes()[:-200])
    result = command(shorter)
    said = f"portfolio: {earlier_run}: was made with another table{AGAIN}"
    assert (result.code, result.err) == (2, said)


def test_a_table_with_another_byte_is_refused(command, bundle_folder, earlier_run, tmp_path):
    content = bytearray((bundle_folder / NEW_FILE).read_bytes())
    content[-3] = ord("1") if content[-3] == ord("2") else ord("2")
    changed = tmp_path / NEW_FILE
    changed.write_bytes(content)
    result = command(changed)
    said = f"portfolio: {changed}: has changed since {earlier_run} was started{AGAIN}"
    assert (result.code, result.err) == (2, said)


def test_again_replaces_the_parts_of_another_model(
    command, bundle_folder, other_bundle, earlier_run
):
    before = read_parts(earlier_run)
    assert command(bundle_folder / NEW_FILE, "--again", folder=other_bundle).code == 0
    after = read_parts(earlier_run)
    assert (after["probability"] == before["probability"]).all()
    assert after["prediction"].sum() > before["prediction"].sum()


def test_a_part_that_is_made_again_did_not_exist(command, clients, out, tmp_path):
    clients.iloc[ROWS - 1, clients.columns.get_loc(ID)] = clients.iloc[0][ID]
    tables = [tmp_path / "a.csv", tmp_path / "b.csv"]
    clients.iloc[:50].to_csv(tables[0], index=False)
    clients.iloc[50:].to_csv(tables[1], index=False)
    assert command(*tables).code == 2
    result = command(*tables, "--bad-rows", tmp_path / "bad.csv")
    assert result.code == 1
    figures, last = read_summary(out), max(out.glob("part-*"))
    existed = figures["parts"] - 1
    assert f"{ROWS - 1} rows in {figures['parts']} parts; {existed} of them existed, " in result.out
    assert figures["parts_found"] == existed > 0
    made = len(pd.read_parquet(last))
    assert figures["rows_a_second"] * figures["seconds"] == pytest.approx(made, rel=0.2)


def test_a_folder_with_other_files_is_refused_even_again(command, bundle_folder, out):
    out.mkdir()
    (out / "thesis.doc").write_text("years of work")
    result = command(bundle_folder / NEW_FILE, "--again")
    said = "contains files that this command did not make"
    assert (result.code, result.err) == (2, f"portfolio: {out}: {said}\n")
    assert [file.name for file in out.iterdir()] == ["thesis.doc"]


def test_an_empty_folder_is_used(command, bundle_folder, out):
    out.mkdir()
    assert command(bundle_folder / NEW_FILE).code == 0
    assert (out / STATE / RUN).exists()


def test_a_second_run_into_the_same_folder_is_refused(command, bundle_folder, earlier_run):
    with (earlier_run / STATE / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = command(bundle_folder / NEW_FILE)
    said = f"portfolio: {earlier_run}: another run writes into it\n"
    assert (result.code, result.err) == (2, said)
    assert (earlier_run / STATE / RUN).exists()
