"""`GET /monitoring` in this process: its figures, its parameters, and how long they are kept."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import httpx
import orjson
import pytest

from api.register.monitoring_query import FiguresQuery, month_of, this_month
from main import Application
from register.commands.figures import plain
from register.monitoring.monitoring import monitoring_report
from register.monitoring.query import MonitoringQuery
from register.tables import schema
from service.recording.monitoring import answers
from tests.register.database.rows import add, row
from tests.service.recording.asking import decide, opened

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
TOGETHER = "group: goes with by=group, and by=group with it"
PERIOD = "from: must be before to, both from 2000 to 2099"
GROUPS = {"by": "group", "group": "sex"}
WHOLE = "groups are counted in whole months, in UTC"
TODAY, THIS_MONTH = datetime.now(UTC).date(), this_month()
LAST_OF_THIS_MONTH = month_of(THIS_MONTH + timedelta(31)).date() - timedelta(1)
LAST_OF_LAST_MONTH = THIS_MONTH.date() - timedelta(1)
MOMENT = "is not a date or a time, such as 2026-11-28 or 2026-11-28T13:05:01Z"


def ask(http: httpx.Client, **query: object) -> httpx.Response:
    return http.get("/monitoring", params={name.rstrip("_"): query[name] for name in query})


@pytest.fixture(scope="module", autouse=True)
def reviewed(http: httpx.Client, clients: list[int]) -> None:
    """Some decisions in each register, with groups, of which one is overruled."""
    body = [
        {"client": client, "audit": {"sex": "female" if client % 2 else "male"}}
        for client in clients
    ]
    first, *_ = decide(http, body)
    review = {"decision": 1 - first["prediction"], "reason": "A"}
    assert http.post(f"/decisions/{first['id']}/reviews", json=review).status_code == 201


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"by": "week", "from_": "2026-01-01", "to": TOMORROW},
        {"by": "grade", "to": TOMORROW},
        {"by": "bundle", "features": "true"},
        {"by": "caller"},
    ],
    ids=lambda query: query.get("by", "default"),
)
def test_the_answer_is_the_report_of_the_register(
    http: httpx.Client, register_app: Application, query: dict[str, str]
):
    answer = ask(http, **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    found = answer.json()
    parsed = FiguresQuery.read({name.rstrip("_"): value for name, value in query.items()})
    as_of = datetime.fromisoformat(found["as_of"])
    year_before = as_of.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    wanted = MonitoringQuery(
        start=parsed.start or year_before.replace(year=as_of.year - 1),
        end=parsed.end or as_of,
        by=parsed.by,
        group=parsed.group,
        features=parsed.features,
    )
    if parsed.end is not None and parsed.start is None:  # the month of tomorrow may be the next one
        wanted = MonitoringQuery(**vars(wanted) | {"start": datetime.fromisoformat(found["start"])})
    database = register_app.service.register.store.database
    report = monitoring_report(database, wanted, 12, as_of)
    expected = orjson.loads(orjson.dumps(report, plain, orjson.OPT_PASSTHROUGH_DATETIME))
    assert found == expected
    assert found["total"]["volume"] >= 60
    assert found["total"]["overrides"]["all"]["count"] >= 1
    assert (found["features"] is not None) == parsed.features


@pytest.fixture
def groups_http(new_app: Callable[..., Application]) -> httpx.Client:
    """A client; 2 women and a man were decided on last month, a woman today, and a man earlier."""
    app = new_app()
    http = opened(app)
    database = app.service.register.store.database
    end_of_last = THIS_MONTH - timedelta(microseconds=1)
    decided = [
        (end_of_last, "female"), (month_of(end_of_last), "female"), (end_of_last, "male"),
        (THIS_MONTH, "female"), (month_of(end_of_last) - timedelta(microseconds=1), "male"),
    ]  # fmt: skip
    scores = {"bundle": 1, "prediction": 0, "probability": 0.25, "pd": 0.125}
    decisions = [row(schema.decision, at=at, **scores) for at, _ in decided]
    values = [
        row(schema.audit, decision=made["id"], at=at, name="sex", value=value)
        for made, (at, value) in zip(decisions, decided, strict=True)
    ]
    add(database, schema.decision, decisions)
    add(database, schema.audit, values)
    return http


@pytest.mark.parametrize("to", [None, TODAY, LAST_OF_THIS_MONTH, LAST_OF_LAST_MONTH])
def test_groups_are_counted_in_whole_months_that_are_over(
    groups_http: httpx.Client, to: date | None
):
    """An answer never tells the group of the decision that came since the answer before."""
    last_month = month_of(THIS_MONTH - timedelta(1)).date()
    query = {"by": "group", "group": "sex", "from_": last_month.isoformat()}
    if to == TODAY != LAST_OF_THIS_MONTH:
        answer = ask(groups_http, **query, to=to.isoformat())
        assert answer.json() == {"detail": "to: groups are counted in whole months, in UTC"}
        return
    answer = ask(groups_http, **query, **({} if to is None else {"to": to.isoformat()}))
    found = answer.json()
    assert {cell["key"]: cell["volume"] for cell in found["cells"]} == {"female": 2, "male": 1}
    assert datetime.fromisoformat(found["end"]) == THIS_MONTH
    assert [group["group"] for group in found["groups"]] == ["female", "male"]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"by": "group"}, TOGETHER),
        ({"group": "sex"}, TOGETHER),
        ({"by": "group", "group": "a b"},
         "group: String should match pattern '^[A-Za-z0-9_-]{1,40}$'"),
        ({**GROUPS, "from": "2026-02-02"}, f"from: {WHOLE}"),
        ({**GROUPS, "from": "2026-02-01T00:00:00.000001Z"}, f"from: {WHOLE}"),
        ({**GROUPS, "from": "2026-02-01T00:00:00+01:00"}, f"from: {WHOLE}"),
        ({**GROUPS, "to": "2026-02-27"}, f"to: {WHOLE}"),
        ({**GROUPS, "to": "2026-02-28T23:59:59Z"}, f"to: {WHOLE}"),
        ({**GROUPS, "from": f"{THIS_MONTH:%Y-%m-%d}", "to": LAST_OF_THIS_MONTH.isoformat()},
         "from: groups are counted in months that are over, in UTC"),
        ({"by": "year"},
         "by: Input should be 'month', 'week', 'grade', 'bundle', 'caller' or 'group'"),
        ({"features": "perhaps"},
         "features: Input should be a valid boolean, unable to interpret input"),
        ({"from": "2026-13-01"}, f"from: {MOMENT}"),
        ({"to": "tomorrow"}, f"to: {MOMENT}"),
        ({"from": "2026-02-01", "to": "2026-01-31"}, PERIOD),
        ({"from": "2026-02-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, PERIOD),
        ({"from": "1999-12-31"}, PERIOD),
        ({"to": "2100-01-01"}, PERIOD),
        ({"from": "2098-01-01"}, PERIOD),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused(http: httpx.Client, query: dict[str, str], detail: str):
    answer = http.get("/monitoring", params=query)
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


def test_an_answer_is_kept_and_then_computed_anew(
    http: httpx.Client, clients: list[int], monkeypatch: pytest.MonkeyPatch
):
    query = {"by": "caller", "from_": "2026-01-02"}
    first = ask(http, **query)
    decide(http, {"client": clients[0]})
    assert ask(http, **query).content == first.content
    assert ask(http, **query | {"by": "bundle"}).content != first.content
    later = SimpleNamespace(time=lambda: time.time() + answers.FRESH_SECONDS)
    monkeypatch.setattr(answers, "time", later)
    second = ask(http, **query).json()
    assert second["as_of"] > first.json()["as_of"]
    assert second["total"]["volume"] == first.json()["total"]["volume"] + 1
