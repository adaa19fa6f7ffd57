"""The command, on workers that are there: what it makes, and what happens when things go wrong."""

import fcntl
import os
import re
import signal
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import orjson
import pandas as pd
import pytest

from api.desk_responses import score_drift_body
from credit_scoring.data.artifacts import ID, METADATA_FILE, NEW_FILE
from portfolio import command as portfolio_command
from portfolio.cluster import later
from portfolio.folder import REPORT, RUN
from portfolio.parts import STATE
from portfolio.progress import Progress
from tests.support.folders import write_metadata
from tests.support.portfolio import desk_answers, differing, parts, run, summary
from tests.support.processes import inherited

ROWS = 60
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def whole(model, scheduler, tmp_path_factory):
    """What a run without any trouble has made; nobody writes into it."""
    out = tmp_path_factory.mktemp("whole") / "scored"
    done = run(None, model, model / NEW_FILE, out, "--scheduler", scheduler, with_report=True)
    assert done.code == 0
    return out


@pytest.fixture
def command(capsys, model, scheduler, tmp_path):
    """The command on the workers that are there, into `tmp_path / "scored"`."""

    def start(*given, folder=model, **more):
        return run(capsys, folder, *given, tmp_path / "scored", "--scheduler", scheduler, **more)

    return start


def table(model):
    return pd.read_csv(model / NEW_FILE, index_col=0)


def test_a_run_makes_parts_a_summary_and_a_report(whole, desk):
    rows = parts(whole)
    assert rows[ID].tolist() == list(desk.bundle.client_ids)
    assert differing(rows, desk_answers(desk, rows[ID]), "refused") == []
    said = summary(whole)
    refused = int(rows["prediction"].sum())
    assert (said["rows"], said["scored"], said["bad_rows"]) == (ROWS, ROWS, 0)
    assert said["decisions"] == {"accepted": ROWS - refused, "refused": refused}
    assert said["explained"] == refused
    grades = rows["grade"].value_counts()
    assert {name: found["clients"] for name, found in said["grades"].items()} == {
        grade.grade: int(grades.get(grade.grade, 0)) for grade in desk.bundle.scale.grades
    }
    assert said["parts"] == len([*whole.glob("part-*.parquet")]) > 2
    assert said["model"].items() >= desk.bundle.sha256.items()
    assert said["workers"] == 2


def test_the_report_is_one_page_whose_pictures_have_names(whole):
    text = (whole / REPORT).read_text()
    body = text.partition("<body>")[2].rpartition("</body>")[0]
    page = ElementTree.fromstring(f"<body>{body}</body>")  # noqa: S314 - a page of our own
    pictures = page.findall(f".//{SVG}svg")
    names = [picture.get("aria-label") for picture in pictures]
    assert [picture.find(f"{SVG}title").text for picture in pictures] == names
    assert all(picture.get("role") == "img" for picture in pictures)
    said = summary(whole)
    refused = said["decisions"]["refused"]
    beginnings = [
        f"Scores of {ROWS} scored and 150 reference clients: ",
        f"Grades: A {said['grades']['A']['share']:.1%}, B ",
        f"Features that drifted most: {said['drift']['features'][0]['label']} ",
        f"Reasons of {refused} refused clients: {next(iter(said['reasons_by_theme']))} ",
    ]
    for name, beginning in zip(names, beginnings, strict=True):
        assert name.startswith(beginning)
    cells = [cell.text for cell in page.iter("td")]
    assert {"model.joblib", said["model"]["model.joblib"], said["files"][0]["sha256"]} < {*cells}
    hosts = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert hosts == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # mere names
    assert not re.search(r"<script|<link|<img|@import|src=", text)


def test_drift_is_what_the_service_says_of_the_same_clients(whole, desk):
    desk_answers(desk, desk.bundle.client_ids[:1])
    answer = orjson.loads(score_drift_body(desk.bundle, desk.peers.result()))
    assert summary(whole)["drift"] == answer


