"""`python -m register figures`."""

import subprocess
import sys
from datetime import UTC, date, datetime

import orjson
import pytest

from register.commands.figures import month_before, plain
from register.monitoring.monitoring import monitoring_report
from register.monitoring.query import MonitoringQuery
from register.tables import schema
from tests.register.database.rows import add, add_bundle, row
from tests.support.servers.processes import ROOT, inherited

OPTIONS = ("figures", "--from", "2026-01-31T23:00:00-02:00", "--to", "2026-03-01")
START, END = datetime(2026, 2, 1, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
LAST = datetime(2026, 3, 1, 23, 59, 59, 999999, UTC)
ODD = "é'%(x)s\\\n\u2028"


@pytest.fixture
def decided(database):
    """A register with a decision before, at, within and after the edges of `OPTIONS`."""
    add_bundle(database)
    times = [datetime(2026, 2, 1, 0, 59, 59, 999999, UTC), START, LAST, END]
    common = {"prediction": 0, "probability": 0.25, "pd": 0.125, "grade": ODD, "caller": ODD}
    decisions = [row(schema.decision, at=at, **common) for at in times]
    audit = {"decision": decisions[1]["id"], "at": START}
    add(database, schema.decision, decisions)
    add(database, schema.audit, [row(schema.audit, name=ODD, value=ODD, **audit)])
    return database


def test_prints_the_report_as_json(decided, command):
    done = command(*OPTIONS)
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    found = orjson.loads(done.out)
    assert (found["start"], found["end"]) == (
        "2026-02-01T01:00:00.000000Z",
        "2026-03-02T00:00:00.000000Z",
    )
    assert [(cell["key"], cell["start"], cell["volume"]) for cell in found["cells"]] == [
        ("2026-02", "2026-02-01T01:00:00.000000Z", 1),
        ("2026-03", "2026-03-01T00:00:00.000000Z", 1),
    ]
    assert (found["by"], found["window"], found["pd_source"]) == ("month", 12, "scorecard")
    assert (found["total"]["mean_pd"], found["observed_until"]) == (0.125, None)
    as_of = datetime.fromisoformat(found["as_of"])
    report = monitoring_report(decided, MonitoringQuery(start=START, end=END), 12, as_of)
    assert orjson.loads(orjson.dumps(report, plain, orjson.OPT_PASSTHROUGH_DATETIME)) == found


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        (("--by", "caller"), [ODD]),
        (("--by", "grade"), [ODD]),
        (("--by", "bundle"), None),
        (("--by", "group", "--group", ODD), [ODD, "(not known)"]),
        (("--by", "week"), ["2026-W05", "2026-W06", "2026-W07", "2026-W08", "2026-W09"]),
    ],
)
def test_cells_of_each_kind(decided, command, options, keys):
    found = orjson.loads(command(*OPTIONS, *options).out)
    assert keys is None or [cell["key"] for cell in found["cells"]] == keys
    assert sum(cell["volume"] for cell in found["cells"]) == 2
    assert found["group"] == (ODD if "--group" in options else None)


def test_the_window_is_a_setting(decided, command):
    assert orjson.loads(command(*OPTIONS, PERFORMANCE_MONTHS="7").out)["window"] == 7
    for months in ("0", "61", "one"):
        done = command(*OPTIONS, PERFORMANCE_MONTHS=months)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("register: PERFORMANCE_MONTHS: Input should be")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--by", "group"), "register: --by group needs --group NAME\n"),
        (("--by", "group", "--group", ""), "register: --by group needs --group NAME\n"),
        (("--from", "2026-02-02", "--to", "2026-02-01"), "register: --from must be before --to\n"),
        (("--by", "year"), None),
        (("--from", "February"), None),
    ],
)
def test_refuses_other_options(decided, command, options, problem):
    done = command("figures", *options)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert problem is None or done.err == problem


def test_by_default_the_months_of_a_year_up_to_now(decided, command):
    found = orjson.loads(command("figures").out)
    start, end, as_of = (datetime.fromisoformat(found[name]) for name in ("start", "end", "as_of"))
    assert end == as_of
    assert start == month_before(end, 12)
    assert len(found["cells"]) == 13


@pytest.mark.parametrize(
    ("moment", "months", "expected"),
    [
        (datetime(2026, 11, 28, 13, tzinfo=UTC), 12, datetime(2025, 11, 1, tzinfo=UTC)),
        (datetime(2026, 1, 1, tzinfo=UTC), 12, datetime(2025, 1, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), 1, datetime(2026, 11, 1, tzinfo=UTC)),
        (datetime(1, 1, 1, tzinfo=UTC), 12, datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_beginning_of_a_month_some_months_before(moment, months, expected):
    assert month_before(moment, months) == expected


def test_json_has_dates_and_times_only_of_its_own_forms():
    assert plain(date(2026, 2, 3)) == "2026-02-03"
    assert plain(datetime(2026, 2, 3, tzinfo=UTC)) == "2026-02-03T00:00:00.000000Z"
    with pytest.raises(TypeError):
        plain(object())


def test_ends_with_its_parent(decided, register_url):
    """Standard input that ends ends the command, as the service's child."""
    done = subprocess.run(
        [sys.executable, "-m", "register", *OPTIONS, "--with-parent"],
        cwd=ROOT, env=inherited() | {"REGISTER_URL": register_url}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_a_register_without_tables(register_url, command):
    done = command("figures", REGISTER_URL="sqlite:////nowhere/register.db")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_scipy_is_not_imported_before_the_database_counts():
    """It takes a quarter of a second, in which the statements run."""
    code = (
        "import sys, register.commands.figures\n"
        "sys.stdout.write(','.join(name for name in ('numpy', 'scipy', 'pandas')"
        " if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=inherited(), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("numpy", "")
