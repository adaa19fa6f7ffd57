"""`python -m register report` on real registers, in this process."""

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from credit_scoring.monitoring.rates.proportion import wilson
from register.__main__ import main
from register.commands import report
from register.commands.monthly_report.elements.numbers import share_interval
from register.commands.monthly_report.month import Month
from register.monitoring.features.feature_counts import in_this_process
from register.tables import schema
from tests.register.commands.test_report_page import Page, column
from tests.register.recording import CALLER, Recorder, Scored

SEPTEMBER = Month(2026, 9)
LAST_MINUTE = datetime(2026, 9, 30, 23, 59, tzinfo=UTC)


@pytest.fixture
def predictions(recorder: Recorder, scored: Scored, database) -> list[int]:
    """The model's decisions on 40 clients in September 2026; people overruled one of each kind.

    Others are of October 2026, of the first month of the report, and of the month before that.
    """
    bundle = recorder.keep(scored)
    clients = scored.clients(40)
    ids = recorder.decide(scored, clients, bundle=bundle, at=LAST_MINUTE)
    recorder.decide(scored, clients[:3], bundle=bundle, at=SEPTEMBER.end)
    recorder.decide(scored, clients[:5], bundle=bundle, at=datetime(2024, 9, 1, tzinfo=UTC))
    recorder.decide(scored, clients[:7], bundle=bundle, at=datetime(2024, 8, 31, tzinfo=UTC))
    columns = schema.decision.c
    with database.reading() as connection:
        rows = connection.execute(select(columns.id, columns.prediction)).all()
    found = {row.id: row.prediction for row in rows}
    predictions = [found[number] for number in ids]
    for prediction in (0, 1):
        recorder.review(ids[predictions.index(prediction)], 1 - prediction)
    return predictions


def test_report_has_the_decisions_of_the_month(
    command, predictions: list[int], scored: Scored, tmp_path: Path
):
    path = tmp_path / "september.html"
    done = command("report", "2026-09", "--out", path)
    assert done == (0, f"{path}: September 2026, 40 decisions\n", "")
    page = Page(path.read_text())
    table = "Volume and approval"
    assert column(page, table, "Period") == [
        f"{Month.read('2024-09').later(at).name[:3]} {Month.read('2024-09').later(at).year}"
        for at in range(25)
    ]
    assert column(page, table, "Decisions") == ["5", *["0"] * 23, "40"]
    accepted = predictions.count(0)  # one less and one more by people
    rate = [f"{accepted / 40:.1%}", share_interval(wilson(accepted, 40))]
    assert page.tables[table][-1][3:7] == rate * 2
    sha256 = scored.bundle.model_sha256
    assert set(column(page, table, "Model")) == {sha256[:12], "\N{EN DASH}"}
    assert page.tables["Models in use"][1] == [
        sha256,
        "1 September 2024",
        "30 September 2026",
        "45",
    ]
    low_side, high_side = page.tables["Overrides"][-1][1:3], page.tables["Overrides"][-1][5:7]
    assert low_side == ["1", str(40 - accepted)]
    assert high_side == ["1", str(accepted)]
    reasons = page.tables["Overrides by reason, all months of the report"]
    assert reasons[1][:4] == ["INCOME", "2", "1", "1"]
    features = page.tables["Features that shifted most in September 2026"]
    assert {row[1] for row in features[1:]} <= set(scored.bundle.features)
    assert "The records of 40 decisions were counted." in page.text


def test_report_by_caller_and_by_week(command, predictions: list[int], tmp_path: Path):
    path = tmp_path / "page.html"
    assert command("report", "2026-09", "--by", "caller", "--out", path).code == 0
    assert Page(path.read_text()).tables["Main figures by caller"][1][:2] == [CALLER, "45"]
    assert command("report", "2026-09", "--by", "week", "--out", path).code == 0
    page = Page(path.read_text())
    weeks = dict(zip(*(column(page, "Volume and approval", name)
                       for name in ("Period", "Decisions")), strict=True))  # fmt: skip
    assert weeks["2026-W40"] == "40"
    assert sum(map(int, weeks.values())) == 45
    assert page.tables["Key figures"][0] == ["Figure", "September 2026", "All months"]
    assert command("report", "2026-09", "--group", "sex", "--out", path).code == 0
    assert "No application of this time has a value of sex." in Page(path.read_text()).text