def test_the_number_of_pieces_changes_nothing(whole, command, model, tmp_path):
    done = command(model / NEW_FILE, sizes={"piece_bytes": 2_000})
    assert (done.code, done.err) == (0, "")
    out = tmp_path / "scored"
    assert len([*out.glob("part-*")]) > len([*whole.glob("part-*")])
    pd.testing.assert_frame_equal(parts(out), parts(whole), check_exact=True)
    for name in ("drift", "decisions", "grades", "reasons_by_theme", "explained"):
        assert summary(out)[name] == summary(whole)[name]


def test_parquet_files_by_a_pattern_and_csv_parts(whole, command, model, tmp_path):
    clients = table(model)
    odd = clients.copy().assign(
        note="what the model does not know",
        AMT_CREDIT=clients["AMT_CREDIT"].astype("float64"),
        DAYS_BIRTH=clients["DAYS_BIRTH"].astype("int32"),
    )
    for number, part in enumerate(np.array_split(np.arange(ROWS), 2)):
        file = tmp_path / f"book-{number}.parquet"
        odd.iloc[part].to_parquet(file, index=False, row_group_size=25)
    done = command(tmp_path / "book-*.parquet", "--format", "csv")
    assert done.code == 0
    ignored = "columns that the model does not know are ignored: note"
    assert done.err.splitlines() == [f"{tmp_path}/book-{at}.parquet: {ignored}" for at in (0, 1)]
    rows, wanted = parts(tmp_path / "scored"), parts(whole)
    for name in wanted:
        assert (rows[name].isna() == wanted[name].isna()).all()
        there = wanted[name].notna()
        assert (rows[name][there] == wanted[name][there].astype(rows[name].dtype)).all(), name


def test_a_run_goes_on_where_another_ended(command, model, whole, tmp_path):
    out = tmp_path / "scored"
    assert command(model / NEW_FILE).code == 0
    (out / "summary.json").unlink()
    (out / "part-000001.parquet").unlink()  # its record alone does not count
    (out / STATE / "part-000002.json").unlink()  # nor does a part without one
    (out / ".part-000002.parquet.1-ab").write_text("what a killed worker left")
    kept = {file: file.stat().st_mtime_ns for file in out.glob("part-*")}
    done = command(model / NEW_FILE)
    assert (done.code, done.err) == (0, "")
    made = [file.name for file in out.glob("part-*") if kept.get(file) != file.stat().st_mtime_ns]
    assert sorted(made) == ["part-000001.parquet", "part-000002.parquet"]
    number = len(kept) + 1
    assert f"{ROWS} rows in {number} parts; {number - 2} of them were there" in done.out
    assert not [*out.glob(".part-*")]
    assert summary(out)["parts_found"] == number - 2
    pd.testing.assert_frame_equal(parts(out), parts(whole), check_exact=True)


def test_another_model_table_or_option_is_refused_unless_again(command, model, tmp_path):
    assert command(model / NEW_FILE).code == 0
    other = tmp_path / "other"
    other.mkdir()
    for file in model.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    write_metadata(other, threshold=0.3)
    out = tmp_path / "scored"
    end = ": --again makes all of it again\n"
    done = command(model / NEW_FILE, folder=other)
    assert done.err == f"portfolio: {out}: was made with another model{end}"
    done = command(model / NEW_FILE, "--reasons", "all")
    assert done.err == f"portfolio: {out}: was made with other --reasons{end}"
    shorter = tmp_path / NEW_FILE
    shorter.write_bytes((model / NEW_FILE).read_bytes()[:-200])
    done = command(shorter)
    assert done.err == f"portfolio: {out}: was made with another table{end}"
    content = bytearray((model / NEW_FILE).read_bytes())
    content[-3] = ord("1") if content[-3] == ord("2") else ord("2")
    shorter.write_bytes(content)
    done = command(shorter)
    said = f"is not what it was when {out} was begun"
    assert (done.code, done.err) == (2, f"portfolio: {shorter}: {said}{end}")
    before = parts(out)
    assert command(model / NEW_FILE, "--again", folder=other).code == 0
    after = parts(out)
    assert (after["probability"] == before["probability"]).all()
    assert after["prediction"].sum() > before["prediction"].sum()


