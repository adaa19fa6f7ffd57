"""`python -m register load FOLDER`."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from api.application_decoder import ApplicationDecoder
from api.application_errors import ApplicationReader
from api.responses import score_body
from credit_scoring.decisions.scoring import ApplicationScorer
from register.archive.stored_bundles import read_codec
from register.evidence.records import decision_body, stored_answer
from register.tables import schema
from tests.register.recording import PEPPER, Scored
from tests.support.servers.server import ROOT, wait_for

NOW = datetime.now(UTC)
AT = "2026-01-05T10:00:00.123456Z"
INTERRUPTED = (
    "an earlier load into this register did not end: begin anew with a database without tables"
)
NUMBER, COMPUTED = "AMT_CREDIT", "DAYS_EMPLOYED_PERC"


def rows(database, table) -> Sequence[Mapping[str, Any]]:
    with database.reading() as connection:
        return connection.execute(select(table)).mappings().all()


def count(database, table) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def write(path: Path, values: Sequence[object]) -> None:
    path.write_bytes(
        b"".join(
            (value if isinstance(value, bytes) else orjson.dumps(value)) + b"\n" for value in values
        )
    )


@pytest.fixture(scope="module")
def small(small_bundle_folder: Path) -> Scored:
    return Scored.of(small_bundle_folder)


@pytest.fixture
def line(small: Scored) -> Callable[..., dict[str, Any]]:
    """Makes a line of decisions, of a new client."""

    def make(number: int = 0, **changes: Any) -> dict[str, Any]:
        values = small.bundle.raw_rows([number]).numbers[0].tolist()
        pairs = zip(small.bundle.features, values, strict=True)
        record = {name: None if value != value else value for name, value in pairs}
        made = {"at": AT, "caller": "web", "external_id": f"A-{number}", "record": record}
        return made | changes

    return make


@pytest.fixture
def folder(tmp_path: Path, small_bundle_folder: Path) -> Callable[..., Path]:
    """Makes a folder of decisions and perhaps reviews."""

    def make(decisions: Sequence[object], **others: Sequence[object]) -> Path:
        path = tmp_path / "given"
        shutil.copytree(small_bundle_folder, path / "ressources-1")
        write(path / "decisions-1.ndjson", decisions)
        for name, values in others.items():
            write(path / f"{name}.ndjson", values)
        return path

    return make


def test_answers_are_those_of_a_call(command, database, folder, line, small):
    given = [line(number, audit={"sex": "female"}) for number in range(6)]
    del given[0]["record"][COMPUTED]
    assert command("load", folder(given)).code == 0
    bundle = small.bundle
    applications = [
        {"record": one["record"], "reference": one["external_id"]} for one in given
    ]  # fmt: skip
    decoder = ApplicationDecoder(ApplicationReader.of(bundle))
    scorer = ApplicationScorer(bundle, small.peers, 0, "near")
    with database.reading() as connection:
        evidence = schema.evidence
        found = connection.execute(select(evidence).order_by(evidence.c.decision)).mappings().all()
        codec = read_codec(connection, 1)
    for row, application in zip(found, applications, strict=True):
        body = score_body(scorer, decoder.decode(orjson.dumps(application)))
        expected = decision_body(row["decision"], datetime.fromisoformat(AT), body)
        assert stored_answer(row, codec) == expected
        assert b"female" not in expected


def test_a_register_with_decisions_is_refused(command, recorder, scored, folder, line):
    recorder.decide(scored, scored.clients(1), bundle=recorder.keep(scored))
    done = command("load", folder([line()]))
    assert done == (
        2, "", "register: the register has decisions: load into one that has none\n"
    )  # fmt: skip


def test_a_register_of_an_interrupted_load_is_refused(command, recorder, folder, line):
    recorder.event("load", decisions=1)
    assert command("load", folder([line()])) == (2, "", f"register: {INTERRUPTED}\n")


def test_an_interrupted_load_is_named_and_leaves_a_sound_register(
    command, database, register_url, simulated_folder
):
    process = subprocess.Popen(
        [sys.executable, "-m", "register", "load", simulated_folder], cwd=ROOT,
        env={"REGISTER_URL": register_url, "REGISTER_PEPPER": PEPPER.decode(), "PATH": ""},
    )  # fmt: skip
    try:
        wait_for(lambda: count(database, schema.decision) > 0)
    finally:
        process.kill()
        process.wait()
    if count(database, schema.review) < len(lines(simulated_folder / "reviews.ndjson")):
        done = command("load", simulated_folder)
        assert done == (2, "", f"register: {INTERRUPTED}\n")
    assert command("verify").code == 0
    assert command("replay").code == 0


BAD_LINES = [
    (b"[1]", "is not a JSON object"),
    (b'{"at": ', "is not JSON in UTF-8"),
    (b'{"at": "\xff"}', "is not JSON in UTF-8"),
    (b'{"at": 1, "at": 2}', "repeats a key"),
    (b'{"at": NaN}', "has a number that is not finite"),
    ({"more": 1}, "has other keys than at, caller, external_id, record, automated, audit"),
    ({"at": None}, "at is not a time such as 2026-11-28T13:05:01.123456Z"),
    ({"at": "2026-13-05T10:00:00Z"}, "at is not a time such as 2026-11-28T13:05:01.123456Z"),
    ({"at": "2026-01-05T10:00:00"}, "at is not a time such as 2026-11-28T13:05:01.123456Z, with"
                                    " its offset from UTC"),
    ({"at": "9000-01-05T10:00:00Z"}, "at is in the future"),
    ({"caller": "(command)"}, "caller is not a text of 1 to 64 letters, digits or _ . @ -"),
    ({"external_id": ""}, "external_id is not a text of 1 to 64 characters"),
    ({"external_id": "secret" * 20}, "external_id is not a text of 1 to 64 characters"),
    ({"external_id": "\0"}, "external_id is not a text of 1 to 64 characters"),
    ({"automated": 1}, "automated is neither true nor false"),
    ({"audit": ["secret"]}, "audit is not an object of at most 10 columns"),
    ({"audit": {"secret of a client": "x"}},
     "audit: a name is not one of 1 to 40 letters, digits, _ and -"),
    ({"audit": {"sex": 4}}, "audit: sex is not a text of 1 to 100 characters"),
    ({"record": 5}, "record is not an object of features and their values"),
    ({"external_id": "A-0"}, "an earlier decision has the same external_id"),
]  # fmt: skip
BAD_RECORDS = [
    ({NUMBER: "secret"}, f"not a number: {NUMBER}"),
    ({NUMBER: True}, f"not a number: {NUMBER}"),
    ({NUMBER: 10**400}, f"out of range: {NUMBER}"),
    ({NUMBER: None}, f"null, though never missing among clients: {NUMBER}"),
    ({"SECRET": 1}, "1 names that are not features of the model"),
    ({NUMBER: ...}, f"missing: {NUMBER}"),
]


def test_bad_lines_are_named_without_their_values(command, database, folder, line):
    bad = [change if isinstance(change, bytes) else line(1, **change) for change, _ in BAD_LINES]
    done = command("load", folder([line(0), b"", *bad, line(2)]))
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        *(f"decisions-1.ndjson, line {number}: {problem}"
          for number, (_, problem) in enumerate(BAD_LINES, 3)),
        f"nothing was loaded: {len(BAD_LINES)} bad lines",
    ]  # fmt: skip
    assert count(database, schema.decision) == count(database, schema.event) == 0


def test_bad_records_are_named_by_their_features(command, folder, line):
    bad = []
    for changes, _ in BAD_RECORDS:
        given = line(1)
        values = given["record"] | changes
        given["record"] = {name: value for name, value in values.items() if value is not ...}
        bad.append(json.dumps(given).encode())
    done = command("load", folder(bad))
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        *(f"decisions-1.ndjson, line {number}: record: {problem}"
          for number, (_, problem) in enumerate(BAD_RECORDS, 1)),
        f"nothing was loaded: {len(BAD_RECORDS)} bad lines",
    ]  # fmt: skip


def test_bad_reviews_and_requests_are_named(command, database, folder, line):
    request = {"at": "2026-01-06T10:00:00Z", "caller": "hotline", "reference": "A-0"}
    review = request | {"decision": 0, "reason": "INCOME"}
    path = folder(
        [line(0)],
        requests=[
            request,
            request | {"reference": "A-7"},
            request | {"at": "2026-01-05T10:00:00.123455Z"},
            request | {"at": "2026-01-05T12:00:00Z"},
            request | {"statement": 5},
            request | {"reason": "INCOME"},
        ],
        reviews=[review, review | {"decision": 2}, review | {"reason": "income"},
                 review | {"comment": "x" * 4001}, request],
    )  # fmt: skip
    done = command("load", path)
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        "requests.ndjson, line 2: no decision has this reference",
        "requests.ndjson, line 3: at is before its decision",
        "requests.ndjson, line 4: at is before that of the line before",
        "requests.ndjson, line 5: statement is not a text of 0 to 4000 characters",
        "requests.ndjson, line 6: has other keys than at, caller, reference, statement",
        "reviews.ndjson, line 2: decision is neither 0 nor 1",
        "reviews.ndjson, line 3: reason is not a code of 1 to 40 of A to Z, 0 to 9 and _",
        "reviews.ndjson, line 4: comment is not a text of 0 to 4000 characters",
        "reviews.ndjson, line 5: lacks decision, reason",
        "nothing was loaded: 9 bad lines",
    ]
    assert count(database, schema.event) == 0


def test_notes_are_kept_and_can_be_verified(command, database, folder, line):
    request = {"at": "2026-01-06T10:00:00Z", "caller": "hotline", "reference": "A-0"}
    review = request | {"decision": 0, "reason": "INCOME", "comment": "Pay slips."}
    path = folder([line(0)], requests=[request | {"statement": "More income."}], reviews=[review])
    assert command("load", path).code == 0
    assert {row["text"] for row in rows(database, schema.note)} == {"More income.", "Pay slips."}
    (reviewed,) = rows(database, schema.review)
    assert reviewed["at"] == datetime(2026, 1, 6, 10, tzinfo=UTC)
    assert command("verify").code == 0


def test_many_bad_lines_are_counted(command, folder):
    done = command("load", folder([{}] * 30))
    assert done.out.splitlines()[19:] == [
        "decisions-1.ndjson, line 20: lacks at, caller, external_id, record",
        "and 10 more bad lines",
        "nothing was loaded: 30 bad lines",
    ]


def test_a_folder_that_is_not_one_is_refused(command, tmp_path):
    assert command("load", tmp_path / "none").err == (
        f"register: {tmp_path}/none: cannot be read: No such file or directory\n"
    )
    assert command("load", tmp_path).err == (
        f"register: {tmp_path}: has no file decisions-1.ndjson\n"
    )
    write(tmp_path / "decisions-3.ndjson", [])
    assert command("load", tmp_path).err == (
        "register: decisions-3.ndjson: needs the model's files beside it, in ressources-3\n"
    )