def test_all_readings_show_one_state_of_the_register(
    command, recorder: Recorder, scored: Scored, tmp_path: Path, monkeypatch
):
    """A decision that is recorded while the features are counted is in none of the sections."""
    clients, path = scored.clients(5), tmp_path / "page.html"
    bundle = recorder.keep(scored)
    recorder.decide(scored, clients[:3], bundle=bundle, at=LAST_MINUTE)
    late = iter(clients[3:])

    def counter(chunks):
        recorder.decide(scored, [next(late)], bundle=bundle, at=LAST_MINUTE)
        return in_this_process(chunks)

    @contextmanager
    def counter_at(_scheduler):
        yield counter

    monkeypatch.setattr(report, "counter_at", counter_at)
    options = ("report", "2026-09", "--by", "caller", "--group", "sex", "--out", path)
    for decisions in ("3", "4"):  # the second report has the decision that came during the first
        assert command(*options).code == 0
        page = Page(path.read_text())
        assert column(page, "Volume and approval", "Decisions")[-1] == decisions
        assert page.tables["Key figures"][1][:2] == ["Decisions", decisions]
        assert page.tables["Main figures by caller"][1][:2] == [CALLER, decisions]
        assert f"The records of {decisions} decisions were counted." in page.text
    assert next(late, None) is None


def test_report_of_an_empty_register(command, tmp_path: Path):
    path = tmp_path / "empty.html"
    done = command("report", "2026-09", "--group", "sex", "--by", "grade", "--out", path)
    assert done == (0, f"{path}: September 2026, 0 decisions\n", "")
    page = Page(path.read_text())
    summary = page.text[: page.text.index("Key figures")]
    assert "No application was decided in September 2026." in summary
    assert "0 of 0" not in page.text
    assert "No loan of this time is mature yet." in page.text


def test_windows_that_end_after_the_last_observed_day_are_not_mature(
    command, recorder: Recorder, scored: Scored, tmp_path: Path
):
    """The outcomes end on 1 November 2026: of loans of later days only bad ones could be known."""
    bundle = recorder.keep(scored)
    for day in (1, 2):
        (decision,) = recorder.decide(
            scored, scored.clients(1), bundle=bundle, at=datetime(2025, 11, day, tzinfo=UTC)
        )
        recorder.review(decision, 0)
        recorder.outcome(decision, "repaid", 1)
    path = tmp_path / "page.html"
    assert command("report", "2026-09", "--out", path).code == 0
    page = Page(path.read_text())
    assert column(page, "Predicted and observed defaults", "Labelled") == ["1"]
    assert "1 November 2026" in page.text or "2026-11-01" in page.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["9000-01"], "register: 9000-01 has not begun: there is nothing to report"),
        (["2026-13"], "report: argument MONTH: 2026-13 is not a month such as 2026-10"),
        (["2026-1"], "report: argument MONTH: 2026-1 is not a month such as 2026-10"),
        (["0001-01"], "report: argument MONTH: 0001-01 is not a month such as 2026-10"),
        (["٢٠٢٦-10"], "report: argument MONTH: ٢٠٢٦-10 is not a month such as 2026-10"),
        ([], "report: the following arguments are required: MONTH"),
    ],
)
def test_refusals_are_one_line(command, arguments: list[str], message: str, tmp_path: Path):
    done = command("report", *arguments, "--out", tmp_path / "page.html")
    assert done == (2, "", f"{message}\n")
    assert list(tmp_path.glob("*.html")) == []


def test_a_page_that_cannot_be_written_leaves_the_earlier_one(
    command, predictions: list[int], tmp_path: Path
):
    folder = tmp_path / "page.html"
    folder.mkdir()
    done = command("report", "2026-09", "--out", folder)
    assert done == (2, "", f"register: {folder}: cannot be written: Is a directory\n")
    assert [path for path in tmp_path.iterdir() if "html" in path.name] == [folder]


def test_a_register_without_tables_is_refused(monkeypatch, sqlite_url: str, tmp_path: Path, capsys):
    monkeypatch.setenv("REGISTER_URL", sqlite_url)
    assert main(["report", "2026-09", "--out", str(tmp_path / "page.html")]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("register: ")