def test_bad_rows_end_the_run_or_are_collected(command, model, whole, tmp_path):
    clients = table(model).astype({"AMT_CREDIT": object, ID: object})
    never_missing = "AMT_INCOME_TOTAL"
    clients.iloc[17, clients.columns.get_loc("AMT_CREDIT")] = "a lot"
    clients.iloc[31, clients.columns.get_loc(never_missing)] = np.nan
    clients.iloc[44, clients.columns.get_loc(ID)] = clients.iloc[3][ID]
    clients.iloc[52, clients.columns.get_loc("AMT_CREDIT")] = "inf"
    file, bad = tmp_path / "clients.csv", tmp_path / "bad.csv"
    clients.to_csv(file, index=False)
    done = command(file)
    assert (done.code, done.err) == (
        2,
        f"portfolio: {file}: row 18: not a number: AMT_CREDIT\n",
    )
    assert not (tmp_path / "scored/summary.json").exists()
    done = command(file, "--bad-rows", bad)
    assert (done.code, done.err) == (1, "")
    assert bad.read_text().splitlines() == [
        "file,row,reason",
        f"{file},18,not a number: AMT_CREDIT",
        f'{file},32,"null, though never missing among clients: {never_missing}"',
        f"{file},45,column {ID}: has the same id as the row 4 of {file}",
        f"{file},53,out of range: AMT_CREDIT",
    ]
    kept = parts(whole).drop(index=[17, 31, 44, 52]).reset_index(drop=True)
    rows = parts(tmp_path / "scored")
    pd.testing.assert_frame_equal(rows, kept, check_exact=True)
    assert (summary(tmp_path / "scored")["bad_rows"], len(rows)) == (4, ROWS - 4)
    again = command(file, "--bad-rows", bad)
    assert again.code == 1
    assert "were there" in again.out
    assert "row 18: not a number" in command(file).err


def test_a_list_of_bad_rows_replaces_nothing_else(command, model, tmp_path):
    file = tmp_path / "clients.csv"
    table(model).to_csv(file, index=False)
    before = file.read_bytes()
    for there in (file, tmp_path):
        done = command(file, "--bad-rows", there)
        said = f"portfolio: {there}: is there, and is no list of bad rows\n"
        assert (done.code, done.err) == (2, said)
    assert file.read_bytes() == before
    assert not (tmp_path / "scored").exists()


def test_a_part_that_is_made_again_was_not_there(command, model, tmp_path):
    clients = table(model)
    clients.iloc[ROWS - 1, clients.columns.get_loc(ID)] = clients.iloc[0][ID]
    tables = [tmp_path / "a.csv", tmp_path / "b.csv"]
    clients.iloc[:50].to_csv(tables[0], index=False)
    clients.iloc[50:].to_csv(tables[1], index=False)
    assert command(*tables).code == 2
    done = command(*tables, "--bad-rows", tmp_path / "bad.csv")
    assert done.code == 1
    said, last = summary(tmp_path / "scored"), max((tmp_path / "scored").glob("part-*"))
    found = said["parts"] - 1
    assert f"{ROWS - 1} rows in {said['parts']} parts; {found} of them were there, " in done.out
    assert said["parts_found"] == found > 0
    now = len(pd.read_parquet(last))
    assert said["rows_a_second"] * said["seconds"] == pytest.approx(now, rel=0.2)


@pytest.mark.parametrize(
    ("row", "said"), [(2, "the row above it"), (5, "the row that is 4 rows above it")]
)
def test_an_id_that_comes_twice_in_a_piece_is_named_by_its_distance(
    command, model, tmp_path, row, said
):
    clients = table(model)
    clients.iloc[row - 1, clients.columns.get_loc(ID)] = clients.iloc[0][ID]
    clients.to_csv(tmp_path / "clients.csv", index=False)
    done = command(tmp_path / "clients.csv")
    problem = f"row {row}: column {ID}: has the same id as {said}"
    assert (done.code, done.err) == (2, f"portfolio: {tmp_path}/clients.csv: {problem}\n")


# What interrupts the start of the command when it begins to import what takes long.
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


def test_what_is_interrupted_before_it_begins_says_so_in_a_line(forks, tmp_path):
    with (tmp_path / "said").open("wb") as said:
        command = [sys.executable, "-c", INTERRUPTED]
        process = forks.begin(command, inherited(), said.fileno(), said.fileno())
        assert process.wait() == 130
    assert (tmp_path / "said").read_text() == "portfolio: interrupted before it began\n"


def test_an_interrupt_waits_for_the_start_of_the_workers():
    done = []

    def start():
        with later(signal.SIGINT):
            signal.raise_signal(signal.SIGINT)
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["all"]


def test_an_id_that_comes_twice_is_named_with_both_rows(command, model, tmp_path):
    clients = table(model)
    clients.iloc[ROWS - 1, clients.columns.get_loc(ID)] = clients.iloc[0][ID]
    clients.iloc[:50].to_csv(tmp_path / "a.csv", index=False)
    clients.iloc[50:].to_csv(tmp_path / "b.csv", index=False)
    done = command(tmp_path / "a.csv", tmp_path / "b.csv")
    said = f"row 10: column {ID}: has the same id as the row 1 of {tmp_path}/a.csv"
    assert (done.code, done.err) == (2, f"portfolio: {tmp_path}/b.csv: {said}\n")


def test_two_runs_into_one_folder_and_a_folder_that_is_not_ours(command, model, whole, tmp_path):
    out = tmp_path / "scored"
    out.mkdir()
    (out / "thesis.doc").write_text("years of work")
    done = command(model / NEW_FILE, "--again")
    said = "holds files that are not of this command"
    assert (done.code, done.err) == (2, f"portfolio: {out}: {said}\n")
    assert [file.name for file in out.iterdir()] == ["thesis.doc"]
    (out / "thesis.doc").unlink()
    assert command(model / NEW_FILE).code == 0
    with (out / STATE / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = command(model / NEW_FILE)
    assert (done.code, done.err) == (2, f"portfolio: {out}: another run writes into it\n")
    assert (out / STATE / RUN).exists()


def test_tables_that_are_none_are_refused(command, model, tmp_path):
    def refused(content, name="clients.csv"):
        (tmp_path / name).write_bytes(content)
        done = command(tmp_path / name, "--again")
        assert done.code == 2
        assert done.err.startswith(f"portfolio: {tmp_path / name}: ")
        return done.err.removeprefix(f"portfolio: {tmp_path / name}: ").rstrip()

    whole = (model / NEW_FILE).read_bytes()
    header = whole.partition(b"\n")[0]
    assert refused(b"") == "is not a CSV table: its first line is no header"
    assert refused(header + b"\n") == "holds no client"
    assert refused(whole.replace(ID.encode(), b"ID", 1)) == f"lacks the column {ID}"
    assert refused(whole.replace(b"AMT_CREDIT,", b"AMT_DEBT,", 1)).startswith(
        "lacks features of train_samp.csv: AMT_CREDIT"
    )
    assert refused(whole.replace(b"AMT_ANNUITY,", b"AMT_CREDIT,", 1)) == (
        "has a column more than once: AMT_CREDIT"
    )
    assert refused(b"PAR1" + whole).startswith("is not a Parquet table: ")
    assert refused(b"\x1f\x8b" + whole).startswith("is compressed: ")
    done = command(tmp_path / "none-*.csv")
    assert (done.code, done.err) == (2, f"portfolio: {tmp_path}/none-*.csv: no such file\n")
    done = command(tmp_path)
    assert done.err.startswith(f"portfolio: {tmp_path}: is a folder: ")


def test_a_worker_with_another_model_or_library_refuses(command, model, tmp_path, monkeypatch):
    found = {**portfolio_command.installed(), "scikit-learn": "1.0.2"}
    monkeypatch.setattr(portfolio_command, "installed", lambda: found)
    done = command(model / NEW_FILE)
    assert done.code == 2
    assert done.err.startswith("portfolio: a worker has scikit-learn 1.")
    assert done.err.endswith(", where the run has scikit-learn 1.0.2\n")
    monkeypatch.undo()
    hashed = portfolio_command.sha256_of

    def another(path):
        return "0" * 64 if path.name == METADATA_FILE else hashed(path)

    monkeypatch.setattr(portfolio_command, "sha256_of", another)
    done = command(model / NEW_FILE, "--again")
    assert (done.code, done.err) == (
        2,
        f"portfolio: a worker has another {METADATA_FILE} than the run\n",
    )
    monkeypatch.setenv("MODEL_SHA256", "0" * 64)
    assert f"expected {'0' * 64}" in command(model / NEW_FILE).err


def test_a_run_without_a_scheduler_says_so(capsys, model, tmp_path, monkeypatch):
    monkeypatch.setattr("portfolio.cluster.PATIENCE", 0.5)
    began = time.monotonic()
    out = tmp_path / "scored"
    done = run(capsys, model, model / NEW_FILE, out, "--scheduler", "tcp://127.0.0.1:9")
    assert time.monotonic() - began < 10
    assert done.code == 2
    assert done.err.startswith("portfolio: no workers at tcp://127.0.0.1:9: ")


@pytest.mark.parametrize(
    "given",
    [["--workers", "0"], ["--workers", "2", "--scheduler", "tcp://127.0.0.1:9"], ["--reasons", "x"],
     ["--format", "xlsx"], ["--bad-rows", "no/such/folder/bad.csv"]],
)  # fmt: skip
def test_wrong_options_end_with_one_line(capsys, model, tmp_path, given):
    done = run(capsys, model, model / NEW_FILE, tmp_path / "scored", *given)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("portfolio: ")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "scored").exists()


def test_without_a_terminal_progress_is_lines(capsys, monkeypatch):
    monkeypatch.setattr("portfolio.progress.LINE_SECONDS", 0)
    with Progress(200) as progress:
        progress.note(50, 1_000, made=False)
        progress.note(100, 2_000, made=True)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "25%, 1,000 rows, 0 rows/s"
    assert re.fullmatch(r"75%, 3,000 rows, [\d,]+ rows/s, 0:00 left", second)


def test_a_killed_worker_loses_nothing(capsys, model, whole, tmp_path, monkeypatch):
    """A process of the command's own is killed once a part is there: another takes its place."""
    out, others, killed = tmp_path / "scored", active_children(), []
    note = Progress.note

    def noted(progress, *given, **more):
        if not killed:
            (worker,) = set(active_children()) - set(others)
            status = Path(f"/proc/{worker.pid}/status").read_text()
            blocked = int(re.search(r"SigBlk:\t(\w+)", status)[1], 16)
            assert blocked >> (signal.SIGINT - 1) & 1  # a terminal interrupts it, too
            parent = int(re.search(r"PPid:\t(\d+)", status)[1])
            assert parent != os.getpid()  # but the one that imports for all
            os.kill(worker.pid, signal.SIGKILL)
            killed.append(worker)
        note(progress, *given, **more)

    monkeypatch.setattr(Progress, "note", noted)
    monkeypatch.setattr("portfolio.progress.LINE_SECONDS", 600)  # however long it takes
    sizes = {"piece_bytes": 1_000}
    done = run(capsys, model, model / NEW_FILE, out, "--workers", "1", sizes=sizes)
    assert killed
    assert (done.code, done.err) == (0, "")
    pd.testing.assert_frame_equal(parts(out), parts(whole), check_exact=True)
    assert summary(out)["workers"] == 1
    assert active_children() == others
